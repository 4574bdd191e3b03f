"""Mails (eml) and saved web pages (mht, mhtml): their html or plain part as lines, their attachments as files.

Both are MIME messages (RFC 2045 to 2049; RFC 2557 for pages). Of a message in several versions the html one is read. A
mail's subject stands above its text; its other headers are left out. Pictures and styles that a page brings along are no
attachments. Read by the standard library's email package, with its older policy: the newer one takes quadratic time on
hostile headers.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from email.errors import HeaderParseError
from email.header import Header, decode_header
from email.message import Message

from corpus.errors import EmptyFile, TooLarge
from corpus.readers import html, text
from corpus.readers.builder import Builder
from corpus.readers.errors import Damaged
from corpus.readers.lines import Line

MAX_BYTES = 64 * 1024 * 1024
"""Largest message taken in, its attachments counted; in base64, they are a third larger than the files."""

MAX_PARTS = 2000
"""Parts that a message may have."""

_HEAD = 64 * 1024
_FIELD = re.compile(rb"[!-9;-~]{1,76}:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n")
_LONGEST_FIELD = 2000
_REPLY = re.compile(r"^(?:(?:re|fwd?|回复|答复|转发|轉發)\s*[:：]\s*)+", re.I)
_SAVED = re.compile(r"^\s*\"?(?:<?saved by\b|由.{1,40}保存)", re.I)
_OWN_FIELDS = ("From", "To", "Cc", "Date")
_HTML = ("text/html", "application/xhtml+xml")
_SUFFIXES = {"message/rfc822": ".eml", "text/html": ".html", "text/plain": ".txt", "application/pdf": ".pdf"}


def matches(data: bytes) -> bool:
    """Whether the bytes begin with the headers of a message, and those are of a mail or of MIME."""
    names = {name for name, _ in _fields(data)}
    if not names:
        return False
    return "mime-version" in names or ("from" in names and len(names & {"to", "date", "subject", "message-id"}) >= 2)


def read(data: bytes) -> list[Line]:
    """The lines of a message's own text, those of its attachments not among them.

    Raises EmptyFile, TooLarge, Damaged or NotText.
    """
    message = _message(data)
    page = _is_page(message)
    texts = list(_texts(message))
    out = Builder()
    lines = [line for part in (texts[:1] if page else texts) for line in _lines(part)]
    if not any(line.text.strip() for line in lines):
        raise EmptyFile("邮件或网页里没有正文文字", "如果内容在图片里，请先做文字识别（OCR）后再导入")
    if not page:
        subject = _REPLY.sub("", _decoded(message["Subject"])).strip()
        if subject and not any(subject in line.text for line in lines[:5]):
            out.add(subject, 1)
    before = len(out.lines)
    out.lines += [replace(line, number=before + n) for n, line in enumerate(lines, start=1)]
    if page:
        for frame in texts[1:]:
            out.leave_out("unread", _decoded(frame["Content-Location"]))
    else:
        for name in _OWN_FIELDS:
            if value := _decoded(message[name]):
                out.leave_out("markup", f"{name}: {value}")
    return out.lines


def attachments(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The files that are attached to a mail, by the names that they have there; none for a saved page, whose parts are
    the page's own.

    Raises TooLarge or Damaged.
    """
    message = _message(data)
    if _is_page(message):
        return
    own = {id(part) for part in _texts(message)}
    for part in _parts(message):
        name, kind = _decoded(part.get_filename()), part.get_content_type()
        if kind == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else None
            if isinstance(inner, Message):
                subject = _decoded(inner["Subject"]) or "邮件"
                yield name or f"{subject}.eml".replace("/", "／"), inner.as_bytes(policy=email.policy.compat32)
        elif id(part) not in own and (name or part.get_content_disposition() == "attachment"):
            yield name or f"附件{_SUFFIXES.get(kind, '')}", _content(part)


def _fields(data: bytes) -> list[tuple[str, bytes]]:
    """The header fields at the very start; none where they do not end in an empty line, as text may begin with Name: too."""
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if head.startswith(b"From ") and b"\n" in head:  # the line before each mail in a mailbox
        head = head[head.index(b"\n") + 1 :]
    out, at = [], 0
    while match := _FIELD.match(head, at):
        name, _, rest = match[0].partition(b":")
        out.append((name.decode("ascii").lower(), rest))
        at = match.end()
    ended = head[at : at + 2].startswith((b"\n", b"\r\n")) or len(head) == at or len(head) == _HEAD
    return out if ended else []


