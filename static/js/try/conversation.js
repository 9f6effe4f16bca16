// Exchanges: a prompt, and beside each other what each side's model answers, after what it has answered before.

import { Answer } from "./answer.js";
import { ask, Failure } from "./chat.js";

const clone = (id) => document.getElementById(`${id}-template`).content.firstElementChild.cloneNode(true);

const NEAR = 80; // pixels

// What grows stays in view where its end was.
function following(change) {
  const page = document.documentElement;
  const isAtEnd = page.scrollHeight - innerHeight - scrollY < NEAR;
  change();
  if (isAtEnd) scrollTo(0, page.scrollHeight);
}

export class Conversation {
  #url;
  #list;
  #exchanges = [];
  #opening = [];
  #running = new Set();

  // onChange is called where something begins or ends; onAnswer with the label and text of each whole answer, and with
  // the reason of each that broke.
  constructor(url, list, { onChange, onAnswer }) {
    this.#url = url;
    this.#list = list;
    this.onChange = onChange;
    this.onAnswer = onAnswer;
  }

  get isEmpty() {
    return this.#exchanges.length === 0;
  }

  get isRunning() {
    return this.#running.size > 0;
  }

  // Turns that both sides begin after: [{role, content}].
  clear(opening = []) {
    this.stop();
    this.#exchanges = [];
    this.#opening = opening;
    this.#list.replaceChildren();
    this.onChange();
  }

  stop() {
    for (const controller of this.#running) controller.abort();
  }

  // Sides are [{model, label}]; a reference is shown beside their answers.
  send(prompt, sides, { system, settings, reference }) {
    const last = this.#exchanges.at(-1);
    for (const { answer } of last?.sides ?? []) answer.settle();
    const answered = sides.map((side) => ({ ...side, answer: new Answer(side.label) }));
    const exchange = { prompt, system, settings, sides: answered };
    this.#exchanges.push(exchange);
    this.#show(exchange, reference);
    exchange.sides.forEach((side, at) => {
      side.answer.again.addEventListener("click", () => this.#run(exchange, at));
      this.#run(exchange, at);
    });
  }

  #show({ prompt, sides }, reference) {
    const element = clone("exchange");
    element.querySelector(".said").textContent = prompt;
    const answers = element.querySelector(".answers");
    answers.append(...sides.map(({ answer }) => answer.element));
    if (reference !== undefined) {
      const shown = clone("reference");
      shown.querySelector(".said").textContent = reference;
      answers.append(shown);
    }
    this.#list.append(element);
    scrollTo(0, document.documentElement.scrollHeight);
  }

  // All that a side has said and was asked up to an exchange: what it did not answer is left out.
  #messages(exchange, at) {
    const before = this.#exchanges.slice(0, this.#exchanges.indexOf(exchange));
    const turns = before
      .filter(({ sides }) => sides[at].answer.isKept)
      .flatMap(({ prompt, sides }) => [
        { role: "user", content: prompt },
        { role: "assistant", content: sides[at].answer.text },
      ]);
    const system = exchange.system.trim() ? [{ role: "system", content: exchange.system }] : [];
    return [...system, ...this.#opening, ...turns, { role: "user", content: exchange.prompt }];
  }

  async #run(exchange, at) {
    const { model, label, answer } = exchange.sides[at];
    const controller = new AbortController();
    const request = { model, messages: this.#messages(exchange, at), ...exchange.settings };
    answer.reset();
    this.#running.add(controller);
    this.onChange();
    try {
      answer.finish(
        await ask(this.#url, request, {
          signal: controller.signal,
          onWaiting: (comment) => answer.wait(comment),
          onText: (text) => following(() => answer.add(text)),
        }),
      );
      this.onAnswer(label, answer.text);
    } catch (error) {
      if (controller.signal.aborted) answer.stop();
      else {
        answer.fail(error.message);
        this.onAnswer(label, error.message);
        if (!(error instanceof Failure)) throw error;
      }
    } finally {
      controller.abort(); // what is left of a broken stream is not waited for
      this.#running.delete(controller);
      this.onChange();
    }
  }
}
