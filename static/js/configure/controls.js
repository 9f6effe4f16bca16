// Presets set sliders, sliders say their value, and buttons stand for other values of some fields.

const form = document.getElementById("configure");
const presets = JSON.parse(document.getElementById("preset-values").textContent);
const sliders = [...form.querySelectorAll("input[type=range]")];

// The server's rule, with the server's figures: a whole number has no decimals, another has at least and at most so many.
function shown({ value, dataset }) {
  const number = Number(value);
  if (Number.isInteger(number)) return String(number);
  return new Intl.NumberFormat("en", {
    minimumFractionDigits: dataset.leastDecimals,
    maximumFractionDigits: dataset.decimals,
    useGrouping: false,
  }).format(number);
}

function paint(slider) {
  const share = (slider.value - slider.min) / (slider.max - slider.min);
  slider.style.setProperty("--slider-value", `${share * 100}%`);
  form.querySelector(`output[for="${slider.id}"]`).textContent = shown(slider);
}

// What is true of it comes with the estimate.
function paintSpeedUp() {
  const count = Number(form.elements.gpu_count.value);
  document.getElementById("speed-up").textContent =
    count > 1 ? `Training will be ${count}x faster (approximately).` : "";
}

function choosePreset(id) {
  for (const [name, value] of Object.entries(presets[id].values)) {
    form.elements[name].value = value;
    paint(form.elements[name]);
  }
}

// Which preset the values are is the server's to say, with their price.
export function showPreset(id) {
  form.elements.preset_id.value = id;
  if (id in presets) document.getElementById("preset-name").textContent = presets[id].name;
}

export function follow(field) {
  if (field.name === "preset_id" && field.value in presets) choosePreset(field.value);
  if (field.type === "range") paint(field);
  if (field.name === "gpu_count") paintSpeedUp();
  form.querySelector(`[data-set-aside="${field.name}"]`)?.remove();
}

export function apply(changes) {
  for (const [name, value] of new URLSearchParams(changes)) {
    const field = form.elements[name];
    if (field.type === "checkbox") field.checked = value === "on";
    else field.value = value;
    if (field.type === "range") paint(field);
  }
  paintSpeedUp();
}

// On a narrow screen the sliders are folded away; a field that is pointed at is unfolded with all that it lies in.
const unfold = form.querySelector(".unfold");

export function reveal(element) {
  const fold = element.closest("details");
  if (fold) fold.open = true;
  if (element.closest("#sliders")) unfold.setAttribute("aria-expanded", "true");
}

unfold.addEventListener("click", () => {
  unfold.setAttribute("aria-expanded", unfold.getAttribute("aria-expanded") !== "true");
});

// The page may show what the server has not priced: the browser puts back what was chosen before, a slider keeps to its
// steps.
export function isAsPriced() {
  const isNew = performance.getEntriesByType("navigation")[0].type === "navigate";
  return isNew && sliders.every((slider) => Number(slider.value) === Number(slider.defaultValue));
}

sliders.forEach(paint);
