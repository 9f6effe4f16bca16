// What is wrong with a field stands at the field, whether the browser found it or the server.

import { reveal } from "./controls.js";

function reason({ validity, dataset, validationMessage }) {
  if (validity.badInput) return "Enter a number.";
  if (dataset.range && (validity.rangeUnderflow || validity.rangeOverflow)) return dataset.range;
  return (validity.stepMismatch && dataset.step) || validationMessage;
}

export function foundByTheBrowser(form) {
  return [...form.elements]
    .filter((field) => field.willValidate && !field.validity.valid)
    .map((field) => ({
      name: field.name,
      element: field.id,
      label: field.labels[0]?.textContent ?? field.name,
      text: reason(field),
    }));
}

export function foundByTheServer(card) {
  return [...card.querySelectorAll("[data-problem]")].map((item) => ({
    name: item.dataset.problem,
    text: item.querySelector("span").textContent,
  }));
}

export function list(notice, problems) {
  const items = problems.map(({ element, label, text }) => {
    const [item, link] = ["li", "a"].map((name) => document.createElement(name));
    Object.assign(link, { className: "link", href: `#${element}`, textContent: label });
    item.append(link, `: ${text}`);
    return item;
  });
  notice.querySelector("ul").replaceChildren(...items);
}

function mark(field, place, isWrong) {
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== place.id);
  const all = isWrong ? [...others, place.id] : others;
  if (all.length) field.setAttribute("aria-describedby", all.join(" "));
  else field.removeAttribute("aria-describedby");
  if (isWrong) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

export function showAtFields(form, problems) {
  for (const place of form.querySelectorAll("[data-errors]")) {
    const name = place.dataset.errors;
    const texts = problems.filter((problem) => problem.name === name).map(({ text }) => text);
    place.replaceChildren(...texts.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
    for (const field of form.querySelectorAll(`[name="${name}"]`)) mark(field, place, texts.length > 0);
    if (texts.length) reveal(place);
  }
}
