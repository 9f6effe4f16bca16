// One question to one model, by OpenAI's API: its answer piece by piece, or why there is none.

import { events } from "./events.js";

const CSRF = JSON.parse(document.body.getAttribute("hx-headers"));
const SERVER_LOST = "The inference server stopped in the middle of this answer. It starts again by itself: try again.";
const CONNECTION_LOST = "The connection was lost in the middle of this answer. Check it, and try again.";
const UNREACHABLE = "The server cannot be reached. Check the connection, and try again.";
// For an answer that says nothing: a proxy's, mostly, since the server gives its own reason.
const MEANINGS = {
  401: "You are no longer signed in. Reload the page and sign in.",
  403: "Your session has expired. Reload the page and sign in.",
  404: "This model is not there any more. Reload the page.",
  413: "The conversation is too long to be sent. Clear it, and begin a new one.",
  503: "The inference server cannot be reached now. Try again in a moment.",
};

export class Failure extends Error {}

function meaning(answer) {
  if (answer.status === 429) {
    const seconds = Number(answer.headers.get("Retry-After"));
    return `Too much is being asked of the server. Try again in ${seconds ? `${seconds} seconds` : "a moment"}.`;
  }
  return MEANINGS[answer.status] ?? `The server could not answer (${answer.status}). Try again.`;
}

async function reason(answer) {
  try {
    const { error } = await answer.json();
    return error.message ?? (typeof error === "string" ? error : meaning(answer));
  } catch {
    return meaning(answer);
  }
}

const isAbort = (error) => error.name === "AbortError";

async function reach(url, request, signal) {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream", ...CSRF };
  let answer;
  try {
    answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(request), signal });
  } catch (error) {
    throw isAbort(error) ? error : new Failure(UNREACHABLE);
  }
  if (answer.redirected) throw new Failure(MEANINGS[401]); // to the page to sign in
  if (!answer.ok) throw new Failure(await reason(answer));
  return answer.body;
}

async function* pieces(body) {
  try {
    yield* events(body);
  } catch (error) {
    throw isAbort(error) ? error : new Failure(CONNECTION_LOST);
  }
}

function read(data) {
  try {
    return JSON.parse(data);
  } catch {
    throw new Failure("The server’s answer cannot be read. Try again.");
  }
}

// Calls onWaiting with each comment and onText with each piece; returns {usage, timings, finish} of the whole answer.
// Throws Failure, whose message is for people; or AbortError, where the signal said to stop.
export async function ask(url, request, { signal, onWaiting, onText }) {
  const figures = {};
  const body = await reach(url, { ...request, stream: true, stream_options: { include_usage: true } }, signal);
  for await (const { comment, data } of pieces(body)) {
    if (comment !== undefined) onWaiting(comment);
    else if (data === "[DONE]") return figures;
    else {
      const { error, choices, usage, timings } = read(data);
      if (error) throw new Failure(error.code === "server_lost" ? SERVER_LOST : error.message);
      const [choice] = choices ?? [];
      if (choice?.delta?.content) onText(choice.delta.content);
      if (choice?.finish_reason) figures.finish = choice.finish_reason;
      Object.assign(figures, usage && { usage }, timings && { timings });
    }
  }
  throw new Failure(SERVER_LOST);
}
