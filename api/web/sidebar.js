// The list of conversations: at the side of a wide window, in a sheet on a narrow one.

import { showDialog } from "./back.js";
import { $, button, el, icon, shorten, toast } from "./dom.js";
import { when } from "./format.js";
import { refresh } from "./handoff.js";
import { forget, keep, talks } from "./history.js";

const TITLE = 40;
const CHECKED = 10; // hand-offs of other conversations that are asked for when the page is opened

let hooks = null; // {current(): id, open(id), gone(id)}

export function mountSidebar(given) {
  hooks = given;
  $("open-history").addEventListener("click", () => {
    $("history-slot").append($("history"));
    showDialog($("history-dialog"));
  });
  $("history-dialog").addEventListener("close", () => $("history-side").append($("history")));
  $("history-dialog").addEventListener("click", (event) => {
    if (event.target === $("history-dialog") || event.target.closest("[data-close]")) $("history-dialog").close();
  });
  $("clear-history").addEventListener("click", clear);
  addEventListener("storage", drawHistory); // another window of this page
  drawHistory();
}

export function drawHistory() {
  const rows = talks();
  $("history-list").replaceChildren(...rows.map(row));
  $("history-empty").hidden = rows.length > 0;
  $("clear-history").hidden = rows.length === 0;
}

function row(conversation) {
  const title = shorten(conversation.title, TITLE);
  const here = conversation.id === hooks.current();
  const open = button([el("span", "talk-title", title), el("span", "talk-facts", facts(conversation))], "talk", () => {
    $("history-dialog").close();
    hooks.open(conversation.id);
  }, here ? { "aria-current": "true" } : {});
  const erase = button(icon("trash"), "quiet erase", () => remove([conversation]), { "aria-label": `删除对话：${title}`, title: "删除" });
  return el("li", "talk-row", [open, erase]);
}

function facts(conversation) {
  const handoffs = conversation.turns.map((turn) => turn.handoff).filter(Boolean);
  const note = handoffs.some((handoff) => handoff.unread) ? "有新的人工答复" : handoffs.some((handoff) => handoff.status !== "closed") ? "等待人工答复" : "";
  return [el("span", "", when(conversation.updated)), note ? el("span", "flag", note) : null];
}

function clear() {
  remove(talks());
}

function remove(gone) {
  for (const conversation of gone) forget(conversation.id);
  drawHistory();
  hooks.gone(gone.map((conversation) => conversation.id));
  toast(gone.length === 1 ? "已删除 1 个对话" : `已删除 ${gone.length} 个对话`, () => {
    for (const conversation of gone) keep(conversation);
    drawHistory();
  });
}

/** Asks what became of the hand-offs of the other conversations, and marks those that a person has answered. */
export async function checkHandoffs() {
  const waiting = talks().filter(({ id }) => id !== hooks.current()).flatMap((conversation) => (
    conversation.turns.filter((turn) => turn.handoff && turn.handoff.status !== "closed").map((turn) => [conversation, turn])
  ));
  for (const [conversation, turn] of waiting.slice(0, CHECKED)) {
    await refresh(turn, () => {
      turn.handoff.unread = Boolean(turn.handoff.reply);
      keep(conversation);
    });
  }
  if (waiting.length) drawHistory();
}
