// 在别的网站的页面里放一个按钮，点开就是提问页。用法见 docs/embedding.md：<script src="…/widget.js" async></script>
//
// The one global is `Tiaowen` ({open, close}). Everything else is in a shadow tree, with a style sheet made by script: the
// page around may have any style and a strict policy, as long as it allows this script and frames of its origin.
"use strict";

(() => {
  const script = document.currentScript;
  if (!script || window.Tiaowen) return; // once on a page
  const { label = "问政策", name = "政策问答", side = "right", colour = "#1d5c54", theme = "" } = script.dataset;
  const service = new URL(".", script.src);
  const NARROW = "(max-width: 560px), (max-height: 480px)";
  const LOOK = `
    :host { all: initial; --own: #1d5c54; --on: #fff; font: 400 16px/1.4 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, sans-serif; }
    button, a { font: inherit; color: inherit; cursor: pointer; }
    .opener, dialog { position: fixed; z-index: 2147483000; inset-inline: auto; }
    .opener { right: 20px; bottom: calc(20px + env(safe-area-inset-bottom)); min-width: 48px; min-height: 48px; padding: 10px 20px; border: 0; border-radius: 99px; background: var(--own); color: var(--on); font-weight: 600; box-shadow: 0 4px 18px rgb(0 0 0 / .28); }
    .left .opener, .left dialog { right: auto; left: 20px; }
    dialog { right: 20px; bottom: calc(20px + env(safe-area-inset-bottom)); top: auto; left: auto; margin: 0; padding: 0; border: 1px solid rgb(0 0 0 / .2); border-radius: 14px; overflow: hidden; width: min(420px, calc(100vw - 40px)); height: min(680px, calc(100vh - 40px)); max-width: none; max-height: none; background: #fff; box-shadow: 0 10px 40px rgb(0 0 0 / .3); }
    dialog[open] { display: flex; flex-direction: column; }
    .head { display: flex; align-items: center; gap: 4px; padding: 2px 4px 2px 16px; background: var(--own); color: var(--on); }
    .head strong { flex: 1; font-weight: 600; }
    .head button, .head a { display: grid; place-items: center; min-width: 44px; min-height: 44px; border: 0; border-radius: 8px; background: none; text-decoration: none; }
    :focus-visible { outline: 3px solid var(--on); outline-offset: -4px; }
    .opener:focus-visible { outline: 3px solid var(--own); outline-offset: 3px; }
    iframe { flex: 1; width: 100%; border: 0; background: #fff; }
    @media ${NARROW} { dialog, .left dialog { inset: 0; width: 100vw; height: 100vh; height: 100dvh; border: 0; border-radius: 0; } }
    @media print { .opener, dialog { display: none !important; } }
  `;

  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  /** Whether black is read better than white on a colour (WCAG 2, relative luminance). */
  function wantsBlack(node) {
    const parts = (getComputedStyle(node).backgroundColor.match(/[\d.]+/g) || [0, 0, 0]).slice(0, 3);
    const [r, g, b] = parts.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179;
  }

  const host = make("tiaowen-widget");
  const root = host.attachShadow({ mode: "open" });
  const opener = make("button", { type: "button", class: "opener", part: "button", "aria-haspopup": "dialog", "aria-expanded": "false" }, label);
  const close = make("button", { type: "button", "aria-label": "关闭", title: "关闭" }, "✕");
  const apart = make("a", { href: service.href, target: "_blank", rel: "noopener", "aria-label": "在新窗口打开", title: "在新窗口打开" }, "↗");
  const dialog = make("dialog", { "aria-label": name }, make("div", { class: "head" }, make("strong", {}, name), apart, close));
  const place = make("div", { class: side === "left" ? "left" : "right" }, opener, dialog);
  let frame = null; // made when it is first opened: until then the page around loads this script and nothing else
  let ready = false;

  function style() {
    if (root.adoptedStyleSheets && "replaceSync" in CSSStyleSheet.prototype) {
      const sheet = new CSSStyleSheet(); // a strict style-src stands against <style>, and not against this
      sheet.replaceSync(LOOK);
      root.adoptedStyleSheets = [sheet];
    } else root.append(make("style", {}, LOOK));
  }

  function makeFrame() {
    const address = new URL(service);
    if (theme === "light" || theme === "dark") address.searchParams.set("theme", theme);
    frame = make("iframe", { src: address.href, title: name, allow: `microphone ${service.origin}; clipboard-write ${service.origin}`, referrerpolicy: "no-referrer" });
    dialog.append(frame);
  }

  const say = (what) => frame.contentWindow.postMessage({ tiaowen: what }, service.origin);

  function open() {
    if (dialog.open) return;
    if (!frame) makeFrame();
    if (matchMedia(NARROW).matches) dialog.showModal(); // it covers the page, which is out of reach meanwhile
    else dialog.show();
    opener.setAttribute("aria-expanded", "true");
    opener.hidden = true;
    frame.focus();
    if (ready) say("focus");
  }

  function shut() {
    if (dialog.open) dialog.close();
  }

  opener.addEventListener("click", open);
  close.addEventListener("click", shut);
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    shut();
  });
  dialog.addEventListener("close", () => {
    opener.hidden = false;
    opener.setAttribute("aria-expanded", "false");
    opener.focus();
  });
  addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== service.origin) return;
    if (event.data?.tiaowen === "close") shut();
    if (event.data?.tiaowen === "ready") {
      ready = true;
      if (dialog.open) say("focus");
    }
  });

  function mount() {
    style();
    root.append(place);
    document.body.append(host);
    if (CSS.supports("color", colour)) host.style.setProperty("--own", colour);
    else console.warn(`Tiaowen: data-colour 不是颜色：${colour}`);
    if (wantsBlack(opener)) host.style.setProperty("--on", "#000");
  }

  window.Tiaowen = Object.freeze({ open, close: shut });
  if (document.body) mount();
  else addEventListener("DOMContentLoaded", mount, { once: true });
})();
