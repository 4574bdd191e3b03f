"""What is said back in a chat: short answer, the clause that says so, its validity and warnings; or why not, and what now.

A Reply is plain words in parts. `markdown` and `text` put them together; platforms with cards of their own (feishu.py) use
the parts. Words of documents and people never act as markup: see `inert` (api/contract/markup.py) and `harmless`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from api.contract import schemas
from api.contract.markup import inert
from corpus.errors import PolicyError
from corpus.types import Status

QUOTE_LIMIT = 240  # characters of a quotation; a chat window is small, and the page has the whole clause
CITATIONS = 3
NEAREST = 3
LISTED = 10  # rows of a list
FIELD_LIMIT = 160  # characters of one field of a handling card
NEAREST_LIMIT = 60  # characters of a clause that is only near
HEAD_LIMIT = 240  # characters of a short answer (a list may be long) in a text that must also hold its clause

VALIDITY: dict[Status, str] = {
    "in_force": "现行有效",
    "not_yet": "尚未施行",
    "expired": "已失效",
    "repealed": "已废止",
    "unknown": "效力未注明",
}
HAND_OFF_HINT = "没有解决？回复“转人工”，由工作人员答复。"


@dataclass(frozen=True, slots=True)
class Cited:
    """A clause under a reply: where it stands, whether it is in force, and its words."""

    where: str
    validity: str
    words: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `kind` sets the colour of a card; `title` is its head, the short answer or what the reply is about."""

    kind: str  # "answer", "refusal", "notice"
    title: str
    message: str = ""
    listed: tuple[str, ...] = ()
    cited: tuple[Cited, ...] = ()
    nearest: tuple[Cited, ...] = ()
    notes: tuple[str, ...] = ()
    hint: str = ""


def of_response(body: schemas.AskResponse) -> Reply:
    """The reply that an answer or a refusal makes."""
    asked = (f"按“{cut(body.rewritten, 80)}”理解",) if body.rewritten else ()
    if body.status == "answered":
        cited = tuple(_cited(citation) for citation in body.citations[:CITATIONS])
        notes = (*asked, *(warning.message for warning in body.warnings))
        return Reply("answer", body.answer or "", listed=_listed(body), cited=cited, notes=notes, hint=HAND_OFF_HINT)
    if body.reason == "small_talk":
        return Reply("notice", body.message or "")
    near = () if body.reason == "out_of_scope" else tuple(_near(passage) for passage in body.passages[:NEAREST])
    title = "请说得更具体一些" if body.reason == "ambiguous" else "没有找到确切的规定"
    told = _listed(body)
    return Reply("refusal", title, body.message or "", listed=told, nearest=near, notes=asked, hint=HAND_OFF_HINT)


def of_hand_off(id: str, question: str) -> Reply:
    """What is said when a person has been asked to take over."""
    about = f"您的问题“{cut(question, 80)}”已转给工作人员，请留意后续答复。" if question else "已转给工作人员。"
    return Reply("notice", "已转人工", about, notes=(f"受理编号：{id}",))


def of_error(error: PolicyError) -> Reply:
    """What is said when a question could not be taken."""
    return Reply("notice", error.message, error.hint)


def without_title(reply: Reply) -> Reply:
    """The same reply below a head that shows its title already."""
    return replace(reply, title="")


STILL_AT_IT = Reply("notice", "还在查", "请过一会儿把问题再发一次。")
ONLY_TEXT = Reply("notice", "目前只能看懂文字", "请把要问的事用一句话写下来。")


def _cited(citation: schemas.CitationOut) -> Cited:
    document = citation.document
    number = f"（{document.number}）" if document.number else ""
    validity = VALIDITY[document.status]
    if document.effective_from and document.status in ("in_force", "not_yet"):
        validity += f"，{_day(document.effective_from)}起施行"
    if document.effective_until and document.status in ("in_force", "expired"):
        validity += f"，有效期至{_day(document.effective_until)}"
    where = f"{_titled(document.title)}{number} {citation.clause.address}".rstrip()
    return Cited(where, validity, cut(citation.quote, QUOTE_LIMIT))


