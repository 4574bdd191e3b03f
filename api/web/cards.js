// What is shown in reply to a question: the answer with its citations, a refusal, a failure, the wait.

import { announce, button, codePoints, el, icon } from "./dom.js";
import { openDocument } from "./document.js";
import { conditionsPart, handlingCard, rowsTable } from "./lists.js";
import { NO_ANSWER, REASONS, STATUS, badge, headings, lines, metaLine, titled, validity } from "./format.js";

const LONG = 26; // characters from which an answer is a sentence, and set smaller than a figure
const PARAGRAPH = 60; // from which several items stand below each other
const ITEMS = 3;
const STEPS = { understand: "正在理解问题", retrieve: "正在查找条款", rerank: "正在比对条款", read: "正在读原文", decide: "正在核对依据" };
const CHOICES = 4; // documents offered where the question fits several

// --- citations and passages ------------------------------------------------------------------------------------------

/** The whole card opens its document, unless a button was meant or words are being selected. */
function openOnClick(card, open) {
  card.addEventListener("click", (event) => {
    if (!event.target.closest("button, a") && String(getSelection()) === "") open();
  });
}

function sourceButton(doc, clause, open) {
  return button([icon("doc"), "查看原文"], "ghost small", open, { "aria-label": `查看原文：${doc.title}${clause.address}` });
}

export function citationCard(citation) {
  const { document: doc, clause, source } = citation;
  const open = () => openDocument(doc.id, { start: citation.start, end: citation.end, clause: clause.id });
  const path = headings(clause);
  const file = [source.file, source.line_start ? lines(source) : ""].filter(Boolean).join(" · ");
  const place = [el("span", "staff-only", `${file} `), source.page ? `第${source.page}页` : null];
  const card = el("article", "cite", [
    el("div", "cite-top", [el("h4", "cite-title", doc.title), badge(doc.status)]),
    metaLine([doc.number, doc.issuer, validity(doc)]),
    el("p", "where", [clause.address || "正文", path ? el("span", "path", `　${path}`) : null]),
    el("blockquote", "quote", citation.quote),
    el("div", "cite-foot", [el("span", "source", place), sourceButton(doc, clause, open)]),
  ]);
  openOnClick(card, open);
  return card;
}

function passageCard(passage) {
  const { document: doc, clause } = passage;
  const open = () => openDocument(doc.id, { clause: clause.id });
  const card = el("article", "cite passage", [
    el("h4", "cite-title", doc.title),
    el("p", "where", clause.address || "正文"),
    el("blockquote", "quote", passage.text),
    el("div", "cite-foot", [el("span", "source", `相关程度第 ${passage.rank} 位`), sourceButton(doc, clause, open)]),
  ]);
  openOnClick(card, open);
  return card;
}

/** A citation as the log of questions keeps it: without what may have changed since. */
export function citedCard({ document_id: id, title, clause_id: clause, address, quote }) {
  const open = () => openDocument(id, { clause });
  const card = el("article", "cite", [
    el("p", "cite-title", title),
    el("p", "where", address || "正文"),
    el("blockquote", "quote", quote),
    el("div", "cite-foot", [el("span"), sourceButton({ title }, { address }, open)]),
  ]);
  openOnClick(card, open);
  return card;
}

function folded(title, cards) {
  return cards.length ? el("details", "more", [el("summary", "", title), ...cards]) : null;
}

// --- answer and refusal ----------------------------------------------------------------------------------------------

function confidenceLine(confidence) {
  const level = confidence >= 0.85 ? 4 : confidence >= 0.65 ? 3 : confidence >= 0.4 ? 2 : 1;
  const words = ["", "把握较小，请务必核对原文", "把握一般，请核对原文", "把握较大", "把握很大"][level];
  const dots = el("span", "dots", [1, 2, 3, 4].map((n) => el("i", n <= level ? "dot on" : "dot")), { "aria-hidden": "true" });
  return el("span", "", [dots, words], { title: `估计可靠程度 ${Math.round(confidence * 100)}%` });
}

/** How a follow-up was taken, and the way to have it answered as it stands. */
function understoodLine(result, askAlone) {
  if (!result.rewritten || result.rewritten === result.question) return null;
  const undo = askAlone && button("不接上文，按原话问", "undo", askAlone, { "aria-label": `不接上文，按原话问：${result.question}` });
  return el("span", "understood", [`按“${result.rewritten}”理解`, undo]);
}

/** An answer as a figure, a sentence, or a list of what it enumerates. */
function answerWords(answer) {
  const items = answer.split(/[；\n]/).map((item) => item.trim()).filter(Boolean);
  if (items.length >= ITEMS && codePoints(answer) > PARAGRAPH) return el("ul", "short long items", items.map((item) => el("li", "", item)));
  return el("p", codePoints(answer) > LONG ? "short long" : "short", answer);
}

