// Writing an answer that rests on a clause: the wordings of the question, the answer, the clause, the words quoted from it.

import { showDialog } from "./back.js";
import { announce, button, codePoints, el, icon, randomId, submitByKey } from "./dom.js";
import { citationCard } from "./cards.js";
import { clauseFinder } from "./clausefinder.js";
import { confirm } from "./confirm.js";
import { sentences } from "./format.js";
import { at } from "./place.js";
import { Failure, call } from "./service.js";

const QUESTIONS = 20;
const QUESTION_LIMIT = 500;
const ANSWER_LIMIT = 500;
const WRITTEN = { changed: "这条条款已经改了。请核对答案，选好引文后保存，就会重新启用。", missing: "原来的条款已经不在了。请另选一条作依据，或者删去这条答案。" };

/**
 * Opens the editor; gives the entry that was saved, or null. `given` holds the questions, the answer and the citations to
 * begin with; `handoff` or `queue`, the id of what it settles; `entry`, the one to be written anew.
 */
export function openEditor(given) {
  const editor = new Editor(given);
  return editor.run();
}

/** Lines that a text about fills: enough of a clause to be seen, no more than leaves room for the rest. */
const rowsFor = (text) => Math.min(Math.max(text.split("\n").reduce((n, line) => n + Math.max(1, Math.ceil(line.length / 28)), 0), 3), 11);

class Editor {
  constructor(given) {
    this.given = given;
    this.name = `editor-${randomId()}`;
    this.clause = null; // as GET /v1/clauses/{id} gives it
    this.quote = null; // the words quoted; null is the whole clause
    this.saved = null;
    this.changed = false;
    this.questions = el("ul", "wordings");
    this.answer = el("textarea", "", [], { id: `${this.name}-answer`, rows: "3", maxlength: String(ANSWER_LIMIT) });
    this.answer.value = given.answer;
    this.basis = el("div", "basis");
    this.preview = el("div", "preview");
    this.problem = el("p", "problem", "", { role: "alert" });
    this.save = el("button", "primary", given.entry ? "保存" : "保存并启用", { type: "submit" });
    this.makeDialog();
  }

  makeDialog() {
    const head = el("h2", "", this.given.entry ? "修改答案" : "写成答案", { id: `${this.name}-head`, tabindex: "-1" });
    const form = el("form", "editor-form", [
      this.wordsSide(), el("div", "editor-side basis-side", [el("h3", "", "依据"), this.basis]),
      el("div", "editor-side", [el("h3", "", "大家会看到"), this.preview]),
      el("div", "editor-foot", [
        this.problem, el("div", "row end", [button("取消", "ghost", () => this.leave()), this.save]),
      ]),
    ], { novalidate: "", autocomplete: "off" });
    form.addEventListener("input", (event) => { if (!event.target.closest(".finder")) this.changed = true; });
    submitByKey(form);
    form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.dialog = el("dialog", "editor", [
      el("div", "dialog-head", [head, button(icon("close"), "quiet close", () => this.leave(), { "aria-label": "关闭" })]),
      el("div", "editor-body", form),
    ], { "aria-labelledby": head.id });
    this.dialog.addEventListener("cancel", (event) => { event.preventDefault(); this.leave(); });
    this.head = head;
    document.body.append(this.dialog);
  }

  wordsSide() {
    for (const question of this.given.questions) this.addQuestion(question);
    const state = this.given.entry && WRITTEN[this.given.entry.state];
    return el("div", "editor-side", [
      state ? el("p", "notice", state) : null,
      el("fieldset", "", [
        el("legend", "", "问法"),
        el("p", "muted", "同一件事的不同问法，问到其中任何一句，都给这个答案。"),
        this.questions,
        button([icon("plus"), "添加一种问法"], "act", () => { this.addQuestion("").focus(); this.changed = true; }),
      ]),
      el("div", "field", [
        el("label", "", "答案", { for: this.answer.id }), this.answer,
        el("p", "muted", `简短、完整，最多 ${ANSWER_LIMIT} 个字。`),
      ]),
    ]);
  }

