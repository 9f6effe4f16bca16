// Uploading with a progress bar and drag and drop; without this script the form is sent as it is.

const form = document.getElementById("upload");
const input = form.querySelector("input[type=file]");
const button = form.querySelector("button[type=submit]");
const drop = document.getElementById("drop");
const chosen = document.getElementById("chosen");
const progress = document.getElementById("upload-progress");
const problem = document.getElementById("upload-problem");
const limit = Number(form.dataset.maxBytes);

const LONGEST_REASON = 300;
// For an answer that says nothing: a proxy's, mostly, since the server gives its own reason.
const MEANINGS = {
  400: "The server could not read what was sent. Reload the page and try again.",
  401: "You are no longer signed in. Reload the page and sign in.",
  403: "The server does not let you upload here. Reload the page, sign in again if asked to, and try again.",
  404: "There is nothing to upload to here any more: the dataset may have been deleted.",
  408: "The upload took longer than the server waits. Try again on a faster connection, or compress the file.",
  409: "The dataset is busy. Try again in a moment.",
  413: "The file is larger than the server takes. Compress it (.gz or .zst), or split it.",
  415: "The server does not take files of this kind.",
  422: "The server does not take this file as it is.",
};

const size = (bytes) =>
  bytes < 1024 ** 2
    ? `${Math.ceil(bytes / 1024)} KB`
    : `${(bytes / 1024 ** 2).toLocaleString(undefined, { maximumFractionDigits: 1 })} MB`;

function meaning(request) {
  const { status } = request;
  if (status === 429) {
    const seconds = Number(request.getResponseHeader("Retry-After"));
    return `The server has too much to do. Try again in ${seconds ? `${seconds} seconds` : "a moment"}.`;
  }
  if (status >= 500) return `The server failed (${status}). Your file is not to blame: try again in a moment.`;
  return MEANINGS[status] ?? `The server refused the upload (${status}).`;
}

function pageReasons(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const texts = (elements) => [...elements].map((element) => element.textContent.trim()).filter(Boolean);
  const fields = [...page.querySelectorAll("[data-errors]")].map((place) => [
    place.dataset.errors,
    texts(place.children),
  ]);
  return { reason: texts(page.querySelectorAll("[data-error]")).join(". "), fields: Object.fromEntries(fields) };
}

function jsonReasons(text) {
  const { error, detail, details } = JSON.parse(text);
  const fields = typeof details === "string" ? { "": details } : (details ?? {});
  return { reason: error ?? detail ?? "", fields };
}

// What the server itself says: {reason, fields: {name: texts}}.
function reasons(request) {
  const text = request.responseText.trim();
  const type = request.getResponseHeader("Content-Type") ?? "";
  try {
    if (type.startsWith("text/html")) return pageReasons(text);
    if (type.includes("json")) return jsonReasons(text);
  } catch {
    return { reason: "", fields: {} };
  }
  return { reason: type.startsWith("text/plain") ? text.slice(0, LONGEST_REASON) : "", fields: {} };
}

function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

// At its field, where there is one: returns the fields that are wrong.
function mark(fields) {
  return [...form.querySelectorAll("[data-errors]")].filter((place) => {
    const texts = [fields[place.dataset.errors] ?? []].flat();
    const control = form.elements[place.dataset.errors];
    const described = [`${control.id}_helptext`, place.id].filter((id) => document.getElementById(id));
    place.replaceChildren(...texts.map(paragraph));
    control.setAttribute("aria-invalid", String(texts.length > 0));
    control.setAttribute("aria-describedby", described.join(" "));
    if (texts.length) place.closest("details")?.setAttribute("open", "");
    return texts.length;
  });
}

function say(reason, fields = {}) {
  const marked = mark(fields);
  const names = marked.map((place) => place.dataset.errors);
  const others = Object.entries(fields).filter(([name]) => !names.includes(name));
  const all = [reason, ...others.flatMap(([, texts]) => texts)].filter(Boolean);
  if (!all.length && marked.length && !names.includes("file")) all.push("Correct what is marked below.");
  problem.querySelector("[data-error]").textContent = all.join(" ");
  problem.hidden = !all.length && !marked.length;
  problem.scrollIntoView({ block: "nearest" });
}

function refuse(reason, fields) {
  button.disabled = false;
  progress.hidden = true;
  if (document.activeElement === document.body) button.focus({ preventScroll: true });
  say(reason, fields);
}

function showChosen() {
  const file = input.files[0];
  chosen.textContent = file ? `${file.name} · ${size(file.size)}` : "";
  say(file && file.size > limit ? form.dataset.tooLarge : "");
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
  event.preventDefault();
  if (input.files[0]?.size > limit) {
    say(form.dataset.tooLarge);
    return;
  }
  say("");
  button.disabled = true;
  progress.hidden = false;
  const request = new XMLHttpRequest();
  request.open("POST", location.pathname);
  request.upload.addEventListener("progress", (sent) => {
    progress.querySelector("progress").value = sent.loaded / sent.total;
    progress.querySelector("span").textContent = `${Math.round((100 * sent.loaded) / sent.total)} %`;
  });
  request.addEventListener("load", () => {
    if (new URL(request.responseURL).pathname !== location.pathname) {
      location.assign(request.responseURL);
      return;
    }
    const { reason, fields } = reasons(request);
    const isSaid = reason || Object.values(fields).flat().some(Boolean);
    refuse(isSaid ? reason : meaning(request), fields);
  });
  request.addEventListener("error", () =>
    refuse(
      "The connection was lost before all of the file was sent. Check it and try again: the file is still chosen.",
    ),
  );
  request.send(new FormData(form));
});
