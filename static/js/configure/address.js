// The settings in the page's address: those that are not as on a fresh page. Reload, Back and a shared link keep them.

const first = JSON.parse(document.getElementById("first-settings").textContent);

const isSame = (one, other) => one === other || (one !== "" && other !== "" && Number(one) === Number(other));

export function address(form) {
  const query = new URLSearchParams({ datasetId: form.elements.dataset_id.value });
  const probe = new URLSearchParams(location.search).get("probe");
  if (probe) query.set("probe", probe);
  const chosen = new FormData(form);
  for (const [name, usual] of Object.entries(first)) {
    const value = chosen.get(name) ?? "";
    if (!isSame(value, usual)) query.set(name, value);
  }
  return `${location.pathname}?${query}`;
}

export function remember(form) {
  history.replaceState(history.state, "", address(form));
}
