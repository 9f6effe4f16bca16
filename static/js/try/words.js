// What is said of an answer while one waits for it, and when it is there.

const ENDS = { one: "st", two: "nd", few: "rd", other: "th" };
const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
const STATES = { starting: "Starting the inference server…", loading: "Loading the model…" };

// Of a comment of the stream; nothing for one that is not known.
export function waiting(comment) {
  const place = Number(/^queued (\d+)$/.exec(comment)?.[1]);
  if (!place) return STATES[comment] ?? "";
  return place === 1 ? "Next in line" : `${place}${ENDS[ordinals.select(place)]} in line`;
}

const seconds = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;

// "first token after 0.4 s · 23 tokens/s · 57 tokens"
export function figures({ usage, timings, finish }) {
  const tokens = usage?.completion_tokens;
  const { queued_seconds: queued, first_token_seconds: first, tokens_per_second: pace } = timings ?? {};
  return [
    queued >= 1 && `${seconds(queued)} in line`,
    first != null && `first token after ${seconds(first)}`,
    pace > 0 && `${pace < 10 ? pace.toFixed(1) : Math.round(pace)} tokens/s`,
    tokens != null && `${tokens.toLocaleString("en")} ${tokens === 1 ? "token" : "tokens"}`,
    finish === "length" && "ended at the maximum",
  ]
    .filter(Boolean)
    .join(" · ");
}
