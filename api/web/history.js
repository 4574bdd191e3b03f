// The conversations of this browser, in localStorage and nowhere else: one key a conversation, the oldest go first.
//
// A conversation is {id, title, updated, turns}; a turn {question, body, scope, asked, result, rating, handoff}. Without
// storage, or where it is full, the page works all the same and forgets when it is closed.

import { read, remove, sizes, write } from "./storage.js";

const START = "talk.";
const MAX_TALKS = 60;
const MAX_CHARACTERS = 1500000; // of about 5 million that a browser gives
const PASSAGE_CHARACTERS = 300; // kept of a passage: the card shows no more than four lines

/** The conversations, the latest first, without those that cannot be read. */
export function talks() {
  return [...sizes(START).keys()].map((key) => read(key, null)).filter(isTalk).sort((a, b) => b.updated - a.updated);
}

export function talk(id) {
  const found = read(START + id, null);
  return isTalk(found) ? found : null;
}

/** Keeps a conversation; what is oldest makes room for it. False where the browser keeps nothing. */
export function keep(conversation) {
  makeRoom(conversation.id);
  for (;;) {
    if (write(START + conversation.id, conversation)) return true;
    const oldest = others(conversation.id).pop();
    if (!oldest) return false;
    remove(START + oldest.id);
  }
}

export function forget(id) {
  remove(START + id);
}

/** An answer without what the page does not show: clauses around quotations, long passages, timings. */
export function slim(result) {
  const { timings_ms: _timings, ...rest } = result;
  return {
    ...rest,
    citations: result.citations.map(({ clause: { id, address, path }, ...citation }) => ({ ...citation, clause: { id, address, path } })),
    passages: result.passages.map(({ rank, document, clause, text }) => ({ rank, document, clause, text: Array.from(text).slice(0, PASSAGE_CHARACTERS).join("") })),
  };
}

const others = (id) => talks().filter((row) => row.id !== id);

function makeRoom(id) {
  const size = sizes(START);
  const rest = others(id);
  let characters = rest.reduce((sum, row) => sum + size.get(START + row.id), 0);
  while (rest.length && (rest.length >= MAX_TALKS || characters > MAX_CHARACTERS)) {
    const oldest = rest.pop();
    characters -= size.get(START + oldest.id);
    remove(START + oldest.id);
  }
}

/** Written by this version of the page, and not by hand or by an older one. */
function isTalk(value) {
  return Boolean(value && typeof value.id === "string" && typeof value.title === "string" && Number.isFinite(value.updated)
    && Array.isArray(value.turns) && value.turns.every((turn) => turn && typeof turn.question === "string" && isResult(turn.result)));
}

const isResult = (result) => Boolean(result && Array.isArray(result.citations) && Array.isArray(result.passages) && Array.isArray(result.warnings));
