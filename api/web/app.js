// The chat page. No framework, no build step. Every word from the service enters the page as a text node, never as markup.
"use strict";

const LIMIT = 500; // code points in a question; the service has the same limit
const PAGE = 100; // documents fetched at once for the list
const $ = (id) => document.getElementById(id);

const STATUS = { in_force: "现行有效", expired: "已失效", not_yet: "尚未施行", repealed: "已废止", unknown: "效力未注明" };
const LINKS = { interprets: "解读", amends: "修改", repeals: "废止", cites: "引用" };
const LINKED_FROM = { interprets: "解读见", amends: "修改见", repeals: "废止见", cites: "被引用于" };
const ROLES = { lead: "牵头", assist: "配合" };
const REASONS = {
  no_evidence: ["现有文件里没有写到这件事", "可以换一种说法，或者写明文件名称、年份、地区再问一次。"],
  low_confidence: ["找到了相近的条款，但不足以下结论", "请看看下面的条款是不是您要找的，或者把问题说得更具体些。"],
  out_of_scope: ["这个问题不在政策文件的范围里", "这里只回答已收录的政策文件写明的内容。"],
  not_in_force: ["相关规定在所问的日期没有效力", "如要了解当时的规定，请在“回答范围”里选择那一天。"],
  ambiguous: ["想先确认一下您问的是哪一种情况", "请补充文件名称、级别或者地区。"],
};

const state = { session: randomId(), busy: false, documents: [], cursor: null, asked: 0 };

// --- small parts -----------------------------------------------------------------------------------------------------

/** An element with a class, attributes and children; a string child becomes a text node. */
function el(tag, className, children = [], attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...[children].flat().filter((child) => child !== null && child !== ""));
  return node;
}

function button(text, className, action, attributes = {}) {
  const node = el("button", className, text, { type: "button", ...attributes });
  node.addEventListener("click", action);
  return node;
}

function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join("");
}

const codePoints = (text) => Array.from(text).length;

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

const chineseDate = (iso) => iso && iso.replace(/^(\d+)-0?(\d+)-0?(\d+)$/, "$1年$2月$3日");

function validity(doc) {
  const from = chineseDate(doc.effective_from);
  const until = chineseDate(doc.effective_until);
  if (from && until) return `${from}至${until}`;
  if (from) return `自${from}起施行`;
  return until ? `有效期至${until}` : "";
}

function badge(status) {
  return el("span", `badge ${status in STATUS ? status : "unknown"}`, STATUS[status] || STATUS.unknown);
}

const metaLine = (parts) => el("p", "meta", parts.filter(Boolean).map((part) => el("span", "", part)));

const lines = (source) => (source.line_start === source.line_end ? `第${source.line_start}行` : `第${source.line_start}–${source.line_end}行`);

function announce(text) {
  $("announce").textContent = "";
  requestAnimationFrame(() => { $("announce").textContent = text; });
}

// --- the service -----------------------------------------------------------------------------------------------------

class Failure extends Error {
  constructor(message, hint, retryable) {
    super(message);
    this.hint = hint;
    this.retryable = retryable;
  }
}

async function call(path, body) {
  const options = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  let response;
  let data;
  try {
    response = await fetch(path, options);
    data = await response.json();
  } catch {
    throw new Failure("连接不上服务。", "请检查网络，稍后再试。", true);
  }
  if (response.ok) return data;
  const error = (data && data.error) || {};
  throw new Failure(error.message || "服务没有给出说明。", error.hint || "请稍后再试。", response.status >= 500);
}

// --- answers ---------------------------------------------------------------------------------------------------------

function confidenceLine(confidence) {
  const level = confidence >= 0.85 ? 4 : confidence >= 0.65 ? 3 : confidence >= 0.4 ? 2 : 1;
  const words = ["", "把握较小，请务必核对原文", "把握一般，请核对原文", "把握较大", "把握很大"][level];
  const dots = el("span", "dots", [1, 2, 3, 4].map((n) => el("i", n <= level ? "dot on" : "dot")), { "aria-hidden": "true" });
  return el("span", "", [dots, words], { title: `估计可靠程度 ${Math.round(confidence * 100)}%` });
}

function openOnClick(card, open) {
  card.addEventListener("click", (event) => {
    if (!event.target.closest("button, a") && String(getSelection()) === "") open();
  });
}

function copyButton(text) {
  const node = button("复制引文", "ghost", async () => {
    try {
      await navigator.clipboard.writeText(text);
      node.textContent = "已复制";
      announce("引文已复制");
    } catch {
      node.textContent = "请手动选取";
    }
    setTimeout(() => { node.textContent = "复制引文"; }, 2000);
  });
  return node;
}

