// The answers that people wrote, each with the clause that it rests on and whether that clause still says so.

import { announce, button, el, icon, toast } from "./dom.js";
import { citedCard } from "./cards.js";
import { confirm } from "./confirm.js";
import { openEditor } from "./editor.js";
import { sentences, when } from "./format.js";
import { dropRow, fillList } from "./pages.js";
import { Failure, call } from "./service.js";

const STATES = { current: "使用中", changed: "条款已改，停用", missing: "条款已不在，停用" };
const EMPTY = "还没有写过答案。在“未答”“点踩”“转人工”里可以把问题写成答案。";

export function showFaq(panel, onChange) {
  const again = () => { onChange(); return showFaq(panel, onChange); };
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
    el("p", "meta", [el("span", "", `用过 ${entry.used} 次`), el("span", "", `${when(entry.updated_at)}更新`)]),
    el("div", "item-actions", [
      button([icon("doc"), entry.state === "current" ? "修改" : "复核"], entry.state === "current" ? "act" : "act strong", async () => {
        const saved = await openEditor({ questions: entry.questions, answer: entry.answer, citations: [], entry });
        if (saved) await again();
      }),
      el("a", "act", [icon("send"), "试问"], { href: `/?q=${encodeURIComponent(first)}`, target: "_blank", rel: "noopener", "aria-label": `在对话页试问：${first}` }),
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
