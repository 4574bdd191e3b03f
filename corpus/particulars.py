"""What a page prints about its document beside the text: 发文字号：…, 成文日期：…, 【时效性】现行有效.

Such a line names particulars with a label before each; several may stand on one line, in one row of a table, or run on
into the first words of the document itself. They are read from here first, and never count as title or text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from corpus.canonical import Paragraph
from corpus.titles import BEGINS, ENDS, without_residue

Field = Literal["title", "number", "issuer", "issued", "published", "effective", "ended", "force", "other"]
Ended = Literal["expired", "repealed"]

_LABELS: tuple[tuple[Field, str], ...] = (
    ("title", "名称 标题 文件名称 信息名称 法规标题 文件标题 政策名称 政务内容 原标题"),
    ("number", "文号 发文字号 发文文号 文件编号 文件字号 公文字号 发布文号"),
    (
        "issuer",
        "发布机构 发文机关 发文单位 发布单位 发布机关 发布部门 制定机关 颁布单位 发文机构 公布机关 发文部门 颁布机构",
    ),
    ("issued", "成文日期 印发日期 颁布日期 发文日期 成文时间 印发时间 公布日期 发文时间 颁布时间"),
    (
        "published",
        "发布日期 发布时间 发表时间 生成日期 信息提供日期 录入时间 更新时间 公开日期 发表日期 提供日期 上传时间 时间 日期",
    ),
    ("effective", "实施日期 生效日期 施行日期 实施时间 生效时间 施行时间"),
    ("ended", "失效日期 废止日期 失效时间 废止时间 有效期至 截止日期"),
    ("force", "时效性 效力状态 有效性 时效状态 是否有效 文件状态 效力 文件效力 时效"),
    (
        "other",
        "索引号 信息索引号 信息索取号 主题分类 主题词 公开方式 公开类型 公开范围 浏览次数 访问次数 点击次数 点击数 点击 来源 信息来源 文章来源 "
        "新闻来源 稿件来源 字体 字号 字体大小 浏览字体 作者 编辑 责任编辑 责任部门 类目名称 分类 附加码 法规类别 内容分类 体裁分类 关键词 "
        "阅读 阅读次数 分享到 统一编号 效力级别 组配分类 文件类型 保护视力色 色调调节 服务对象 信息分类",
    ),
)
_NAMES = "|".join(
    f"(?P<{field}>" + "|".join(r"\s*".join(word) for word in sorted(words.split(), key=len, reverse=True)) + ")"
    for field, words in _LABELS
)
_LABEL = re.compile(rf"(?<![一-鿿《])(?:【\s*|\[\s*)?(?:{_NAMES})\s*(?:[】\]]\s*[：:]?|[：:])\s*")
_FIRST = re.compile(rf"^\s*(?:【\s*|\[\s*)?(?:{_NAMES})\s*(?:[】\]]|[：:])")
_DAY = re.compile(r"((?:19|20)\d{2})\s*[-年./]\s*(\d{1,2})\s*[-月./]\s*(\d{1,2})\s*日?")
_CORE = re.compile(
    r"(?:(?:19|20)\d{2}\s*[-年./]\s*\d{1,2}\s*[-月./]\s*\d{1,2}\s*日?(?:\s*\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)?|\d+\s*次?|\S*)"
)
_TOOLS = re.compile(
    r"^(?:[\s|【】\[\]（）()]|(?:大|中|小)(?=[\s】\]）)大中小]|$)|打印|关闭|收藏|窗口|本页|本文|字体|内容纠错|我要分享|T(?![A-Za-z])|分享到)+"
)
_SENTENCE = re.compile(r"。|[：:]$")
_LONGEST = 400  # characters of a line of particulars
_GONE: tuple[tuple[Ended, re.Pattern[str]], ...] = (
    ("repealed", re.compile(r"废止|停止执行|撤销")),
    ("expired", re.compile(r"失效|无效|过期|已到期|^否$|不再有效")),
)
_STILL = re.compile(r"未失效|未废止|部分失效|部分废止|尚未")
_NOTE = re.compile(
    r"^[（(【\[*※\s]*(?:注\s*[：:]\s*)?(?:本|该|此)(?:规范性文件|文件|件|文|办法|规定|通知|条例)?\s*(?:现|于[^，。；]{4,20})?"
    r"(?:已经?|现|宣布|全文|自动){1,3}(?:被|宣布)?(?:失效|废止|停止执行|过期)(?!的)[^。；]{0,40}[）)】\]。！*]*$"
    r"|^[（(【\[]\s*(?:已|全文)?(?:失效|废止)\s*[）)】\]]$"
)
_MARKED_TITLE = re.compile(r"[（(【\[]\s*(?:已|全文)?(失效|废止)\s*[）)】\]]$")


@dataclass(slots=True)
class Particulars:
    """What the lines of particulars say; None where they do not. `published` is when the page was put up, not when the
    document was issued; `ended` says that the page calls the document expired or repealed."""

    title: str | None = None
    number: str | None = None
    issuer: str | None = None
    issued: date | None = None
    published: date | None = None
    effective: date | None = None
    until: date | None = None
    ended: Ended | None = None


def is_particular(paragraph: Paragraph) -> bool:
    """Whether a paragraph is a line of particulars: its reader says so, or it begins with the label of one."""
    return paragraph.particular or (len(paragraph.text) <= _LONGEST and _FIRST.match(paragraph.text) is not None)


def labelled(text: str) -> list[tuple[Field, str]]:
    """The particulars in a line: which, and the words after the label."""
    found = list(_LABEL.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return [(_field(m), text[m.end() : end].strip(" \t;；|　")) for m, end in zip(found, ends, strict=False)]


def _field(match: re.Match[str]) -> Field:
    return next(field for field, _ in _LABELS if match[field])


def day_in(text: str) -> date | None:
    """The first date in Arabic figures in a text, however written: 2016-01-01, 2016.1.1, 2016/1/1, 2016年1月1日."""
    match = _DAY.search(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def read_particulars(paragraphs: Iterable[Paragraph]) -> Particulars:
    """What the lines of particulars among these paragraphs say; what is said first counts."""
    out = Particulars()
    for paragraph in paragraphs:
        if is_particular(paragraph):
            for field, value in labelled(paragraph.text):
                _take(out, field, value)
        elif len(paragraph.text) <= 80 and (ended := ended_by(paragraph.text)):
            out.ended = out.ended or ended
            out.until = out.until or day_in(paragraph.text)
    return out


def _take(out: Particulars, field: Field, value: str) -> None:
    if field == "title" and len(value) >= 4:
        out.title = out.title or re.split(r"\t", value)[0].strip()
    elif field == "number" and (match := re.match(r"[^\s：:]{2,40}?号", value)):
        out.number = out.number or match[0]
    elif field == "issuer" and (match := re.match(r"[一-鿿、（）()]{2,60}", value)) and "有关" not in match[0]:
        out.issuer = out.issuer or match[0]
    elif field == "issued":
        out.issued = out.issued or day_in(value)
    elif field == "published":
        out.published = out.published or day_in(value)
    elif field == "effective":
        out.effective = out.effective or day_in(value)
    elif field == "ended":
        out.until = out.until or day_in(value)
    elif field == "force" and not _STILL.search(value):
        out.ended = out.ended or next((kind for kind, pattern in _GONE if pattern.search(value)), None)


def ended_by(text: str) -> Ended | None:
    """What a note of a page says of the document's force: 本文件已废止, （已失效), 【失效】; None for any other line."""
    if not (_NOTE.match(text) or _MARKED_TITLE.search(text)) or _STILL.search(text):
        return None
    return "repealed" if re.search("废止|停止执行", text) else "expired"


def without_mark(title: str) -> str:
    """A title without the mark that says that it has no force: 某市供水办法（已废止）."""
    return _MARKED_TITLE.sub("", title).rstrip()


def cut(paragraph: Paragraph) -> list[Paragraph]:
    """A line of particulars that runs on into the document, cut there: 发布时间：2013-07-01各区人民政府：."""
    text = paragraph.text
    if paragraph.cells or not _FIRST.match(text[:40]):
        return [paragraph]
    last = list(_LABEL.finditer(text[:_LONGEST]))[-1:]
    if not last:
        return [paragraph]
    core = _CORE.match(text, last[0].end())
    if _field(last[0]) in ("title", "number", "issuer"):
        return [paragraph]
    at = core.end() if core and core[0] and core[0][0].isdigit() else last[0].end()
    at += tools.end() if (tools := _TOOLS.match(text[at:])) else 0
    rest = text[at:].strip()
    bare = without_residue(rest)  # 关于…的通知（某府〔2020〕5号）
    runs_on = len(rest) >= 8 and (_SENTENCE.search(rest) or (ENDS.search(bare) and BEGINS.search(bare)))
    return list(paragraph.split(at)) if runs_on and at else [paragraph]
