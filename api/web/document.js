// One document in a drawer: its outline beside its text, with a quotation marked and references that lead on.

import { showDialog } from "./back.js";
import { button, closeOnBackdrop, el, icon, shorten } from "./dom.js";
import { badge, lines, titled, validity } from "./format.js";
import { Failure, call } from "./service.js";

const LINKS = { interprets: "解读", amends: "修改", repeals: "废止", cites: "引用" };
const LINKED_FROM = { interprets: "解读见", amends: "修改见", repeals: "废止见", cites: "被引用于" };
const ROLES = { lead: "牵头", assist: "配合" };

let parts = null; // the drawer's elements, made when the first document is opened
let wanted = 0; // counts what was opened: an answer that comes after another document was asked for is not shown

function makeParts() {
  const title = el("h2", "", "", { id: "viewer-title", tabindex: "-1" });
  const meta = el("p", "meta");
  const facts = el("p", "meta");
  const more = el("details", "facts", [el("summary", "", "关于这份文件"), facts]);
  const outline = el("nav", "outline", [], { "aria-label": "条款目录" });
  const text = el("article", "document", [], { id: "viewer-text", tabindex: "0", "aria-label": "文件全文" });
  const close = button([icon("close"), "关闭"], "ghost close", () => dialog.close());
  const dialog = el("dialog", "drawer", [
    el("div", "drawer-head", [el("div", "drawer-title", [title, meta, more]), close]),
    el("div", "drawer-body", [outline, text]),
  ], { id: "viewer", "aria-labelledby": title.id });
  closeOnBackdrop(dialog);
  dialog.addEventListener("close", () => { wanted += 1; });
  document.body.append(dialog);
  return { dialog, title, meta, facts, more, outline, text };
}

/** Opens a document; `target` may name a clause, and the range (code points) to mark: {clause, start, end}. */
export async function openDocument(id, target = {}) {
  parts ||= makeParts();
  showDialog(parts.dialog);
  const mine = (wanted += 1);
  parts.title.textContent = "正在打开…";
  parts.meta.replaceChildren();
  parts.more.hidden = true;
  parts.outline.replaceChildren();
  parts.text.replaceChildren(el("p", "state", "正在读取全文…"));
  try {
    const doc = await call(`/v1/documents/${encodeURIComponent(id)}`);
    if (mine === wanted) showDocument(doc, target);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (mine !== wanted) return;
    parts.title.textContent = "打不开这份文件";
    parts.text.replaceChildren(el("p", "state", `${error.message}${error.hint}`));
  }
}

/** True where the outline has a place beside the text. */
const isWide = () => matchMedia("(min-width: 900px)").matches;

/** The UTF-16 index of each code-point offset (ascending) in `text`. */
function utf16(text, offsets) {
  if (!/[\ud800-\udfff]/.test(text)) return offsets;
  const found = [];
  let units = 0;
  let points = 0;
  for (const offset of offsets) {
    while (points < offset && units < text.length) {
      units += text.codePointAt(units) > 0xffff ? 2 : 1;
      points += 1;
    }
    found.push(units);
  }
  return found;
}

function showDocument(doc, target) {
  const clause = doc.clauses.find((row) => row.id === target.clause);
  const range = target.end > target.start ? target : clause;
  const [start, end] = range ? utf16(doc.text, [range.start, range.end]) : [0, 0];
  const depth = depths(doc.clauses);
  const paragraphs = renderText(doc, start, end, depth);
  parts.title.textContent = doc.title;
  parts.text.replaceChildren(...paragraphs.filter((row) => !row.inner).map((row) => row.node));
  parts.outline.replaceChildren(...outlineOf(doc, paragraphs, clause, depth));
  const mark = parts.text.querySelector("mark");
  const toMark = mark ? button("转到标出的原文", "link", () => { mark.scrollIntoView({ block: "center" }); mark.focus({ preventScroll: true }); }) : null;
  if (mark) mark.tabIndex = -1;
  const facts = [doc.number, validity(doc), toMark].filter(Boolean).map((fact) => el("span", "", fact));
  parts.meta.replaceChildren(badge(doc.status), ...facts);
  parts.facts.replaceChildren(...viewerFacts(doc, clause).map((fact) => el("span", "", fact)));
  parts.more.hidden = !parts.facts.childElementCount;
  parts.more.open = isWide();
  const lit = parts.outline.querySelector("[aria-current]");
  if (lit) lit.scrollIntoView({ block: "nearest" });
  if (mark) mark.scrollIntoView({ block: "center" });
  else parts.text.scrollTop = 0;
  parts.title.focus({ preventScroll: true });
}

function viewerFacts(doc, clause) {
  const links = doc.links.filter((link) => link.kind !== "cites" || link.target).slice(0, 6).map((link) => linkTo(LINKS[link.kind], link));
  const from = doc.linked_from.slice(0, 6).map((link) => linkTo(LINKED_FROM[link.kind], link));
  const sources = [...new Set(doc.sources.map((source) => `${source.file} ${lines(source)}`))].map((words) => el("span", "staff-only", words));
  const facts = [doc.title_inferred ? "原文无标题，题目系推断" : "", doc.issuer, ...links, ...from, ...sources];
  return [...facts, clause ? responsible(clause) : ""].filter(Boolean);
}

/** 解读《…》, which opens that document where it is in the store. */
function linkTo(words, link) {
  const text = `${words || ""}${titled(link.title)}`;
  return link.target ? button(text, "link", () => openDocument(link.target)) : text;
}

