// The part of the library where an administrator brings files in: choose or drop, see them sent and read, read the report.

import { announce, button, el, icon, toast } from "./dom.js";
import { MOST_FILES, follow, inUse, unfinished, upload } from "./ingestion.js";
import { reportLine, reportOf } from "./report.js";
import { sentences } from "./format.js";
import { Failure, call } from "./service.js";

const FORMATS = `Word、PDF、Excel、网页、纯文本等，一次最多 ${MOST_FILES} 个。同名的文件是新版本，会列出哪些条款变了。`;
const STAGES = { tokens: "正在分词", vectors: "正在计算语义", index: "正在建立索引" };

/**
 * Fills `place`; `onChange` is called once the service answers from what changed. Gives `remove`, which takes a file out and
 * shows how that goes in the same place.
 */
export function mountBring(place, onChange) {
  const picker = el("input", "visually-hidden", [], { type: "file", multiple: "", id: "files", tabindex: "-1", "aria-label": "选择要上传的文件" });
  const choose = button([icon("plus"), "选择文件"], "primary", () => picker.click());
  const zone = el("div", "zone", [
    choose, picker,
    el("div", "zone-words", [
      el("p", "", ["上传文件", el("span", "by-drop", "，也可以拖到这里")]), el("p", "muted", FORMATS),
    ]),
  ]);
  const work = el("div", "work", [], { hidden: "" });
  place.replaceChildren(zone, work);
  const parts = { zone, work, choose, onChange, busy: false };
  picker.addEventListener("change", () => {
    begin(parts, [...picker.files]);
    picker.value = ""; // so that the same file can be chosen again
  });
  takeDrops(parts);
  const left = unfinished();
  if (left) attend(parts, async () => left);
  return { remove: (name) => take(parts, name) };
}

async function take(parts, name) {
  parts.work.scrollIntoView({ block: "center" });
  if (parts.busy) {
    toast("正在导入别的文件，请等它结束后再移除。");
    return;
  }
  await attend(parts, async () => (await call(`/v1/files/${encodeURIComponent(name)}`, undefined, { method: "DELETE" })).id);
}

function takeDrops(parts) {
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  let inside = 0; // dragenter and dragleave come for every element below the pointer
  const light = (change) => {
    inside = change === null ? 0 : Math.max(0, inside + change);
    parts.zone.classList.toggle("over", inside > 0);
  };
  addEventListener("dragenter", (event) => { if (holdsFiles(event)) light(1); });
  addEventListener("dragleave", (event) => { if (holdsFiles(event)) light(-1); });
  addEventListener("dragover", (event) => { if (holdsFiles(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    light(null);
    begin(parts, [...event.dataTransfer.files]);
  });
}

function begin(parts, files) {
  if (!files.length || parts.busy || document.querySelector("dialog[open]")) return;
  const problem = fault(files);
  if (problem) {
    showFailure(parts, problem);
    return;
  }
  const names = files.length === 1 ? files[0].name : `${files.length} 个文件`;
  attend(parts, (step) => send(files, names, step));
}

function fault(files) {
  const names = files.map((file) => file.name);
  if (files.length > MOST_FILES) return `一次最多上传 ${MOST_FILES} 个文件，这里有 ${files.length} 个。请分几次上传。`;
  if (new Set(names).size < names.length) return "这些文件里有重名的。请改名后再上传。";
  return files.every((file) => file.size > 0) ? "" : `“${files.find((file) => file.size === 0).name}”是空的，或者是一个文件夹。请选择里面的文件。`;
}

/** Sends files and gives the id of their ingestion; `step` shows how far it is. */
async function send(files, names, step) {
  const stop = new AbortController();
  step(`正在上传 ${names}`, "", 0, 1, stop);
  return upload(files, (sent, total) => {
    step(sent < total ? `正在上传 ${names}` : `已传完 ${names}，等待读取`, `${size(sent)} / ${size(total)}`, sent, total, stop);
  }, stop.signal);
}

/** Shows the whole way of one ingestion; `start` gives its id and is told how to show a step. */
async function attend(parts, start) {
  const { step, node } = progressOf();
  parts.busy = true;
  parts.zone.hidden = true;
  parts.work.hidden = false;
  parts.work.replaceChildren(node);
  const ended = await start(step).then((id) => follow(id, (seen) => step(...stageOf(seen)))).catch((error) => error);
  parts.busy = false;
  parts.zone.hidden = false;
  await showEnd(parts, ended);
}

async function showEnd(parts, ended) {
  if (ended.status === "done") await showReport(parts, ended);
  else if (ended.status === "failed") showFailure(parts, sentences(ended.error?.message, ended.error?.hint));
  else if (ended instanceof Failure) showFailure(parts, sentences(ended.message, ended.hint));
  else if (ended.name === "AbortError") showNotice(parts, "已取消上传，什么都没有改动。");
  else throw ended;
}

function stageOf({ status, stage, done, total }) {
  if (status === "queued") return ["排队等候", "", 0, 0];
  if (status === "reading") return ["正在读取文件", `${done} / ${total} 个`, done, total];
  if (status === "indexing") return [STAGES[stage] || "正在建立索引", total ? `${done} / ${total}` : "", done, total];
  return ["正在结束", "", 1, 1];
}

/** A progress bar with words; `step(words, count, done, total, stop)` sets it, `stop` (an AbortController) gives it a way to cancel. */
function progressOf() {
  const words = el("p", "step-words", "正在准备", { id: "bring-words" });
  const count = el("span", "muted");
  const bar = el("progress", "", [], { max: "1", "aria-labelledby": words.id });
  const cancel = el("div");
  const node = el("div", "sending", [el("div", "sending-top", [words, count]), bar, cancel]);
  let told = "";
  const step = (now, figures, done, total, stop = null) => {
    words.textContent = now;
    count.textContent = figures;
    if (total) bar.value = done / total;
    else bar.removeAttribute("value");
    if (now !== told) announce(now);
    told = now;
    if (!stop) cancel.replaceChildren();
    else if (!cancel.childElementCount) cancel.append(button("取消", "ghost small", () => stop.abort()));
  };
  return { node, step };
}

async function showReport(parts, job) {
  const state = el("p", "taking-up muted", "正在启用新的内容…");
  const head = el("h3", "work-head", job.files.length ? `导入完成：${reportLine(job)}` : "已移除", { tabindex: "-1" });
  parts.work.replaceChildren(el("div", "result", [
    el("div", "result-head", [head, button(icon("close"), "quiet", () => dismiss(parts), { "aria-label": "收起报告" })]),
    job.files.length ? reportOf(job) : null, state,
  ]));
  announce(head.textContent);
  head.focus({ preventScroll: true });
  const taken = await inUse(job);
  state.textContent = taken
    ? `已启用：现在收录 ${job.documents} 份文件、${job.clauses} 条条款。`
    : "新的内容还没有启用。稍后刷新页面；如果一直没有变化，请管理员查看服务日志。";
  announce(state.textContent);
  parts.onChange();
}

function dismiss(parts) {
  parts.work.hidden = true;
  parts.choose.focus();
}

function showFailure(parts, text) {
  parts.work.hidden = false;
  parts.work.replaceChildren(el("div", "result failed", [
    el("div", "result-head", [el("p", "problem", text, { role: "alert" }), button(icon("close"), "quiet", () => dismiss(parts), { "aria-label": "收起" })]),
  ]));
}

function showNotice(parts, text) {
  parts.work.replaceChildren(el("p", "muted", text));
  announce(text);
  parts.choose.focus();
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
