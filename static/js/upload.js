// Uploading with a progress bar and drag and drop; without this script the form is sent as it is.

const form = document.getElementById("upload");
const input = form.querySelector("input[type=file]");
const drop = document.getElementById("drop");
const chosen = document.getElementById("chosen");
const progress = document.getElementById("upload-progress");
const problem = document.getElementById("upload-problem");
const limit = Number(form.dataset.maxBytes);

const megabytes = (bytes) => `${(bytes / 1024 ** 2).toLocaleString(undefined, { maximumFractionDigits: 1 })} MB`;

function say(text) {
  problem.hidden = !text;
  problem.querySelector("p").textContent = text;
}

function showChosen() {
  const file = input.files[0];
  chosen.textContent = file ? `${file.name} · ${megabytes(file.size)}` : "";
  say(file && file.size > limit ? `The file is larger than the limit of ${megabytes(limit)}.` : "");
}

input.addEventListener("change", showChosen);
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.dataset.over = "";
  });
}
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => delete drop.dataset.over);
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  input.files = event.dataTransfer.files;
  showChosen();
});

form.addEventListener("submit", (event) => {
  if (!input.files[0] || input.files[0].size > limit) return;
  event.preventDefault();
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  progress.hidden = false;
  const request = new XMLHttpRequest();
  request.open("POST", location.pathname);
  request.upload.addEventListener("progress", (sent) => {
    progress.querySelector("progress").value = sent.loaded / sent.total;
    progress.querySelector("span").textContent = `${Math.round((100 * sent.loaded) / sent.total)} %`;
  });
  request.addEventListener("load", () => {
    if (request.status === 200 && new URL(request.responseURL).pathname !== location.pathname) {
      location.assign(request.responseURL);
      return;
    }
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const reasons = [...page.querySelectorAll("[data-error]")].map((reason) => reason.textContent.trim());
    say(reasons.find(Boolean) ?? "The upload was refused. Try again.");
    button.disabled = false;
    progress.hidden = true;
  });
  request.addEventListener("error", () => {
    say("The connection broke during the upload. Try again.");
    button.disabled = false;
    progress.hidden = true;
  });
  request.send(new FormData(form));
});
