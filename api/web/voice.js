// Speaking a question instead of writing it, where the operator switched it on and the browser can listen. The browser
// (in Chrome and Edge a service of its maker) turns the voice into words; the service only ever gets these.

import { $, announce, button, icon } from "./dom.js";
import { refreshComposer } from "./composer.js";

const WHY = {
  "not-allowed": "浏览器没有允许使用麦克风。",
  "service-not-allowed": "这个浏览器不能识别语音。",
  "audio-capture": "没有找到麦克风。",
  network: "语音识别连接不上网络。",
  "no-speech": "没有听到声音。",
};

/** Puts the button beside the question. `Recognition` is the browser's SpeechRecognition; without one nothing is shown. */
export function mountVoice(Recognition = window.SpeechRecognition || window.webkitSpeechRecognition) {
  if (!("voice" in document.documentElement.dataset) || !Recognition) return;
  const box = $("question");
  let listening = null;
  let before = "";
  const node = button(icon("mic"), "quiet voice", () => (listening ? listening.stop() : listen()), { id: "voice", "aria-pressed": "false", "aria-label": "说话提问", title: "说话提问" });
  $("send").before(node);

  function show(on) {
    node.setAttribute("aria-pressed", String(on));
    node.setAttribute("aria-label", on ? "停止说话" : "说话提问");
    node.title = on ? "停止说话" : "说话提问";
  }

  function listen() {
    listening = new Recognition();
    Object.assign(listening, { lang: "zh-CN", interimResults: true, continuous: false });
    before = box.value;
    listening.addEventListener("result", (event) => {
      box.value = before + Array.from(event.results, (result) => result[0].transcript).join("");
      refreshComposer();
    });
    listening.addEventListener("error", (event) => { if (event.error !== "aborted") announce(WHY[event.error] || "没有听清，请再说一次。"); });
    listening.addEventListener("end", () => {
      listening = null;
      show(false);
      box.focus(); // read over and sent by the reader: nothing is asked that was misheard
    });
    listening.start();
    show(true);
    announce("请说话");
  }
}
