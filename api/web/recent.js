// The last changes of the library, whoever made them: uploads, removals, watched folders. Each opens to its report.

import { button, el } from "./dom.js";
import { sentences, when } from "./format.js";
import { countsLine, reportOf } from "./report.js";
import { Failure, call } from "./service.js";

const KINDS = { upload: "上传", drop: "移除", watch: "看管的文件夹" };
const STATES = { queued: "排队", reading: "正在读取", indexing: "正在建立索引" };

/** Fills `place`, a closed <details> whose list is fetched when it is opened, and anew each time. */
export function mountRecent(place) {
  const list = el("div");
  const details = el("details", "recent", [el("summary", "", "最近的导入和移除"), list]);
  details.addEventListener("toggle", () => { if (details.open) fill(list); });
  place.replaceChildren(details);
}

async function fill(list) {
  try {
    const { ingestions } = await call("/v1/ingestions");
    list.replaceChildren(ingestions.length ? el("ol", "", ingestions.map(rowOf)) : el("p", "empty", "还没有导入过。"));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    list.replaceChildren(el("p", "problem", sentences(error.message, error.hint), { role: "alert" }));
  }
}

function rowOf(job) {
  const rest = job.files > job.names.length ? ` 等 ${job.files} 个` : "";
  const words = job.error ? sentences(job.error.message, job.error.hint)
    : STATES[job.status] || countsLine(job.counts) || (job.kind === "drop" ? "已移除" : "没有变化");
  const report = el("div");
  const show = Object.keys(job.counts).length ? button("看报告", "ghost small", () => open(job, report, show), { "aria-label": `看报告：${when(job.created_at)}` }) : null;
  return el("li", "recent-row", [
    el("p", "", [el("strong", "", `${KINDS[job.kind]}：${job.names.join("、")}${rest}`), el("span", "muted", `　${when(job.created_at)}`)]),
    el("p", job.error ? "problem" : "muted", words), show, report,
  ]);
}

async function open(job, report, show) {
  try {
    report.replaceChildren(reportOf(await call(`/v1/ingestions/${encodeURIComponent(job.id)}`)));
    show.remove();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    report.replaceChildren(el("p", "problem", sentences(error.message, error.hint), { role: "alert" }));
  }
}
