// Who is asking: GET /v1/me, and the dialog that takes a key where the service wants one.

import { showDialog } from "./back.js";
import { announce, button, el, labelled, makeDialog } from "./dom.js";
import { at, here } from "./place.js";
import { Failure, call, onKeyNeeded } from "./service.js";

const NOBODY = { role: null, name: "", access: "open", sso: false };
const RANK = { ask: 1, operate: 2, admin: 3 };

let known = null;
let pending = null;

/** {role, name, access, sso}; asked for once a page, and again after signing in or out. */
export function me() {
  known ||= enterByLink().then(() => call("/v1/me", undefined, { quiet: true })).catch((error) => {
    if (!(error instanceof Failure)) throw error;
    return NOBODY;
  }).then(marked);
  return known;
}

/** Names of files and lines are for those who look after them (.staff-only). */
function marked(who) {
  document.documentElement.classList.toggle("staff", may(who, "operate"));
  return who;
}

/** Signs in by the link that the service printed when it started; its token leaves the address at once. */
async function enterByLink() {
  const token = /^#start=([\w-]+)$/.exec(location.hash)?.[1];
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    await call("/v1/login", { key: token }, { quiet: true });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    announce("这个链接已经失效，请用最近一次启动时显示的链接。");
  }
}

export const may = (who, role) => (RANK[who.role] || 0) >= RANK[role];

/** Opens the dialog; true once a key was accepted, false where it was closed. `why` is the Failure that led here. */
export function signIn(why = null) {
  pending ||= openDialog(why).finally(() => { pending = null; });
  return pending;
}

export async function signOut() {
  await call("/v1/logout", {}, { quiet: true });
  location.assign(at("/"));
}

onKeyNeeded(signIn);

function openDialog(why) {
  const field = el("input", "", [], { id: "login-key", type: "password", autocomplete: "current-password", maxlength: "200", required: "", spellcheck: "false" });
  const problem = el("p", "problem", why && why.code !== "key_missing" ? `${why.message}${why.hint}` : "", { role: "alert" });
  const send = el("button", "primary", "登录", { type: "submit" });
  let signedIn = false;
  const account = el("div", "", [], { hidden: "" });
  me().then((who) => {
    if (!who.sso) return;
    account.append(el("a", "ghost wide", "单位账号登录", { href: at(`/v1/sso/login?back=${encodeURIComponent(here())}`) }));
    account.hidden = false;
  });
  const form = el("form", "stack", [
    account,
    labelled("访问密钥", field, "密钥由管理员发放；还没有建过密钥时，填启动服务时终端里链接末尾的 tw_start_…。只用来换取这个浏览器的登录状态，不会存在页面里。"),
    problem,
    el("div", "row end", [button("取消", "ghost", () => dialog.close()), send]),
  ]);
  const dialog = makeDialog("login", "small", "请先登录", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    problem.textContent = "";
    try {
      await call("/v1/login", { key: field.value.trim() }, { quiet: true });
      signedIn = true;
      dialog.close();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problem.textContent = `${error.message}${error.hint}`;
      field.focus();
    } finally {
      send.disabled = false;
    }
  });
  showDialog(dialog);
  field.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (signedIn) {
        known = null;
        announce("已登录");
        dispatchEvent(new Event("tiaowen-me"));
      }
      resolve(signedIn);
    });
  });
}
