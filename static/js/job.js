// The monitor's charts: drawn once, fed again whenever the status was updated.

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { axes, color, decimals, fetchCurves, tellLast } from "./charts.js";

const box = document.getElementById("charts");
const charts = [];

// A single step has no line: it is shown as a point.
const isAlone = (chart) => chart.data[0].length === 1;

const plots = [
  {
    id: "loss-chart",
    height: 240,
    pick: (data) => [data.steps, data.loss, data.evaluation_loss],
    series: () => [
      { label: "Step" },
      { label: "Training loss", stroke: color("--primary"), width: 2, points: { show: isAlone }, value: decimals(4) },
      {
        label: "Evaluation loss",
        stroke: color("--chart-evaluation"),
        width: 0,
        points: { show: true, size: 9, fill: color("--chart-evaluation") },
        paths: () => null,
        value: decimals(4),
      },
    ],
    format: (tick) => tick.toFixed(2),
  },
  {
    id: "speed-chart",
    height: 150,
    pick: (data) => [data.steps, data.tokens_per_second],
    series: () => [
      { label: "Step" },
      { label: "Tokens/s", stroke: color("--primary"), width: 1.5, points: { show: isAlone }, value: decimals(0) },
    ],
    format: (tick) => tick.toLocaleString(),
  },
  {
    id: "rate-chart",
    height: 150,
    pick: (data) => [data.steps, data.learning_rate],
    series: () => [
      { label: "Step" },
      {
        label: "Learning rate",
        stroke: color("--chart-evaluation"),
        width: 1.5,
        points: { show: isAlone },
        value: (_, value) => (value == null ? "–" : value.toExponential(2)),
      },
    ],
    format: (tick) => (tick === 0 ? "0" : tick.toExponential(0)),
  },
];

function draw(data) {
  while (charts.length) charts.pop().destroy();
  for (const plot of plots) {
    const place = document.getElementById(plot.id);
    const width = place.clientWidth;
    const options = {
      width,
      height: plot.height,
      series: plot.series(),
      axes: axes(plot.format),
      scales: { x: { time: false } },
      cursor: { points: { size: 6 } },
      hooks: { setLegend: [tellLast] },
    };
    charts.push(new uPlot(options, plot.pick(data), place));
  }
}

const FIGURES = ["steps", "loss", "evaluation_loss", "learning_rate", "tokens_per_second"];

let data = { attempt: 0, steps: [] };

// An answer tells anew what happened from its first step on; what is known of the steps before stays.
function merge(news) {
  if (news.from === 0) return news;
  const kept = data.steps.filter((step) => step < news.from).length;
  const figures = FIGURES.map((name) => [name, [...data[name].slice(0, kept), ...news[name]]]);
  return { attempt: news.attempt, ...Object.fromEntries(figures) };
}

function inWords(losses) {
  if (losses.length === 0) return "No training loss yet.";
  if (losses.length === 1) return `Training loss ${losses[0].toFixed(3)} at the first step.`;
  const few = Math.max(1, Math.round(losses.length / 10));
  const average = (values) => (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3);
  return `Training loss averages ${average(losses.slice(0, few))} over the first tenth and ${average(losses.slice(-few))} over the last tenth of ${losses.length} recorded steps.`;
}

function ask() {
  const known = new URLSearchParams({ attempt: data.attempt, after: data.steps.at(-1) ?? 0 });
  return fetchCurves(`${box.dataset.url}?${known}`);
}

async function update() {
  const news = await ask().catch(() => null); // the next update of the status asks again
  if (!news) return;
  data = merge(news);
  box.hidden = data.steps.length === 0;
  if (box.hidden) return;
  document.getElementById("loss-text").textContent = inWords(data.loss.filter((value) => value != null));
  if (charts.length) charts.forEach((chart, index) => chart.setData(plots[index].pick(data)));
  else draw(data);
}

// One at a time: each asks for what came after the one before.
let isUpdating = false;
let isDue = false;
async function refresh() {
  isDue = true;
  if (isUpdating) return;
  isUpdating = true;
  try {
    while (isDue) {
      isDue = false;
      await update();
    }
  } finally {
    isUpdating = false;
  }
}

const redraw = () => data.steps.length && draw(data);
document.addEventListener("htmx:afterSwap", refresh);
document.addEventListener("themechange", redraw);
addEventListener("resize", () => requestAnimationFrame(redraw));
refresh();
