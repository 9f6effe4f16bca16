// A data set's page: of the columns that can be mapped, show those of the chosen format. Without it, all are shown.

function showColumns() {
  const format = document.querySelector("#reading-form select[name=format]");
  if (!format) return;
  document.querySelectorAll("#reading-form .pair").forEach((pair) => {
    pair.hidden = !pair.dataset.shapes.split(" ").includes(format.value);
  });
  document.querySelector("#reading-form .mapping").hidden = !format.value;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("#reading-form select[name=format]")) showColumns();
});
document.addEventListener("htmx:afterSettle", showColumns);
showColumns();
