// All choices of hardware, which every estimate replaces: the table and the picture are one Tab stop each, with arrow keys
// inside; and the fold, the focus and where the table was scrolled to outlast the new figures.

const choices = document.getElementById("choices");
const ITEMS = "button, [role=button]";

// A picture's points are one row, by time.
function rowsOf(group) {
  const rows = group.rows ? [...group.rows] : [group];
  return rows.map((row) => [...row.querySelectorAll(ITEMS)]).filter((items) => items.length);
}

function makeStop(group, stop) {
  for (const item of rowsOf(group).flat()) item.setAttribute("tabindex", item === stop ? 0 : -1);
}

const STEPS = {
  ArrowLeft: (row, column) => [row, column - 1],
  ArrowRight: (row, column) => [row, column + 1],
  ArrowUp: (row, column) => [row - 1, column],
  ArrowDown: (row, column) => [row + 1, column],
  Home: (row) => [row, 0],
  End: (row) => [row, Infinity],
  CtrlHome: () => [0, 0],
  CtrlEnd: () => [Infinity, Infinity],
};
// In a row, up and down go along it: the faster a choice, the dearer.
const ALONG = { ArrowUp: "ArrowLeft", ArrowDown: "ArrowRight" };

const nearest = (items, place) => items[Math.max(0, Math.min(place, items.length - 1))];

function neighbour(group, item, key) {
  const rows = rowsOf(group);
  const from = rows.findIndex((items) => items.includes(item));
  const step = STEPS[(rows.length === 1 && ALONG[key]) || key];
  const [row, column] = step(from, rows[from].indexOf(item));
  return nearest(nearest(rows, row), column);
}

choices.addEventListener("keydown", (event) => {
  const group = event.target.closest("[data-roving]");
  if (!group || event.altKey || event.metaKey || event.shiftKey) return;
  if (["Enter", " "].includes(event.key) && event.target.matches("[role=button]")) {
    event.preventDefault();
    event.target.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  }
  const key = event.ctrlKey ? `Ctrl${event.key}` : event.key;
  if (!(key in STEPS)) return;
  event.preventDefault();
  neighbour(group, event.target, key).focus();
});

choices.addEventListener("focusin", ({ target }) => {
  const group = target.closest("[data-roving]");
  if (group) makeStop(group, target);
});

// New choices take over the fold and the place in it before they are shown: htmx then gives the focus back to the element
// of the same id, which must be in an open fold and take it.
function arrange(root) {
  for (const group of root.querySelectorAll("[data-roving]")) {
    const items = rowsOf(group).flat();
    const isFocused = (item) => item.id === document.activeElement.id;
    makeStop(group, items.find(isFocused) ?? group.querySelector("[aria-current]") ?? items[0]);
  }
}

const tableIn = (root) => root.querySelector("#all-choices .scroll");

choices.addEventListener("htmx:oobBeforeSwap", ({ detail: { fragment } }) => {
  const [before, after] = [choices, fragment].map(tableIn);
  arrange(fragment);
  if (!before || !after) return;
  after.parentElement.open = before.parentElement.open;
  const scrolled = before.scrollLeft;
  document.addEventListener("htmx:afterSwap", () => (after.scrollLeft = scrolled), { once: true });
});
arrange(choices);
