"""What of a web page is not its text by its elements: what a page carries around its body, hidden parts, deletions.

Each such element is replaced in the tree by an empty mark that says why it went and what it said, so that everything
else stays in its place and nothing goes unsaid. Nothing is taken away that may be the body itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from corpus.readers.lines import LeftOut, Reason

MARK = "left-out"
"""The tag of the empty element that stands where something was left out."""

BLOCKS = frozenset({
    "p", "div", "section", "article", "main", "header", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl",
    "dt", "dd", "table", "caption", "tr", "td", "th", "thead", "tbody", "tfoot", "blockquote", "pre", "center",
    "form", "fieldset", "legend", "address", "figure", "figcaption", "hr", "body", "html", "details", "summary",
})  # fmt: skip
_NO_TEXT = frozenset({
    "script", "style", "template", "iframe", "object", "embed", "applet", "svg", "canvas", "audio", "video", "map",
    "head", "input", "link", "meta",
})  # fmt: skip
_AROUND_TAGS = frozenset({"select", "option", "button", "textarea", "datalist", "nav", "aside", "footer", "noscript"})
_STRUCK_TAGS = frozenset({"del", "s", "strike"})
_AROUND = re.compile(
    r"(?:^|[\s_-])(?:header\w*|head|top|nav\w*|menu\w*|foot\w*|bread\w*|crumb\w*|location|position|curpos\w*|dqwz|weizhi|seat|share\w*|bdshare\w*|jiathis\w*|bshare\w*|side\w*|aside|relat\w*|xgwj|xgjd|xgxw"
    r"|recommend\w*|copyright|toolbar|tools?|print\w*|qrcode|ewm|erweima|search\w*|login|friend\w*|links?|pager|pagination|topbar|banner|fontsize|edit-\w+|lock-\w+|catalog-list|lemma-catalog|top-tool|vote\w*"
    r"|file-(?:header|actions|navigation|info)|flash|modal)(?:$|[\s_-])",
    re.I,
)
_LISTS = frozenset({"ul", "ol", "dl", "div", "table", "p", "section", "center"})
_HEADER = re.compile(r"(?:^|[\s_-])head(?:er)?(?:$|[\s_-])", re.I)
_TOP = re.compile(r"(?:^|[\s_-])(?:head|top)(?:$|[\s_-])", re.I)
_ISSUED = re.compile(
    r"[文字]号|(?:发文|成文|印发|实施|生效|施行|失效)(?:日期|时间)|(?:发布|发文|制定)(?:机关|机构|单位)"
)
_LONGEST_BLOCK = 1500  # characters of a block that prints the particulars of a document
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_STRUCK = re.compile(r"text-decoration(?:-line)?\s*+:(?:(?!text-decoration(?:-line)?\s*+:)[^;])*line-through", re.I)
_FILE = re.compile(r"\.(?:docx?|xlsx?|pdf|wps|et|zip|rar|ofd|txt)(?:$|[?#])", re.I)
_WITHIN = re.compile(r"^#.|#_?Toc", re.I)
"""A link to another place of the same page, as in a contents list."""
_CITED = re.compile(r"\[\d{1,3}(?:-\d{1,3})?\]\s*")
_DATED = re.compile(r"[\[【（(]?\d{4}[-./年]\d{1,2}[-./月]\d{1,2}日?[\]】）)]?|^\s*\[[^\]]{1,6}\]\s*$")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def tag_of(element: Any) -> str:
    """The tag, in lower case as the parser gives it; "" for what is no element."""
    tag = element.tag
    return tag if isinstance(tag, str) else ""


def left_out(mark: Any) -> LeftOut:
    """What a mark stands for."""
    return LeftOut(mark.get("reason"), mark.get("text"))


def is_file(href: str | None) -> bool:
    """Whether a link leads to a file that is handed out."""
    return _FILE.search(href or "") is not None


def clear(body: Any, *, cites: bool) -> bool:
    """Puts marks in place of all that is not text. Returns whether anything of what stands around a body was there.

    `cites` says that the page is of an encyclopaedia, where [1] in superscript is a reference and no text."""
    measures = _measures(body)
    whole, around = measures[body], False
    found: list[tuple[Any, Reason | None]] = []
    walker = etree.iterwalk(body, events=("start",))
    for _, element in walker:
        if element is body:
            continue
        tag, reason = tag_of(element), _reason(element, measures[element], whole, cites)
        if reason or tag in _NO_TEXT:
            found.append((element, reason))
            around |= tag in ("nav", "aside", "footer", "iframe") or (
                reason == "navigation" and tag not in _AROUND_TAGS and tag != "sup"
            )
            walker.skip_subtree()
    for element, reason in found:
        _replace(element, reason)
    return around


def _reason(element: Any, measure: Measure, whole: Measure, cites: bool) -> Reason | None:
    tag, style = tag_of(element), element.get("style") or ""
    if tag in _NO_TEXT:
        return None
    if tag in ("rt", "rp"):
        return "markup"
    if tag in _AROUND_TAGS:
        return "navigation"
    much = measure.marks * 2 > whole.marks or (measure.size - measure.linked) * 3 > whole.size - whole.linked
    if element.get("hidden") is not None or _HIDDEN.search(style) or (tag == "dialog" and element.get("open") is None):
        return None if much and measure.marks > 20 else "hidden"  # a script is to show the body
    if tag in _STRUCK_TAGS or _STRUCK.search(style):
        return (
            None if much and measure.marks > 20 else "deleted"
        )  # a tag that was never closed holds the rest of a page
    if cites and tag == "sup" and _CITED.fullmatch("".join(element.itertext()).strip()):
        return "navigation"
    return "navigation" if not much and _is_around(element, measure) else None


def _is_around(element: Any, measure: Measure) -> bool:
    if tag_of(element) not in BLOCKS and not _is_button(element):
        return False
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if measure.size <= _LONGEST_BLOCK and _TOP.search(names) and _prints_particulars(element):
        return False
    if tag_of(element) == "header" or _HEADER.search(element.get("class") or ""):
        return next(element.iter("h1"), None) is None
    return bool(_AROUND.search(names)) or (tag_of(element) in _LISTS and measure.is_links)


def _prints_particulars(element: Any) -> bool:
    """Whether a block says when and by whom the document was issued, so that it is of the page's head (article_top)."""
    return len(set(_ISSUED.findall("".join(" ".join(_texts(element)).split())))) >= 3


