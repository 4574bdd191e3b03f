// The operator's desk: what happened in the last days, the queues, and the answers that people wrote.

import { showAudit } from "./audit.js";
import { $, el, button } from "./dom.js";
import { lockedNotice } from "./confirm.js";
import { showFaq } from "./faqlist.js";
import { sentences } from "./format.js";
import { mountHeader } from "./header.js";
import { showLog } from "./log.js";
import { may, me } from "./login.js";
import { showGroups, showTrends } from "./overview.js";
import { showMostAsked, showQueue } from "./queue.js";
import { Failure, call } from "./service.js";
import { mountTabs } from "./tabs.js";

const TABS = [
  { name: "unanswered", title: "未答" }, { name: "disliked", title: "点踩" }, { name: "handoffs", title: "转人工" },
  { name: "groups", title: "问题归类" },
  { name: "often", title: "问得最多" }, { name: "faq", title: "常见问题" }, { name: "log", title: "记录" }, { name: "trends", title: "趋势" },
];
const AUDIT = { name: "audit", title: "操作日志" }; // for administrators
const REASONS = { no_evidence: "文件没写到", low_confidence: "依据不足", out_of_scope: "不在范围", not_in_force: "当日无效力", ambiguous: "要先问清", small_talk: "问候道谢" };
const CHANNELS = {
  page: "网页", api: "接口", openai: "OpenAI 接口", mcp: "MCP", wecom: "企业微信", dingtalk: "钉钉", feishu: "飞书", webhook: "Webhook",
};

let tabs = null;
let shown = 0; // counts what was asked of the summary: an answer that comes late is not shown

// --- figures ---------------------------------------------------------------------------------------------------------

async function showSummary() {
  const mine = (shown += 1);
  try {
    const figures = await call(`/v1/operator/summary?days=${$("days").value}`);
    if (mine === shown) drawSummary(figures);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (mine === shown) $("tiles").replaceChildren(el("p", "problem", sentences(error.message, error.hint), { role: "alert" }));
  }
}

function drawSummary(figures) {
  const share = figures.questions ? `答出 ${Math.round((figures.answered / figures.questions) * 100)}%` : "还没有人提问";
  $("tiles").replaceChildren(
    tile("提问", figures.questions, share),
    tile("没答上", figures.refused, rows(figures.by_reason, REASONS)),
    tile("来自", null, rows(figures.by_channel, CHANNELS) || "—"),
    tile("评价", null, [el("p", "", `有用 ${figures.up}`), el("p", "", `没用 ${figures.down}`)]),
    tile("待处理的转人工", figures.handoffs_open, figures.handoffs_open ? jump("去处理", "handoffs") : "没有", figures.handoffs_open > 0),
    tile("要复核的答案", figures.faq_changed, figures.faq_changed ? jump("去复核", "faq") : "没有", figures.faq_changed > 0),
  );
  tabs.mark("handoffs", figures.handoffs_open);
  tabs.mark("faq", figures.faq_changed);
}

function tile(name, figure, detail, calls = false) {
  return el("section", calls ? "tile calls" : "tile", [
    el("h4", "tile-name", name), figure === null ? null : el("p", "figure", String(figure)), el("div", "tile-detail", detail || ""),
  ]);
}

/** The parts of a figure, the largest first. */
function rows(counts, names) {
  const sorted = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  return sorted.length ? el("ul", "parts", sorted.map(([key, n]) => el("li", "", [el("span", "", names[key] || key), el("span", "", String(n))]))) : "";
}

const jump = (words, name) => button(words, "link", () => { tabs.show(name); $(`tab-${name}`).focus(); });

// --- tabs ------------------------------------------------------------------------------------------------------------

function showTab(name, panel) {
  history.replaceState(null, "", `#${name}`);
  if (name === "often") return showMostAsked(panel, showSummary);
  if (name === "groups") return showGroups(panel, days(), showSummary);
  if (name === "log") return showLog(panel, days);
  if (name === "trends") return showTrends(panel, days());
  if (name === "audit") return showAudit(panel);
  if (name === "faq") return showFaq(panel, showSummary);
  return showQueue(name, panel, showSummary);
}

const days = () => Number($("days").value);
const wanted = () => [...TABS, AUDIT].find(({ name }) => `#${name}` === location.hash)?.name || "unanswered";

// --- the page --------------------------------------------------------------------------------------------------------

async function showRights() {
  const who = await me();
  const notice = lockedNotice(who, "operate", "工作台");
  $("locked").hidden = notice === null;
  $("desk").hidden = notice !== null;
  $("locked").replaceChildren(...(notice ? [notice] : []));
  if (notice) return;
  const rows = may(who, "admin") ? [...TABS, AUDIT] : TABS;
  tabs ||= mountTabs($("tabs"), $("panels"), rows, showTab);
  showSummary();
  tabs.show(rows.some(({ name }) => name === wanted()) ? wanted() : "unanswered");
}

async function start() {
  addEventListener("tiaowen-me", showRights);
  $("days").addEventListener("change", () => { showSummary(); if (["log", "trends", "groups"].includes(wanted())) tabs.show(wanted()); });
  await mountHeader("operator");
  await showRights();
}

start();
