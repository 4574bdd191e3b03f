"""Plain text: UTF-8, GB18030 or UTF-16, told apart by what decodes into plausible Chinese text.

The declared encoding of such files is usually missing or wrong. UTF-8 is self-checking; what fails it is tried as
UTF-16 and GB18030 (GB/T 18030-2022) and the more plausible text is taken. A statistical detector adds nothing for these
three and is slow on large files.
"""

from __future__ import annotations

import re

from corpus.errors import EmptyFile, NotText, TooLarge
from corpus.readers.lines import Line

MAX_BYTES = 64 * 1024 * 1024
"""Bytes that a text may have: some 20 million characters, which take a gigabyte of memory and two minutes to cut and index."""

MAX_LINES = 1_000_000
"""Lines that a file may have: each one may become a clause, which takes about 1.4 kB of memory however short it is."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_MAGIC = {  # what the bytes are, and what to do about it
    b"PK\x03\x04": ("压缩包或不认识的 Office 文件", "请解压，或另存为 docx、xlsx 后重新导入"),
    b"%PDF": ("不完整的 PDF 文件", "请重新下载或另存后重新导入"),
    b"\xd0\xcf\x11\xe0": ("旧版 Office 文件（doc、xls、wps）", "请用 Word 或 WPS 另存为 docx、xlsx 后重新导入"),
    b"\x89PNG": ("图片", "请先做文字识别，把文字存为 txt 后重新导入"),
    b"\xff\xd8\xff": ("图片", "请先做文字识别，把文字存为 txt 后重新导入"),
    b"GIF8": ("图片", "请先做文字识别，把文字存为 txt 后重新导入"),
    b"\x1f\x8b": ("gzip 压缩包", "请解压，或重新压缩成 zip 后导入"),
    b"Rar!\x1a\x07": ("RAR 压缩包", "请解压，或重新压缩成 zip 后导入"),
    b"7z\xbc\xaf\x27\x1c": ("7z 压缩包", "请解压，或重新压缩成 zip 后导入"),
}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\x80-\x9f\ue000-\uf8ff\ufffd]")
_PLAUSIBLE = re.compile(
    r"[\s\x21-\x7e\u3400-\u4dbf\u4e00-\u9fff\u3000-\u303f\uff00-\uffef\u2010-\u2027\u2030\u2103\u2160-\u217b\u2190-\u2193"
    r"\u2460-\u249b\u2500-\u257f\u25a0-\u25cf\u2605\u2606·×°±≤≥]"
)
_BREAK = re.compile(r"\r\n|\r|\n|\f|\x0b|\x85|\u2028|\u2029")
_SAMPLE = 200_000


def read(data: bytes) -> list[Line]:
    """The lines of a text file. Raises EmptyFile, NotText or TooLarge."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"文本超过 {MAX_BYTES // 1024 // 1024} MB", "请拆分成多个文件后重新导入")
    parts = _BREAK.split(decode(data), MAX_LINES)
    if len(parts) > MAX_LINES:
        raise TooLarge(f"文件超过 {MAX_LINES // 10_000} 万行", "请拆分成多个文件后重新导入")
    return [Line(part, number) for number, part in enumerate(parts, start=1)]


def decode(data: bytes) -> str:
    """Bytes -> text. Raises EmptyFile where there is no text in them and NotText for anything that is not text."""
    if not data:
        raise EmptyFile("文件是空的（0 字节）", "请确认文件内容不为空后重新导入")
    for magic, (name, hint) in _MAGIC.items():
        if data.startswith(magic):
            raise NotText(f"这是{name}，不能直接导入", hint)
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _checked(_try(data, encoding))
    text = _try(data, "utf-8")
    if text is None:
        candidates = [t for e in _other_encodings(data) if (t := _try(data, e)) is not None]
        text = max(candidates, key=_plausibility, default=None)
    if text is None:  # a few broken bytes, as cut-off downloads have: better read than lost
        damaged = min((data.decode(e, "replace") for e in ("utf-8", "gb18030")), key=lambda t: t.count("\ufffd"))
        text = damaged if damaged.count("\ufffd") * 1000 < len(damaged) else None
    return _checked(text)


def _other_encodings(data: bytes) -> list[str]:
    # UTF-16 without a mark is only worth a try where line breaks or ASCII leave zero bytes behind.
    head = data[:_SAMPLE]
    wide = ["utf-16-le", "utf-16-be"] if len(data) % 2 == 0 and head.count(0) * 200 > len(head) else []
    return [*wide, "gb18030"]


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _plausibility(text: str) -> float:
    sample = text[:_SAMPLE]
    return len(_PLAUSIBLE.findall(sample)) / max(1, len(sample))


def _checked(text: str | None) -> str:
    hint = "请另存为 UTF-8 或 GB18030 编码的 txt 文件后重新导入"
    if text is None:
        raise NotText("文件不是文本：不是 UTF-8、GB18030 或 UTF-16 编码", hint)
    if not text.strip("\ufeff\x00 \t\r\n\u3000\f\v"):
        raise EmptyFile("文件里没有文字", "请确认文件内容不为空后重新导入")
    sample = text[:_SAMPLE]
    if len(_CONTROL.findall(sample)) * 200 > len(sample) or _plausibility(text) < 0.7:
        raise NotText("文件不是可读的文本（含大量控制字符或乱码）", hint)
    return text.replace("\x00", "")
