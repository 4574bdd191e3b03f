// Evaluations, for administrators: question sets, runs on them, the report of a run, two runs compared.

import { $, announce, button, el, icon, labelled } from "./dom.js";
import { confirm, lockedNotice } from "./confirm.js";
import { sentences, when } from "./format.js";
import { mountHeader } from "./header.js";
import { me } from "./login.js";
import { at } from "./place.js";
import { Failure, call, send } from "./service.js";

const EVERY = 1500; // milliseconds between two looks at a run
const FILES = { "wrong.xlsx": "错题 xlsx", "report.json": "数字 json", "rows.jsonl": "逐题 jsonl" };
const STATES = { queued: "排队", reading: "正在评测", indexing: "正在评测", done: "完成", failed: "没有完成" };

let timer = 0;

// --- sets ------------------------------------------------------------------------------------------------------------

async function showSets() {
  const { sets } = await call("/v1/evaluation-sets");
  const problem = el("p", "problem", "", { role: "alert" });
  const choice = el("select", "", sets.map((one) => el("option", "", `${one.name}（${one.rows} 行）`, { value: one.name })), { id: "set" });
  const picker = el("input", "visually-hidden", [], { type: "file", accept: ".jsonl", id: "set-file", tabindex: "-1", "aria-label": "选择问题集文件" });
  picker.addEventListener("change", () => attempt(problem, () => upload(picker)));
  const run = button("开始评测", "primary", () => attempt(problem, async () => {
    await call("/v1/evaluations", { set: choice.value });
    announce("已开始评测");
    await showRuns();
  }));
  const drop = button([icon("trash"), "删去这份"], "act", () => attempt(problem, async () => {
    if (!(await confirm("删去问题集？", el("p", "", `“${choice.value}”不再列出，已有的评测不受影响。`), "删去"))) return;
    await call(`/v1/evaluation-sets/${encodeURIComponent(choice.value)}`, undefined, { method: "DELETE" });
    await showSets();
  }));
  $("sets").replaceChildren(el("div", "set-row", [
    sets.length ? labelled("选一份", choice) : el("p", "muted", "还没有问题集。上传一份 jsonl，或在工作台的“记录”里标注回答。"),
    el("div", "row", [sets.length ? run : null, button([icon("plus"), "上传问题集"], "ghost", () => picker.click()), picker, sets.length ? drop : null]),
  ]), el("p", "muted", "每行一个问题，写明答案和原文；写法见 docs/evaluation.md。一份最多 2000 行。"), problem);
}

async function upload(picker) {
  const form = new FormData();
  form.append("file", picker.files[0]);
  picker.value = "";
  const made = await (await send("/v1/evaluation-sets", { method: "POST", body: form, headers: { Accept: "application/json", "X-Tiaowen-Page": "1" } }, false)).json();
  await showSets();
  $("set").value = made.name;
  announce(`已收下 ${made.name}，${made.rows} 行`);
}

async function attempt(problem, work) {
  problem.textContent = "";
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    problem.textContent = sentences(error.message, error.hint);
  }
}

// --- runs ------------------------------------------------------------------------------------------------------------

async function showRuns() {
  clearTimeout(timer);
  try {
    const { runs } = await call("/v1/evaluations");
    $("runs").replaceChildren(runs.length ? el("ol", "runs", runs.map((run) => runRow(run, runs))) : el("p", "empty", "还没有评测过。"));
    if (runs.some((run) => !["done", "failed"].includes(run.status))) timer = setTimeout(showRuns, EVERY);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    timer = setTimeout(showRuns, 4 * EVERY);
  }
}

const share = (value) => (value === undefined ? "—" : value.toFixed(3));

function runRow(run, runs) {
  const { figures } = run;
  const words = {
    done: () => `都对 ${share(figures.both)}　所答不对 ${share(figures.wrong_rate)}　答不了的拒答 ${share(figures.refused)}　${Math.round(figures.p50_ms)} 毫秒`,
    failed: () => sentences(run.error.message, run.error.hint),
  }[run.status];
  const before = runs.slice(runs.indexOf(run) + 1).find((other) => other.status === "done" && other.set === run.set);
  return el("li", "run", [
    el("div", "run-words", [
      el("p", "run-name", [el("strong", "", run.set), el("span", "muted", `${when(run.created_at)}　${STATES[run.status]}`)]),
      words ? el("p", run.status === "failed" ? "problem" : "run-figures", words()) : progress(run),
    ]),
    run.status === "done" ? el("div", "row", [
      button("看报告", "ghost small", () => showReport(run, `/v1/evaluations/${run.id}/files/report.html`, `报告：${run.set}`), { "aria-label": `看报告：${run.set}，${when(run.created_at)}` }),
      before ? button("与上一次比较", "ghost small", () => showReport(run, `/v1/evaluations/${run.id}/compared/${before.id}`, `比较：${run.set}，${when(before.created_at)}和${when(run.created_at)}`)) : null,
    ]) : null,
  ]);
}

function progress({ done, total, status }) {
  const bar = el("progress", "", [], { "aria-label": "评测的进度", ...(status === "queued" || !total ? {} : { max: String(total), value: String(done) }) });
  return el("div", "", [bar, el("p", "muted", status === "queued" ? "前面的做完就开始" : `${done} / ${total}（每题问两遍）`)]);
}

function showReport(run, address, heading) {
  $("shown-head").textContent = heading;
  $("downloads").replaceChildren(
    el("a", "ghost small", "在新窗口打开", { href: at(address), target: "_blank", rel: "noopener" }),
    ...Object.entries(FILES).map(([name, words]) => el("a", "ghost small", words, { href: at(`/v1/evaluations/${run.id}/files/${name}`), download: "" })),
  );
  $("report").src = at(address);
  $("shown").hidden = false;
  $("shown-head").focus();
  $("shown").scrollIntoView({ block: "start" });
}

// --- the page --------------------------------------------------------------------------------------------------------

async function showRights() {
  const notice = lockedNotice(await me(), "admin", "评测");
  $("locked").hidden = notice === null;
  $("evaluation").hidden = notice !== null;
  $("locked").replaceChildren(...(notice ? [notice] : []));
  if (notice) return;
  await Promise.all([showSets().catch((error) => { if (!(error instanceof Failure)) throw error; $("sets").replaceChildren(el("p", "problem", sentences(error.message, error.hint), { role: "alert" })); }), showRuns()]);
}

async function start() {
  addEventListener("tiaowen-me", showRights);
  await mountHeader("evaluation");
  await showRights();
}

start();
