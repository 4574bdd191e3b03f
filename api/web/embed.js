// The page in a frame of another site (api/web/widget.js): what it tells the page around it, and what that may ask of it.
// Nothing but these words goes either way, so that it does not matter who frames it.

import { $ } from "./dom.js";

export const embedded = parent !== window;

/** Tells the page around: ready (it can be focused), close (Escape was pressed where nothing else was to be closed). */
export function tell(what) {
  if (embedded) parent.postMessage({ tiaowen: what }, "*");
}

/** Lets the page around put the cursor into the question. */
export function mountEmbedding() {
  if (!embedded) return;
  addEventListener("message", (event) => {
    if (event.source === parent && event.data?.tiaowen === "focus") $("question").focus();
  });
  tell("ready");
}
