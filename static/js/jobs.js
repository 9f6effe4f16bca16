// Jobs chosen to be compared: how many, and that they stay chosen while the list is fetched anew.

const button = document.querySelector("#compare button");
const { fewest, most } = button.dataset;
const ticks = () => [...document.querySelectorAll("#jobs input[name=job]")];
let chosen = new Set();

function count() {
  chosen = new Set(
    ticks()
      .filter(({ checked }) => checked)
      .map(({ value }) => value),
  );
  button.disabled = chosen.size < fewest || chosen.size > most;
  button.querySelector("span").textContent = chosen.size ? `Compare ${chosen.size}` : "Compare";
}

document.addEventListener("change", count);
document.addEventListener("htmx:afterSwap", () => {
  for (const tick of ticks()) tick.checked = chosen.has(tick.value);
  count();
});
addEventListener("pageshow", count); // the browser puts back what was ticked
