// What every page needs: the theme switch, toasts, menus that close, and details that stay open across updates.

document.getElementById("theme-toggle")?.addEventListener("click", () => {
  const dark = document.documentElement.classList.toggle("dark");
  localStorage.setItem("theme", dark ? "dark" : "light");
  document.dispatchEvent(new CustomEvent("themechange"));
});

const TOAST_MILLISECONDS = 6000;

function armToast(toast) {
  const close = () => toast.remove();
  toast.querySelector("button").addEventListener("click", close);
  if (toast.dataset.category !== "error") {
    let timer = setTimeout(close, TOAST_MILLISECONDS);
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => (timer = setTimeout(close, TOAST_MILLISECONDS)));
  }
}

document.querySelectorAll(".toast").forEach(armToast);

// A message that still stands is not said again: a page that asks every other second would fill the screen with it.
function showToast(message, category) {
  if ([...document.querySelectorAll(".toast p")].some((text) => text.textContent === message)) return;
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  toast.dataset.category = category;
  toast.querySelector("p").textContent = message;
  document.getElementById("toasts").append(toast);
  armToast(toast);
}

document.addEventListener("htmx:responseError", (event) => {
  const expired = event.detail.xhr.status === 403;
  showToast(
    expired ? "Your session has expired. Reload the page and sign in." : "The server could not answer. Try again.",
    "error",
  );
});
document.addEventListener("htmx:sendError", () =>
  showToast("The server cannot be reached. Check the connection.", "error"),
);

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});

let open = new Set();
document.addEventListener("htmx:beforeSwap", () => {
  open = new Set([...document.querySelectorAll("details[id][open]")].map((details) => details.id));
});
document.addEventListener("htmx:afterSwap", () => {
  open.forEach((id) => {
    const details = document.getElementById(id);
    if (details) details.open = true;
  });
});

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  showToast("Copied", "success");
});

document.querySelectorAll("[data-back]").forEach((link) => {
  link.addEventListener("click", (event) => {
    if (document.referrer.startsWith(location.origin) && history.length > 1) {
      event.preventDefault();
      history.back();
    }
  });
});