def _is_button(element: Any) -> bool:
    """Whether this is a link that does something on the page, by its class (edit-icon, share…)."""
    return tag_of(element) == "a" and len("".join(element.itertext()).strip()) <= 6


def _replace(element: Any, reason: Reason | None) -> None:
    """Puts a mark where an element stands; one without text just goes. The text after it stays."""
    text = "" if reason is None else " ".join(" ".join(_texts(element)).split())
    mark = etree.Element(MARK, reason=reason or "", text=_UNPRINTABLE.sub("", text))
    if tag_of(element) in BLOCKS:
        mark.set("block", "")
    mark.tail = element.tail
    element.getparent().replace(element, mark)


def _texts(element: Any) -> list[str]:
    """The texts in an element, but for those of scripts and styles."""
    out, walker = [], etree.iterwalk(element, events=("start", "end"))
    for event, inner in walker:
        if event == "start" and tag_of(inner) in _NO_TEXT:
            walker.skip_subtree()
        elif event == "start":
            out.append(inner.text or "")
        if event == "end" and inner is not element:
            out.append(inner.tail or "")
    return out


# -- measures ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Measure:
    """What an element holds: sentence marks outside links, characters, links, characters in links, and what speaks
    against a mere list of links (a full stop, the word 附件, a link to a file). Dates of a list do not count."""

    marks: int = 0
    size: int = 0
    links: int = 0
    linked: int = 0
    kept: bool = False

    @property
    def is_links(self) -> bool:
        """Whether a block is a list of links to other pages: four or more, and most of its text."""
        return self.links >= 4 and not self.kept and self.linked >= 0.7 * self.size

    def add(self, text: str | None) -> None:
        """Takes in a text."""
        if text and not text.isspace():
            self.marks += len(re.findall(r"[。；，：]", text))
            self.size += len(re.sub(r"\s", "", _DATED.sub("", text)))
            self.kept |= "。" in text or "附件" in text

    def add_child(self, other: Measure) -> None:
        """Takes in what an element inside this one holds."""
        self.marks, self.size = self.marks + other.marks, self.size + other.size
        self.links, self.linked = self.links + other.links, self.linked + other.linked
        self.kept |= other.kept


def _measures(body: Any) -> dict[Any, Measure]:
    """The measure of every element, in one pass."""
    out: dict[Any, Measure] = {}
    for _, element in etree.iterwalk(body, events=("end",)):
        own = out[element] = Measure()
        if tag_of(element) in ("script", "style"):
            continue
        own.add(element.text)
        for inner in element:
            own.add_child(out.get(inner, Measure()))
            own.add(inner.tail)
        if tag_of(element) == "a" and not _WITHIN.search(element.get("href") or ""):
            own.marks, own.links, own.linked = 0, 1, own.size
            own.kept = is_file(element.get("href"))
    return out
