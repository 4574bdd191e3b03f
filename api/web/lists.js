// Answers that are lists, handling cards, and the conditions of a clause to be ticked. Every quotation opens its clause.

import { announce, button, el, randomId } from "./dom.js";
import { openDocument } from "./document.js";
import { STATUS, badge, titled, validity } from "./format.js";
import { Failure, call } from "./service.js";

const FIRST = 12; // rows shown before the rest is asked for
const ITEMS = 5; // items of a field shown before the rest is asked for

const opens = ({ document: doc, clause, start, end }) => () => openDocument(doc.id, { start, end, clause: clause.id });

function spot(quote) {
  const where = quote.clause.address || "正文";
  return button(where, "link spot", opens(quote), { "aria-label": `查看原文：${quote.document.title}${where}` });
}

/** The words of a row: of one document, or of both that are compared. */
function words(row) {
  if (!row.other) return [el("q", "", row.quote), spot(row)];
  const newer = row.group === "改动" ? "现在" : row.document.title;
  const older = row.group === "改动" ? "原来" : row.other.document.title;
  return [el("span", "side", newer), el("q", "", row.quote), spot(row), el("span", "side", older), el("q", "", row.other.quote), spot(row.other)];
}

function rowOf(row, withValue) {
  const value = [row.group, row.value].filter(Boolean).join("，");
  const title = el("th", "", [titled(row.title), row.document.status === "in_force" ? null : badge(row.document.status)], { scope: "row" });
  return el("tr", "", [title, withValue ? el("td", "value", value) : null, el("td", "", words(row))]);
}

/** The rows of an answer as a table; long ones are unfolded by a button. */
export function rowsTable(rows) {
  const withValue = rows.some((row) => row.value || row.group);
  const head = el("tr", "", ["文件", ...(withValue ? ["内容"] : []), "原文和出处"].map((name) => el("th", "", name, { scope: "col" })));
  const body = el("tbody", "", rows.slice(0, FIRST).map((row) => rowOf(row, withValue)));
  const table = el("div", "rows", el("table", "", [el("thead", "", head), body]), { role: "region", "aria-label": "清单", tabindex: "0" });
  if (rows.length <= FIRST) return [table];
  const more = button(`再看 ${rows.length - FIRST} 行`, "ghost small more-rows", () => {
    body.append(...rows.slice(FIRST).map((row) => rowOf(row, withValue)));
    body.rows[FIRST].querySelector("button")?.focus();
    more.remove();
  });
  return [table, more];
}

/** A handling card: the fields that the document fills, each in its own words. */
export function handlingCard(card) {
  const { document: doc } = card;
  const list = el("dl", "card-list", card.fields.flatMap((field) => {
    const shown = field.items.slice(0, ITEMS).map(item);
    const rest = field.items.slice(ITEMS);
    const more = rest.length ? el("dd", "", el("details", "more", [el("summary", "", `再看 ${rest.length} 项`), ...rest.map((one) => el("p", "", inside(one)))])) : null;
    return [el("dt", "", field.label), ...shown, more].filter(Boolean);
  }));
  const source = [titled(doc.title), STATUS[doc.status], validity(doc)].filter(Boolean).join("，");
  return el("section", "handling", [el("h3", "", "办事要点"), el("p", "muted", `都是原文，出自${source}`), list], { "aria-label": "办事要点" });
}

const inside = (one) => [el("q", "", one.quote), spot(one)];
const item = (one) => el("dd", "", inside(one));

/** A button that brings the conditions beside an answer, as boxes to be ticked. Nothing is promised. */
export function conditionsPart(result) {
  if (!result.conditions) return null;
  const place = el("div", "conditions-place", []);
  const opener = button("对照条件", "ghost small", async () => {
    opener.disabled = true;
    try {
      const found = await call(`/v1/clauses/${encodeURIComponent(result.conditions)}/conditions`);
      const list = found ? checkList(found) : el("p", "muted", "这一条现在没有列出条件");
      opener.replaceWith(list);
      list.querySelector("input")?.focus();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      opener.disabled = false;
      announce(error.message);
    }
  });
  place.append(opener);
  return place;
}

function checkList(found) {
  const said = { all: "按原文，各项都要符合。", any: "按原文，符合其中一项即可。", unsaid: "" }[found.needs];
  const count = el("p", "muted", "", { role: "status" });
  const boxes = found.items.map((one, n) => {
    const box = el("input", "", [], { type: "checkbox", id: `condition-${found.clause.id}-${n}-${randomId()}` });
    box.addEventListener("change", tell);
    return { box, node: el("div", "condition", [box, el("label", "", one.quote, { for: box.id })]) };
  });
  function tell() {
    count.textContent = `已勾选 ${boxes.filter(({ box }) => box.checked).length} 项，共 ${boxes.length} 项`;
  }
  tell();
  return el("section", "conditions", [
    el("h3", "", "对照条件"),
    el("p", "muted", said + found.note),
    ...boxes.map(({ node }) => node),
    count,
  ], { "aria-label": "对照条件" });
}
