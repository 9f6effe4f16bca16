// The configure page: presets set sliders, sliders leave presets, and Start waits for the price of what is shown.

const FIRST_RETRY = 2_000;
const LAST_RETRY = 30_000;

const form = document.getElementById("configure");
const presets = JSON.parse(document.getElementById("preset-values").textContent);
const estimate = document.getElementById("estimate");
const start = document.getElementById("start");
const sliders = [...form.querySelectorAll("input[type=range]")];

// The server's rule, with the server's figures: a whole number has no decimals, another has at least and at most so many.
function shown({ value, dataset }) {
  const number = Number(value);
  if (Number.isInteger(number)) return String(number);
  return new Intl.NumberFormat("en", {
    minimumFractionDigits: dataset.leastDecimals,
    maximumFractionDigits: dataset.decimals,
    useGrouping: false,
  }).format(number);
}

function paint(slider) {
  const share = (slider.value - slider.min) / (slider.max - slider.min);
  slider.style.setProperty("--slider-value", `${share * 100}%`);
  form.querySelector(`output[for="${slider.id}"]`).textContent = shown(slider);
}

function paintGpuCount() {
  const count = Number(form.elements.gpu_count.value);
  document.getElementById("gpu-speed").textContent =
    count > 1 ? ` Training will be ${count}x faster (approximately).` : "";
}

function choosePreset(id) {
  for (const [name, value] of Object.entries(presets[id].values)) {
    form.elements[name].value = value;
    paint(form.elements[name]);
  }
}

// Which preset the values are is the server's to say, with their price.
function showPreset() {
  const id = estimate.querySelector("[data-preset]")?.dataset.preset;
  if (!id) return;
  form.elements.preset_id.value = id;
  if (id in presets) document.getElementById("preset-name").textContent = presets[id].name;
}

function copyTotal() {
  const total = estimate.querySelector("[data-total]");
  document.getElementById("total-inline").textContent = total ? total.textContent : "–";
}

function mayStart() {
  const isPriced = !("stale" in estimate.dataset) && estimate.querySelector("[data-total]");
  const isBlocked = estimate.querySelector("[data-blocks-start], [data-confirmation]:not(:checked)");
  start.disabled = !isPriced || Boolean(isBlocked);
}

// An estimate is asked for by an input, the user's or this. Only the answer to the request that was sent after the last
// one is for what the form shows: any other is dropped.
const ask = () => form.dispatchEvent(new Event("input", { bubbles: true }));
let awaited = null;
let retry = null;
let retryDelay = FIRST_RETRY;

const failure = () => document.getElementById("estimate-failure");

function showCalculating(isCalculating) {
  estimate.querySelector(".calculating").hidden = !isCalculating;
}

function wait() {
  awaited = null;
  clearTimeout(retry);
  estimate.dataset.stale = "";
  if (failure()) failure().querySelector("button").disabled = true;
  showCalculating(!failure());
  mayStart();
}

function settle() {
  delete estimate.dataset.stale;
  retryDelay = FIRST_RETRY;
  showPreset();
  copyTotal();
  mayStart();
}

function tryLater() {
  if (!failure()) estimate.prepend(document.getElementById("estimate-failure-template").content.cloneNode(true));
  failure().querySelector("button").disabled = false;
  retry = setTimeout(ask, retryDelay);
  retryDelay = Math.min(2 * retryDelay, LAST_RETRY);
}

form.addEventListener("input", ({ target: field }) => {
  if (field.name === "preset_id" && field.value in presets) choosePreset(field.value);
  if (field.type === "range") paint(field);
  if (field.name === "gpu_count") paintGpuCount();
  wait();
});

// A confirmation is for exactly what is shown: it asks for no other estimate, and any change takes it back.
estimate.addEventListener("input", (event) => {
  if (!("confirmation" in event.target.dataset)) return;
  event.stopPropagation();
  mayStart();
});

// While the data are being checked, the card asks how far that is: not once the form has changed, whose own answer says it.
form.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt !== form && "stale" in estimate.dataset) event.preventDefault();
  else awaited = event.detail.xhr;
});

form.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr !== awaited) event.preventDefault();
});

const isRefused = (xhr) => xhr.status === 403;

form.addEventListener("htmx:afterRequest", ({ detail: { xhr, successful } }) => {
  if (xhr !== awaited || xhr.getResponseHeader("HX-Redirect")) return;
  if (successful) {
    settle();
    return;
  }
  showCalculating(false);
  if (isRefused(xhr)) failure()?.remove();
  else tryLater();
});

// The card says that it is tried again: a toast for every attempt would say it worse.
for (const error of ["htmx:responseError", "htmx:sendError"]) {
  form.addEventListener(error, (event) => {
    if (!isRefused(event.detail.xhr)) event.stopPropagation();
  });
}

// Nothing was sent, so nothing will be answered: the browser says at the field what is wrong with it.
form.addEventListener("htmx:validation:halted", () => {
  showCalculating(false);
  failure()?.remove();
  form.reportValidity();
});

addEventListener("online", () => {
  if (failure()) ask();
});

// Buttons and points that stand for another choice carry it as a query string of fields.
function apply(changes) {
  for (const [name, value] of new URLSearchParams(changes)) {
    const field = form.elements[name];
    if (field.type === "checkbox") field.checked = value === "on";
    else field.value = value;
    if (field.type === "range") paint(field);
  }
  paintGpuCount();
  ask();
}

form.addEventListener("click", (event) => {
  if (event.target.closest("#estimate-failure button")) ask();
  const point = event.target.closest("[data-change]");
  const button = event.target.closest("button[name=change]");
  if (!point && !button) return;
  event.preventDefault();
  apply(point ? point.dataset.change : button.value);
});

form.addEventListener("submit", (event) => {
  if (event.submitter !== start) return;
  start.disabled = true;
  start.querySelector("span").textContent = "Creating Job...";
  start.setAttribute("aria-busy", "true");
});

// The page may show what the server has not priced: the browser puts back what was chosen before, a slider keeps to its
// steps.
function isAsPriced() {
  const isNew = performance.getEntriesByType("navigation")[0].type === "navigate";
  return isNew && sliders.every((slider) => Number(slider.value) === Number(slider.defaultValue));
}
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
  else if (!isAsPriced()) ask();
});

sliders.forEach(paint);
paintGpuCount();
if (isAsPriced()) settle();
else wait();
