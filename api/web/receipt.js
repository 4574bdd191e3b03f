// The receipt of a hand-off: its number finds the reply from any browser, by hand or by a link #receipt=….

import { announce, button, copyText, el, labelled, makeDialog, randomId } from "./dom.js";
import { showDialog } from "./back.js";
import { STATES, when } from "./format.js";
import { at } from "./place.js";
import { Failure, call } from "./service.js";

export const RECEIPT = "#receipt=";

/** The number of a hand-off, with a button that copies the link to its reply. */
export function receiptLine(id) {
  const copy = button("复制查询链接", "link", async () => {
    const done = await copyText(location.origin + at(`/${RECEIPT}${id}`));
    announce(done ? "已复制查询链接" : "不能复制，请记下回执号");
    if (done) copy.textContent = "已复制";
  });
  return el("p", "receipt muted", ["回执号 ", el("code", "", id), " ", copy]);
}

/** Opens the dialog in which a number is looked up; at once where there is one. */
export function openReceipts(id = "") {
  const field = el("input", "", [], { id: `receipt-${randomId()}`, type: "text", maxlength: "100", required: "", spellcheck: "false", autocomplete: "off" });
  const found = el("div", "receipt-found", [], { role: "status" });
  const form = el("form", "stack", [
    labelled("回执号", field, "转人工之后显示的那一串字，请勿告诉他人。"),
    el("div", "row end", el("button", "primary", "查询", { type: "submit" })),
    found,
  ]);
  const dialog = makeDialog("receipts", "small", "查询人工答复", form);
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    look(field.value.trim(), found);
  });
  field.value = id;
  showDialog(dialog);
  field.focus();
  if (id) look(id, found);
}

async function look(id, place) {
  place.replaceChildren(el("p", "muted", "正在查询…"));
  try {
    const { question, status, reply, updated_at: updated } = await call(`/v1/handoffs/${encodeURIComponent(id)}`);
    place.replaceChildren(el("div", `handoff ${status}`, [
      el("p", "handoff-state", [STATES[status] || STATES.open, el("span", "muted", when(updated))]),
      el("p", "muted", `问题：${question}`),
      reply ? el("p", "handoff-reply", reply) : null,
    ]));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const words = error.status === 404 ? "没有这个回执号，或者已经过了保存的期限。" : `${error.message}${error.hint}`;
    place.replaceChildren(el("p", "problem", words));
  }
}