def _listed(body: schemas.AskResponse) -> tuple[str, ...]:
    """The rows of a list, or the fields of a handling card, one a line; the first of them where they are many."""
    lines = [_row(row) for row in body.rows[:LISTED]]
    if more := len(body.rows) - len(lines):
        lines.append(f"……另有 {more} 行，请在网页上查看")
    for field in body.card.fields if body.card else ():
        words = "；".join(" ".join(item.quote.split()) for item in field.items)
        where = field.items[0].clause.address
        lines.append(f"{field.label}：{cut(words, FIELD_LIMIT)}（{where}）")
    return tuple(lines)


def _row(row: schemas.RowOut) -> str:
    said = "，".join(part for part in (row.group, row.value) if part)
    return f"{_titled(row.title)} {row.clause.address}：{said or cut(' '.join(row.quote.split()), NEAREST_LIMIT)}"


def _near(passage: schemas.PassageOut) -> Cited:
    where = f"{_titled(passage.document.title)} {passage.clause.address}".rstrip()
    return Cited(where, "", cut(" ".join(passage.text.split()), NEAREST_LIMIT))


def _titled(title: str) -> str:
    return title if title.startswith("《") else f"《{title}》"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def cut(text: str, limit: int) -> str:
    """Text of at most `limit` characters; what is left out is marked."""
    text = text.strip()
    return text if len(text) <= limit else text[: limit - 2].rstrip() + "……"


def cut_bytes(text: str, limit: int) -> str:
    """Text of at most `limit` bytes of UTF-8; what is left out is marked, no character is halved."""
    data = text.encode()
    if len(data) <= limit:
        return text
    return data[: limit - len("……".encode())].decode(errors="ignore").rstrip() + "……"


# --- Markdown (DingTalk, the webhook) --------------------------------------------------------------------------------


def markdown(reply: Reply, page: str = "") -> str:
    """The reply as Markdown: paragraphs, bold, quotations."""
    title = inert(_one_line(reply.title))
    parts = [f"**{title}**"] if title else []
    if reply.message:
        parts.append("\n".join(_lines(reply.message)))
    if reply.listed:
        parts.append("\n".join(f"- {inert(_one_line(line))}" for line in reply.listed))
    for cited in reply.cited:
        parts.append(f"依据：{inert(_one_line(cited.where))}（{cited.validity}）")
        parts.append(_quoted(cited.words))
    parts += [f"注意：{inert(_one_line(note))}" for note in reply.notes]
    if reply.nearest:
        parts.append("最接近的条款：")
        parts += [_quoted(f"{near.where}：{near.words}") for near in reply.nearest]
    if reply.hint:
        parts.append(inert(reply.hint))
    if page:
        parts.append(f"[打开网页查看全文]({page})")
    return "\n\n".join(parts)


def _quoted(words: str) -> str:
    return "\n".join(f"> {line}  " for line in _lines(words)).rstrip()


def _lines(text: str) -> list[str]:
    """The lines of a text that hold something. Each is escaped by itself: what begins one is known only then."""
    return [inert(line.strip()) for line in text.splitlines() if line.strip()]


def _one_line(text: str) -> str:
    return " ".join(text.split())


# --- plain text (WeCom) ----------------------------------------------------------------------------------------------

_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def harmless(text: str) -> str:
    """Text in which no link can stand: WeCom turns <a href> in a text message into one."""
    return _TAG.sub("＜", text)


def text(reply: Reply, page: str = "", limit: int = 2048) -> str:
    """The reply as plain text of at most `limit` bytes. What is said last goes first where it does not fit."""
    head = [harmless(cut(part, HEAD_LIMIT)) for part in (reply.title, reply.message) if part]
    tail = [harmless(f"注意：{note}") for note in reply.notes]
    tail += [harmless(part) for part in (reply.hint, page) if part]
    middle = [f"· {line}" for line in reply.listed]
    middle += [f"依据：{cited.where}（{cited.validity}）\n“{cited.words}”" for cited in reply.cited]
    if reply.nearest:
        middle.append("最接近的条款：\n" + "\n".join(f"· {near.where}：{near.words}" for near in reply.nearest))
    middle = [harmless(part) for part in middle]
    while middle and len("\n\n".join([*head, *middle, *tail]).encode()) > limit:
        middle.pop()
    return cut_bytes("\n\n".join([*head, *middle, *tail]), limit)