  addQuestion(text) {
    const n = this.questions.childElementCount + 1;
    const field = el("input", "", [], { type: "text", maxlength: String(QUESTION_LIMIT), "aria-label": `第${n}种问法` });
    field.value = text;
    field.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) event.preventDefault(); }); // saving is meant, not slipped into
    const row = el("li", "", [field, button(icon("close"), "quiet", () => {
      if (this.questions.childElementCount > 1) row.remove();
      else field.value = "";
      this.changed = true;
      this.questions.querySelector("input").focus();
    }, { "aria-label": "去掉这种问法", title: "去掉这种问法" })]);
    this.questions.append(row);
    return field;
  }

  async run() {
    this.answer.addEventListener("input", () => this.showPreview());
    showDialog(this.dialog);
    this.head.focus({ preventScroll: true });
    const { entry } = this.given;
    if (entry && entry.now) await this.choose(entry.now.id, entry.quote);
    else this.find();
    this.showPreview();
    return new Promise((resolve) => {
      this.dialog.addEventListener("close", () => {
        this.dialog.remove();
        resolve(this.saved);
      });
    });
  }

  async leave() {
    if (this.changed && !this.saved && !(await confirm("不保存就离开？", el("p", "", "写下的内容不会保留。"), "离开"))) return;
    this.dialog.close();
  }

  // --- the clause ----------------------------------------------------------------------------------------------------

  find() {
    this.clause = null;
    this.basis.replaceChildren(
      el("p", "muted", "选一条写明了这件事的条款。答案会带着它的原文。"),
      clauseFinder({ question: this.given.questions[0] || "", citations: this.given.citations, choose: (id) => this.choose(id, null) }),
    );
    this.showPreview();
  }

  /** Takes a clause; of `quote` what still stands in it word for word, else the whole clause. */
  async choose(id, quote) {
    try {
      this.clause = await call(`/v1/clauses/${encodeURIComponent(id)}`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.problem.textContent = sentences(error.message, error.hint);
      if (!this.basis.childElementCount) this.find();
      return;
    }
    this.problem.textContent = "";
    this.quote = quote !== null && quote !== this.clause.text.trim() && this.clause.text.includes(quote) ? quote : null;
    this.showClause();
    this.showPreview();
    announce(`已选：${this.clause.document.title}${this.clause.address}`);
  }

  showClause() {
    const { clause } = this;
    const text = el("textarea", "clause-text", [], { id: `${this.name}-text`, readonly: "", rows: String(rowsFor(clause.text)), "aria-describedby": `${this.name}-how` });
    text.value = clause.text;
    text.addEventListener("select", () => {
      const words = text.value.slice(text.selectionStart, text.selectionEnd).trim();
      if (words) this.take(words === clause.text.trim() ? null : words);
    });
    const { entry } = this.given;
    const before = entry && entry.state === "changed" && entry.now.id === clause.id
      ? el("details", "more", [el("summary", "", "写这条答案时的原文"), el("p", "old-text", entry.clause.text)]) : null;
    this.whole = button("引用整条", "ghost small", () => { text.setSelectionRange(0, 0); this.take(null); announce("引用整条"); });
    this.basis.replaceChildren(
      el("p", "chosen", [el("strong", "", clause.document.title), el("span", "where", clause.address || "正文")]),
      el("label", "visually-hidden", "条款原文", { for: text.id }), text,
      el("p", "muted", "在上面选中要引用的话（也可以用 Shift 加方向键）；不选就引用整条。", { id: `${this.name}-how` }),
      el("div", "row", [this.whole, button("换一条", "ghost small", () => { this.changed = true; this.find(); })]),
      before || "",
    );
  }

  take(quote) {
    this.quote = quote;
    this.changed = true;
    this.showPreview();
  }

  showPreview() {
    if (!this.clause) {
      this.preview.replaceChildren(el("p", "muted", "选好条款后，这里显示答案和引用的样子。"));
      return;
    }
    this.whole.disabled = this.quote === null;
    const { document: doc, text } = this.clause;
    const quote = this.quote ?? text.trim();
    const start = this.clause.start + codePoints(text.slice(0, text.indexOf(quote)));
    this.preview.replaceChildren(
      el("p", "preview-answer", this.answer.value.trim() || "（答案）"),
      citationCard({ document: doc, clause: this.clause, quote, start, end: start + codePoints(quote), source: { file: "" } }),
    );
  }

  // --- saving --------------------------------------------------------------------------------------------------------

  /** What must be mended before it can be saved: the words for it and the field; null where all is there. */
  fault() {
    const fields = [...this.questions.querySelectorAll("input")];
    const long = fields.find((field) => codePoints(field.value.trim()) > QUESTION_LIMIT);
    if (!fields.some((field) => field.value.trim())) return ["请至少写一种问法。", fields[0]];
    if (fields.length > QUESTIONS) return [`问法最多 ${QUESTIONS} 种。`, fields[QUESTIONS]];
    if (long) return [`一种问法最多 ${QUESTION_LIMIT} 个字。`, long];
    if (!this.answer.value.trim()) return ["请写下答案。", this.answer];
    if (codePoints(this.answer.value.trim()) > ANSWER_LIMIT) return [`答案最多 ${ANSWER_LIMIT} 个字。`, this.answer];
    return this.clause ? null : ["请选一条作为依据的条款。", this.basis.querySelector("input")];
  }

  async send() {
    const fault = this.fault();
    this.problem.textContent = fault ? fault[0] : "";
    if (fault) {
      fault[1].focus();
      return;
    }
    const { entry, handoff, queue } = this.given;
    this.save.disabled = true;
    try {
      this.saved = await call(entry ? `/v1/faq/${encodeURIComponent(entry.id)}` : "/v1/faq", {
        questions: [...this.questions.querySelectorAll("input")].map((field) => field.value.trim()).filter(Boolean),
        answer: this.answer.value.trim(),
        clause_id: this.clause.id,
        ...(this.quote === null ? {} : { quote: this.quote }),
        ...(handoff ? { handoff_id: handoff } : {}),
        ...(queue ? { queue_id: queue } : {}),
      }, { method: entry ? "PUT" : "POST" });
      this.showSaved();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.problem.textContent = `没有保存。${sentences(error.message, error.hint)}`;
    } finally {
      this.save.disabled = false;
    }
  }

  showSaved() {
    const done = button("完成", "primary", () => this.dialog.close());
    const told = this.given.handoff ? "提问人会收到这个答案和原文。" : "";
    this.dialog.classList.add("saved");
    this.dialog.querySelector(".editor-body").replaceChildren(el("div", "stack", [
      el("p", "done", [icon("check"), "已保存并启用。", told]),
      el("p", "", "再问到下面任何一句，都会给出这个答案："),
      el("ul", "bullets", this.saved.questions.map((question) => el("li", "", [question, " ", el("a", "", "试问", {
        href: at(`/?q=${encodeURIComponent(question)}`), target: "_blank", rel: "noopener", "aria-label": `在对话页试问：${question}`,
      })]))),
      el("p", "muted", "条款改动以后，这条答案会停用并标出，等您复核。"),
      el("div", "row end", done),
    ]));
    announce("已保存并启用");
    done.focus();
  }
}
