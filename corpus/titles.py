"""What the title of an official document looks like."""

from __future__ import annotations

import re

from corpus.markers import marker_of

_END = (
    "通知|意见|办法|措施|举措|方案|规定|条例|细则|计划|纲要|决定|决议|通告|公告|规划|预案|纪要|要点|清单|名单|大事记|政策|规则|制度|指南|批复|"
    "报告|章程|标准|导则|规范|准则|解释|解答|法|工作安排|解读|新?[一二三四五六七八九十]+条|的函|命令|目录|安排|守则|修正案"
    "|问答|法典(?:[一-鿿]{0,6}编|总则|附则)?"
)
_FIRM_END = (
    "命令|规范|准则|标准|导则|指南|章程|决议|解释|解答|程序|安排|守则|修正案|通知|意见|办法|措施|方案|规定|条例|细则|计划|纲要|决定|公告|"
    "通告|规划|预案|政策|要点|名单|清单|规则|大事记|纪要|解读|问答|法|工作安排|法典(?:[一-鿿]{0,6}编|总则|附则)?"
)
_TAIL = r"(?:[（(][^（）()]{1,24}[）)]){0,3}$"
_PLACE = "省|市|县|区|州|盟|旗|镇|乡|国|国务院|部|委|局|厅|院|会|政府|办公室"

ENDS = re.compile(rf"(?:{_END}){_TAIL}")
"""Ends like a title, in whatever context."""

ENDS_FIRMLY = re.compile(rf"(?:{_FIRM_END}){_TAIL}")
"""Ends like a title that may be believed on a line of its own."""

BEGINS = re.compile(
    rf"^[^，；]{{0,40}}(?:关于|印发|转发)|^[一-鿿（）()]{{2,30}}(?:{_PLACE})|(?:19|20)\d\d年|条例|办法|法(?:[（(]|$)"
)
"""Has what a title has and a heading inside a document has not: 关于, a place or issuer, a year, the name of a law."""

PARENTHETICAL = re.compile(
    r"^[（(](?:[^（）()]{0,20}(?:试行|暂行|征求意见稿|修订|草案|送审稿|代拟稿|讨论稿|年版|～|—)[^（）()]{0,30})[）)]$"
)
"""（试行）, （征求意见稿）, （2024年版） on a line of its own: part of the title above it."""

ORDER = r"[一-鿿]{2,24}令\s*[（(]?第\s*[0-9〇零一二三四五六七八九十百]{1,6}\s*号[）)]?"
"""Regex source of the number of a rule that is issued by order: 某市人民政府令第52号."""

NUMBER_LINE = re.compile(
    r"^[（(]?[一-鿿]{1,14}[〔\[［（(]\s*\d{4}\s*[〕\]］）)]\s*第?\s*\d+\s*号[）)]?$" + f"|^[（(]?{ORDER}[）)]?$"
)
"""文号 on a line of its own, also in brackets."""

DATE_LINE = re.compile(
    r"^[（(]?\s*(?:\d{4}\s*年\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*日)?"
    r"|[〇零○二][〇零○一二三四五六七八九]{3}年[一二三四五六七八九十]{1,2}月(?:[一二三四五六七八九十]{1,3}日)?)\s*[）)]?$"
)
"""A date on a line of its own, also in brackets or in Chinese numerals."""

ISSUE_LINE = re.compile(
    r"^(?:发布机构|发布单位|发布机关|发文机关|发文单位|制定机关|发文字号|文号|文件编号|发布日期|成文日期|印发日期|公布日期|索引号|信息索引号)\s*[：:]"
)
"""What a web page prints under the title: 发布机构：…　发布日期：…"""

ISSUES = re.compile(r"印发|公布|发布|转发|下发|颁布")
"""Says that a document passes on another one."""

NAMES = re.compile(
    r"^(?=.{,80}$)(?:[一-鿿]{2,4}|[一-鿿](?: +[一-鿿])+)(?: {2,}(?:[一-鿿]{2,4}|[一-鿿](?: +[一-鿿])+))+$"
)
"""A line of personal names set apart by spaces. Longer ones could be cut into names in more ways than can be tried."""

