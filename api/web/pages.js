// A list that is fetched a page at a time.

import { button, el } from "./dom.js";
import { sentences } from "./format.js";
import { Failure } from "./service.js";

/**
 * Fills `panel` with what `fetchPage` (of a cursor or null) gives: {items, next_cursor}. `row` makes an <li> of an item;
 * `empty` is said where there is none.
 */
export async function fillList(panel, fetchPage, row, empty) {
  const list = el("ol", "items");
  const more = el("div", "more-items");
  panel.replaceChildren(el("p", "empty", "正在读取…"));
  await add(null);

  async function add(cursor) {
    more.replaceChildren();
    try {
      const { items, next_cursor: next } = await fetchPage(cursor);
      const before = list.childElementCount;
      list.append(...items.map(row));
      if (!list.childElementCount) panel.replaceChildren(el("p", "empty", empty));
      else if (!list.isConnected) panel.replaceChildren(list, more);
      if (next) more.append(button("再看一些", "ghost", () => add(next)));
      if (cursor) list.children[before]?.querySelector("h4")?.focus();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const again = button("再试一次", "ghost", () => add(cursor));
      const told = el("div", "empty", [el("p", "problem", sentences(error.message, error.hint), { role: "alert" }), again]);
      if (list.isConnected) more.append(told);
      else panel.replaceChildren(told);
    }
  }
}

/** Takes a row out of its list; the focus goes to the row that takes its place, or to the panel. */
export function dropRow(item, empty) {
  const next = item.nextElementSibling || item.previousElementSibling;
  const panel = item.closest(".panel");
  item.remove();
  if (!panel) return; // the list was drawn anew meanwhile
  if (next) (next.querySelector("h4") || panel).focus();
  else if (!panel.querySelector(".more-items button")) {
    panel.replaceChildren(el("p", "empty", empty));
    panel.focus();
  }
}
