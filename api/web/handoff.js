// The way to a person: a small form, and what became of it. `turn.handoff` is {id, status, reply}; it is asked for again
// until it is closed, at once when the page is opened or looked at again, and more seldom the longer it takes.

import { announce, button, el, icon, labelled, randomId, submitByKey } from "./dom.js";
import { STATES, when } from "./format.js";
import { receiptLine } from "./receipt.js";
import { Failure, call } from "./service.js";

const FIRST_WAIT = 10000;
const LONGEST_WAIT = 120000;

/** The button and the place of the form and of the answer. `session` is the conversation, `save` keeps the turn. */
export function handoffParts(turn, session, save, prominent) {
  const place = el("div", "follow-form", [], { hidden: "" });
  const opener = button([icon("person"), "转人工"], prominent ? "act strong" : "act", () => openForm(turn, session, save, place, opener));
  if (turn.handoff) {
    opener.hidden = true;
    showState(turn, place);
    watch(turn, save, place, 0);
  }
  return { opener, place };
}

function openForm(turn, session, save, place, opener) {
  const id = `handoff-${randomId()}`;
  const contact = el("input", "", [], { id: `${id}-contact`, type: "text", maxlength: "100", autocomplete: "off" });
  const note = el("textarea", "", [], { id: `${id}-note`, rows: "2", maxlength: "500" });
  const problem = el("p", "problem", "", { role: "alert" });
  const send = el("button", "primary", "转给工作人员", { type: "submit" });
  const close = () => { place.hidden = true; opener.focus(); };
  const form = el("form", "stack", [
    el("h3", "form-head", "转人工"),
    el("p", "muted", "您的问题会连同下面的内容交给工作人员，答复会显示在这里。"),
    labelled("联系方式（可以不填）", contact, "例如电话或邮箱，只有处理的工作人员能看到。"),
    labelled("补充说明（可以不填）", note),
    problem,
    el("div", "row", [send, button("取消", "ghost", close)]),
  ]);
  submitByKey(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (send.disabled) return;
    send.disabled = true;
    problem.textContent = "";
    try {
      const { id: given, status } = await call("/v1/handoffs", bodyOf(turn, session, contact.value.trim(), note.value.trim()));
      turn.handoff = { id: given, status, reply: null };
      save();
      opener.hidden = true;
      showState(turn, place);
      place.querySelector(".handoff")?.focus({ preventScroll: true });
      announce(STATES[status]);
      watch(turn, save, place, FIRST_WAIT);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problem.textContent = `没有转出去。${error.message}${error.hint}`;
    } finally {
      send.disabled = false;
    }
  });
  place.replaceChildren(form);
  place.hidden = false;
  contact.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
}

function bodyOf(turn, session, contact, note) {
  return {
    question: turn.question,
    answer_id: turn.result.id,
    session_id: session,
    ...(contact ? { contact } : {}),
    ...(note ? { note } : {}),
  };
}

function showState(turn, place) {
  const { id, status, reply, updated } = turn.handoff;
  place.hidden = false;
  place.replaceChildren(el("div", `handoff ${status}`, [
    el("p", "handoff-state", [icon(status === "closed" ? "check" : "person"), STATES[status] || STATES.open, updated ? el("span", "muted", when(updated)) : null]),
    reply ? el("h3", "label", "人工答复") : null,
    reply ? el("p", "handoff-reply", reply) : null,
    status !== "closed" ? el("p", "muted", "可以先离开，回来后在“对话记录”里打开这次对话就能看到答复；换了手机或电脑，用回执号也能查到。") : null,
    receiptLine(id),
  ], { tabindex: "-1" }));
}

/** Looks after a hand-off for as long as its place is on the page; for the first time after `wait` milliseconds. */
function watch(turn, save, place, wait) {
  let timer = setTimeout(look, wait);
  let stopped = false;
  const stop = () => {
    stopped = true;
    document.removeEventListener("visibilitychange", look);
  };
  async function look() {
    clearTimeout(timer);
    if (stopped || document.hidden) return; // looked at again, the page asks again
    if (turn.handoff.status === "closed") { stop(); return; }
    if (await refresh(turn, save)) {
      showState(turn, place);
      announce(turn.handoff.reply ? `人工答复：${turn.handoff.reply}` : STATES[turn.handoff.status]);
    }
    wait = Math.min(Math.max(wait, FIRST_WAIT) * 1.5, LONGEST_WAIT);
    if (!place.isConnected) stop();
    else timer = setTimeout(look, wait);
  }
  document.addEventListener("visibilitychange", look);
}

/** Asks for one hand-off; true where something changed. A service that cannot be reached is asked again later. */
export async function refresh(turn, save) {
  let now;
  try {
    now = await call(`/v1/handoffs/${encodeURIComponent(turn.handoff.id)}`, undefined, { quiet: true });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.status !== 404) return false;
    now = { status: "closed", reply: turn.handoff.reply, updated_at: null }; // the service no longer keeps it
  }
  const changed = now.status !== turn.handoff.status || (now.reply || null) !== (turn.handoff.reply || null);
  Object.assign(turn.handoff, { status: now.status, reply: now.reply || null, updated: now.updated_at });
  if (changed) save();
  return changed;
}