HISTORY_LINE = re.compile(
    r"^[（(]?\s*[0-9０-９]{4}\s*年\s*[0-9０-９]{1,2}\s*月\s*[0-9０-９]{1,2}\s*日[^。]{0,160}"
    r"(?:通过|公布|公告|发布|批准|修订|修正|施行|令第|审议|印发)"
)
"""Begins the history of a law, as it stands under its title: 2020年5月28日 第十三届全国人民代表大会第三次会议通过."""

CONTENTS = re.compile(r"^目\s*[录次]$")
"""The heading of a contents list."""

ATTACHMENT = re.compile(
    r"^附(?![则近加属带设])\s*(?:件|表|录|图)?\s*(?:[0-9一二三四五六七八九十]{1,3}(?![0-9年月日]))?\s*[：:．.]?"
)
"""Begins an attachment, or the list of them."""

TERMINAL = tuple("。！？；：…，、!?;:,")
"""Marks that no title ends with."""

_LAW_OPENING = re.compile(
    r"^(?:第一[章编条](?:\s|总则|为|根据|本|在)|目\s*[录次]$|[^。，；]{2,40}(?:通过|批准|公布|发布)[）)]$)"
)
_OPENING = re.compile(
    r"^(?:为|根据|按照|依据|依照|遵照|经[^。]{0,24}(?:同意|批准|研究)|现将|各[^。]{2,120}[：:]|第一[条章编]|一\s*[、．.]|1\s|1[、．.]"
    r"|[（(]\s*\d{4}\s*年|[（(]一[）)]|[一-鿿]{1,14}[〔\[［（(]\s*\d{4}|\d{1,2}日\s|近日|\d{1,2}月\d{1,2}日|《[^》]{2,60}》|目\s*[录次]$"
    r"|\d{4}年是|[^。]{2,80}(?:制定|提出|如下)|[一-鿿]{2,12}决定|\d{4}年\d{1,2}月\d{1,2}日)"
)
_ADDRESSEES = re.compile(r"(?:各[^。；！？：]{2,140}|[^。；！？：，]{2,40}[，、][^。；！？：]{2,100})：$")
_BRACKETED = re.compile(r"^[（(][^（）()]*[）)]$")
_INNER_SPACE = re.compile(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])")


def squeeze(text: str) -> str:
    """The characters of a title that count when two titles are compared."""
    return re.sub(r"[\W_]+", "", text)


def tidy(title: str) -> str:
    """A title on one line: no spaces between Chinese characters, no white space around it."""
    return _INNER_SPACE.sub("", title).strip()


def is_title_line(text: str) -> bool:
    """Whether a paragraph may be a title or one line of it: short, not a sentence, no date, number, name or mark."""
    return (
        2 <= len(text) <= 80
        and not text.endswith(TERMINAL)
        and not re.search(r"[。；：]", text)
        and marker_of(text) is None
        and not any(
            pattern.match(text)
            for pattern in (CONTENTS, DATE_LINE, HISTORY_LINE, NUMBER_LINE, ISSUE_LINE, ATTACHMENT, _BRACKETED, NAMES)
        )
        and "\t" not in text
    )


def opens(text: str) -> bool:
    """Whether a text is what follows a title: a first article, addressees, a number or a date."""
    marker = marker_of(text)
    if marker and marker.family in ("article", "cn", "cn_paren") and marker.number > 1:
        return False
    if marker and marker.family in ("part", "chapter", "article"):
        return True
    return any(pattern.match(text) for pattern in (_OPENING, _ADDRESSEES, HISTORY_LINE, NUMBER_LINE, ISSUE_LINE))


def opens_law(text: str) -> bool:
    """Whether a text is what stands under the title of a law: a contents list, its history, the first article."""
    return bool(_LAW_OPENING.match(text) or HISTORY_LINE.match(text))


def names_law(title: str, follow: str) -> bool:
    """Whether a title, however short (献血条例), stands over the first article or the history of a law."""
    return len(title) >= 4 and opens_law(follow) and re.search(r"[章节条]\s", title) is None
