// Loaded in <head>, before anything is painted: the stored choice, or the system's. The admin keeps its own choice
// under the same name, and also knows "auto".
const stored = localStorage.getItem("theme");
const dark = stored === "dark" || (stored !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.classList.toggle("dark", dark);
document.documentElement.classList.add("js");
