// What the log shows over time: questions by day, by document, and unanswered questions that ask for much the same.

import { button, el, icon } from "./dom.js";
import { dayBars, figures } from "./charts.js";
import { openDocument } from "./document.js";
import { openEditor } from "./editor.js";
import { sentences } from "./format.js";
import { fillList } from "./pages.js";
import { Failure, call } from "./service.js";

const EMPTY = "最近没有未答的问题。";

let shown = 0; // counts what was asked for: trends that come late are not shown

/** Shows the trends of the last `days` days. */
export async function showTrends(panel, days) {
  const mine = (shown += 1);
  panel.replaceChildren(el("p", "empty", "正在读取…"));
  try {
    const told = await call(`/v1/operator/trends?days=${Math.max(7, days)}`);
    if (mine === shown) panel.replaceChildren(...trends(told));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (mine === shown) panel.replaceChildren(el("p", "problem", sentences(error.message, error.hint), { role: "alert" }));
  }
}

function trends({ days, topics }) {
  const total = days.reduce((sum, day) => sum + day.questions, 0);
  const told = `最近 ${days.length} 天共提问 ${total} 次，答出 ${days.reduce((sum, day) => sum + day.answered, 0)} 次`;
  const picture = dayBars(days.map((day) => ({ day: day.day, values: [day.answered, day.refused] })), ["answered", "refused"], told);
  const rows = days.filter((day) => day.questions).reverse().map((day) => [day.day, day.questions, day.answered, day.refused, day.up, day.down].map(String));
  return [
    el("figure", "picture", [
      el("figcaption", "", [el("span", "", "每天的提问"), el("span", "key answered", "答出"), el("span", "key refused", "没答上")]), picture,
      rows.length ? el("details", "more", [el("summary", "", "逐日的数"), figures("每天的提问", ["日期", "提问", "答出", "没答上", "有用", "没用"], rows)]) : null,
    ]),
    el("h4", "label", "问的是哪些文件"),
    topics.length ? figures("各个文件的提问", ["文件", "提问", "前一段", "没用"], topics.map(topicRow)) : el("p", "empty", "这段时间还没有人提问。"),
  ];
}

function topicRow({ topic, document_id: id, questions, before, down }) {
  const change = questions - before;
  const words = change === 0 ? String(before) : `${before}（${change > 0 ? "多" : "少"}了 ${Math.abs(change)}）`;
  return [id ? button(topic, "link", () => openDocument(id)) : topic, String(questions), words, String(down)];
}

/** Shows groups of unanswered questions of the last `days` days; `onChange` is called when one was answered. */
export function showGroups(panel, days, onChange) {
  const page = async () => ({ items: (await call(`/v1/operator/groups?days=${days}`)).groups, next_cursor: null });
  return fillList(panel, page, (group) => groupRow(group, () => { onChange(); return showGroups(panel, days, onChange); }), EMPTY);
}

function groupRow({ times, questions }, again) {
  const [first, ...others] = questions;
  const write = button([icon("doc"), questions.length > 1 ? "合写成一条答案" : "写成答案"], "act strong", async () => {
    if (await openEditor({ questions: questions.slice(0, 20).map((one) => one.question), answer: "", citations: [], queue: first.id })) await again();
  });
  return el("li", "item", el("article", "", [
    el("h4", "item-question", first.question, { tabindex: "-1" }),
    el("p", "meta", [el("span", "", `共问过 ${times} 次`), questions.length > 1 ? el("span", "", `${questions.length} 种问法`) : null]),
    others.length ? el("ul", "bullets", others.slice(0, 12).map((one) => el("li", "", one.times > 1 ? `${one.question}（${one.times} 次）` : one.question))) : null,
    others.length > 12 ? el("p", "muted", `还有 ${others.length - 12} 种问法`) : null,
    el("div", "item-actions", write),
  ]));
}
