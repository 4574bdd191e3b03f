// Who changed what: the lines of the audit log, for administrators.

import { el } from "./dom.js";
import { when } from "./format.js";
import { fillList } from "./pages.js";
import { at } from "./place.js";
import { call } from "./service.js";

const ACTIONS = {
  "faq.create": "写了答案", "faq.update": "改了答案", "faq.delete": "删了答案", "faq.import": "批量导入答案", "queue.dismiss": "标为不用处理",
  "handoff.update": "处理转人工", assign: "交办", "mark.set": "标注回答", "mark.remove": "撤销标注", "files.upload": "上传文件", "files.remove": "移除文件", "files.watch": "从看管的文件夹导入",
  "evaluation.upload": "上传问题集", "evaluation.remove": "删去问题集", "evaluation.run": "运行评测", "export.log": "导出记录", "export.faq": "导出答案",
  "export.gold": "导出标注", "export.audit": "导出操作日志", "key.create": "生成密钥", "key.revoke": "撤销密钥",
  "sso.login": "用单位账号登录", "sso.end": "结束单位账号的登录",
};
const DETAILS = { before: "原来", answer: "答案", place: "依据", status: "状态", reply: "答复", rows: "行数", files: "文件数", verdict: "标注", added: "新增", updated: "改写", rejected: "未收", role: "权限" };

const VALUES = { good: "对", bad: "不对", taken: "处理中", closed: "已办结" };

export function showAudit(panel) {
  const list = el("div");
  panel.replaceChildren(
    el("div", "list-top", [el("p", "muted", "只增不改，保存两年。"), el("div", "row", ["xlsx", "csv"].map((format) => (
      el("a", "ghost small", `导出 ${format}`, { href: at(`/v1/audit/export?format=${format}`), download: "" })
    )))]),
    list,
  );
  const page = async (before) => {
    const { items, next_before: next } = await call(`/v1/audit${before ? `?before=${before}` : ""}`);
    return { items, next_cursor: next };
  };
  return fillList(list, page, rowOf, "还没有操作。");
}

function rowOf({ at: moment, who, action, target, detail }) {
  const facts = Object.entries(detail).filter(([name, value]) => DETAILS[name] && value !== null && value !== "");
  return el("li", "item line", [
    el("h4", "", [el("span", "", `${who} `), el("span", "", ACTIONS[action] || action)], { tabindex: "-1" }),
    target ? el("p", "", target) : null,
    el("p", "meta", [el("span", "", when(moment)), ...facts.map(([name, value]) => el("span", "", `${DETAILS[name]}：${VALUES[value] || value}`))]),
  ]);
}
