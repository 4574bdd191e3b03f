"""What the title of an official document looks like."""

from __future__ import annotations

import re

from corpus.markers import marker_of

_END = (
    "通知|意见|办法|措施|举措|方案|规定|条例|细则|计划|纲要|决定|决议|通告|公告|规划|预案|纪要|要点|清单|名单|大事记|政策|规则|制度|指南|批复|"
    "报告|章程|标准|导则|规范|准则|解释|解答|法|工作安排|解读|新?[一二三四五六七八九十]{1,5}条|的函|命令|目录|安排|守则|修正案"
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

NUMBER = r"[一-鿿]{1,14}[〔\[［（(【﹝]\s*[0-9０-９]{4}\s*年?\s*[〕\]］）)】﹞]\s*第?\s*[0-9０-９]+\s*号"
"""Regex source of a 文号, whatever its brackets: 某府〔2020〕5号, 某府【2020】5号, 某府(2020)5号."""

_COUNTED = r"第\s*[0-9〇零一二三四五六七八九十百]{1,6}\s*号"
NUMBER_LINE = re.compile(
    rf"^[（(]?{NUMBER}(?:文件)?[）)]?$|^[（(]?{ORDER}[）)]?$|^[（(]?[一-鿿]{{2,24}}{_COUNTED}令[）)]?$"
    rf"|^[一-鿿]{{4,30}}公告\s*(?:[（(]\s*{_COUNTED}\s*[）)]|{_COUNTED})$"
)
"""文号 on a line of its own, also in brackets: 某府〔2020〕5号, 某市人民政府令第52号, …第52号令, …公告（第5号）."""

LETTERHEAD = re.compile(
    r"^[A-Z]?\s*+([一-鿿\s（）()]{3,50}?)\s*+文\s*+件(?:\s*+[A-Za-z0-9—–－-]{4,24}\s*+号?)?"
    r"(?:\s*(?:主动公开|依申请公开|不予公开|此件公开发布))?$"
)
"""某市人民政府文件: the bodies of a letterhead, also with the code of its registration and how it is made public."""

ZEROS = "〇零○0０OoＯｏ"
"""What stands for a nought in a year in Chinese numerals: 二〇一六, 二○一六, 二零一六, 二O一六."""

DATE_LINE = re.compile(
    r"^[（(]?\s*(?:\d{4}\s*年\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*日)?"
    rf"|[{ZEROS}一二][{ZEROS}一二三四五六七八九]{{3}}\s*年\s*[一二三四五六七八九十元]{{1,2}}\s*月(?:\s*+[一二三四五六七八九十]{{1,3}}\s*日)?)\s*[）)]?$"
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
    r"|\d{4}年是|目\s*[录次]\s*[：:]|[^。]{2,80}(?:制定|提出|如下)|[一-鿿]{2,12}决定|\d{4}年\d{1,2}月\d{1,2}日)"
)
_ADDRESSEES = re.compile(r"(?:各[^。；！？：]{2,140}|[^。；！？：，]{2,40}[，、][^。；！？：]{2,100})：$")
_BRACKETED = re.compile(r"^[（(][^（）()]*[）)]$")
_BEFORE = re.compile(
    r"^(?:[^<>]{0,20}-->\s*|[_＿=＝─━﹍﹎…-]{3,}+\s*|[■★●◆▲□☆◎•·*#▶►◇△\s]+|(?:原?标\s*题|名\s*称)\s*[：:]\s*|【标\s*题】\s*|[\[【][^\[\]【】]{1,8}[\]】]\s*(?=\S{6}))+"
)
_AFTER = re.compile(
    r"(?<!\s)\s*+(?:https?://\S*.*|(?:来源|信息来源|文章来源|新闻来源|发布时间|发布日期|发表时间|日期|时间|浏览次数|作者|编辑|点击数?|字号|字体)\s*[：:].*"
    r"|[（(\[【](?:转载|全文|复制链接|转|图|组图|原文)[）)\]】].*|[（(\[【](?:最?新|最新版|新版)[）)\]】]|(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?:\s.*)?)$",
    re.S,  # so that what begins the end also ends it
)
_ORNAMENTS = re.compile(r"^\s++|(?<![\s~～★☆●■◆◎*#])[\s~～★☆●■◆◎*#]++$")
_SITE_WORD = (
    "网|网站|门户|平台|之窗|在线|论坛|社区|百科|文库|豆瓣|道客巴巴|知乎|首页|频道|文件|法规|规章|政策|公告|通告|公示|要闻|新闻|动态|公开|"
    "[省市区县局委厅办府院部]|委员会|保障|教育|解读|中国[一-鿿]{2,4}|信息|资讯|栏目|服务"
)
_BEHIND = re.compile(
    rf"(?<![\s_|—–-])\s*+[-_|—–](?:[一-鿿\s“”]{{0,24}}[-_|—–]){{0,8}}+[一-鿿\s“”]{{0,24}}(?:{_SITE_WORD})$"
)
_AS_FILE = re.compile(r"^[A-Za-z0-9_.-]+/(?=[一-鿿0-9])|(?<!\s)\s*+(?:(?<=\s)·|at [\w-]+\s++·)\s++[\w./-]+$")
_EXTENSION = re.compile(r"\.(?:txt|pdf|html?|docx?|xlsx?|wps|md)$", re.IGNORECASE)
_END_DAY = re.compile(r"(?<!\s)\s*+[（(]\s*+\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日\s*[）)]$")
_WRAPPED = re.compile(r"^《([^《》]{4,80})》$")
_END_NUMBER = re.compile(rf"(?<!\s)\s*+[（(]\s*+{NUMBER}\s*[）)]$")
_INNER_SPACE = re.compile(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])")


def squeeze(text: str) -> str:
    """The characters of a title that count when two titles are compared."""
    return re.sub(r"[\W_]+", "", text)


def tidy(title: str) -> str:
    """A title on one line: no spaces between Chinese characters, no white space around it."""
    return _INNER_SPACE.sub("", title).strip()


def without_residue(line: str) -> str:
    """A line of a title without what pages and exports set around it: bullets before it, the site, the source, the day
    and an address behind it, a 文号 in brackets after it, 《》 around all of it."""
    text = _ORNAMENTS.sub("", _AFTER.sub("", _BEFORE.sub("", line)))
    if match := _BEHIND.search(text):
        rest = text[: match.start()].rstrip()
        if len(squeeze(rest)) >= 6 and (ENDS.search(rest) or not ENDS_FIRMLY.search(text)):
            text = rest
    text = _EXTENSION.sub("", _AS_FILE.sub("", text))
    text = _END_DAY.sub("", _END_NUMBER.sub("", text)).strip()
    return whole[1] if (whole := _WRAPPED.match(text)) else text


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
