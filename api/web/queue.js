// The questions that wait for the operator: unanswered, disliked, handed over; and what is asked most often.

import { announce, button, codePoints, el, icon, labelled, shorten, submitByKey, toast } from "./dom.js";
import { citedCard } from "./cards.js";
import { openEditor } from "./editor.js";
import { NO_ANSWER, REASONS, sentences, when } from "./format.js";
import { dropRow, fillList } from "./pages.js";
import { at } from "./place.js";
import { Failure, call } from "./service.js";

const REPLY_LIMIT = 2000;
const EMPTY = {
  unanswered: "没有未答的问题。",
  disliked: "没有被点踩的回答。",
  handoffs: "没有等待处理的转人工。",
};
const RATINGS = { wrong: "答案不对", incomplete: "不完整", outdated: "已过时", irrelevant: "答非所问", other: "其他" };
const STATES = { open: "等待处理", taken: "处理中" };

/** Shows one queue in `panel`; `onChange` is called when something was done to it. */
export function showQueue(kind, panel, onChange) {
  const page = (cursor) => call(`/v1/operator/queue?kind=${kind}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  return fillList(panel, page, (item) => rowOf(item, onChange), EMPTY[kind]);
}

export function showMostAsked(panel, onChange) {
  const page = async () => ({ ...(await call("/v1/operator/most-asked")), next_cursor: null });
  return fillList(panel, page, (item) => oftenRow(item, onChange), "最近 30 天还没有人提问。");
}

const heading = (question) => el("h4", "item-question", question, { tabindex: "-1" });
const facts = (parts) => el("p", "meta", parts.filter(Boolean).map((part) => el("span", "", part)));
const trying = (question) => el("a", "act", [icon("send"), "试问"], { href: at(`/?q=${encodeURIComponent(question)}`), target: "_blank", rel: "noopener", "aria-label": `在对话页试问：${shorten(question, 30)}` });

// --- a row of a queue ------------------------------------------------------------------------------------------------

function rowOf(item, onChange) {
  const state = el("span", `state ${item.status}`, STATES[item.status] || "");
  const actions = el("div", "item-actions");
  const place = el("div", "item-form", [], { hidden: "" });
  const node = el("li", "item", el("article", "", [
    el("div", "item-top", [heading(item.question), item.kind === "handoffs" ? state : null]),
    facts([
      item.times > 1 ? `问过 ${item.times} 次，最近${when(item.last_at)}` : when(item.last_at),
      item.answer === null && item.reason ? `没有回答：${(REASONS[item.reason] || NO_ANSWER)[0]}` : "",
      item.rewritten && item.rewritten !== item.question ? `按“${item.rewritten}”理解` : "",
    ]),
    fromAsker(item), said(item), actions, place,
  ]));
  const done = () => { dropRow(node, EMPTY[item.kind]); onChange(); };
  actions.append(...actionsOf(item, { state, place, done, onChange }), assigning(item, place));
  return node;
}

/** What the asker added: the reason of a thumb down, a note, a way to be reached. */
function fromAsker(item) {
  const rows = [
    ["不满意", [RATINGS[item.rating_reason], item.comment].filter(Boolean).join("：") || (item.kind === "disliked" ? "没有写原因" : "")],
    ["联系方式", item.contact], ["补充说明", item.note],
  ].filter(([, text]) => text);
  return rows.length ? el("dl", "asker", rows.map(([name, text]) => el("div", "", [el("dt", "", name), el("dd", "", text)]))) : null;
}

function said(item) {
  if (item.answer === null) return null;
  const [first, ...rest] = item.citations.map(citedCard);
  return el("section", "said", [
    el("h5", "label", "服务的回答"),
    el("p", "said-words", [item.answer, el("span", "muted", `把握 ${Math.round(item.confidence * 100)}%`)]),
    first, rest.length ? el("details", "more", [el("summary", "", `另外 ${rest.length} 处引用`), ...rest]) : null,
  ]);
}

function actionsOf(item, row) {
  const write = button([icon("doc"), "写成答案"], "act strong", async () => { if (await writeAnswer(item)) row.done(); });
  if (item.kind !== "handoffs") {
    return [write, trying(item.question), button([icon("check"), "不用处理"], "act", () => act(row.place, () => dismiss(item, row)), { title: "不再列出；以后再有人问，会重新出现" })];
  }
  const take = button([icon("person"), "我来处理"], "act", () => act(row.place, async () => {
    await call(`/v1/operator/handoffs/${encodeURIComponent(item.id)}`, { status: "taken" });
    item.status = "taken";
    row.state.textContent = STATES.taken;
    row.state.className = "state taken";
    take.remove();
    write.focus();
    announce("已标为处理中");
    row.onChange();
  }));
  const reply = button([icon("send"), "答复"], "act", () => openReply(item, row, reply));
  return [write, reply, item.status === "open" ? take : null, trying(item.question)].filter(Boolean);
}

/** Who looks after it: a name that is kept when the field is left. */
function assigning(item, place) {
  const field = el("input", "", [], { type: "text", maxlength: "40", autocomplete: "off", "aria-label": `经办人：${shorten(item.question, 30)}`, placeholder: "姓名" });
  field.value = item.assignee || "";
  field.addEventListener("change", () => act(place, async () => {
    const { name } = await call("/v1/operator/assign", { kind: item.kind, id: item.id, name: field.value.trim() });
    item.assignee = name;
    announce(name ? `已交给${name}` : "已取消经办人");
  }));
  return el("label", "assign", ["经办人", field]);
}

/** Does something with the service; what goes wrong is said in `place`. */
async function act(place, work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    place.hidden = false;
    place.replaceChildren(el("p", "problem", sentences(error.message, error.hint), { role: "alert" }));
  }
}

async function dismiss(item, row) {
  await call("/v1/operator/dismiss", { kind: item.kind, id: item.id });
  toast("已从这里去掉。以后再有人问，会重新出现。");
  row.done();
}

function writeAnswer(item) {
  return openEditor({
    questions: [item.rewritten || item.question],
    answer: item.answer || "",
    citations: item.citations,
    ...(item.kind === "handoffs" ? { handoff: item.id } : { queue: item.id }),
  });
}

function openReply(item, row, opener) {
  const field = el("textarea", "", [], { id: `reply-${item.id}`, rows: "4", maxlength: String(REPLY_LIMIT) });
  const problem = el("p", "problem", "", { role: "alert" });
  const close = async (reply) => {
    problem.textContent = "";
    try {
      await call(`/v1/operator/handoffs/${encodeURIComponent(item.id)}`, { status: "closed", ...(reply ? { reply } : {}) });
      toast(reply ? "已答复，提问人会在对话页看到。" : "已办结。");
      row.done();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problem.textContent = sentences(error.message, error.hint);
    }
  };
  const form = el("form", "stack", [
    labelled("给提问人的答复", field, "会原样显示在提问人的对话里。常问的事请用“写成答案”，以后同样的问题就能直接回答。"),
    problem,
    el("div", "row", [
      el("button", "primary", "答复并办结", { type: "submit" }),
      button("不答复，直接办结", "ghost", () => close("")),
      button("取消", "ghost", () => { row.place.hidden = true; opener.focus(); }),
    ]),
  ]);
  submitByKey(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) problem.textContent = "请写下答复，或者选“不答复，直接办结”。";
    else if (codePoints(text) > REPLY_LIMIT) problem.textContent = `答复最多 ${REPLY_LIMIT} 个字。`;
    else close(text);
  });
  row.place.replaceChildren(form);
  row.place.hidden = false;
  field.focus();
}

// --- what is asked most often ----------------------------------------------------------------------------------------

function oftenRow(item, onChange) {
  const write = button([icon("doc"), "写成答案"], "act", async () => {
    if (await openEditor({ questions: [item.question], answer: "", citations: [] })) onChange();
  });
  return el("li", "item often", el("article", "", [
    heading(item.question),
    facts([`问过 ${item.times} 次`, `答出 ${item.answered} 次`, item.refused ? `没答上 ${item.refused} 次` : "", `最近${when(item.last_at)}`]),
    el("div", "item-actions", [write, trying(item.question)]),
  ]));
}
