// The chat page: one conversation at a time, asked, shown, kept in this browser. No framework, no build step.

import { $, announce, button, copyText, el, icon, randomId, shorten } from "./dom.js";
import { pushAddress } from "./back.js";
import { answerCard, failureCard, refusalCard, spoken, stoppedCard, waitingCard } from "./cards.js";
import { askable, mountComposer, refreshComposer } from "./composer.js";
import { openDocument } from "./document.js";
import { chooseDocument, clearFilters, filterBody, filterWords, mountFilters } from "./filters.js";
import { ratingParts } from "./feedback.js";
import { reference } from "./format.js";
import { handoffParts } from "./handoff.js";
import { mountEmbedding, tell } from "./embed.js";
import { mountHeader } from "./header.js";
import { keep, slim, talk } from "./history.js";
import { signIn } from "./login.js";
import { at } from "./place.js";
import { RECEIPT, openReceipts } from "./receipt.js";
import { Failure, call, stream } from "./service.js";
import { checkHandoffs, drawHistory, mountSidebar } from "./sidebar.js";
import { mountVoice } from "./voice.js";

const PASSAGES = 5;
const TITLE = 60; // characters of the first question that name a conversation
const SUGGESTED = 6;
const MORE = 8; // seconds after which too few suggestions are asked for again
const STARTING = 5; // seconds after which a service that is being started is looked at again
const HASH = "#talk=";
const FIRST = "写下想问的事，一次问一件";
const NEXT = "接着问，如：那省级的呢？";

let conversation = fresh();
let running = null; // the AbortController of the question at work
let told = false; // whether the reader knows that this browser keeps nothing

function fresh() {
  return { id: randomId(), title: "", updated: 0, turns: [] };
}

// --- asking ----------------------------------------------------------------------------------------------------------

/** `more` are fields of the request beside the question. */
function ask(question, more = {}) {
  if (running || !askable(question)) return;
  const body = { question, session_id: conversation.id, top_k: PASSAGES, ...filterBody(), ...more };
  const turn = { question, body, scope: filterWords(), asked: Date.now(), result: null, rating: null, handoff: null };
  reply(turn, showQuestion(turn));
}

function showQuestion(turn) {
  const number = $("log").childElementCount + 1;
  $("welcome").hidden = true;
  $("question").placeholder = NEXT;
  const scope = turn.scope.length ? el("p", "scope muted", turn.scope.join(" · ")) : null;
  const asked = el("div", "asked", [el("h2", "visually-hidden", `第${number}个问题`), el("p", "bubble", turn.question), scope]);
  const section = el("section", "turn", asked, { "aria-label": `第${number}个问题` });
  $("log").append(section);
  return section;
}

async function reply(turn, section) {
  const mine = conversation;
  const controller = new AbortController();
  const waiting = waitingCard();
  section.append(waiting.node);
  toTop(section);
  setRunning(controller);
  announce("正在查找条款");
  let card;
  const again = () => { if (!running) { card.remove(); reply(turn, section); } };
  try {
    turn.result = slim(await stream("/v1/ask", turn.body, waiting.on, controller.signal));
    mine.turns.push(turn);
    save(mine);
    card = resultCard(turn, mine);
    if (mine === conversation) announce(spoken(turn.result));
  } catch (error) {
    if (controller.signal.aborted) card = stoppedCard(again);
    else if (error instanceof Failure) card = failureCard(error, again);
    else throw error;
  } finally {
    waiting.node.remove();
    if (running === controller) setRunning(null);
  }
  section.append(card);
  if (mine === conversation) toTop(section);
}

function setRunning(controller) {
  running = controller;
  $("log").setAttribute("aria-busy", String(Boolean(controller)));
  refreshComposer();
}

const stop = () => { if (running) running.abort(); };
const toTop = (section) => section.scrollIntoView({ block: "start" });

// --- one reply -------------------------------------------------------------------------------------------------------

function resultCard(turn, mine) {
  const keepTurn = () => save(mine);
  const refused = turn.result.status === "refused";
  const rating = ratingParts(turn, keepTurn);
  const handoff = handoffParts(turn, mine.id, keepTurn, refused);
  const buttons = refused
    ? [handoff.opener, ...rating.thumbs, turn.scope.length ? button("不限范围再问一次", "act", () => askWithoutFilters(turn.question)) : null]
    : [...rating.thumbs, copyButton(turn.result), handoff.opener];
  const actions = el("div", "actions", [el("div", "act-row", buttons, { role: "group", "aria-label": "对这个回答" }), rating.place, handoff.place]);
  const askAlone = () => ask(turn.question, { standalone: true });
  return refused ? refusalCard(turn.result, actions, ask, askAlone) : answerCard(turn.result, actions, askAlone);
}

function askWithoutFilters(question) {
  clearFilters();
  ask(question);
}

/** The answer with what it rests on, ready to be pasted into a letter. */
function copied(result) {
  const sources = result.citations.map((citation) => `“${citation.quote}”\n——${reference(citation)}`);
  return [result.answer, ...sources].join("\n\n");
}

