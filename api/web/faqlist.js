// The answers that people wrote, each with the clause that it rests on and whether that clause still says so.

import { announce, button, el, icon, toast } from "./dom.js";
import { citedCard } from "./cards.js";
import { confirm } from "./confirm.js";
import { openEditor } from "./editor.js";
import { sentences, when } from "./format.js";
import { dropRow, fillList } from "./pages.js";
import { at } from "./place.js";
import { Failure, call, send } from "./service.js";

const STATES = { current: "使用中", changed: "条款已改，停用", missing: "条款已不在，停用" };
const EMPTY = "还没有写过答案。在“未答”“点踩”“转人工”里可以把问题写成答案。";

export function showFaq(panel, onChange) {
  const list = el("div");
  panel.replaceChildren(tools(() => { onChange(); return fill(list, onChange); }), list);
  return fill(list, onChange);
}

/** The ways out and in as a table. */
function tools(again) {
  const told = el("div", "", [], { role: "status" });
  const picker = el("input", "visually-hidden", [], { type: "file", accept: ".csv,.xlsx", id: "faq-file", tabindex: "-1", "aria-label": "选择要导入的表格" });
  picker.addEventListener("change", async () => {
    const form = new FormData();
    form.append("file", picker.files[0]);
    picker.value = "";
    try {
      const headers = { Accept: "application/json", "X-Tiaowen-Page": "1" };
      const done = await (await send("/v1/faq/import", { method: "POST", body: form, headers }, false)).json();
      const wrong = done.rows.filter((row) => row.outcome === "rejected");
      told.replaceChildren(
        el("p", "", `新增 ${done.added} 条，改写 ${done.updated} 条${wrong.length ? `，没有收下 ${wrong.length} 行：` : "。"}`),
        wrong.length ? el("ul", "bullets", wrong.slice(0, 50).map((row) => el("li", "", `第 ${row.row} 行 ${row.question}：${row.message}`))) : "",
      );
      await again();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      told.replaceChildren(el("p", "problem", sentences(error.message, error.hint)));
    }
  });
  return el("div", "", [el("div", "faq-tools", [
    button([icon("plus"), "批量导入"], "ghost small", () => picker.click(), { title: "csv 或 xlsx，列名同导出的" }), picker,
    ...["xlsx", "csv"].map((format) => el("a", "ghost small", `导出 ${format}`, { href: at(`/v1/faq/export?format=${format}`), download: "" })),
  ]), told]);
}

function fill(panel, onChange) {
  const again = () => { onChange(); return fill(panel, onChange); };
  const page = async () => {
    const { entries } = await call("/v1/faq");
    const rank = (entry) => Number(entry.state === "current"); // what must be looked at stands first
    return { items: entries.sort((a, b) => rank(a) - rank(b)), next_cursor: null };
  };
  return fillList(panel, page, (entry) => rowOf(entry, again, onChange), EMPTY);
}

function rowOf(entry, again, onChange) {
  const [first, ...others] = entry.questions;
  const place = el("div", "item-form", [], { hidden: "" });
  const node = el("li", `item faq ${entry.state}`, el("article", "", [
    el("div", "item-top", [el("h4", "item-question", first, { tabindex: "-1" }), el("span", `state ${entry.state}`, STATES[entry.state])]),
    others.length ? el("p", "others muted", `也这样问：${others.join("；")}`) : null,
    el("p", "said-words", entry.answer),
    entry.state === "current" ? citedCard(citedBy(entry)) : changeOf(entry),
    el("p", "meta", [el("span", "", `用过 ${entry.used} 次${entry.used_near ? `（${entry.used_near} 次是别的说法）` : ""}`), el("span", "", `${when(entry.updated_at)}更新`)]),
    el("div", "item-actions", [
      button([icon("doc"), entry.state === "current" ? "修改" : "复核"], entry.state === "current" ? "act" : "act strong", async () => {
        const saved = await openEditor({ questions: entry.questions, answer: entry.answer, citations: [], entry });
        if (saved) await again();
      }),
      el("a", "act", [icon("send"), "试问"], { href: at(`/?q=${encodeURIComponent(first)}`), target: "_blank", rel: "noopener", "aria-label": `在对话页试问：${first}` }),
      button([icon("trash"), "删除"], "act", () => erase(entry, node, place, onChange)),
    ]),
    place,
  ]));
  return node;
}

/** The clause as it stands today: a new version of its document may have given it another place. */
function citedBy({ document: doc, now, quote }) {
  return { document_id: doc.id, title: doc.title, clause_id: now.id, address: now.address, quote };
}

/** What the clause said when the answer was written, and what it says now. */
function changeOf({ document: doc, clause, now }) {
  const version = (words, text) => el("div", "", [el("dt", "", words), el("dd", "", text.trim())]);
  return el("div", "versions", [
    el("p", "cite-title", `${doc.title}${clause.address}`),
    el("dl", "", [version("写答案时的原文", clause.text), now ? version("现在的原文", now.text) : null]),
  ]);
}

async function erase(entry, node, place, onChange) {
  if (!(await confirm("删除这条答案？", el("p", "", `“${entry.questions[0]}”今后由程序从文件里找答案。`), "删除"))) return;
  try {
    await call(`/v1/faq/${encodeURIComponent(entry.id)}`, undefined, { method: "DELETE" });
    toast("已删除");
    dropRow(node, EMPTY);
    onChange();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    place.hidden = false;
    place.replaceChildren(el("p", "problem", sentences(error.message, error.hint), { role: "alert" }));
    announce(error.message);
  }
}
