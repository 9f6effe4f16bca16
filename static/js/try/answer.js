// One model's answer on the page: waiting, growing, whole, stopped or broken.

import { figures, waiting } from "./words.js";

const template = document.getElementById("answer-template").content.firstElementChild;
let count = 0;

export class Answer {
  constructor(label) {
    this.element = template.cloneNode(true);
    const part = (selector) => this.element.querySelector(selector);
    this.said = part(".said");
    this.waiting = part("[data-waiting]");
    this.problem = part("[data-problem]");
    this.again = part("[data-again]");
    this.footer = part("footer");
    part("h3").textContent = label;
    this.said.id = `answer-${++count}`;
    const copy = part("[data-copy]");
    copy.dataset.copy = this.said.id;
    copy.setAttribute("aria-label", `Copy the answer of ${label}`);
    this.reset();
  }

  get text() {
    return this.said.textContent;
  }

  get state() {
    return this.element.dataset.state;
  }

  // What counts as said in the turns that follow: a broken answer does not.
  get isKept() {
    return ["whole", "stopped"].includes(this.state) && this.text !== "";
  }

  reset() {
    this.element.dataset.state = "waiting";
    this.element.setAttribute("aria-busy", "true");
    this.said.textContent = "";
    this.problem.hidden = this.footer.hidden = true;
    this.waiting.textContent = "Sending…";
  }

  wait(comment) {
    if (this.state === "waiting") this.waiting.textContent = waiting(comment) || this.waiting.textContent;
  }

  add(text) {
    this.element.dataset.state = "growing";
    this.said.append(text);
  }

  finish(found) {
    this.#end("whole", figures(found) + (this.text ? "" : " · an empty answer"));
  }

  stop() {
    this.#end("stopped", this.text ? "Stopped" : "Stopped before it began");
  }

  fail(reason) {
    this.#end("broken", "");
    this.problem.querySelector("[data-reason]").textContent = reason;
    this.problem.hidden = this.again.hidden = false;
  }

  // It is not the last any more: what follows was asked without it.
  settle() {
    this.again.hidden = true;
  }

  #end(state, words) {
    this.element.dataset.state = state;
    this.element.removeAttribute("aria-busy");
    this.footer.querySelector("[data-figures]").textContent = words;
    this.footer.querySelector("[data-copy]").hidden = !this.text;
    this.footer.hidden = !words && !this.text;
  }
}
