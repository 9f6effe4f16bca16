// The configure page: presets set sliders, sliders leave presets, and Start waits for the price of what is shown.

const form = document.getElementById("configure");
const presets = JSON.parse(document.getElementById("preset-values").textContent);
const estimate = document.getElementById("estimate");
const start = document.getElementById("start");
const sliders = [...form.querySelectorAll("input[type=range]")];

function shown(slider) {
  const value = Number(slider.value);
  if (slider.name === "learning_rate") {
    const text = value.toFixed(6).replace(/0$/, "");
    return text;
  }
  return slider.name === "dropout" ? String(Number(value.toFixed(2))) : String(value);
}

function paint(slider) {
  const share = (slider.value - slider.min) / (slider.max - slider.min);
  slider.style.setProperty("--slider-value", `${share * 100}%`);
  form.querySelector(`output[for="${slider.id}"]`).textContent = shown(slider);
}

function paintGpuCount() {
  const count = Number(form.elements.gpu_count.value);
  document.getElementById("gpu-speed").textContent =
    count > 1 ? ` Training will be ${count}x faster (approximately).` : "";
}

function matches(values) {
  return Object.entries(values).every(([name, value]) => Math.abs(Number(form.elements[name].value) - value) < 1e-9);
}

function currentPreset() {
  return Object.keys(presets).find((id) => matches(presets[id].values)) ?? "custom";
}

function choosePreset(id) {
  for (const [name, value] of Object.entries(presets[id].values)) {
    form.elements[name].value = value;
    paint(form.elements[name]);
  }
  nameBase(id);
}

function nameBase(id) {
  document.getElementById("preset-name").textContent = presets[id].name;
}

form.addEventListener("input", (event) => {
  const field = event.target;
  if (field.name === "preset_id" && field.value in presets) choosePreset(field.value);
  if (field.type === "range") {
    paint(field);
    if (field.name === "gpu_count") paintGpuCount();
    else {
      const id = currentPreset();
      form.elements.preset_id.value = id;
      if (id !== "custom") nameBase(id);
    }
  }
  wait(true);
});

function wait(pending) {
  estimate.toggleAttribute("data-stale", pending);
  start.disabled = pending;
}

function copyTotal() {
  const total = estimate.querySelector("[data-total]");
  document.getElementById("total-inline").textContent = total ? total.textContent : "–";
}

function mayStart() {
  const confirmation = document.getElementById("allow-oom");
  start.disabled = !estimate.querySelector("[data-total]") || Boolean(confirmation && !confirmation.checked);
}

// Buttons and points that stand for another choice carry it as a query string of fields.
function apply(changes) {
  for (const [name, value] of new URLSearchParams(changes)) {
    const field = form.elements[name];
    if (field.type === "checkbox") field.checked = value === "on";
    else field.value = value;
    if (field.type === "range") paint(field);
  }
  paintGpuCount();
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

form.addEventListener("click", (event) => {
  const point = event.target.closest("[data-change]");
  const button = event.target.closest("button[name=change]");
  if (!point && !button) return;
  event.preventDefault();
  apply(point ? point.dataset.change : button.value);
});

// The second confirmation is for exactly what is shown: it asks for no other estimate, and any change takes it back.
estimate.addEventListener("input", (event) => {
  if (event.target.name !== "allow_oom") return;
  event.stopPropagation();
  mayStart();
});

form.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) {
    wait(false);
    mayStart();
    copyTotal();
  } else if (event.detail.xhr.status || !event.detail.xhr.aborted) {
    start.disabled = false;
  }
});

form.addEventListener("submit", (event) => {
  if (event.submitter !== start) return;
  start.disabled = true;
  start.querySelector("span").textContent = "Creating Job...";
  start.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

sliders.forEach(paint);
paintGpuCount();
copyTotal();
mayStart();
