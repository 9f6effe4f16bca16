// What all charts have in common.

export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const decimals = (digits) => (_, value) => (value == null ? "–" : value.toFixed(digits));

export function axes(format) {
  const grid = { stroke: color("--chart-grid"), width: 1 };
  const common = { stroke: color("--muted-foreground"), grid, ticks: grid, font: "11px Inter Variable, sans-serif" };
  return [{ ...common }, { ...common, size: 56, values: (_, ticks) => ticks.map(format) }];
}

// Without a pointer over the chart, its legend tells the last value of each series.
export function tellLast(chart) {
  if (chart.cursor.idx != null) return;
  chart.setLegend({ idxs: chart.data.map((values) => values.findLastIndex((value) => value != null)) }, false);
}

const ANSWER_MILLISECONDS = 20_000;

export async function fetchCurves(url) {
  const answer = await fetch(url, {
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}
