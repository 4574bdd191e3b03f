// What became of uploaded files: added, a new version with its changed clauses, unchanged, or rejected with the reason.

import { button, el, icon } from "./dom.js";
import { openDocument } from "./document.js";
import { sentences, titled } from "./format.js";

const OUTCOMES = { added: "新增", updated: "更新", unchanged: "内容未变", rejected: "没有导入", removed: "已移除", renamed: "改名", gone: "文件夹里已没有" };
const CHANGES = [["added", "新增的条款"], ["changed", "改动的条款"], ["removed", "删去的条款"]];
const REASONS = {
  navigation: "导航", running_head: "页眉页脚", page_number: "页码", watermark: "水印", hidden: "隐藏内容", deleted: "已删除的文字",
  comment: "批注备注", markup: "格式标记", formula: "没有结果的公式", unread: "不能读的部分",
}; // the same table as in api/changes/leftout.py
const SHOWN = 24; // addresses of one kind before the rest is only counted

/** The report of an ingestion of files. */
export function reportOf(job) {
  return el("ul", "report", job.files.map(fileRow));
}

/** 新增 1 份，更新 2 份: the report in a line. */
export function reportLine(job) {
  return countsLine(Object.fromEntries(Object.keys(OUTCOMES).map((key) => [key, job.files.filter((file) => file.outcome === key).length])));
}

/** The same of counts by outcome. */
export function countsLine(counts) {
  return Object.entries(OUTCOMES).filter(([key]) => counts[key]).map(([key, words]) => `${words} ${counts[key]} 个`).join("，");
}

function fileRow(file) {
  const failed = file.outcome === "rejected";
  const facts = failed ? [el("p", "problem", sentences(file.message, file.hint))]
    : file.outcome === "removed" ? [el("p", "muted", sentences(file.message || "新的压缩包或邮件里已没有这个文件", file.hint))]
    : file.outcome === "gone" ? [el("p", "caution", sentences(file.message, file.hint))]
    : [file.before ? el("p", "muted", `原名 ${file.before}`) : null, documentsOf(file), file.outcome === "updated" ? changesOf(file) : null, ...pagesOf(file), leftOutOf(file)];
  return el("li", `report-row ${file.outcome}`, [
    el("p", "report-head", [
      icon(failed ? "close" : "check"),
      el("span", "report-name", [el("strong", "", file.file), el("span", "outcome", OUTCOMES[file.outcome] || file.outcome)]),
    ]),
    el("div", "report-facts", facts),
  ]);
}

function leftOutOf(file) {
  const found = Object.entries(file.left_out || {}).sort((one, other) => other[1] - one[1]);
  return found.length ? el("p", "muted left-out", `未计入正文：${found.map(([reason, n]) => `${REASONS[reason] || reason} ${n} 处`).join("、")}`) : null;
}

function documentsOf(file) {
  if (!file.documents.length) return el("p", "muted", "这个文件里没有读出文件正文。");
  const links = file.documents.map((doc) => el("li", "", button(titled(doc.title), "link", () => openDocument(doc.id))));
  return el("div", "", [el("ul", "", links), file.clauses ? el("p", "muted", `共 ${file.clauses} 条条款`) : null]);
}

function changesOf(file) {
  const rows = CHANGES.filter(([key]) => file[key].length).map(([key, words]) => {
    const rest = file[key].length > SHOWN ? ` 等 ${file[key].length} 条` : "";
    return el("div", "change", [el("dt", "", `${words}（${file[key].length}）`), el("dd", "", `${file[key].slice(0, SHOWN).join("、")}${rest}`)]);
  });
  return rows.length ? el("dl", "changes", rows) : el("p", "muted", "条款没有变化，只有条款之外的文字不同。");
}

const pages = (numbers) => `第 ${numbers.slice(0, SHOWN).join("、")}${numbers.length > SHOWN ? " 等" : ""} 页`;

function pagesOf(file) {
  return [
    file.recognised.length ? el("p", "caution", `${pages(file.recognised)}由图片识别，数字请核对原件。`) : null,
    file.unread.length ? el("p", "caution", `${pages(file.unread)}是图片，没有读入。请管理员安装文字识别后再导入一次。`) : null,
  ];
}