def _message(data: bytes) -> Message:
    if len(data) > MAX_BYTES:
        raise TooLarge(f"邮件超过 {MAX_BYTES // 1024 // 1024} MB", "请把附件另存后单独导入")
    try:
        data = data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
        message = email.message_from_bytes(data, policy=email.policy.compat32)
        for count, part in enumerate(message.walk(), start=1):
            _decode_raw_fields(part)
            if count > MAX_PARTS:
                raise TooLarge(f"邮件的部分超过 {MAX_PARTS} 个", "请把附件另存后单独导入")
    except RecursionError as error:
        raise Damaged("邮件的结构嵌套过深，无法读取", "请把正文和附件另存后单独导入") from error
    return message


def _decode_raw_fields(part: Message) -> None:
    """Puts text in the place of headers in bytes that are not ASCII, which the standard forbids and programs write; the
    email package would have question marks there."""
    for name, value in list(part.raw_items()):
        if not str(value).isascii():
            part.replace_header(name, _bytes_to_text(str(value).encode("utf-8", "surrogateescape"), None))


def _is_page(message: Message) -> bool:
    """Whether a message is a web page that a browser or Word saved, and not a mail."""
    if _SAVED.match(_decoded(message["From"])) or message["Snapshot-Content-Location"]:
        return True
    if any(message[name] for name in ("To", "Received", "Message-ID", "Delivered-To")):
        return False
    return any(part["Content-Location"] for part in message.walk())


def _parts(message: Message) -> Iterator[Message]:
    """The parts that are no containers; what a mail inside holds is that mail's own."""
    if message.get_content_type() == "message/rfc822" or not message.is_multipart():
        yield message
        return
    for part in message.get_payload():
        if isinstance(part, Message):
            yield from _parts(part)


def _texts(message: Message) -> Iterator[Message]:
    """The parts that are the message's text, in order: of several versions (multipart/alternative) the html one."""
    kind = message.get_content_type()
    if kind == "message/rfc822":
        return
    if message.is_multipart():
        inner = [list(_texts(part)) for part in message.get_payload() if isinstance(part, Message)]
        if kind == "multipart/alternative":
            versions = [texts for texts in inner if texts]
            rich = [texts for texts in versions if any(part.get_content_type() in _HTML for part in texts)]
            yield from (rich or versions or [[]])[0]
        else:
            yield from (part for texts in inner for part in texts)
    elif (
        kind in (*_HTML, "text/plain")
        and message.get_content_disposition() != "attachment"
        and not message.get_filename()
    ):
        yield message


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _lines(part: Message) -> list[Line]:
    """The lines of the text part. What its header says of the encoding goes before what the page itself says: mail
    programs change the one and leave the other."""
    data = _content(part)
    charset = str(part.get_param("charset") or "").lower()
    if charset and charset not in ("utf-8", "us-ascii"):
        with suppress(UnicodeDecodeError, LookupError):  # said wrongly: the readers find out by themselves
            data = data.decode("gb18030" if charset in ("gb2312", "gbk") else charset).encode()
    try:
        return html.read(data) if part.get_content_type() != "text/plain" else text.read(data)
    except EmptyFile:
        return []


def _decoded(value: Header | str | None) -> str:
    """A header as text: encoded words (RFC 2047) and raw bytes of any encoding; control characters go."""
    if value is None:
        return ""
    field = value[:_LONGEST_FIELD] if isinstance(value, str) else value
    try:
        pieces = decode_header(field)
    except (HeaderParseError, ValueError):
        pieces = [(str(field), None)]
    out = ""
    for piece, charset in pieces:
        if isinstance(piece, bytes):
            out += _bytes_to_text(piece, charset)
        else:
            out += _bytes_to_text(piece.encode("utf-8", "surrogateescape"), None)
    return re.sub(r"[\x00-\x1f\x7f]+", " ", out).strip()


def _bytes_to_text(piece: bytes, charset: str | None) -> str:
    wanted = {"gb2312": "gb18030", "gbk": "gb18030", "unknown-8bit": "utf-8"}.get((charset or "utf-8").lower(), charset)
    for encoding in (wanted or "utf-8", "utf-8", "gb18030"):
        with suppress(UnicodeDecodeError, LookupError):
            return piece.decode(encoding)
    return piece.decode("utf-8", "replace")
