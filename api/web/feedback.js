// Was the answer of use? Thumbs up and down, and on a thumb down the reason. Sent at once, and again when it changes.

import { announce, button, el, icon, labelled, randomId, submitByKey } from "./dom.js";
import { Failure, call } from "./service.js";

const REASONS = [["wrong", "答案不对"], ["incomplete", "不完整"], ["outdated", "已过时"], ["irrelevant", "答非所问"], ["other", "其他"]];
const COMMENT_LIMIT = 500;

/** The two thumbs and the place for the reason. `turn.rating` is {rating, reason, comment}; `save` keeps the turn. */
export function ratingParts(turn, save) {
  const place = el("div", "follow-form", [], { hidden: "" });
  const thumbs = { up: thumb("up", "有用"), down: thumb("down", "没用") };
  const show = () => {
    for (const [name, node] of Object.entries(thumbs)) node.setAttribute("aria-pressed", String(turn.rating?.rating === name));
  };
  thumbs.up.addEventListener("click", async () => {
    place.hidden = true;
    if (await send(turn, { rating: "up" }, save, place)) announce("谢谢，已记下：有用");
    show();
  });
  thumbs.down.addEventListener("click", async () => {
    if (turn.rating?.rating !== "down" && !(await send(turn, { rating: "down" }, save, place))) return;
    show();
    openReason(turn, save, place, thumbs.down);
  });
  show();
  return { thumbs: [thumbs.up, thumbs.down], place };
}

const thumb = (picture, words) => button([icon(`thumb-${picture}`), words], "act", () => {}, { "aria-pressed": "false" });

async function send(turn, rating, save, place) {
  try {
    await call("/v1/feedback", { answer_id: turn.result.id, ...rating });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    place.hidden = false;
    place.replaceChildren(el("p", "problem", `没有记下。${error.message}${error.hint}`, { role: "alert" }));
    return false;
  }
  turn.rating = rating;
  save();
  return true;
}

function openReason(turn, save, place, opener) {
  const name = `reason-${randomId()}`;
  const radios = REASONS.flatMap(([value, words]) => {
    const radio = el("input", "visually-hidden", [], { type: "radio", name, id: `${name}-${value}`, value });
    radio.checked = turn.rating.reason === value;
    return [radio, el("label", "pill", words, { for: radio.id })];
  });
  const comment = el("textarea", "", [], { id: `${name}-comment`, rows: "2", maxlength: String(COMMENT_LIMIT) });
  comment.value = turn.rating.comment || "";
  const close = () => { place.hidden = true; opener.focus(); };
  const form = el("form", "stack", [
    el("fieldset", "pills", [el("legend", "", "哪里不好？"), ...radios]),
    labelled("补充说明（可以不填）", comment),
    el("div", "row", [el("button", "primary", "提交", { type: "submit" }), button("取消", "ghost", close)]),
  ]);
  submitByKey(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const reason = form.querySelector("input:checked")?.value;
    const rating = { rating: "down", ...(reason ? { reason } : {}), ...(comment.value.trim() ? { comment: comment.value.trim() } : {}) };
    if (!(await send(turn, rating, save, place))) return;
    place.replaceChildren(el("p", "done", [icon("check"), "谢谢，已记下，会有人来核对。"]));
    announce("谢谢，已记下，会有人来核对");
    opener.focus({ preventScroll: true });
  });
  place.replaceChildren(form);
  place.hidden = false;
  form.querySelector("input").focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
}
