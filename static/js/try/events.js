// Server-sent events out of a stream of bytes, however it is cut into pieces: {comment} or {data}.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

const LINE_END = /\r\n|\n|\r/;

// Whole lines, and what is left; a CR at the end may be half of a line's end.
function cut(text) {
  const held = text.endsWith("\r") ? "\r" : "";
  const lines = text.slice(0, text.length - held.length).split(LINE_END);
  return [lines, lines.pop() + held];
}

async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const [lines, left] = cut(rest + value);
    rest = left;
    yield* lines;
  }
  if (rest.endsWith("\r")) yield rest.slice(0, -1); // any other line that is not ended is not whole
}

export async function* events(body) {
  let data = [];
  for await (const line of linesOf(body)) {
    if (line === "") {
      if (data.length) yield { data: data.join("\n") };
      data = [];
    } else if (line.startsWith(":")) yield { comment: line.slice(1).trim() };
    else if (/^data(:|$)/.test(line)) data.push(line.slice("data:".length).replace(/^ /, ""));
  }
}
