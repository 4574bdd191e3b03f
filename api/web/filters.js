// What an answer may be taken from: some documents, an issuer, a region, a day, only what is in force. Shown as chips.

import { showDialog } from "./back.js";
import { $, button, el, icon, labelled, makeDialog, shorten } from "./dom.js";
import { allDocuments } from "./catalogue.js";
import { chineseDate, titled } from "./format.js";
import { Failure } from "./service.js";

const SHOWN = 40; // documents in the list at once: more are found by writing a part of the title
const CHIP = 16; // characters of a title on a chip

const nothing = () => ({ documents: new Map(), issuer: "", region: "", inForce: false, asOf: "" });

let chosen = nothing();
let changed = () => {};

/** The part of a request that the filters make: `as_of` and `filters`, as far as something is chosen. */
export function filterBody() {
  const filters = {};
  if (chosen.documents.size) filters.document_ids = [...chosen.documents.keys()];
  if (chosen.issuer) filters.issuer = chosen.issuer;
  if (chosen.region) filters.region = chosen.region;
  if (chosen.inForce) filters.in_force = true;
  return { ...(chosen.asOf ? { as_of: chosen.asOf } : {}), ...(Object.keys(filters).length ? { filters } : {}) };
}

/** The same in words, one for each chip. */
export const filterWords = () => parts().map(({ words }) => words);

export function clearFilters() {
  chosen = nothing();
  draw();
}

/** Makes the chips in #chips and the dialog behind #open-filters. `onChange` is called when something was chosen or taken away. */
export function mountFilters(onChange) {
  changed = onChange;
  $("open-filters").addEventListener("click", openDialog);
  draw();
}

/** Narrows to one document, as a link from another page asks for. */
export function chooseDocument(id, title) {
  chosen.documents.set(id, title);
  draw();
}

function parts() {
  const drop = (change) => () => { change(); draw(); $("question").focus(); };
  const found = [...chosen.documents].map(([id, title]) => ({ words: `只查${titled(title)}`, short: titled(shorten(title, CHIP)), drop: drop(() => chosen.documents.delete(id)) }));
  if (chosen.issuer) found.push({ words: `只查${chosen.issuer}的文件`, short: chosen.issuer, drop: drop(() => { chosen.issuer = ""; }) });
  if (chosen.region) found.push({ words: `只查${chosen.region}的文件`, short: chosen.region, drop: drop(() => { chosen.region = ""; }) });
  if (chosen.asOf) found.push({ words: `按${chineseDate(chosen.asOf)}的规定`, short: `按${chineseDate(chosen.asOf)}的规定`, drop: drop(() => { chosen.asOf = ""; }) });
  if (chosen.inForce) found.push({ words: "只用当天有效的文件", short: "只用有效文件", drop: drop(() => { chosen.inForce = false; }) });
  return found;
}

function draw() {
  const rows = parts();
  $("chips").hidden = !rows.length;
  $("chips").replaceChildren(...rows.map(({ words, short, drop }) => (
    el("li", "", button([el("span", "", short), icon("close")], "chip", drop, { "aria-label": `去掉范围：${words}`, title: words }))
  )));
  $("open-filters").classList.toggle("on", rows.length > 0);
  changed();
}

// --- the dialog ------------------------------------------------------------------------------------------------------

async function openDialog() {
  const body = el("form", "stack filters", [], { autocomplete: "off" });
  const dialog = makeDialog("filters", "small", "回答范围", body);
  body.addEventListener("submit", (event) => { event.preventDefault(); dialog.close(); });
  dialog.addEventListener("close", () => { dialog.remove(); $("question").focus(); });
  let documents = [];
  const list = el("ul", "pick-list", el("li", "muted", "正在读取文件目录…"), { "aria-label": "可以选的文件" });
  const search = el("input", "", [], { id: "filter-search", type: "search", placeholder: "标题或文号中的字" });
  const redraw = () => showDocuments(list, documents, search.value);
  search.addEventListener("input", redraw);
  const fill = () => body.replaceChildren(...[
    dayField(), inForceField(),
    picker("filter-issuer", "发文机关", documents.map((doc) => doc.issuer), chosen.issuer, (value) => { chosen.issuer = value; }),
    picker("filter-region", "适用地区", documents.map((doc) => doc.region), chosen.region, (value) => { chosen.region = value; }),
    el("div", "field", [el("label", "", "只查这些文件（不选就是全部）", { for: search.id }), search, list]),
    el("div", "row end foot", [
      button("全部清除", "ghost", () => { clearFilters(); fill(); redraw(); }),
      el("button", "primary", "完成", { type: "submit" }),
    ]),
  ].filter(Boolean));
  fill();
  showDialog(dialog);
  try {
    documents = await allDocuments();
    fill();
    redraw();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    list.replaceChildren(el("li", "problem", `${error.message}${error.hint}`));
  }
}

function dayField() {
  const field = el("input", "", [], { id: "filter-day", type: "date", min: "1950-01-01", max: "2199-12-31" });
  field.value = chosen.asOf;
  field.addEventListener("change", () => { chosen.asOf = field.validity.valid ? field.value : ""; draw(); });
  return labelled("按哪一天的规定", field, "不填就是今天。");
}

function inForceField() {
  const field = el("input", "", [], { id: "filter-in-force", type: "checkbox" });
  field.checked = chosen.inForce;
  field.addEventListener("change", () => { chosen.inForce = field.checked; draw(); });
  return el("label", "check", [field, "只用当天有效的文件"], { for: field.id });
}

/** A choice among the values that occur; nothing where there is no choice. */
function picker(id, label, values, value, choose) {
  const known = [...new Set(values.filter(Boolean))].sort((a, b) => a.localeCompare(b, "zh"));
  if (known.length < 2 && !value) return null;
  const options = [el("option", "", "不限", { value: "" }), ...known.map((name) => el("option", "", name, { value: name }))];
  const field = el("select", "", options, { id });
  field.value = value;
  field.addEventListener("change", () => { choose(field.value); draw(); });
  return labelled(label, field);
}

function showDocuments(list, documents, search) {
  const words = search.trim().toLowerCase();
  const fits = (doc) => `${doc.title} ${doc.number || ""}`.toLowerCase().includes(words);
  const found = documents.filter((doc) => chosen.documents.has(doc.id) || fits(doc));
  found.sort((a, b) => Number(chosen.documents.has(b.id)) - Number(chosen.documents.has(a.id)));
  const rows = found.slice(0, SHOWN).map(documentRow);
  if (found.length > SHOWN) rows.push(el("li", "muted", `还有 ${found.length - SHOWN} 份，写几个字来找。`));
  list.replaceChildren(...(rows.length ? rows : [el("li", "muted", words ? "没有这样的文件" : "还没有收录文件")]));
}

function documentRow(doc) {
  const field = el("input", "", [], { type: "checkbox", id: `filter-${doc.id}` });
  field.checked = chosen.documents.has(doc.id);
  field.addEventListener("change", () => {
    if (field.checked) chosen.documents.set(doc.id, doc.title);
    else chosen.documents.delete(doc.id);
    draw();
  });
  return el("li", "", el("label", "check", [field, el("span", "", [doc.title, doc.number ? el("span", "muted", ` ${doc.number}`) : null])], { for: field.id }));
}
