// Light or dark, before the first paint: the one script that is no module, so that no page flashes in the other colours.
// A choice is kept in localStorage under "tiaowen.theme": light, dark, or nothing, which follows the system.
"use strict";

(() => {
  const COLOURS = { light: "#f6f3ec", dark: "#14191a" };
  const system = matchMedia("(prefers-color-scheme: dark)");

  function kept() {
    try {
      return localStorage.getItem("tiaowen.theme");
    } catch {
      return null; // storage is switched off in this browser
    }
  }

  function paint(chosen) {
    const theme = chosen === "light" || chosen === "dark" ? chosen : system.matches ? "dark" : "light";
    document.documentElement.dataset.theme = theme;
    const bar = document.querySelector("meta[name=theme-color]");
    if (bar) bar.content = COLOURS[theme];
  }

  let chosen = kept();
  paint(chosen);
  system.addEventListener("change", () => paint(chosen));
  addEventListener("storage", (event) => {
    if (event.key !== "tiaowen.theme" && event.key !== null) return;
    chosen = event.key === null ? null : event.newValue; // null: the whole storage was emptied
    paint(chosen);
  });
  addEventListener("tiaowen-theme", (event) => {
    chosen = event.detail;
    paint(chosen);
  });
})();
