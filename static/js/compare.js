// The losses of several jobs in one chart each, epoch by epoch: steps of other batch sizes would not lie beside each other.

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { axes, color, decimals, fetchCurves, tellLast } from "./charts.js";

const DASHES = [[], [8, 4], [2, 3], [12, 4, 2, 4], [5, 2], [1, 5]]; // told apart without colours, too
const HEIGHT = 260;

const runs = JSON.parse(document.getElementById("runs").textContent);
const box = document.getElementById("curves");
const text = document.getElementById("curves-text");
const plots = [
  { id: "evaluation-chart", figure: "evaluation_loss", points: true },
  { id: "training-chart", figure: "loss", points: false },
];
const charts = [];
let curves = [];

// One run's figure, without the steps that have none.
function line({ stepsPerEpoch }, data, figure) {
  const steps = data.steps.map((step, at) => [step / stepsPerEpoch, data[figure][at]]);
  const known = steps.filter(([, value]) => value != null);
  return [known.map(([epoch]) => epoch), known.map(([, value]) => value)];
}

const series = (points) =>
  runs.map(({ letter, title }, at) => {
    const stroke = color(`--series-${at + 1}`);
    return {
      label: `${letter}: ${title.length > 32 ? `${title.slice(0, 31)}…` : title}`,
      stroke,
      width: 2,
      dash: DASHES[at],
      spanGaps: true,
      points: { show: points, size: 7, fill: stroke },
      value: decimals(4),
    };
  });

function draw() {
  while (charts.length) charts.pop().destroy();
  for (const { id, figure, points } of plots) {
    const place = document.getElementById(id);
    const lines = runs.map((run, at) => line(run, curves[at], figure));
    const isEmpty = lines.every(([epochs]) => epochs.length === 0);
    place.parentElement.hidden = isEmpty;
    if (isEmpty) continue;
    const options = {
      width: place.clientWidth,
      height: HEIGHT,
      series: [{ label: "Epoch", value: decimals(2) }, ...series(points)],
      axes: axes((tick) => tick.toFixed(2)),
      scales: { x: { time: false } },
      cursor: { points: { size: 6 } },
      hooks: { setLegend: [tellLast] },
    };
    charts.push(new uPlot(options, uPlot.join(lines), place));
  }
}

async function show() {
  box.hidden = false;
  text.textContent = "Loading the curves…";
  try {
    curves = await Promise.all(runs.map(({ url }) => fetchCurves(url)));
  } catch {
    text.textContent = "The curves could not be fetched. Reload the page to try again.";
    return;
  }
  const missing = runs.filter((_, at) => curves[at].steps.length === 0).map(({ letter }) => letter);
  text.textContent = missing.length ? `There are no curves of ${missing.join(", ")}.` : "";
  draw();
}

const redraw = () => curves.length && draw();
document.addEventListener("themechange", redraw);
addEventListener("resize", () => requestAnimationFrame(redraw));
show();
