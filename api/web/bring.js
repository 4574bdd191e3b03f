// The part of the library where an administrator brings files in: choose or drop files and folders, see them sent and read,
// read the report. Many files go in batches, one after the other, each an ingestion of its own.

import { announce, button, el, icon, toast } from "./dom.js";
import { batchesOf, chosenFiles, droppedFiles } from "./gather.js";
import { follow, inUse, unfinished, upload } from "./ingestion.js";
import { reportLine, reportOf } from "./report.js";
import { sentences } from "./format.js";
import { Failure, call } from "./service.js";

const MOST_AT_ONCE = 2000; // files chosen or dropped together
const FORMATS = "Word、PDF、Excel、PowerPoint、OFD、网页、邮件、纯文本，和装着它们的 zip 或文件夹。同名的文件是新版本，会列出哪些条款变了。";
const STAGES = { tokens: "正在分词", vectors: "正在计算语义", index: "正在建立索引" };

/**
 * Fills `place`; `onChange` is called once the service answers from what changed. Gives `remove`, which takes a file out and
 * shows how that goes in the same place.
 */
export function mountBring(place, onChange) {
  const picker = el("input", "visually-hidden", [], { type: "file", multiple: "", id: "files", tabindex: "-1", "aria-label": "选择要上传的文件" });
  const folder = el("input", "visually-hidden", [], { type: "file", webkitdirectory: "", id: "folder", tabindex: "-1", "aria-label": "选择要上传的文件夹" });
  const choose = button([icon("plus"), "选择文件"], "primary", () => picker.click());
  const zone = el("div", "zone", [
    choose, picker, button([icon("plus"), "选择文件夹"], "ghost", () => folder.click()), folder,
    el("div", "zone-words", [
      el("p", "", ["上传文件", el("span", "by-drop", "，也可以拖到这里")]), el("p", "muted", FORMATS),
    ]),
  ]);
  const work = el("div", "work", [], { hidden: "" });
  place.replaceChildren(zone, work);
  const parts = { zone, work, choose, onChange, busy: false };
  for (const input of [picker, folder]) {
    input.addEventListener("change", () => {
      begin(parts, chosenFiles(input.files));
      input.value = ""; // so that the same file can be chosen again
    });
  }
  takeDrops(parts);
  const left = unfinished();
  if (left) attend(parts, (step) => followed(left, step));
  return { remove: (name) => take(parts, name) };
}

async function take(parts, name) {
  parts.work.scrollIntoView({ block: "center" });
  if (parts.busy) {
    toast("正在导入别的文件，请等它结束后再移除。");
    return;
  }
  const path = name.split("/").map(encodeURIComponent).join("/");
  await attend(parts, async (step) => followed((await call(`/v1/files/${path}`, undefined, { method: "DELETE" })).id, step));
}

const followed = (id, step) => follow(id, (seen) => step(...stageOf(seen)));

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
    droppedFiles(event.dataTransfer).then((files) => begin(parts, files), () => showFailure(parts, "拖来的文件夹读不出来。请用“选择文件夹”。"));
  });
}

function begin(parts, files) {
  if (!files.length || parts.busy || document.querySelector("dialog[open]")) return;
  const problem = fault(files);
  if (problem) {
    showFailure(parts, problem);
    return;
  }
  attend(parts, (step) => bringAll(files, step));
}

function fault(files) {
  if (files.length > MOST_AT_ONCE) return `一次最多上传 ${MOST_AT_ONCE} 个文件，这里有 ${files.length} 个。请分几次上传。`;
  const names = files.map(({ name }) => name);
  if (new Set(names).size < names.length) return "这些文件里有重名的。请改名后再上传。";
  return files.some(({ file }) => file.size > 0) ? "" : `“${names[0]}”是空的，或者是一个空文件夹。请选择别的文件。`;
}

/**
 * Sends files batch by batch and follows each to its end. Gives one job for all of them: the reports of all files, and
 * what the last ingestion says of the library. What stops the rest from being sent is its `stopped`.
 */
async function bringAll(files, step) {
  const waiting = batchesOf(files);
  const stop = new AbortController();
  const all = { status: "done", files: [], index: null, stopped: null };
  for (let done = 0; waiting.length; ) {
    const batch = waiting.shift();
    try {
      const job = await follow(await send(batch, named(batch, done, files.length), step, stop), (seen) => step(...stageOf(seen)));
      if (job.status === "done") Object.assign(all, job, { files: [...all.files, ...job.files] });
      else all.files.push(...batch.map(({ name }) => refused(name, job.error)));
    } catch (error) {
      if (error.status === 413 && batch.length > 1) {
        const half = Math.ceil(batch.length / 2);
        waiting.unshift(batch.slice(0, half), batch.slice(half));
        continue;
      }
      if (error.status !== 413 && error.status !== 422) {
        if (!all.files.length) throw error;
        all.stopped = { error, left: files.length - done };
        return all;
      }
      if (files.length === 1) throw error;
      all.files.push(...batch.map(({ name }) => refused(name, error)));
    }
    done += batch.length;
  }
  return all;
}

function named(batch, done, total) {
  if (total === 1) return batch[0].name;
  return batch.length === total ? `${total} 个文件` : `第 ${done + 1} 至 ${done + batch.length} 个，共 ${total} 个文件`;
}

/** What a report says of a file that the service did not look at. */
const refused = (file, error) => ({ file, outcome: "rejected", message: error?.message || "没有导入。", hint: error?.hint || "", documents: [] });

/** Sends files and gives the id of their ingestion; `step` shows how far it is. */
async function send(files, names, step, stop) {
  step(`正在上传 ${names}`, "", 0, 1, stop);
  return upload(files, (sent, total) => {
    step(sent < total ? `正在上传 ${names}` : `已传完 ${names}，等待读取`, `${size(sent)} / ${size(total)}`, sent, total, stop);
  }, stop.signal);
}

/** Shows the whole way of an ingestion; `start` gives the job when it has ended and is told how to show a step. */
async function attend(parts, start) {
  const { step, node } = progressOf();
  parts.busy = true;
  parts.zone.hidden = true;
  parts.work.hidden = false;
  parts.work.replaceChildren(node);
  const ended = await start(step).catch((error) => error);
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
    job.stopped ? el("p", "problem", stoppedWords(job.stopped), { role: "alert" }) : null,
    job.files.length ? reportOf(job) : null, state,
  ]));
  announce(head.textContent);
  head.focus({ preventScroll: true });
  if (job.documents === undefined) { // no ingestion came to its end
    state.remove();
    return;
  }
  const taken = await inUse(job);
  state.textContent = taken
    ? `已启用：现在收录 ${job.documents} 份文件、${job.clauses} 条条款。`
    : "新的内容还没有启用。稍后刷新页面；如果一直没有变化，请管理员查看服务日志。";
  announce(state.textContent);
  parts.onChange();
}

function stoppedWords({ error, left }) {
  const why = error.name === "AbortError" ? "已取消上传。" : sentences(error.message, error.hint);
  return `还有 ${left} 个文件没有上传。${why}`;
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
