// The words of the service's values: validity, dates, places in a file, reasons. All pages say them alike.

import { el } from "./dom.js";

export const STATUS = { in_force: "现行有效", expired: "已失效", not_yet: "尚未施行", repealed: "已废止", unknown: "效力未注明" };

/** What becomes of a question that was given to a person. */
export const STATES = { open: "已转给工作人员，等待处理", taken: "工作人员正在处理", closed: "工作人员已处理" };

/** Why there is no answer, and what to do about it. */
export const REASONS = {
  no_evidence: ["没有找到写明这件事的条款", "可以换一种说法，或者写明文件名称、年份、地区再问一次，也可以转人工。"],
  low_confidence: ["找到了相近的条款，但不足以下结论", "可以把问题说得更具体些再问一次，也可以转人工。"],
  out_of_scope: ["这个问题不在政策文件的范围里", ""],
  not_in_force: ["相关规定在所问的日期没有效力", "如要了解当时的规定，请在“范围”里选择那一天。"],
  ambiguous: ["想先确认一下，您问的是哪一种情况", "点一个接着问，或者补充地区、级别、文件名称再问一次。"],
};
export const NO_ANSWER = ["这次没能给出答案", "请换一种说法再问一次。"];

/** 2026-03-05 as 2026年3月5日. */
export const chineseDate = (iso) => iso && iso.replace(/^(\d+)-0?(\d+)-0?(\d+)$/, "$1年$2月$3日");

/** A moment (ISO text or milliseconds) as 今天 14:05, 昨天 09:30, 3月5日 or 2025年3月5日, in the reader's time zone. */
export function when(moment) {
  const then = new Date(moment);
  const now = new Date();
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(then).setHours(0, 0, 0, 0)) / 86400000);
  const clock = `${String(then.getHours()).padStart(2, "0")}:${String(then.getMinutes()).padStart(2, "0")}`;
  if (days === 0) return `今天 ${clock}`;
  if (days === 1) return `昨天 ${clock}`;
  const day = `${then.getMonth() + 1}月${then.getDate()}日`;
  return then.getFullYear() === now.getFullYear() ? day : `${then.getFullYear()}年${day}`;
}

/** From when until when a document holds, as far as it says so. */
export function validity(doc) {
  const from = chineseDate(doc.effective_from);
  const until = chineseDate(doc.effective_until);
  if (from && until) return `${from}至${until}`;
  if (from) return `自${from}起施行`;
  return until ? `有效期至${until}` : "";
}

export function badge(status) {
  return el("span", `badge ${status in STATUS ? status : "unknown"}`, STATUS[status] || STATUS.unknown);
}

export const metaLine = (parts) => el("p", "meta", parts.filter(Boolean).map((part) => el("span", "", part)));

/** 第3行, 第3–7行: where something stands in its file. */
export const lines = (source) => (source.line_start === source.line_end ? `第${source.line_start}行` : `第${source.line_start}–${source.line_end}行`);

/** 《title》, without a second pair of marks around a title that has its own. */
export const titled = (title) => (title.includes("《") ? title : `《${title}》`);

/** One citation in words: 《…》（文号）第八条，现行有效，2026年3月15日至2028年12月31日. */
export function reference({ document: doc, clause }) {
  const number = doc.number ? `（${doc.number}）` : "";
  return [`${titled(doc.title)}${number}${clause.address}`, STATUS[doc.status] || STATUS.unknown, validity(doc)].filter(Boolean).join("，");
}

const LABEL = /^(?:第[^\s条章节款项编]{1,8}[编章节条款项]|[一二三四五六七八九十百]+、|[（(][^）)]{1,4}[）)]|\d+(?:\.\d+)*[.．、]?|[①-⑳])\s*/;

/** The headings above a clause, without the labels that its address says already: 强化梯度培育 › 奖励认定企业. */
export function headings({ address, path }) {
  const words = path.map((part) => {
    const label = LABEL.exec(part)?.[0] || "";
    return label && (label === part || address.includes(label.trim())) ? part.slice(label.length) : part;
  });
  return words.filter((part) => part && part !== address).join(" › ");
}

/** A message and its hint as sentences: what the service says does not always end with a full stop. */
export const sentences = (...parts) => parts.filter(Boolean).map((part) => (/[。！？；.!?]$/.test(part) ? part : `${part}。`)).join("");