/** `actions` stand under the citations: rating, copying, the way to a person. `askAlone` asks a follow-up as it stands. */
export function answerCard(result, actions, askAlone) {
  const cited = new Set(result.citations.map((citation) => citation.clause.id));
  const others = result.passages.filter((passage) => !cited.has(passage.clause.id));
  const rows = result.rows || []; // conversations kept from before have none
  const prepared = result.answered_by === "faq" ? el("span", "prepared", [icon("check"), "工作人员核对过的回答"]) : null;
  return el("div", "reply", [
    el("h3", "visually-hidden", "回答"),
    answerWords(result.answer),
    el("p", "sure", [prepared || confidenceLine(result.confidence), understoodLine(result, askAlone)]),
    result.warnings.length ? el("ul", "warnings", result.warnings.map((w) => el("li", "warning", w.message))) : null,
    ...(rows.length ? rowsTable(rows) : [el("h3", "label", "依据"), ...result.citations.map(citationCard)]),
    result.card ? handlingCard(result.card) : null,
    conditionsPart(result),
    actions,
    folded(`其他相近条款（${others.length}）`, others.map(passageCard)),
  ]);
}

/** `ask` asks a question again, of one document: what a refusal that asks back offers. */
export function refusalCard(result, actions, ask, askAlone) {
  if (result.reason === "small_talk") return el("div", "reply talk", el("p", "short long", result.message));
  const [head, advice] = REASONS[result.reason] || NO_ANSWER;
  const near = result.reason === "out_of_scope" ? [] : result.passages;
  const asksBack = result.reason === "ambiguous";
  return el("div", `reply refused${asksBack ? " asks-back" : ""}`, [
    el("h3", "refused-head", head),
    result.message && result.message !== head ? el("p", "refused-text", result.message) : null,
    el("p", "advice muted", [advice ? el("span", "", advice) : null, understoodLine(result, askAlone)]),
    asksBack ? choices(result, ask) : null,
    result.card ? handlingCard(result.card) : null,
    actions,
    near.length ? el("h3", "label", "最接近的条款") : null,
    ...near.slice(0, 2).map(passageCard),
    folded(`再看 ${near.length - 2} 条`, near.slice(2).map(passageCard)),
  ]);
}

/** What the question may have meant, each to be asked: places or documents. */
function choices(result, ask) {
  const offered = result.choices?.length ? result.choices : nearDocuments(result);
  return el("ul", "choices", offered.map(({ label, question }) => (
    el("li", "", button(label, "suggestion", () => ask(question)))
  )), { "aria-label": "您问的是哪一种" });
}

/** The nearest documents, where nothing better is offered: 第五条 of which one. */
function nearDocuments(result) {
  const titles = [...new Set(result.passages.map((passage) => passage.document.title))].slice(0, CHOICES);
  return titles.map((title) => ({ label: titled(title), question: `${titled(title)}${result.question.trim()}` }));
}

/** What a screen reader hears of a reply. */
export function spoken(result) {
  if (result.reason === "small_talk") return result.message;
  if (result.status === "refused") return `${(REASONS[result.reason] || NO_ANSWER)[0]}。${result.message || ""}`;
  const first = result.citations[0];
  return `回答：${result.answer}。依据${titled(first.document.title)}${first.clause.address}，${STATUS[first.document.status]}。`;
}

// --- failure and wait ------------------------------------------------------------------------------------------------

export function failureCard(failure, retry) {
  return el("div", "reply failed", [
    el("p", "refused-head", failure.message),
    failure.hint ? el("p", "refused-text", failure.hint) : null,
    failure.retryable ? retryButton(failure.retryAfter, retry) : null,
  ], { role: "alert" });
}

/** A button that waits as long as the service asked for. */
function retryButton(seconds, retry) {
  const node = button("再试一次", "ghost", retry);
  let left = seconds;
  const tick = () => {
    node.disabled = left > 0;
    node.textContent = left > 0 ? `${left} 秒后可以再试` : "再试一次";
    if (left > 0) setTimeout(tick, 1000);
    else if (seconds > 0 && node.isConnected) announce("可以再试了");
    left -= 1;
  };
  tick();
  return node;
}

export function stoppedCard(retry) {
  return el("div", "reply stopped", [el("p", "refused-text", "已停止回答。"), button("再问一次", "ghost", retry)]);
}

/** The card of a question at work: what is being done, and the answer as far as it has come. */
export function waitingCard() {
  const pulse = el("span", "pulse", [el("i"), el("i"), el("i")], { "aria-hidden": "true" });
  const step = el("span", "step", "正在查找条款");
  const text = el("p", "arriving", "", { hidden: "" });
  const cites = el("div", "arriving-cites");
  const node = el("div", "reply waiting", [el("p", "working", [pulse, step]), text, cites]);
  const on = {
    step: ({ step: name }) => { if (STEPS[name]) step.textContent = STEPS[name]; },
    delta: ({ text: piece }) => {
      text.hidden = false;
      text.append(piece);
    },
    citation: (citation) => cites.append(citationCard(citation)),
  };
  return { node, on };
}
