// Django's filter of many choices gives an icon a name and no role: screen readers would pass over it.
addEventListener("load", () => {
  for (const icon of document.querySelectorAll(".search-label-icon")) icon.setAttribute("role", "img");
});
