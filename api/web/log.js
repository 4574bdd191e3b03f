// The log of all answers: filters, export, and the marks by which the operator says whether an answer was right.

import { announce, button, el, icon, labelled, submitByKey, toast } from "./dom.js";
import { citedCard } from "./cards.js";
import { clauseFinder } from "./clausefinder.js";
import { NO_ANSWER, REASONS, sentences, when } from "./format.js";
import { fillList } from "./pages.js";
import { at } from "./place.js";
import { Failure, call } from "./service.js";

const EMPTY = "没有这样的回答。";
const CHOICES = {
  status: ["结果", { answered: "已答", refused: "拒答" }],
  rating: ["评价", { up: "有用", down: "没用" }],
  mark: ["标注", { good: "对", bad: "不对", none: "还没有标注" }],
  sure: ["把握", { "0.8-1": "80% 以上", "0.5-0.8": "50%–80%", "0-0.5": "50% 以下" }],
};
const VERDICTS = { good: "标注：对", bad: "标注：不对" };

/** Shows the log in `panel`; `days` gives how many days back. */
export function showLog(panel, days) {
  const form = el("form", "log-filters", [], { autocomplete: "off" });
  const words = el("input", "", [], { id: "log-words", type: "search", maxlength: "100", placeholder: "问题或答案里的字", enterkeyhint: "search" });
  const file = el("input", "", [], { id: "log-document", type: "search", maxlength: "100", placeholder: "标题里的字", enterkeyhint: "search" });
  const selects = Object.entries(CHOICES).map(([name, [title, options]]) => {
    const node = el("select", "", [el("option", "", "全部", { value: "" }), ...Object.entries(options).map(([value, text]) => el("option", "", text, { value }))], { id: `log-${name}`, name });
    node.addEventListener("change", show);
    return labelled(title, node);
  });
  const count = el("p", "muted", "", { role: "status" });
  const exports = ["xlsx", "csv"].map((format) => el("a", "ghost small", `导出 ${format}`, { download: "" }));
  const gold = el("a", "ghost small", "导出标注成的问题集", { href: at("/v1/operator/gold"), download: "gold.jsonl" });
  const list = el("div", "panel");
  let shown = "";
  form.append(el("div", "log-words", [labelled("查找", words), labelled("所引文件", file)]), el("div", "log-choices", selects), el("button", "visually-hidden", "查找", { type: "submit", tabindex: "-1" }));
  form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  for (const field of [words, file]) field.addEventListener("change", show);
  panel.replaceChildren(form, el("div", "list-top", [count, el("div", "row", [...exports, gold])]), list);

  function query() {
    const chosen = new URLSearchParams({ days: String(days()) });
    for (const [name, field] of [["words", words], ["document", file]]) if (field.value.trim()) chosen.set(name, field.value.trim());
    for (const name of ["status", "rating", "mark"]) if (form.elements[name].value) chosen.set(name, form.elements[name].value);
    const [low, high] = form.elements.sure.value.split("-");
    if (high) { chosen.set("low", low); chosen.set("high", high); }
    return chosen;
  }

  function show() {
    const chosen = query();
    if (String(chosen) === shown) return undefined; // a field that was left unchanged: what is open in the list stays
    shown = String(chosen);
    exports.forEach((link, n) => link.setAttribute("href", at(`/v1/operator/log/export?${chosen}&format=${["xlsx", "csv"][n]}`)));
    return fillList(list, async (cursor) => {
      const page = await call(`/v1/operator/log?${chosen}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
      count.textContent = `共 ${page.total} 个回答`;
      return page;
    }, rowOf, EMPTY);
  }
  return show();
}

function rowOf(item) {
  const state = el("span", "state", "");
  const place = el("div", "item-form", [], { hidden: "" });
  const reason = (REASONS[item.reason] || NO_ANSWER)[0];
  const verdicts = ["good", "bad"].map((verdict) => button([icon(verdict === "good" ? "check" : "close"), verdict === "good" ? "对" : "不对"], "act", () => (
    verdict === "good" ? mark({ verdict }) : openWrong(item, place, mark)
  ), { "aria-label": `${verdict === "good" ? "对" : "不对"}：${item.question}` }));
  const undo = button("撤销标注", "act", () => attempt(place, async () => {
    await call(`/v1/operator/marks/${encodeURIComponent(item.id)}`, undefined, { method: "DELETE" });
    item.mark = null;
    draw();
    verdicts[0].focus();
  }));

  async function mark(body) {
    await attempt(place, async () => {
      item.mark = await call("/v1/operator/marks", { answer_id: item.id, ...body });
      place.hidden = true;
      draw();
      toast(item.mark.gold ? "已标注，并成为问题集里的一行。" : "已标注。");
    });
  }

  function draw() {
    state.textContent = item.mark ? VERDICTS[item.mark.verdict] : "";
    state.className = `state ${item.mark ? { good: "current", bad: "changed" }[item.mark.verdict] : ""}`;
    state.hidden = !item.mark;
    undo.hidden = !item.mark;
    verdicts.forEach((node, n) => node.setAttribute("aria-pressed", String(item.mark?.verdict === ["good", "bad"][n])));
  }

  draw();
  return el("li", "item", el("article", "", [
    el("div", "item-top", [el("h4", "item-question", item.question, { tabindex: "-1" }), state]),
    el("p", "meta", [
      when(item.at), item.rewritten && item.rewritten !== item.question ? `按“${item.rewritten}”理解` : "", item.answered_by === "faq" ? "人工整理的答案" : "",
      item.rating ? { up: "评价：有用", down: "评价：没用" }[item.rating] : "", item.comment,
    ].filter(Boolean).map((part) => el("span", "", part))),
    el("p", "said-words", [item.answer ?? `没有回答：${reason}`, el("span", "muted", `把握 ${Math.round(item.confidence * 100)}%`)]),
    item.citations.length ? el("details", "more", [el("summary", "", `依据：${item.citations[0].title}${item.citations[0].address}`), ...item.citations.map(citedCard)]) : null,
    el("div", "item-actions", [...verdicts, undo]), place,
  ]));
}

async function attempt(place, work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    place.hidden = false;
    place.append(el("p", "problem", sentences(error.message, error.hint), { role: "alert" }));
    announce(error.message);
  }
}

/** Asks what would have been right: an answer with its clause, that the documents do not say, or nothing known. */
function openWrong(item, place, mark) {
  const answer = el("input", "", [], { id: `right-${item.id}`, maxlength: "500" });
  const chosen = el("p", "muted", "还没有选条款。");
  let clause = null;
  const finder = clauseFinder({ question: item.rewritten || item.question, citations: item.citations, choose: (id) => { clause = id; chosen.textContent = "已选条款。"; announce("已选条款"); } });
  const form = el("form", "stack", [
    labelled("正确的答案", answer, "连同条款填好，就成为问题集里的一行，以后评测会用到。"),
    el("details", "more", [el("summary", "", "所依据的条款"), finder]), chosen,
    el("div", "row", [
      el("button", "primary", "标为不对", { type: "submit" }),
      button("文件没有规定，应当拒答", "ghost", () => mark({ verdict: "bad", unanswerable: true })),
      button("取消", "ghost", () => { place.hidden = true; }),
    ]),
  ]);
  submitByKey(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = answer.value.trim();
    mark({ verdict: "bad", ...(text ? { answer: text } : {}), ...(text && clause ? { clause_id: clause } : {}) });
  });
  place.replaceChildren(form);
  place.hidden = false;
  answer.focus();
}
