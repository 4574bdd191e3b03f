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
    root.dataset.theme = theme;
    const bar = document.querySelector("meta[name=theme-color]");
    if (bar) bar.content = COLOURS[theme];
  }

  const root = document.documentElement;
  const embedded = parent !== window; // in a frame of another site, which may choose (api/web/widget.js)
  if (embedded) root.dataset.embedded = "";
  let chosen = kept() || (embedded && new URLSearchParams(location.search).get("theme"));
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