function citationCard(citation) {
  const { document: doc, clause, source } = citation;
  const open = () => openDocument(doc.id, { start: citation.start, end: citation.end, clause: clause.id });
  const path = clause.path.filter((part) => !clause.address.startsWith(part)).join(" › ");
  const place = [source.file, source.page ? `第${source.page}页` : "", lines(source)].filter(Boolean).join(" · ");
  const copied = `${citation.quote}\n——《${doc.title}》${doc.number ? `（${doc.number}）` : ""}${clause.address}`;
  const card = el("article", "cite", [
    el("div", "cite-top", [el("h3", "cite-title", doc.title), badge(doc.status)]),
    metaLine([doc.number, doc.issuer, validity(doc)]),
    el("p", "where", [clause.address || "正文", path ? el("span", "path", `　${path}`) : null]),
    el("blockquote", "quote", citation.quote),
    el("div", "cite-foot", [
      el("span", "source", place),
      el("span", "buttons", [
        window.isSecureContext ? copyButton(copied) : null,
        button("查看原文", "ghost", open, { "aria-label": `查看原文：${doc.title}${clause.address}` }),
      ]),
    ]),
  ]);
  openOnClick(card, open);
  return card;
}

function passageCard(passage) {
  const open = () => openDocument(passage.document.id, { clause: passage.clause.id });
  const card = el("article", "cite passage", [
    el("h3", "cite-title", passage.document.title),
    el("p", "where", passage.clause.address || "正文"),
    el("blockquote", "quote", passage.text),
    el("div", "cite-foot", [
      el("span", "source", `相关程度第 ${passage.rank} 位`),
      el("span", "buttons", button("查看原文", "ghost", open, { "aria-label": `查看原文：${passage.document.title}${passage.clause.address}` })),
    ]),
  ]);
  openOnClick(card, open);
  return card;
}

function folded(title, cards) {
  return cards.length ? el("details", "more", [el("summary", "", title), ...cards]) : null;
}

function rewrittenLine(result) {
  return result.rewritten && result.rewritten !== result.question ? el("span", "", `按“${result.rewritten}”理解`) : null;
}

function answerCard(result) {
  const cited = new Set(result.citations.map((citation) => citation.clause.id));
  const others = result.passages.filter((passage) => !cited.has(passage.clause.id));
  return el("div", "reply", [
    el("p", codePoints(result.answer) > 26 ? "short long" : "short", result.answer),
    el("p", "sure", [confidenceLine(result.confidence), rewrittenLine(result)]),
    result.warnings.length ? el("ul", "warnings", result.warnings.map((w) => el("li", "warning", w.message))) : null,
    el("h3", "label", "依据"),
    ...result.citations.map(citationCard),
    folded(`其他相近条款（${others.length}）`, others.map(passageCard)),
  ]);
}

function refusalCard(result) {
  const [head, advice] = REASONS[result.reason] || ["这次没能给出答案", "请换一种说法再问一次。"];
  const near = result.reason === "out_of_scope" ? [] : result.passages;
  return el("div", "reply", [
    el("p", "refused-head", head),
    result.message && result.message !== head ? el("p", "refused-text", result.message) : null,
    el("p", "advice muted", [advice, rewrittenLine(result) ? " " : null, rewrittenLine(result)]),
    near.length ? el("h3", "label", "最接近的条款") : null,
    ...near.slice(0, 2).map(passageCard),
    folded(`再看 ${near.length - 2} 条`, near.slice(2).map(passageCard)),
  ]);
}

function failureCard(failure, retry) {
  return el("div", "reply failed", [
    el("p", "refused-head", failure.message),
    failure.hint ? el("p", "refused-text", failure.hint) : null,
    failure.retryable ? button("再试一次", "ghost", retry) : null,
  ], { role: "alert" });
}

function waitingCard() {
  const pulse = el("span", "pulse", [el("i"), el("i"), el("i")], { "aria-hidden": "true" });
  return el("div", "reply waiting", [pulse, "正在查找条款…"]);
}

function spoken(result) {
  if (result.status === "refused") return (REASONS[result.reason] || ["这次没能给出答案"])[0];
  const first = result.citations[0];
  return `回答：${result.answer}。依据《${first.document.title}》${first.clause.address}，${STATUS[first.document.status]}。`;
}

// --- asking ----------------------------------------------------------------------------------------------------------

function requestBody(question) {
  const body = { question, session_id: state.session, top_k: 5 };
  if ($("as-of").value) body.as_of = $("as-of").value;
  if ($("in-force").checked) body.filters = { in_force: true };
  return body;
}

