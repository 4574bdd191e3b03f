// Tabs as the ARIA practices have them: arrow keys, Home and End move between them, Tab goes into the panel.

import { el } from "./dom.js";

/**
 * Makes tabs of `rows` ({name, title}) in a tablist, and a panel for each in `panels`. `onShow` is called with the name and
 * the panel of the tab that is shown. Gives {show(name), mark(name, count)}.
 */
export function mountTabs(tablist, panels, rows, onShow) {
  const made = rows.map(({ name, title }) => {
    const count = el("span", "tab-count", "", { hidden: "" });
    const tab = el("button", "tab", [title, count], { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, "aria-selected": "false", tabindex: "-1" });
    const panel = el("div", "panel", [], { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": tab.id, tabindex: "-1", hidden: "" });
    tab.addEventListener("click", () => show(name));
    return { name, tab, panel, count };
  });
  tablist.replaceChildren(...made.map(({ tab }) => tab));
  panels.replaceChildren(...made.map(({ panel }) => panel));

  function show(name) {
    for (const row of made) {
      const on = row.name === name;
      row.tab.setAttribute("aria-selected", String(on));
      row.tab.tabIndex = on ? 0 : -1;
      row.panel.hidden = !on;
      if (on) {
        row.tab.scrollIntoView({ block: "nearest", inline: "nearest" });
        onShow(name, row.panel);
      }
    }
  }

  tablist.addEventListener("keydown", (event) => {
    const at = made.findIndex(({ tab }) => tab === event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: made.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = made[(to + made.length) % made.length];
    show(next.name);
    next.tab.focus();
  });

  const mark = (name, n) => {
    const { count } = made.find((row) => row.name === name);
    count.hidden = !n;
    count.textContent = n ? ` ${n}` : "";
  };
  return { show, mark };
}
