// The configure page: an estimate for what the form shows, whatever comes between; and Start waits for it.

import { address, remember } from "./configure/address.js";
import { apply, follow, isAsPriced, reveal, showPreset } from "./configure/controls.js";
import { foundByTheBrowser, foundByTheServer, list, showAtFields } from "./configure/problems.js";

const FIRST_RETRY = 2_000;
const LAST_RETRY = 30_000;

const form = document.getElementById("configure");
const estimate = document.getElementById("estimate");
const start = document.getElementById("start");
const measure = document.getElementById("measure");
const startLabel = start.querySelector("span").textContent;

function mayStart() {
  const isPriced = !("stale" in estimate.dataset) && estimate.querySelector("[data-total]");
  const isIn = (selector) => Boolean(estimate.querySelector(selector));
  const isBlocked = !isPriced || isIn("[data-blocks-start], [name=allow_dropped_rows]:not(:checked)");
  measure.disabled = isBlocked;
  start.disabled = isBlocked || isIn("[data-confirmation]:not(:checked)");
  start.querySelector("span").textContent = startLabel;
  start.removeAttribute("aria-busy");
}

// An estimate is asked for by an input, the user's or this. Only the answer to the request that was sent after the last
// one is for what the form shows: any other is dropped.
const ask = () => form.dispatchEvent(new Event("input", { bubbles: true }));
let awaited = null;
let retry = null;
let retryDelay = FIRST_RETRY;

// One of "failure", "refusal", "problems": why there is no estimate; or nothing.
const notice = (kind = "") => estimate.querySelector(`:scope > [data-notice${kind && `="${kind}"`}]`);

function say(kind) {
  showCalculating(false);
  notice()?.remove();
  const said = document.getElementById(`estimate-${kind}`).content.firstElementChild.cloneNode(true);
  said.dataset.notice = kind;
  estimate.prepend(said);
  document.getElementById("at-a-glance").textContent = said.querySelector("strong").textContent;
  return said;
}

function showCalculating(isCalculating) {
  const calculating = estimate.querySelector(".calculating");
  if (calculating) calculating.hidden = !isCalculating;
}

function wait() {
  awaited = null;
  clearTimeout(retry);
  estimate.dataset.stale = "";
  const failure = notice("failure");
  if (failure) failure.querySelector("button").disabled = true;
  showCalculating(!failure);
  mayStart();
}

function settle() {
  delete estimate.dataset.stale;
  retryDelay = FIRST_RETRY;
  const preset = estimate.querySelector("[data-preset]")?.dataset.preset;
  if (preset) showPreset(preset);
  showAtFields(form, foundByTheServer(estimate));
  mayStart();
}

function tryLater() {
  say("failure");
  retry = setTimeout(ask, retryDelay);
  retryDelay = Math.min(2 * retryDelay, LAST_RETRY);
}

form.addEventListener("input", ({ target }) => {
  follow(target);
  wait();
});

// A confirmation is for exactly what is shown: it asks for no other estimate, and any change takes it back.
estimate.addEventListener("input", (event) => {
  if (!("confirmation" in event.target.dataset)) return;
  event.stopPropagation();
  mayStart();
});

// Nothing was sent, so nothing will be answered: not until the fields are right.
form.addEventListener("htmx:validation:halted", () => {
  const problems = foundByTheBrowser(form);
  list(say("problems"), problems);
  showAtFields(form, problems);
  document.activeElement.scrollIntoView({ block: "nearest" }); // which the notice has moved
});

// Before it is sent: whoever has to sign in first comes back to this address.
form.addEventListener("htmx:configRequest", ({ detail: { elt, errors, headers } }) => {
  if (elt !== form || errors.length) return;
  remember(form);
  headers["HX-Current-URL"] = location.href;
});

// While the data are being checked, the card asks how far that is: not once the form has changed, whose own answer says it.
form.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt !== form && "stale" in estimate.dataset) event.preventDefault();
  else awaited = event.detail.xhr;
});

form.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr !== awaited) event.preventDefault();
});

form.addEventListener("htmx:afterRequest", ({ detail: { xhr, successful } }) => {
  if (xhr !== awaited || xhr.getResponseHeader("HX-Redirect")) return;
  if (successful) settle();
  else if (xhr.status === 403) say("refusal").querySelector("a").href = address(form);
  else tryLater();
});

// The card says what has become of it: a toast for every attempt would say it worse.
for (const error of ["htmx:responseError", "htmx:sendError"]) {
  form.addEventListener(error, (event) => event.stopPropagation());
}

addEventListener("online", () => {
  if (notice("failure")) ask();
});

function goTo(field) {
  reveal(field);
  field.focus();
}

// Buttons and points that stand for another choice carry it as a query string of fields.
form.addEventListener("click", (event) => {
  const { target } = event;
  if (target.closest("[data-notice=failure] button")) ask();
  const link = target.closest("[data-notice=problems] a");
  const point = target.closest("[data-change]");
  const button = target.closest("button[name=change]");
  if (!link && !point && !button) return;
  event.preventDefault();
  if (link) {
    goTo(document.querySelector(link.hash));
    return;
  }
  apply(point ? point.dataset.change : button.value);
  ask();
});

// After the browser has taken down what is sent, which a disabled button would be missing from.
form.addEventListener("submit", ({ submitter }) => {
  if (submitter === start) {
    start.querySelector("span").textContent = "Creating Job...";
    start.setAttribute("aria-busy", "true");
  }
  setTimeout(() => {
    for (const button of [start, measure]) button.disabled = true;
  });
});

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
  else if (!isAsPriced()) ask();
});

if (isAsPriced()) {
  remember(form);
  settle();
} else wait();