function ask(question) {
  if (state.busy) return;
  $("welcome").hidden = true;
  const turn = el("section", "turn", [el("div", "asked", el("p", "", question))], { "aria-label": `第${(state.asked += 1)}个问题` });
  $("log").append(turn);
  reply(turn, requestBody(question));
}

async function reply(turn, body) {
  const session = state.session;
  const waiting = waitingCard();
  turn.append(waiting);
  turn.scrollIntoView({ block: "start" });
  setBusy(true);
  announce("正在查找条款");
  let card;
  try {
    const result = await call("/v1/ask", body);
    card = result.status === "answered" ? answerCard(result) : refusalCard(result);
    if (session === state.session) announce(spoken(result));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    card = failureCard(error, () => { if (!state.busy) { card.remove(); reply(turn, body); } });
  } finally {
    waiting.remove();
    if (session === state.session) setBusy(false);
  }
  turn.append(card);
  if (session === state.session) turn.scrollIntoView({ block: "start" });
}

function setBusy(busy) {
  state.busy = busy;
  $("log").setAttribute("aria-busy", String(busy));
  refreshComposer();
}

function refreshComposer() {
  const box = $("question");
  const length = codePoints(box.value);
  $("counter").textContent = `${length} / ${LIMIT}`;
  $("counter").classList.toggle("over", length > LIMIT);
  box.setAttribute("aria-invalid", String(length > LIMIT));
  $("send").disabled = state.busy || length > LIMIT || box.value.trim() === "";
  box.rows = 1;
  const height = parseFloat(getComputedStyle(box).lineHeight) || 26;
  box.rows = Math.min(6, Math.max(1, Math.round((box.scrollHeight - 16) / height)));
}

function submit() {
  if ($("send").disabled) return;
  const question = $("question").value.trim();
  $("question").value = "";
  refreshComposer();
  ask(question);
}

function newConversation() {
  state.session = randomId();
  state.asked = 0;
  $("log").replaceChildren();
  $("welcome").hidden = false;
  setBusy(false);
  announce("已开始新对话");
  $("question").focus();
}

// --- the list of documents -------------------------------------------------------------------------------------------

async function loadDocuments() {
  const query = state.cursor ? `&cursor=${encodeURIComponent(state.cursor)}` : "";
  try {
    const page = await call(`/v1/documents?limit=${PAGE}${query}`);
    state.documents.push(...page.documents);
    state.cursor = page.next_cursor;
    showDocuments();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    $("library-list").replaceChildren(el("li", "empty", [`${error.message}${error.hint}`]));
  }
}

function fileButton(doc) {
  const origin = doc.sources.map((source) => `${source.file} ${lines(source)}`).join("；");
  const node = button("", "file", () => {
    $("library-dialog").close();
    openDocument(doc.id);
  });
  node.append(
    el("span", "name", doc.title),
    el("span", "facts", [badge(doc.status), doc.number ? el("span", "", doc.number) : null]),
    el("span", "origin", origin),
  );
  return node;
}

function showDocuments() {
  const words = $("library-filter").value.trim().toLowerCase();
  const shown = state.documents.filter((doc) => `${doc.title} ${doc.number || ""}`.toLowerCase().includes(words));
  const rows = shown.map((doc) => el("li", "", fileButton(doc)));
  $("library-list").replaceChildren(...(rows.length ? rows : [el("li", "empty", words ? "没有这样的文件" : "还没有收录文件")]));
  $("library-count").textContent = `${shown.length}${state.cursor ? "+" : ""} 份`;
  $("library-more").hidden = !state.cursor;
}

function openLibrary() {
  $("library-slot").append($("library"));
  $("library-dialog").showModal();
}

// --- suggested questions ---------------------------------------------------------------------------------------------

/** The prepared questions whose document is there; for other documents, questions that any document can be asked. */
function suggestionsFor(documents, prepared) {
  const known = prepared.filter((row) => documents.some((doc) => doc.title.includes(row.title)));
  const plain = documents
    .filter((doc) => doc.effective_from && codePoints(doc.title) <= 36)
    .map((doc) => ({ title: doc.title, question: `《${doc.title}》什么时候起施行？${doc.effective_until ? "有效期到什么时候？" : ""}` }));
  return [...known, ...(known.length ? [] : plain)].slice(0, 6);
}

