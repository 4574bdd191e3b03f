// The box in which a question is written.

import { $, announce, codePoints } from "./dom.js";
import { singleKey } from "./header.js";

const LIMIT = 500; // code points in a question; the service has the same limit
const NEAR = 100; // from so many characters before the limit on, the count is shown

let hooks = null; // {ask(question), stop(), busy(): boolean}

export function mountComposer(given) {
  hooks = given;
  const box = $("question");
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  box.addEventListener("input", refreshComposer);
  box.addEventListener("keydown", (event) => {
    // An Enter that ends a word of an input method is not the end of the question.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!hooks.busy()) submit();
  });
  document.addEventListener("keydown", (event) => {
    if (singleKey(event, "/")) {
      event.preventDefault();
      box.focus();
    }
  });
  refreshComposer();
}

/** True for a question that the service would read. */
export const askable = (question) => question.trim() !== "" && codePoints(question) <= LIMIT;

export function refreshComposer() {
  const box = $("question");
  const length = codePoints(box.value);
  const busy = hooks.busy();
  $("counter").textContent = length > LIMIT - NEAR ? `${length} / ${LIMIT}` : "";
  $("counter").classList.toggle("over", length > LIMIT);
  box.setAttribute("aria-invalid", String(length > LIMIT));
  $("send").disabled = !busy && !askable(box.value);
  $("send").classList.toggle("busy", busy);
  $("send").setAttribute("aria-label", busy ? "停止回答" : "提问");
  $("send").title = busy ? "停止回答" : "提问";
  grow(box);
}

function grow(box) {
  box.rows = 1;
  const height = parseFloat(getComputedStyle(box).lineHeight) || 26;
  box.rows = Math.min(6, Math.max(1, Math.round((box.scrollHeight - 16) / height)));
}

function submit() {
  if (hooks.busy()) {
    hooks.stop();
    return;
  }
  const question = $("question").value.trim();
  if (!askable(question)) {
    if (codePoints(question) > LIMIT) announce(`问题太长，最多 ${LIMIT} 个字`);
    return;
  }
  $("question").value = "";
  hooks.ask(question);
}
