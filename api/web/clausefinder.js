// Finding the clause that an answer rests on: what the answer cited, a search, or the outline of a document.

import { announce, button, codePoints, el, randomId, shorten } from "./dom.js";
import { allDocuments } from "./catalogue.js";
import { depths, openDocument } from "./document.js";
import { sentences } from "./format.js";
import { Failure, call } from "./service.js";

const FOUND = 10; // passages of one search
const PARTS = 3; // clauses of one passage
const LONG = 240; // characters from which a chapter is offered by its articles
const SHOWN = 30; // documents in the list at once

/**
 * A finder; `choose` is called with the id of a clause. `citations` (as the log keeps them) and what a search for `question`
 * finds are offered first.
 */
export function clauseFinder({ question, citations, choose }) {
  const name = `finder-${randomId()}`;
  const place = el("div", "found", [], { id: `${name}-found`, "aria-live": "off" });
  const ways = { search: bySearch(question, citations, choose, place, name), outline: byOutline(choose, place, name) };
  const top = el("div");
  const radios = [["search", "搜索条款"], ["outline", "按目录选"]].flatMap(([way, words]) => {
    const radio = el("input", "visually-hidden", [], { type: "radio", name, id: `${name}-${way}`, value: way });
    radio.checked = way === "search";
    radio.addEventListener("change", () => ways[way].show(top));
    return [radio, el("label", "", words, { for: radio.id })];
  });
  ways.search.show(top);
  return el("div", "finder", [
    el("fieldset", "segments", [el("legend", "visually-hidden", "怎样找条款"), el("div", "segment-row", radios)]), top, place,
  ]);
}

const wanted = new WeakMap(); // what was last asked to be shown in a place: what comes late is not shown

/** Shows in `place` what `work` gives, an array of nodes, unless something else was wanted meanwhile. */
async function filled(place, work) {
  wanted.set(place, work);
  place.replaceChildren(el("p", "muted", "正在查找…"));
  const nodes = await work().catch((error) => {
    if (!(error instanceof Failure)) throw error;
    return [el("p", "problem", sentences(error.message, error.hint), { role: "alert" })];
  });
  if (wanted.get(place) === work) place.replaceChildren(...nodes);
}

/** One clause that may be chosen. */
function candidate({ documentId, title, clauseId, address, text, note }, choose) {
  const where = address || "正文";
  return el("li", "candidate", [
    el("p", "candidate-title", [el("span", "", title), note ? el("span", "note", note) : null]),
    el("p", "where", where),
    el("p", "candidate-text", text),
    el("div", "row", [
      button("用这条", "ghost small", () => choose(clauseId), { "aria-label": `用这条：${title}${where}` }),
      button("看上下文", "act", () => openDocument(documentId, { clause: clauseId }), { "aria-label": `看上下文：${title}${where}` }),
    ]),
  ]);
}

// --- search ----------------------------------------------------------------------------------------------------------

function bySearch(question, citations, choose, place, name) {
  const field = el("input", "", [], { type: "search", id: `${name}-words`, maxlength: "500", enterkeyhint: "search" });
  field.value = question;
  const form = el("div", "finder-search", [ // no <form>: it stands in that of the editor
    el("label", "visually-hidden", "找哪条规定", { for: field.id }), field, button("查找", "ghost", () => look(false)),
  ], { role: "search", "aria-label": "搜索条款" });
  const cited = citations.map((c) => candidate({ documentId: c.document_id, title: c.title, clauseId: c.clause_id, address: c.address, text: c.quote, note: "回答里引用过" }, choose));
  const known = new Set(citations.map((c) => c.clause_id));
  const look = (first) => filled(place, async () => {
    const words = field.value.trim();
    const found = words ? await search(words) : [];
    const rows = found.filter((row) => !first || !known.has(row.clauseId)).map((row) => candidate(row, choose));
    const all = [...(first ? cited : []), ...rows];
    if (!first) announce(all.length ? `找到 ${all.length} 条` : "没有找到");
    return [all.length ? el("ul", "candidates", all, { "aria-label": "找到的条款" }) : el("p", "muted", "没有找到。换几个字，或者按目录选。")];
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    look(false);
  });
  return { show: (top) => { top.replaceChildren(form); look(true); } };
}

