// The head of every page: the ways between the pages, the menu with colours, help and account, the notice of a lost network.
// A page has <nav id="nav">, <div id="tools"> and #announce in its HTML and calls mountHeader with its own name.

import { showDialog } from "./back.js";
import { $, announce, button, el, icon, makeDialog, popup } from "./dom.js";
import { embedded } from "./embed.js";
import { may, me, signIn, signOut } from "./login.js";
import { at } from "./place.js";
import { openReceipts } from "./receipt.js";
import { readPlain, writePlain } from "./storage.js";

const PAGES = [
  { name: "chat", path: "/", title: "提问", role: null },
  { name: "library", path: "/library", title: "文件库", role: null },
  { name: "operator", path: "/operator", title: "工作台", role: "operate" },
  { name: "evaluation", path: "/evaluation", title: "评测", role: "admin" },
];
const THEMES = [["auto", "跟随系统"], ["light", "浅色"], ["dark", "深色"]];
const KEYS = [
  ["/", "把光标放到提问框"],
  ["回车", "发送问题"],
  ["Shift + 回车", "在问题里换行"],
  ["Ctrl + 回车", "在表单里直接提交"],
  ["Alt + N", "开始新对话"],
  ["Esc", "停止回答，或关闭打开的窗口"],
  ["?", "打开这份说明"],
];

/** Draws the head of the page called `page`; gives the promise of who is asking. */
export async function mountHeader(page) {
  mountMenu(page);
  mountNetworkNotice();
  document.addEventListener("keydown", (event) => { if (singleKey(event, "?")) { event.preventDefault(); openHelp(); } });
  addEventListener("tiaowen-me", () => showPages(page));
  return showPages(page);
}

async function showPages(page) {
  const draw = (who) => {
    const shown = PAGES.filter(({ role, name }) => role === null || name === page || may(who, role));
    $("nav").replaceChildren(...shown.map(({ name, path, title }) => (
      el("a", "page", title, name === page ? { href: at(path), "aria-current": "page" } : { href: at(path) })
    )));
    $("account").replaceChildren(...accountRows(who));
  };
  draw({ role: null, name: "", access: "open" });
  const who = await me();
  draw(who);
  return who;
}

/** True for a shortcut of one character that is meant as one: not while writing, and not where the reader switched them off. */
export function singleKey(event, key) {
  if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  if (readPlain("keys") === "off" || document.querySelector("dialog[open]")) return false;
  return !event.target.closest?.("input, textarea, select, [contenteditable]");
}

// --- menu ------------------------------------------------------------------------------------------------------------

function mountMenu(page) {
  const trigger = button(icon("dots"), "quiet", () => {}, { "aria-label": "设置和帮助", title: "设置和帮助" });
  const panel = el("div", "menu", [], { id: "menu" });
  $("tools").append(el("div", "menu-place", [trigger, panel]));
  const { hide } = popup(trigger, panel);
  panel.append(
    themeChoice(),
    el("div", "menu-rows", [
      button([icon("help"), "使用说明"], "menu-row", () => { hide(); openHelp(); }),
      page === "chat" ? button([icon("person"), "查询人工答复"], "menu-row", () => { hide(); openReceipts(); }) : null,
      embedded ? null : el("a", "menu-row", [icon("code"), "接口说明"], { href: at("/docs") }),
    ].filter(Boolean)),
    el("div", "menu-rows", [], { id: "account" }),
  );
}

function themeChoice() {
  const kept = readPlain("theme");
  const now = kept === "light" || kept === "dark" ? kept : "auto";
  const choices = THEMES.flatMap(([value, words]) => {
    const radio = el("input", "visually-hidden", [], { type: "radio", name: "theme", id: `theme-${value}`, value });
    radio.checked = value === now;
    radio.addEventListener("change", () => chooseTheme(value, words));
    return [radio, el("label", "", words, { for: radio.id })];
  });
  return el("fieldset", "segments", [el("legend", "", "颜色"), el("div", "segment-row", choices)]);
}

function chooseTheme(value, words) {
  const chosen = value === "auto" ? null : value;
  writePlain("theme", chosen);
  dispatchEvent(new CustomEvent("tiaowen-theme", { detail: chosen }));
  announce(`颜色：${words}`);
}

function accountRows(who) {
  if (embedded) return []; // browsers keep the login of a page out of frames on other sites
  if (who.access === "open") return who.role === "ask" ? [button([icon("key"), "管理登录"], "menu-row", () => signIn())] : [];
  if (!who.role) return [button([icon("key"), "登录"], "menu-row", () => signIn())];
  const leave = button([icon("key"), "退出登录"], "menu-row", () => signOut());
  const upgrade = button([icon("key"), "换一个密钥登录"], "menu-row", () => signIn());
  return who.name ? [el("p", "menu-note", `已登录：${who.name}`), leave] : [upgrade];
}

// --- help ------------------------------------------------------------------------------------------------------------

function openHelp() {
  const dialog = $("help") || makeHelp();
  showDialog(dialog);
}

function makeHelp() {
  const off = el("input", "", [], { type: "checkbox", id: "single-keys" });
  off.checked = readPlain("keys") !== "off";
  off.addEventListener("change", () => writePlain("keys", off.checked ? null : "off"));
  const keys = KEYS.map(([key, does]) => el("div", "key-row", [el("dt", "", el("kbd", "", key)), el("dd", "", does)]));
  return makeDialog("help", "small", "使用说明", [
    el("h3", "", "怎样问得准"),
    el("ul", "bullets", [
      el("li", "", "用平常的话，一次问一件事，例如“硕士毕业第一次来工作，每月生活补贴多少？”"),
      el("li", "", "写明级别、年份或地区。同一个对话里可以接着问，例如“那省级的呢？”"),
      el("li", "", "点“范围”，可以只查某几份文件，或者按某一天的规定回答。"),
    ]),
    el("h3", "", "怎样看回答"),
    el("ul", "bullets", [
      el("li", "", "每个回答下面都有原文。点“查看原文”，引用的那句话会标出来。"),
      el("li", "", "文件里没有写的，这里不会猜。可以转人工，由工作人员答复。"),
    ]),
    el("h3", "", "隐私"),
    el("p", "", "对话记录只存在这台设备的浏览器里，可以随时删除。请不要在问题里写身份证号、手机号等个人信息。"),
    el("h3", "", "快捷键"),
    el("dl", "keys", keys),
    el("label", "check", [off, "使用单个字符的快捷键（/ 和 ?）"], { for: "single-keys" }),
  ]);
}

// --- network ---------------------------------------------------------------------------------------------------------

function mountNetworkNotice() {
  const notice = el("p", "offline", "当前没有网络。已有的对话可以看，提问要等网络恢复。", { hidden: "" });
  $("tools").closest("header").after(notice);
  const show = () => { notice.hidden = navigator.onLine; };
  addEventListener("offline", () => { show(); announce(notice.textContent); });
  addEventListener("online", () => { show(); announce("网络已恢复"); });
  show();
}
