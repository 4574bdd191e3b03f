"""The head of a file: what stands over the text of its first document, and which lines of it are the title.

Over the title stand a letterhead (某市人民政府文件), the 文号, the number of an order, particulars that a page prints, the way
to the page (首页 > 政策), the name of the site, or the page's own title. The printed title is the last one before the text
begins; where no line has the form of an official title it is the headline.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.canonical import Paragraph
from corpus.markers import is_history, marker_of
from corpus.particulars import is_particular
from corpus.titles import (
    ATTACHMENT,
    CONTENTS,
    DATE_LINE,
    ENDS,
    LETTERHEAD,
    NAMES,
    NUMBER_LINE,
    PARENTHETICAL,
    squeeze,
    without_residue,
)

_LONGEST = 40  # paragraphs that a head has at most
_TITLE_LINES = 6
_LONGEST_LINE = 300
_LONGEST_OVER = 200
_CODE = re.compile(r"^[A-Za-z0-9０-９—–\-_/.·\s]{2,40}$")
_ORDER_NUMBER = re.compile(r"^[（(]?\s*+第?\s*+[0-9〇零一二三四五六七八九十百]{1,6}\s*号\s*[）)]?$")
_WAY = re.compile(
    r"(?:当前|所在|现在|您的)?位置\s*[：:是]|^首页|(?<!\s)\s*+(?:>>|＞|»|>)\s*+.*(?:>>|＞|»|>)|^[^。]{0,40}(?:\s\|\s[^。|]{1,12}){3,}"
)
_TIME = re.compile(
    r"^[（(\[]?\s*(?:19|20)\d{2}\s*[-年./]\s*\d{1,2}\s*[-月./]\s*\d{1,2}(?:\s*+日)?(?:\s*\d{1,2}:\d{2}(?::\d{2})?)?\s*+(?:[)）\]](?:\s*+来源.*)?|来源.*)?$"
)
_TOOL = re.compile(
    r"^(?:[【\[（(]?\s*(?:字号|字体|(?:大|中|小)(?=\s|$)|打印|关闭|收藏|返回|分享到|内容纠错|TOP|查看)[^。]{0,40})$|^[（(]?(?:编辑|责任编辑|责编)",
    re.I,
)
_FOOTER = re.compile(
    r"(?:地址|电话|传真|邮编|主办|承办|版权所有)\s*[：:]|版权所有|ICP备|备案号|All Rights Reserved", re.I
)
_OF_ANOTHER = re.compile(r"^附\s*+件\s*+[0-9一二三四五六七八九十]{0,3}\s*+[：:]?$")
"""What a file begins with that is an attachment of another one."""
_SHEET_ENDS = re.compile(
    r"(?:一览表|明细表|对照表|汇总表|安排表|时间表|计分表|评分表|评分标准|申请表|登记表|审批表)(?:[（(][^（）()]{1,24}[）)])?$"
)
_ADDRESS = re.compile(r"^(?:https?://|www\.)\S+$")
_SITE = re.compile(
    r"(?:网|网站|门户|平台|之窗|首页|频道|政策法规|政府规章|通知公告|信息公开|政务公开|政策文件|详细内容|内容概述|内容全文|正文|全文)$"
)
_ORGAN = re.compile(
    r"^[一-鿿（）()\s、]{2,60}(?:人民政府|办公[厅室]|委员会|常务委员会|委|局|厅|部|院|会|署|府|中心|处|领导小组|分局|支队|公司)$"
)
_VERB = re.compile(r"^(?:关于|印发|转发|公布|发布|批转|贯彻|下发|修订|调整|做好|进一步)")
_UNFINISHED = re.compile(r"(?:关于|印发|转发|批转|公布|发布|的|和|与|及|、|在|对|等部门|《[^》]*)$")
_CONTINUES = re.compile(r"^(?:的|》|和|与|及|、)")
_PLACE_FIRST = re.compile(r"^(?:(?![一-鿿]?[本我全非各])[一-鿿]{2,8}?(?:省|自治区|市|区|县|州)|《|(?:19|20)\d\d年)")


@dataclass(frozen=True, slots=True)
class Head:
    """The title of the first document of a file: `count` paragraphs from the one numbered `start`; `firm` where it has
    the form of an official title, else it is a headline."""

    title: str
    start: int
    count: int
    firm: bool


def find_head(paragraphs: list[Paragraph]) -> Head | None:
    """The title over the text that these paragraphs begin with, None where none is printed there."""
    found: list[Head] = []
    i = 0
    while i < min(len(paragraphs), _LONGEST):
        if stands_over(paragraphs, i):
            i += 1
        elif (block := _block(paragraphs, i)) is not None:
            found.append(block)
            i += block.count
        elif _is_title_part(paragraphs[i]):
            i += 1
        else:
            break
    firm = [head for head in found if head.firm]
    if firm:
        return firm[-1]
    headline = next((h for h in found if paragraphs[h.start].level), found[0] if found else None)
    if headline is None:
        return None
    # The page's own title has the site behind it; the headline in the page has not.
    bare = [h for h in found if len(squeeze(h.title)) >= 8 and headline.title.startswith(h.title)]
    return bare[-1] if bare else headline


def stands_over(paragraphs: list[Paragraph], i: int) -> bool:
    """Whether a paragraph is of what stands over a title: letterhead, number, particulars, the way to the page, and 附件1 while nothing
    else came before."""
    if _stands_over(paragraphs, i):
        return True
    if not _OF_ANOTHER.match(paragraphs[i].text):
        return False
    return all(_OF_ANOTHER.match(paragraphs[n].text) or _stands_over(paragraphs, n) for n in range(i))


def _stands_over(paragraphs: list[Paragraph], i: int) -> bool:
    paragraph = paragraphs[i]
    text = paragraph.text
    if is_particular(paragraph) or _is_letterhead(paragraphs, i):
        return True
    if is_history(text) and text[0] in "（(" and text[-1] in "）)":
        return True
    if len(text) > _LONGEST_OVER:
        return False
    if any(p.match(text) for p in (NUMBER_LINE, _CODE, _ORDER_NUMBER, _TIME, _TOOL, _ADDRESS, DATE_LINE)):
        return True
    if "。" not in text and _WAY.search(text):
        return True
    return len(text) <= 30 and bool(_SITE.search(text)) and "：" not in text and not ENDS.search(text)


def _is_letterhead(paragraphs: list[Paragraph], i: int) -> bool:
    """Whether a line is a letterhead, one of its first lines, or the name of an order over the number of it."""
    text = paragraphs[i].text
    following = [p.text for p in paragraphs[i + 1 : i + 4]]
    if LETTERHEAD.match(text) and not ENDS.search(text):
        return True
    if re.match(r"^[一-鿿\s]{2,30}(?:令|公告)$", text) and following and re.match(r"^[（(]?\s*第", following[0]):
        return True
    organs = 0
    while organs < len(following) and _ORGAN.match(following[organs]):
        organs += 1
    return bool(_ORGAN.match(text)) and organs < len(following) and bool(LETTERHEAD.match(following[organs]))


def _line_of(paragraph: Paragraph) -> str:
    """A line of a title as it is meant: without bullets, the site behind it, and what a page sets around it."""
    if len(paragraph.text) > _LONGEST_LINE:
        return ""
    filled = [cell for cell in paragraph.cells if cell.strip()]
    if paragraph.cells and len(filled) != 1:
        return ""
    return without_residue(filled[0].strip() if filled else paragraph.text)


def _is_title_part(paragraph: Paragraph) -> bool:
    text = _line_of(paragraph)
    return bool(text) and _may_be_title(text)


def _may_be_title(text: str) -> bool:
    if (
        not 2 <= len(text) <= 110
        or text.endswith(("。", "；", "：", ":", "，", "、", ";"))
        or re.search(r"[。；]", text)
    ):
        return False
    if _FOOTER.search(text) or CONTENTS.match(text) or ATTACHMENT.match(text) or NAMES.match(text) or is_history(text):
        return False
    return marker_of(text) is None and "\t" not in text


def _block(paragraphs: list[Paragraph], i: int) -> Head | None:
    """The title that begins at paragraph `i`, or None."""
    title = ""
    for n in range(_TITLE_LINES):
        if i + n >= len(paragraphs):
            break
        line = _line_of(paragraphs[i + n])
        if not line or not _may_be_title(line) or (n and stands_over(paragraphs, i + n)):
            break
        if n and _begins_anew(title, line):
            break
        title += ("" if not n else " ") + line
        follow = paragraphs[i + n + 1].text if i + n + 1 < len(paragraphs) else ""
        if not (ENDS.search(title) or _SHEET_ENDS.search(title)) or _goes_on(title, follow):
            continue
        count = n + 1
        if PARENTHETICAL.match(follow):
            title, count = title + follow, count + 1
        return Head(title, i, count, len(squeeze(title)) >= 4)
    first = _line_of(paragraphs[i])
    if len(squeeze(first)) < 8 or not _may_be_title(first) or _ORGAN.match(first):
        return None
    return Head(first, i, 1, False)


def _goes_on(title: str, follow: str) -> bool:
    """Whether a title that might end here goes on in the next line: 关于印发《某办法 | （试行）》的通知."""
    if title.count("《") > title.count("》") or title.count("（") > title.count("）"):
        return True
    if _CONTINUES.match(follow) and len(follow) <= 60:
        return True
    bare = not re.search(r"关于|印发|转发|《", title) and re.match(
        r"^[^。：；]{0,60}》?的?(?:通知|决定|公告|通告)$", follow
    )
    return bool(bare) and not _PLACE_FIRST.match(follow) and not _VERB.match(follow)


def _begins_anew(title: str, line: str) -> bool:
    """Whether a line is a title of its own and what stands before it only a site's name or another headline."""
    if _UNFINISHED.search(title) or title.count("《") > title.count("》") or _CONTINUES.match(line):
        return False
    if _ORGAN.match(title):
        return not (_VERB.match(line) or _ORGAN.match(line) or re.search(r"^[一-鿿、\s]{2,80}(?:关于|印发|转发)", line))
    return bool(ENDS.search(line) and (_PLACE_FIRST.match(line) or _VERB.match(line)) and not re.search(r"关于", title))
