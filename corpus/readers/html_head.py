"""What the head of a web page declares of the document: its title, and the particulars in meta elements."""

from __future__ import annotations

import re
from typing import Any

from corpus.titles import ENDS, squeeze

_BREAK = re.compile(
    r"\s*(?:(?<![0-9])[-_|｜—–]+(?![0-9])|(?<=[0-9])[_|｜—–-]+(?![0-9])|(?<![0-9])[_|｜—–-]+(?=[0-9])|::|·)\s*|\s{2,}"
)
_HOSTED = re.compile(r"^[^/\s]+/(?P<path>.+) at \S+ · \S+/\S+(?: · \S+)?$")
_SUFFIX = re.compile(r"\.(?:html?|md|txt|docx?|pdf)$", re.I)
_SITE = re.compile(
    r"(?:网|网站|门户|首页|主页|平台|频道|专栏|栏目|公开|政府|之窗|[局委厅院办]|委员会|办公[室厅]|中心|法规|规章|文件|要闻|新闻|动态|公示|详细内容|正文|百科|社区|论坛)$"
)
_METAS = {
    "pubdate": (
        "发布日期",
        frozenset({"发布日期", "发布时间", "发表时间", "发文日期", "日期", "时间", "成文日期", "公开日期"}),
    ),
    "publishdate": (
        "发布日期",
        frozenset({"发布日期", "发布时间", "发表时间", "发文日期", "日期", "时间", "成文日期", "公开日期"}),
    ),
    "contentsource": (
        "来源",
        frozenset({"来源", "信息来源", "新闻来源", "文章来源", "稿件来源", "发布机构", "发文机关"}),
    ),
    "filenumber": ("发文字号", frozenset({"发文字号", "文号", "发布文号", "公文文号"})),
    "indexnumber": ("索引号", frozenset({"索引号", "信息索引号", "信息索取号"})),
    "effectivedate": ("生效日期", frozenset({"生效日期", "实施日期", "施行日期"})),
}
"""Names of meta elements (the standard of government sites has PubDate and ContentSource), the label that each is
written with, and the labels that make it superfluous where the page prints one of them."""


def is_title(text: str) -> bool:
    """Whether a name may be the title of a document and not that of a site or a column."""
    return len(squeeze(text)) >= 6 and (bool(ENDS.search(text)) or "关于" in text or not _SITE.search(text.strip()))


def names_of(root: Any) -> list[str]:
    """The titles that a page declares, the likeliest first: meta ArticleTitle (the standard of government sites), then
    <title> without the names of columns and site behind it."""
    out: list[str] = []
    for meta in root.iter("meta"):
        if (meta.get("name") or "").lower() == "articletitle":
            out.append(_plain(meta.get("content") or ""))
    element = next(root.iter("title"), None)
    text = _plain("".join(element.itertext())) if element is not None else ""
    if hosted := _HOSTED.match(text):
        text = _SUFFIX.sub("", hosted["path"].rsplit("/", 1)[-1])
    breaks = [match.start() for match in _BREAK.finditer(text)]
    parts = [text[:at].strip() for at in breaks] + [text]
    titled = [part for part in parts if len(squeeze(part)) >= 8 and ENDS.search(part)]
    out += titled[:1] + [part for part in parts if is_title(part)] + [text]
    return [name for name in dict.fromkeys(out) if name]


def particulars_of(root: Any) -> list[tuple[str, str, frozenset[str]]]:
    """The particulars that a page declares, each (label, value, labels that mean the same), a label once."""
    out: dict[str, tuple[str, str, frozenset[str]]] = {}
    for meta in root.iter("meta"):
        name = re.sub(r"[^a-z]", "", (meta.get("name") or "").lower())
        value = _plain(meta.get("content") or "")
        if name in _METAS and value:
            label, same = _METAS[name]
            out.setdefault(label, (label, value, same))
    return list(out.values())


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]{0,40}>", "", text)).strip()