function copyButton(result) {
  const words = el("span", "", "复制");
  return button([icon("copy"), words], "act", async () => {
    const done = await copyText(copied(result));
    words.textContent = done ? "已复制" : "请手动选取";
    announce(done ? "已复制回答和出处" : "不能复制，请手动选取");
    setTimeout(() => { words.textContent = "复制"; }, 2000);
  }, { "aria-label": "复制回答和出处", title: "复制回答、原文和出处" });
}

// --- conversations ---------------------------------------------------------------------------------------------------

function save(mine) {
  mine.title ||= shorten(mine.turns[0].question.replace(/\s+/g, " "), TITLE);
  mine.updated = Date.now();
  if (!keep(mine) && !told) {
    told = true;
    announce("浏览器没有存下对话记录，关闭页面后就看不到了。");
    $("history-off").hidden = false;
  }
  if (mine === conversation) showAddress(mine.id);
  drawHistory();
}

/** The address names the conversation, so that a reload and the way back find it; what follows # never leaves the browser. */
function showAddress(id) {
  const wanted = id ? HASH + id : "";
  if (location.hash !== wanted) pushAddress(at(`/${wanted}`));
}

function open(found) {
  stop();
  conversation = found;
  $("not-here").hidden = true;
  $("log").replaceChildren();
  $("welcome").hidden = found.turns.length > 0;
  $("question").placeholder = found.turns.length ? NEXT : FIRST;
  for (const turn of found.turns) showQuestion(turn).append(resultCard(turn, found));
  setRunning(null);
  drawHistory();
}

function newConversation() {
  open(fresh());
  clearFilters();
  showAddress("");
  scrollTo(0, 0);
  announce("已开始新对话");
  $("question").focus();
}

function reopen(id) {
  const found = talk(id);
  if (!found) return false;
  const unread = found.turns.filter((turn) => turn.handoff?.unread);
  for (const turn of unread) turn.handoff.unread = false;
  if (unread.length) keep(found);
  open(found);
  showAddress(id);
  const last = unread.length ? found.turns.indexOf(unread[0]) : found.turns.length - 1;
  if ($("log").children[last]) toTop($("log").children[last]);
  announce(`已打开对话：${found.title}`);
  return true;
}

/** The conversation that the address names, or an empty one; a place on the page (the skip link) changes nothing. */
function followHash() {
  if (location.hash.startsWith(RECEIPT)) {
    openReceipts(location.hash.slice(RECEIPT.length));
    return;
  }
  if (location.hash && !location.hash.startsWith(HASH)) return;
  const id = location.hash.slice(HASH.length);
  if (id === conversation.id || (id && reopen(id))) return;
  if (conversation.turns.length) open(fresh());
  $("not-here").hidden = !id;
  if (id) announce($("not-here").textContent);
}

// --- the first screen ------------------------------------------------------------------------------------------------

/** `again`: a service that has just been started, or has new documents, finds questions that they answer in the first seconds. */
async function showWelcome({ again = true } = {}) {
  const quiet = { quiet: true };
  try {
    const [{ questions }, { documents, clauses }] = await Promise.all([call("/v1/suggestions", undefined, quiet), call("/readyz", undefined, quiet)]);
    $("extent").textContent = `现在收录 ${documents} 份文件、${clauses} 条条款。`;
    $("suggestions").replaceChildren(...questions.map((question) => el("li", "", button(question, "suggestion", () => ask(question)))));
    if (again && questions.length < SUGGESTED) setTimeout(() => { if (!$("suggestions").matches(":focus-within, :hover")) showWelcome({ again: false }); }, MORE * 1000);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    $("suggestions").replaceChildren(el("li", "notice", `${error.message}${error.hint}`));
    if (error.status === 503) setTimeout(showWelcome, (error.retryAfter || STARTING) * 1000); // it is being started
  }
}

/** ?q=… asks at once; ?doc=… (with start, end or clause) opens a document; ?in=…&title=… asks within one. */
function followAddress() {
  const query = new URLSearchParams(location.search);
  const question = (query.get("q") || "").trim();
  if (query.get("in")) chooseDocument(query.get("in"), query.get("title") || "这份文件");
  if (query.get("doc")) openDocument(query.get("doc"), { start: Number(query.get("start")), end: Number(query.get("end")), clause: query.get("clause") });
  if (question) ask(question);
  else followHash();
}

function wireKeys() {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      if (running) stop();
      else if (!event.isComposing && !document.querySelector(".menu:not([hidden])")) tell("close");
    }
    if (event.altKey && event.code === "KeyN" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      newConversation();
    }
  });
}

async function start() {
  mountComposer({ ask, stop, busy: () => Boolean(running) });
  mountFilters(refreshComposer);
  mountSidebar({
    current: () => conversation.id,
    open: reopen,
    gone: (ids) => { if (ids.includes(conversation.id)) newConversation(); },
  });
  for (const node of document.querySelectorAll("[data-new]")) node.addEventListener("click", () => { $("history-dialog").close(); newConversation(); });
  addEventListener("popstate", followHash);
  addEventListener("tiaowen-me", () => showWelcome());
  mountVoice();
  wireKeys();
  const who = mountHeader("chat");
  const shown = showWelcome(); // at the same time: on a slow line every wait counts
  followAddress();
  mountEmbedding();
  if ((await who).access === "keys" && !(await who).role) signIn();
  await Promise.all([shown, checkHandoffs()]);
}

start();
