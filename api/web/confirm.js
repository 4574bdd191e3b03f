// A question before something that cannot be taken back, and what a page shows in the place of what it may not show.

import { showDialog } from "./back.js";
import { button, el, icon, makeDialog, randomId } from "./dom.js";
import { may, signIn } from "./login.js";


/** Asks in a dialog; true where the reader said yes. `body` is what stands above the buttons, `yes` names what will happen. */
export function confirm(heading, body, yes) {
  let agreed = false;
  const agree = button(yes, "primary grave", () => { agreed = true; dialog.close(); });
  const stay = button("取消", "ghost", () => dialog.close());
  const dialog = makeDialog(`confirm-${randomId()}`, "small", heading, [
    el("div", "stack", [body, el("div", "row end", [stay, agree])].flat()),
  ]);
  showDialog(dialog);
  stay.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(agreed);
    });
  });
}

/** Says whose right is wanted, and offers the way to it; null where `who` may act as `role`. */
export function lockedNotice(who, role, what) {
  if (may(who, role)) return null;
  const have = who.role ? `现在登录的密钥${who.name ? `（${who.name}）` : ""}没有这项权限。` : "";
  const unreached = who.access === "open" && !who.role;
  const byLink = "请用启动服务时终端里显示的管理链接打开；或用 tiaowen keys create 生成密钥后登录。";
  const needed = who.access === "open" ? `${what}只对管理这台机器的人开放。${byLink}` : `${what}需要有 ${role} 权限的密钥。${have}`;
  const words = unreached ? "暂时问不到服务，请稍后刷新页面。" : needed;
  const enter = unreached ? null : button(who.role && who.access !== "open" ? "换一个密钥登录" : "登录", "ghost", () => signIn());
  return el("div", "locked", [icon("key"), el("p", "", words), enter]);
}
