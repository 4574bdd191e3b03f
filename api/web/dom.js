// Parts that every page is made of. Whatever the service says enters a page as a text node, never as markup.

import { at } from "./place.js";

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

/** An element with a class, attributes and children; a string child becomes a text node, null and "" nothing. */
export function el(tag, className = "", children = [], attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...[children].flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** A button that does `action`; `content` is its words, or words and icons. */
export function button(content, className, action, attributes = {}) {
  const node = el("button", className, content, { type: "button", ...attributes });
  node.addEventListener("click", action);
  return node;
}

/** A picture of icons.svg, for the eye only: the words beside it, or an aria-label, say what it means. */
export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", at(`/web/icons.svg#${name}`));
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  picture.setAttribute("focusable", "false");
  picture.append(use);
  return picture;
}

/** A label and its field, one above the other. `field` needs an id. */
export function labelled(text, field, note = "") {
  const label = el("label", "", text, { for: field.id });
  const hint = note ? el("p", "muted", note, { id: `${field.id}-note` }) : null;
  if (hint) field.setAttribute("aria-describedby", hint.id);
  return el("div", "field", [label, field, hint]);
}

export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join("");
}

/** Characters as the service counts them. */
export const codePoints = (text) => Array.from(text).length;

/** The first `limit` characters, with an ellipsis where more follow. */
export function shorten(text, limit) {
  const points = Array.from(text);
  return points.length > limit ? `${points.slice(0, limit).join("")}…` : text;
}

/** Says something to a screen reader, in the live region of the page or, where a dialog makes that inert, of the dialog. */
export function announce(text) {
  const region = liveRegion(document.activeElement?.closest("dialog[open]"));
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}

function liveRegion(dialog) {
  if (!dialog) return $("announce");
  const known = dialog.querySelector(":scope > .said-here");
  const region = known || el("div", "visually-hidden said-here", [], { role: "status", "aria-live": "polite" });
  if (!known) dialog.append(region);
  return region;
}

/** Copies text; true where it worked. Pages that are not served over HTTPS have no clipboard but this old way. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyTheOldWay(text);
  }
}

function copyTheOldWay(text) {
  const field = el("textarea", "visually-hidden", [], { readonly: "", "aria-hidden": "true", tabindex: "-1" });
  const before = document.activeElement;
  const home = document.querySelector("dialog[open]") || document.body; // a modal dialog lets nothing outside be selected
  field.value = text;
  home.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (before) before.focus({ preventScroll: true });
  return copied;
}

/** A dialog of this page: its head, its body and a close button; a click beside it closes it. showDialog of back.js opens it. */
export function makeDialog(id, className, heading, body) {
  const head = el("h2", "", heading, { id: `${id}-title`, tabindex: "-1" });
  const close = button(icon("close"), "quiet close", () => dialog.close(), { "aria-label": "关闭" });
  const dialog = el("dialog", className, [el("div", "dialog-head", [head, close]), el("div", "dialog-body", body)], {
    id, "aria-labelledby": head.id,
  });
  closeOnBackdrop(dialog);
  document.body.append(dialog);
  return dialog;
}

export function closeOnBackdrop(dialog) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

/** Makes `trigger` show and hide `panel`, which Escape, a click elsewhere and leaving it by keyboard hide again. */
export function popup(trigger, panel) {
  const show = (open) => {
    panel.hidden = !open;
    trigger.setAttribute("aria-expanded", String(open));
  };
  trigger.setAttribute("aria-controls", panel.id);
  show(false);
  trigger.addEventListener("click", () => show(panel.hidden));
  document.addEventListener("click", (event) => {
    if (!panel.contains(event.target) && !trigger.contains(event.target)) show(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    show(false);
    trigger.focus();
  });
  panel.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !panel.contains(event.relatedTarget) && event.relatedTarget !== trigger) show(false);
  });
  return { hide: () => show(false) };
}

/** Ctrl + Enter sends a form from any of its fields. */
export function submitByKey(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}

/** A short notice at the foot of the page, with a way back where `undo` is given. It stays while it is pointed at or in focus. */
export function toast(text, undo = null) {
  document.querySelector(".toast")?.remove();
  const words = el("span", "", "", { role: "status" });
  const node = el("div", "toast", words);
  if (undo) node.append(button("撤销", "quiet", () => { undo(); node.remove(); }));
  (document.querySelector("dialog[open]") || document.body).append(node); // nothing outside a modal dialog can be pressed
  requestAnimationFrame(() => { words.textContent = text; }); // heard where it changes, not where it is already there
  const leave = () => { if (node.matches(":hover, :focus-within")) setTimeout(leave, 2000); else node.remove(); };
  setTimeout(leave, undo ? 12000 : 4000);
}