async function showSuggestions() {
  let prepared = [];
  try {
    prepared = await call("/web/suggestions.json");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  $("suggestions").replaceChildren(...suggestionsFor(state.documents, prepared).map(({ question }) => (
    el("li", "", button(question, "suggestion", () => ask(question)))
  )));
}

// --- one document ----------------------------------------------------------------------------------------------------

async function openDocument(id, target = {}) {
  $("viewer-title").textContent = "正在打开…";
  $("viewer-meta").replaceChildren();
  $("outline").replaceChildren();
  $("text").replaceChildren(el("p", "state", "正在读取全文…"));
  if (!$("viewer").open) $("viewer").showModal();
  try {
    showDocument(await call(`/v1/documents/${encodeURIComponent(id)}`), target);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    $("viewer-title").textContent = "打不开这份文件";
    $("text").replaceChildren(el("p", "state", `${error.message}${error.hint}`));
  }
}

function showDocument(doc, target) {
  const clause = doc.clauses.find((row) => row.id === target.clause);
  const range = target.end > target.start ? target : clause;
  const [start, end] = range ? utf16(doc.text, [range.start, range.end]) : [0, 0];
  const depth = depths(doc.clauses);
  const paragraphs = renderText(doc, start, end, depth);
  $("viewer-title").textContent = doc.title;
  $("viewer-meta").replaceChildren(badge(doc.status), ...viewerFacts(doc, clause).map((fact) => el("span", "", fact)));
  $("text").replaceChildren(...paragraphs.filter((row) => !row.inner).map((row) => row.node));
  $("outline").replaceChildren(...outlineOf(doc, paragraphs, clause, depth));
  const mark = $("text").querySelector("mark");
  const lit = $("outline").querySelector("[aria-current]");
  if (lit) lit.scrollIntoView({ block: "nearest" });
  if (mark) mark.scrollIntoView({ block: "center" });
  else $("text").scrollTop = 0;
  $("viewer-title").focus({ preventScroll: true });
}

function viewerFacts(doc, clause) {
  const links = doc.links.filter((link) => link.kind !== "cites" || link.target).slice(0, 6).map((link) => linkTo(LINKS[link.kind], link));
  const from = doc.linked_from.slice(0, 6).map((link) => linkTo(LINKED_FROM[link.kind], link));
  const sources = doc.sources.map((source) => `${source.file} ${lines(source)}`);
  const facts = [doc.title_inferred ? "原文无标题，题目系推断" : "", doc.number, doc.issuer, validity(doc), ...links, ...from, ...sources];
  return [...facts, clause ? responsible(clause) : ""].filter(Boolean);
}

/** 解读《…》, which opens that document where it is in the store. */
function linkTo(words, link) {
  const text = `${words || ""}${link.title.includes("《") ? link.title : `《${link.title}》`}`;
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
function depths(clauses) {
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
  const parts = new Set(utf16(doc.text, tops));
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
    const isPart = parts.has(from + line.search(/\S/)) && line.length < 46 && !/[。；]/.test(line);
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
  fold.open = matchMedia("(min-width: 900px)").matches;
  return [fold];
}

/** The innermost row of the outline that holds the clause shown. */
function currentRow(rows, current) {
  return current && rows.filter((row) => row.start <= current.start && current.end <= row.end).pop();
}

function outlineButton(row, depth, paragraphs, start, isCurrent) {
  const words = row.heading || row.text.replace(row.label, "").trim().split("\n")[0];
  const space = /[条章节件\d]$/.test(row.label) ? " " : "";
  const short = Array.from(words.trim()).slice(0, 18).join("");
  const node = button(`${row.label}${space}${short}`, `d${depth}`, () => {
    const paragraph = paragraphs.find((candidate) => start < candidate.to);
    if (paragraph) paragraph.node.scrollIntoView({ block: "start" });
  });
  if (isCurrent) node.setAttribute("aria-current", "true");
  return node;
}

// --- wiring ----------------------------------------------------------------------------------------------------------

function wireDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
  }
  $("library-dialog").addEventListener("close", () => $("library-side").append($("library")));
}

function wireComposer() {
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  $("question").addEventListener("input", refreshComposer);
  $("question").addEventListener("keydown", (event) => {
    // An Enter that ends a word of an input method is not the end of the question.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  });
}

/** ?q=… asks at once; ?doc=… (with start, end or clause) opens a document. */
function followAddress() {
  const query = new URLSearchParams(location.search);
  const question = (query.get("q") || "").trim();
  if (question && codePoints(question) <= LIMIT) ask(question);
  if (!query.get("doc")) return;
  openDocument(query.get("doc"), { start: Number(query.get("start")), end: Number(query.get("end")), clause: query.get("clause") });
}

async function start() {
  wireDialogs();
  wireComposer();
  $("new-chat").addEventListener("click", newConversation);
  $("open-library").addEventListener("click", openLibrary);
  $("library-filter").addEventListener("input", showDocuments);
  $("library-more").addEventListener("click", loadDocuments);
  refreshComposer();
  followAddress();
  await loadDocuments();
  await showSuggestions();
}

start();
