"""The encoding of a web page: by its byte order mark, by its bytes, and by what it declares, in that order of trust.

What a page declares is often wrong: gb2312 over bytes of GB18030, iso-8859-1 or utf-8 over GBK, nothing at all over Big5.
UTF-8 proves itself; the others are told apart by how many of their characters are common ones. GB 2312 and Big5 both
keep common characters in a first part and rare ones in a second, so text read in the wrong one is full of the second.
"""

from __future__ import annotations

import re

from corpus.errors import NotText

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_DECLARED = re.compile(
    rb"""<meta[^>]{0,300}?charset\s*+=\s*+(?:["']\s*+)?([\w-]{2,20})|^\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w-]{2,20})""",
    re.I,
)
_HEAD = 64 * 1024
_SAMPLE = 64 * 1024
_CHINESE = {
    "gb2312",
    "gbk",
    "gb18030",
    "x-gbk",
    "gb_2312-80",
    "hz-gb-2312",
    "csgb2312",
    "chinese",
    "cp936",
    "x-cp20936",
}
_TAIWANESE = {"big5", "big5-hkscs", "big-5", "x-x-big5", "cn-big5", "cp950"}
_COMMON = {"gb18030": ("gb2312", 0xB0, 0xD7), "big5hkscs": ("big5", 0xA4, 0xC6)}
"""The lead bytes of the part of an encoding that holds the common characters."""


def decode(data: bytes) -> str:
    """The text of a page. A few broken bytes become U+FFFD. Raises NotText where no encoding fits."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data.decode(name, "replace")
    if wide := _wide(data):
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode(_likeliest(data), "replace")
    if text.count("\ufffd") * 100 > len(text):
        raise NotText("网页的编码无法识别", "请在浏览器中打开后另存为 UTF-8 编码的网页或 txt 文件")
    return text


def head(data: bytes, size: int) -> str:
    """The first `size` bytes as far as markup goes: other characters may come out wrong."""
    name = next((name for bom, name in _BOMS if data.startswith(bom)), "") or _wide(data)
    return data[: size * 2].decode(name, "replace") if name else data[:size].decode("latin-1")


def tail(data: bytes, size: int) -> str:
    """The last `size` bytes as far as markup goes."""
    name = next((name for bom, name in _BOMS if data.startswith(bom)), "") or _wide(data)
    if not name.startswith("utf-16"):
        return data[-size:].decode("latin-1")
    mark = data[:2] if name == "utf-16" else b""
    return (mark + data[-size * 2 - len(data) % 2 :]).decode(name, "replace")


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: the ASCII characters of the markup have a zero byte on one side, and on one side only."""
    sample = data[:1024]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 10 < len(sample) // 2 or min(even, odd) * 8 > max(even, odd):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _declared(data: bytes) -> str:
    match = _DECLARED.search(data[:_HEAD])
    name = (match[1] or match[2]).decode("ascii").lower() if match else ""
    if name in _CHINESE:
        return "gb18030"
    return "big5hkscs" if name in _TAIWANESE else name


def _likeliest(data: bytes) -> str:
    """The encoding that leaves the fewest broken bytes and rare characters; among equals what the page declares."""
    declared = _declared(data)
    names = dict.fromkeys(("gb18030", "big5hkscs", "utf-8"))
    if declared and declared not in names and not _is_for_europe(declared):
        names[declared] = None
    return max(names, key=lambda name: (_fit(data, name), name == declared))


def _is_for_europe(name: str) -> bool:
    """Whether an encoding has one byte a character: any bytes can be read in it, so that it says nothing here."""
    try:
        return len("\u4e2d".encode(name, "replace")) == 1
    except LookupError:
        return True


def _fit(data: bytes, name: str) -> float:
    """How well an encoding fits, up to 1: the share of common characters among Chinese ones, less broken ones."""
    start = next((i for i, byte in enumerate(data[: len(data) - 1]) if byte > 0x7F), 0)
    text = data[start : start + _SAMPLE].decode(name, "ignore" if start + _SAMPLE < len(data) else "replace")
    whole = data.decode(name, "replace")
    broken = whole.count("\ufffd")
    chinese = [c for c in text if "\u3400" <= c <= "\u9fff"]
    foreign = max(1, sum(1 for c in whole if c > "\x7f"))
    if name not in _COMMON:
        return 0.9 * bool(chinese) - 10 * broken / foreign
    table, first, last = _COMMON[name]
    common = sum(1 for c in chinese if first <= (c.encode(table, "ignore") or b"\0")[0] <= last)
    return common / max(1, len(chinese)) - 10 * broken / foreign
