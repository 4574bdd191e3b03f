// The library: all documents with their validity, dates, places and relations; for an administrator the way in and out.

import { $, announce, button, el, icon } from "./dom.js";
import { mountBring } from "./bring.js";
import { mountRecent } from "./recent.js";
import { allDocuments, freshDocuments, moreDocuments, someDocuments } from "./catalogue.js";
import { confirm, lockedNotice } from "./confirm.js";
import { openDocument } from "./document.js";
import { STATUS, badge, chineseDate, lines, metaLine, sentences, titled, validity } from "./format.js";
import { mountHeader } from "./header.js";
import { may, me } from "./login.js";
import { at } from "./place.js";
import { Failure } from "./service.js";

const PAGE = 20;
const KINDS = {
  policy: "政策", regulation: "办法规章", plan: "规划方案", notice: "通知", interpretation: "政策解读", amendment: "修改废止决定",
  minutes: "纪要", news: "动态", list: "名单",
};
const LINKS = { interprets: "解读", amends: "修改", repeals: "废止" };
const SOURCES = 3; // files of one document before the rest is only counted

let documents = [];
let page = 1;
let bring = null; // there for an administrator only

// --- what is shown ---------------------------------------------------------------------------------------------------

function chosen() {
  const words = $("words").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return documents.filter((doc) => {
    if ($("status").value && doc.status !== $("status").value) return false;
    if ($("kind").value && doc.kind !== $("kind").value) return false;
    const text = [doc.title, doc.number, doc.issuer, doc.region, ...doc.sources.map((source) => source.file)].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function draw() {
  const found = chosen();
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  page = Math.min(Math.max(page, 1), pages);
  const rows = found.slice((page - 1) * PAGE, page * PAGE).map(documentRow);
  $("list").replaceChildren(...(rows.length ? rows : [emptyRow()]));
  $("list").start = (page - 1) * PAGE + 1;
  $("count").textContent = [
    found.length === documents.length ? `共 ${found.length} 份` : `找到 ${found.length} 份，共 ${documents.length} 份`,
    moreDocuments() ? "（文件很多，这里只列出先导入的）" : "",
  ].join("");
  drawPaging(pages);
  showAddress();
}

const emptyRow = () => el("li", "empty", documents.length
  ? ["没有这样的文件。", button("清除条件", "link", () => { $("find").reset(); page = 1; draw(); $("words").focus(); })]
  : "还没有收录文件。");

function documentRow(doc) {
  const title = button(doc.title, "title", () => openDocument(doc.id));
  const dates = [doc.issued_on ? `${chineseDate(doc.issued_on)}印发` : "", validity(doc)];
  return el("li", "doc", el("article", "", [
    el("div", "doc-top", [el("h4", "", title), badge(doc.status)]),
    metaLine([KINDS[doc.kind], doc.number, doc.issuer, doc.region, ...dates, doc.title_inferred ? "原文无标题，题目系推断" : ""]),
    relations(doc),
    el("div", "doc-foot", [sourcesOf(doc), actionsOf(doc)]),
  ]));
}

function relations(doc) {
  const links = doc.links.filter((link) => link.kind in LINKS).map((link) => el("li", "", [
    `${LINKS[link.kind]}：`,
    link.target ? button(titled(link.title), "link", () => openDocument(link.target)) : titled(link.title),
  ]));
  return links.length ? el("ul", "relations", links) : null;
}

function sourcesOf(doc) {
  const known = [...new Set(doc.sources.map((source) => `${source.file} ${lines(source)}`))];
  const rest = known.length > SOURCES ? ` 等 ${known.length} 处` : "";
  return el("p", "source muted", `来源：${known.slice(0, SOURCES).join("，")}${rest}`);
}

function actionsOf(doc) {
  const ask = at(`/?in=${encodeURIComponent(doc.id)}&title=${encodeURIComponent(doc.title)}`);
  const remove = bring ? button([icon("trash"), "移除"], "act", () => askToRemove(doc), { "aria-label": `移除${titled(doc.title)}` }) : null;
  return el("div", "doc-actions", [
    button([icon("doc"), "看全文"], "act", () => openDocument(doc.id), { "aria-label": `看全文：${doc.title}` }),
    el("a", "act", [icon("send"), "只问这份"], { href: ask, "aria-label": `只问这份文件：${doc.title}` }),
    remove,
  ]);
}

function drawPaging(pages) {
  $("paging").hidden = pages < 2;
  const turn = (to) => () => {
    page = to;
    draw();
    $("list-head").scrollIntoView({ block: "start" });
    $("list-head").focus({ preventScroll: true });
    announce(`第 ${page} 页，共 ${pages} 页`);
  };
  const before = button("上一页", "ghost", turn(page - 1));
  const after = button("下一页", "ghost", turn(page + 1));
  before.disabled = page <= 1;
  after.disabled = page >= pages;
  $("paging").replaceChildren(before, el("span", "muted", `第 ${page} / ${pages} 页`), after);
}

// --- taking out ------------------------------------------------------------------------------------------------------

/** Takes out the file that a document stands in; where it stands in several, one of them. */
async function askToRemove(doc) {
  const files = [...new Set(doc.sources.map((source) => source.file))];
  let chosenFile = files[0];
  const effect = el("p", "muted", "");
  const tell = () => { effect.textContent = effectOf(doc, chosenFile, files.length); };
  const radios = files.map((file, n) => {
    const radio = el("input", "", [], { type: "radio", name: "remove-file", id: `remove-${n}` });
    radio.checked = n === 0;
    radio.addEventListener("change", () => { chosenFile = file; tell(); });
    return el("label", "check", [radio, file], { for: radio.id });
  });
  const choice = files.length > 1
    ? el("fieldset", "", [el("legend", "muted", "这份文件有几个来源，要移除哪一个？"), ...radios])
    : el("p", "", ["将移除文件 ", el("strong", "", files[0]), "。"]);
  tell();
  if (await confirm("移除文件", [choice, effect], "移除")) await bring.remove(chosenFile);
}

function effectOf(doc, file, sources) {
  const inside = documents.filter((other) => other.sources.some((source) => source.file === file));
  const gone = inside.filter((other) => other.sources.every((source) => source.file === file));
  const others = gone.length > 1 ? `这个文件里有 ${gone.length} 份文件，都会移除：${gone.map((other) => titled(other.title)).join("、")}。` : "";
  const stays = sources > 1 ? `${titled(doc.title)}在别的来源里还有，会留下。` : "";
  return `${others}${stays}移除之后，${sources > 1 && gone.length === 0 ? "这个文件" : "它"}不再用来回答问题。需要时可以重新上传。`;
}

// --- the address -----------------------------------------------------------------------------------------------------

const FIELDS = ["words", "status", "kind"];

function showAddress() {
  const query = new URLSearchParams();
  for (const name of FIELDS) if ($(name).value.trim()) query.set(name, $(name).value.trim());
  if (page > 1) query.set("page", String(page));
  const text = query.toString();
  history.replaceState(null, "", text ? `?${text}` : location.pathname);
}

function followAddress() {
  const query = new URLSearchParams(location.search);
  for (const name of FIELDS) $(name).value = query.get(name) || "";
  page = Number(query.get("page")) || 1;
}

// --- the page --------------------------------------------------------------------------------------------------------

async function load(fetchAll) {
  $("list").setAttribute("aria-busy", "true");
  try {
    documents = await fetchAll();
    fillKinds();
    draw();
    $("extent").textContent = `现在收录 ${documents.length}${moreDocuments() ? " 多" : ""} 份文件，所有回答都出自这里。`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (!documents.length) $("list").replaceChildren(el("li", "empty", [el("p", "problem", sentences(error.message, error.hint)), button("再试一次", "ghost", () => load(fetchAll))]));
    else announce(sentences(error.message, error.hint));
  } finally {
    $("list").removeAttribute("aria-busy");
  }
}

/** The kinds that occur, and the one chosen. */
function fillKinds() {
  const value = $("kind").value;
  const known = Object.entries(KINDS).filter(([kind]) => kind === value || documents.some((doc) => doc.kind === kind));
  $("kind").replaceChildren(el("option", "", "全部", { value: "" }), ...known.map(([kind, words]) => el("option", "", words, { value: kind })));
  $("kind").value = value;
}

async function showRights() {
  const who = await me();
  if (may(who, "admin")) {
    if (!bring) mountRecent($("recent"));
    bring ||= mountBring($("bring"), () => load(freshDocuments));
  } else {
    bring = null;
    $("recent").replaceChildren();
    $("bring").replaceChildren(lockedNotice(who, "admin", "上传和移除文件"));
  }
  if (documents.length) draw();
}

async function start() {
  $("status").append(...Object.entries(STATUS).map(([value, words]) => el("option", "", words, { value })));
  $("kind").append(...Object.entries(KINDS).map(([value, words]) => el("option", "", words, { value })));
  followAddress();
  $("find").addEventListener("submit", (event) => { event.preventDefault(); });
  for (const name of FIELDS) $(name).addEventListener("input", () => { page = 1; draw(); });
  $("words").addEventListener("change", () => announce($("count").textContent));
  addEventListener("tiaowen-me", async () => { await showRights(); load(freshDocuments); });
  await mountHeader("library");
  await showRights();
  const asked = new URLSearchParams(location.search); // a link of a report: the list writes the address anew
  await load(someDocuments);
  if (asked.get("document")) openDocument(asked.get("document"), { clause: asked.get("clause") || undefined });
  if (moreDocuments()) await load(allDocuments);
}

start();
