// The page to try an adapter on: the form, its keys, and the rows of the data that can be asked.

import { Conversation } from "./try/conversation.js";

const LONGEST_SPOKEN = 1_000;
const SETTINGS = ["temperature", "top_p", "max_tokens", "seed"];

const form = document.getElementById("try");
const { prompt, system, left, right } = form.elements;
const send = document.getElementById("send");
const stop = document.getElementById("stop");
const clear = document.getElementById("clear");
const rows = document.getElementById("prompts");

const announce = (text) => (document.getElementById("announcements").textContent = text);

const exchanges = document.getElementById("exchanges");
const conversation = new Conversation(form.dataset.url, exchanges, {
  onAnswer: (label, text) => announce(`${label}: ${text.slice(0, LONGEST_SPOKEN)}`),
  onChange: showState,
});

function showState() {
  const { isRunning, isEmpty } = conversation;
  const focused = document.activeElement;
  send.hidden = isRunning;
  stop.hidden = !isRunning;
  clear.disabled = isEmpty;
  left.disabled = right.disabled = isRunning;
  document.getElementById("empty").hidden = !isEmpty;
  for (const button of rows.querySelectorAll("[data-row]")) button.disabled = isRunning;
  if (focused === send && isRunning) stop.focus();
  else if ([stop, clear].includes(focused) && !isRunning && (focused.hidden || focused.disabled)) prompt.focus();
}

const sides = () =>
  [left, right].map(({ value, selectedOptions }) => ({ model: value, label: selectedOptions[0].textContent }));

// Says at each what is wrong with it; leads to the first.
function areSettingsRight() {
  const wrong = SETTINGS.map((name) => form.elements[name]).filter((field) => {
    const isRight = field.checkValidity();
    document.getElementById(`${field.id}-error`).textContent = isRight ? "" : field.validationMessage;
    field.setAttribute("aria-invalid", String(!isRight));
    return !isRight;
  });
  if (wrong.length) {
    document.getElementById("settings").open = true;
    wrong[0].focus();
  }
  return wrong.length === 0;
}

function ask(text, reference) {
  const settings = Object.fromEntries(SETTINGS.map((name) => [name, form.elements[name].valueAsNumber]));
  document.getElementById("rows").open = false;
  announce("");
  conversation.send(text, sides(), { system: system.value, settings, reference });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (conversation.isRunning) return;
  const text = prompt.value.trim();
  if (!text) prompt.focus();
  else if (areSettingsRight()) {
    ask(text);
    prompt.value = "";
  }
});

prompt.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

stop.addEventListener("click", () => conversation.stop());
exchanges.addEventListener("click", ({ target }) => {
  if (target.closest("[data-again]")) stop.focus(); // the button that was pressed is gone
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && conversation.isRunning) {
    conversation.stop();
    announce("Stopped");
  }
});

clear.addEventListener("click", () => {
  conversation.clear();
  announce("The conversation was cleared");
  prompt.focus();
});

// What one model has said is no history of another's.
for (const select of [left, right]) {
  select.addEventListener("change", () => {
    if (conversation.isEmpty) return;
    conversation.clear();
    announce("Another model: a new conversation");
  });
}

let asked = [];
let isSystemTheirs = false;
system.addEventListener("input", () => (isSystemTheirs = true));

const systemOf = ({ messages }) => messages.find(({ role }) => role === "system")?.content ?? "";

rows.addEventListener("htmx:afterSwap", () => {
  const data = document.getElementById("asked");
  asked = data ? JSON.parse(data.textContent) : [];
  if (asked.length && !isSystemTheirs) system.value = systemOf(asked[0]);
  showState();
});
for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  rows.addEventListener(failure, (event) => {
    event.stopPropagation();
    rows.querySelector("[role=status]").textContent =
      "The rows could not be fetched. Reload the page to try again, or write a prompt of your own.";
  });
}

rows.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-row]");
  if (!button || conversation.isRunning || !areSettingsRight()) return;
  const row = asked[button.dataset.row];
  system.value = systemOf(row);
  isSystemTheirs = false;
  conversation.clear(row.messages.slice(0, -1).filter(({ role }) => role !== "system"));
  ask(row.messages.at(-1).content, row.reference);
  prompt.focus();
});

addEventListener("pagehide", () => conversation.stop());
showState();