/** The clauses that a search finds. A passage may hold several short clauses, of which those nearest to the words come first. */
async function search(words) {
  const { passages } = await call("/v1/search", { question: words, top_k: FOUND });
  const loaded = new Map();
  for (const id of new Set(passages.map((passage) => passage.document.id))) loaded.set(id, call(`/v1/documents/${encodeURIComponent(id)}`));
  const rows = [];
  for (const passage of passages) {
    const { clauses } = await loaded.get(passage.document.id);
    rows.push(...clausesIn(passage, clauses, words));
  }
  const seen = new Set();
  return rows.filter((row) => !seen.has(row.clauseId) && seen.add(row.clauseId));
}

function clausesIn(passage, clauses, words) {
  const { document: doc, clause, text } = passage;
  const inside = clauses.filter((row) => row.label && text.includes(row.text.trim()));
  const ids = new Set(inside.map((row) => row.id));
  const outer = inside.filter((row) => !ids.has(row.parent));
  const parts = inside.filter((row) => row.parent === outer[0]?.id);
  const whole = outer.length === 1 && parts.length > 1 && codePoints(text) > LONG ? parts : outer;
  const rowOf = (id, address, said) => ({ documentId: doc.id, title: doc.title, clauseId: id, address, text: said });
  if (whole.length < 2) return [rowOf(clause.id, clause.address, text)];
  whole.sort((a, b) => shared(b.text, words) - shared(a.text, words));
  return whole.slice(0, PARTS).map((row) => rowOf(row.id, row.address, row.text.trim()));
}

/** How many pairs of neighbouring characters of `words` stand in `text`. */
function shared(text, words) {
  const pairs = new Set(Array.from(words).slice(1).map((character, n) => Array.from(words)[n] + character));
  return [...pairs].filter((pair) => text.includes(pair)).length;
}

// --- outline ---------------------------------------------------------------------------------------------------------

function byOutline(choose, place, name) {
  const field = el("input", "", [], { type: "search", id: `${name}-title`, placeholder: "标题或文号中的字" });
  const form = el("div", "finder-search", [el("label", "visually-hidden", "哪份文件", { for: field.id }), field], { role: "search", "aria-label": "查找文件" });
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  const list = async () => {
    const words = field.value.trim().toLowerCase();
    const found = (await allDocuments()).filter((doc) => `${doc.title} ${doc.number || ""}`.toLowerCase().includes(words));
    const rows = found.slice(0, SHOWN).map((doc) => el("li", "", button([doc.title, el("span", "muted", doc.number ? ` ${doc.number}` : "")], "pick", () => filled(place, () => open(doc)))));
    if (found.length > SHOWN) rows.push(el("li", "muted", `还有 ${found.length - SHOWN} 份，写几个字来找。`));
    return [rows.length ? el("ul", "picks", rows, { "aria-label": "文件" }) : el("p", "muted", "没有这样的文件。")];
  };
  const open = async (doc) => {
    const { clauses } = await call(`/v1/documents/${encodeURIComponent(doc.id)}`);
    const depth = depths(clauses);
    const back = button("‹ 换一份文件", "link", () => { filled(place, list); field.focus(); });
    const rows = clauses.filter((clause) => clause.label || clauses.length === 1).map((clause) => clauseRow(clause, depth.get(clause.id), choose));
    announce(`${doc.title}，${rows.length} 条条款`);
    return [el("p", "picked", [back, el("strong", "", doc.title)]), rows.length
      ? el("ul", "picks", rows, { "aria-label": "条款" })
      : el("p", "muted", "这份文件没有分条款，请用搜索。")];
  };
  field.addEventListener("input", () => filled(place, list));
  return { show: (top) => { top.replaceChildren(form); filled(place, list); } };
}

function clauseRow(clause, depth, choose) {
  const text = clause.text.replace(/\s+/g, " ").trim();
  const words = text.startsWith(clause.label) ? text.slice(clause.label.length).trim() : text;
  return el("li", `step-${Math.min(depth, 3)}`, button([el("span", "pick-label", clause.address || clause.label || "正文"), el("span", "", shorten(words, 60))], "pick", () => choose(clause.id)));
}