/** Who is responsible for a clause: 责任：市工信局（牵头）、市财政局（配合，沿用上文）. */
function responsible(clause) {
  const names = clause.responsible.map(({ name, role, inherited }) => {
    const notes = [ROLES[role], inherited ? "沿用上文" : ""].filter(Boolean).join("，");
    return notes ? `${name}（${notes}）` : name;
  });
  return names.length ? `责任：${names.join("、")}` : "";
}

/** How many numbered clauses stand above each clause, by id. */
export function depths(clauses) {
  const above = new Map();
  const labelled = new Map();
  for (const row of clauses) {
    const parent = row.parent === null ? 0 : above.get(row.parent) || 0;
    labelled.set(row.id, parent);
    above.set(row.id, parent + (row.label ? 1 : 0));
  }
  return labelled;
}

/** One block for each line of the text, rows of a table together; what stands in [start, end) (UTF-16) is marked. */
function renderText(doc, start, end, depth) {
  const tops = doc.clauses.filter((row) => row.label && depth.get(row.id) === 0).map((row) => row.start);
  const headings = new Set(utf16(doc.text, tops));
  const title = squeeze(doc.title);
  const references = referencesOf(doc);
  const blocks = [];
  let offset = 0;
  let next = 0;
  let body = null;
  for (const line of doc.text.split("\n")) {
    const from = offset;
    offset += line.length + 1;
    if (line.trim() === "") continue;
    while (next < references.length && references[next].end <= from) next += 1;
    let after = next;
    while (after < references.length && references[after].start < offset) after += 1;
    const inLine = references.slice(next, after);
    const marked = (text, at) => withMark(text, start - from - at, end - from - at, (piece, skip) => withReferences(piece, inLine, from + at + skip));
    if (line.includes("\t")) {
      if (!body) body = startTable(blocks);
      const row = tableRow(line, marked);
      body.append(row);
      blocks.push({ node: row, to: offset, inner: true });
      continue;
    }
    body = null;
    const isPart = headings.has(from + line.search(/\S/)) && line.length < 46 && !/[。；]/.test(line);
    const isTitle = blocks.length < 4 && title.includes(squeeze(line));
    blocks.push({ node: el("p", isTitle ? "lead" : isPart ? "part" : "", marked(line, 0)), to: offset });
  }
  return blocks;
}

const squeeze = (text) => text.replace(/\s/g, "");

/** `text` with what stands in [start, end) inside a <mark>; `inner` makes nodes of a piece and its offset in `text`. */
function withMark(text, start, end, inner) {
  const a = Math.min(Math.max(start, 0), text.length);
  const b = Math.min(Math.max(end, 0), text.length);
  return a < b ? [...inner(text.slice(0, a), 0), el("mark", "", inner(text.slice(a, b), a)), ...inner(text.slice(b), b)] : inner(text, 0);
}

/** The references that lead somewhere, in order, with UTF-16 offsets; of several at one place the first. */
function referencesOf(doc) {
  const rows = doc.clauses.flatMap((row) => row.references).filter((row) => row.clause || row.document).sort((a, b) => a.start - b.start);
  const apart = [];
  for (const row of rows) if (!apart.length || apart[apart.length - 1].end <= row.start) apart.push(row);
  const starts = utf16(doc.text, apart.map((row) => row.start));
  const ends = utf16(doc.text, apart.map((row) => row.end));
  return apart.map((row, n) => ({ ...row, start: starts[n], end: ends[n] }));
}

/** A piece of text that begins at `from`, with its references as links. */
function withReferences(text, references, from) {
  const nodes = [];
  let at = 0;
  for (const row of references) {
    const [a, b] = [row.start - from, row.end - from];
    if (a < at || b > text.length) continue;
    nodes.push(text.slice(at, a), button(text.slice(a, b), "link", () => openDocument(row.document, { clause: row.clause }), { title: `${row.title ? `《${row.title}》` : ""}${row.address}` }));
    at = b;
  }
  return [...nodes, text.slice(at)];
}

function startTable(blocks) {
  const body = el("tbody");
  blocks.push({ node: el("div", "scroll", el("table", "", body)), to: 0 });
  return body;
}

function tableRow(line, marked) {
  let at = 0;
  const cells = line.split("\t").map((cell, n, all) => {
    const node = el(all[0] === "序号" ? "th" : "td", "", marked(cell, at));
    at += cell.length + 1;
    return node;
  });
  return el("tr", "", cells);
}

function outlineOf(doc, paragraphs, current, depth) {
  const rows = doc.clauses.filter((row) => row.label && !/^(表头|序号.*)$/.test(row.label) && depth.get(row.id) < 2);
  if (!rows.length) return [];
  const starts = utf16(doc.text, rows.map((row) => row.start));
  const lit = currentRow(rows, current);
  const items = rows.map((row, n) => el("li", "", outlineButton(row, depth.get(row.id), paragraphs, starts[n], row === lit)));
  const fold = el("details", "", [el("summary", "", `条款目录（${rows.length}）`), el("ol", "", items)]);
  fold.open = isWide();
  return [fold];
}

/** The innermost row of the outline that holds the clause shown. */
function currentRow(rows, current) {
  return current && rows.filter((row) => row.start <= current.start && current.end <= row.end).pop();
}

function outlineButton(row, depth, paragraphs, start, isCurrent) {
  const words = row.heading || row.text.replace(row.label, "").trim().split("\n")[0];
  const space = /[条章节件\d]$/.test(row.label) ? " " : "";
  const node = button(`${row.label}${space}${shorten(words.trim(), 18)}`, `d${depth}`, () => {
    const paragraph = paragraphs.find((candidate) => start < candidate.to);
    if (paragraph) paragraph.node.scrollIntoView({ block: "start" });
  });
  if (isCurrent) node.setAttribute("aria-current", "true");
  return node;
}
