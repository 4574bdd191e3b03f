"""From when and until when a document is in force, as it says of itself.

Only what the document says of itself counts: sentences of the form 本办法自…起施行 in an article or paragraph that begins so
or stands at the end, the order that puts it in force, and the history in brackets under the title. Periods of single
measures do not.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from corpus.numerals import NUMERAL, to_int
from corpus.titles import ZEROS
from corpus.types import Validity

DAY = r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日"
"""Regex source of a date in Arabic figures."""

_SELF = (
    r"(?:本|此)(?:政策措施|政策|办法|措施|规定|细则|意见|方案|计划|行动计划|文件|通知|决定|条例|规则|预案|规程|指南|标准|《[^》]{2,12}》|法|通告|公告|"
    r"若干措施|若干政策|(?:实施|试行|暂行|管理|处理|工作|指导|补充|修订)[一-鿿]{0,6}?(?:办法|意见|规定|细则|方案|标准|规划)|规划|文|章程|制度|批复|目录|公约|守则)"
)
_VERB = r"(?:正式)?(?:施行|实施|执行|生效|试行|实行)"
_IN_FORCE = rf"(?:起\s*)?{_VERB}"
_FROM = re.compile(rf"(?:(?:自|从|于)\s*{DAY}\s*(?:起)?\s*{_IN_FORCE})|(?:{DAY}\s*起\s*{_VERB})")
_ISSUE = r"(?:正式)?(?:发布|印发|公布|颁布|下发|发文|下文|颁发|通过|签发|公告|文件下发)"
_FROM_ISSUE = re.compile(rf"(?:自|从)\s*{_ISSUE}(?:之日)?\s*+(?:起\s*+)?后?{_IN_FORCE}|{_ISSUE}之日")
_AFTER_ISSUE = re.compile(
    rf"{_ISSUE}之日\s*+(?:起\s*+)?(?:(?:满|第|的)\s*+)?({NUMERAL}|\d{{1,3}})\s*(日|天|个工作日|个月)\s*(?:后|起|之后|期满|届满)"
)
_PERIOD = re.compile(rf"(?:执行期|实施期|有效期|试行期)[^。；]{{0,16}}?自?\s*{DAY}\s*(?:起)?\s*(?:至|到)\s*{DAY}")
_RANGE = re.compile(rf"(?:自|从)\s*{DAY}\s*(?:起)?\s*(?:至|到)\s*{DAY}\s*(?:止|期间)?\s*{_VERB}")
_UNTIL = re.compile(
    rf"(?:有效期|执行期|实施期|试行期|有效)[^。；]{{0,30}}?(?:至|到)+\s*{DAY}|(?:至|到)\s*{DAY}\s*(?:为?止|结束|失效|废止|期满|届满)"
    rf"|[，,；]\s*+(?:(?:于|自)\s*+)?{DAY}\s*+(?:起\s*+)?(?:自动|自行)?(?:废止|失效|停止执行|终止)"
)
_UNTIL_YEAR_END = re.compile(
    r"(?:有效期|执行期|实施期|试行期)[^。；]{0,30}?(?:至|到)+\s*(\d{4})\s*年\s*(底|末|年底|年末|(\d{1,2})\s*月\s*(?:底|末)?)"
)
_YEARS = re.compile(
    rf"(?:(?:有效期|执行期|试行期|实施期)(?:限)?(?:为|暂定|暂定为|是)?|有效(?=[\d一两二三五])|试行(?=[\d一两二三五]))\s*({NUMERAL}|\d{{1,2}})\s*(年|个月)"
)
_HISTORY_FROM = re.compile(rf"自\s*{DAY}\s*起\s*施行")
_CHINESE_DATE = re.compile(
    rf"([{ZEROS}一二](?:[ \u3000]?[{ZEROS}一二三四五六七八九]){{3}})\s*年\s*([一二三四五六七八九十元](?:[ \u3000]?[一二])?)\s*月"
    r"\s*([一二三四五六七八九十](?:[ \u3000]?[一二三四五六七八九十]){0,2})\s*日"
)
_FIRST_MONTH = re.compile(r"(\d{4}\s*年)\s*元月")
_SPLIT_YEAR = re.compile(r"((?:19|20))\s+(\d{2})(?=\s*年)|((?:19|20)\d)\s+(\d)(?=\s*年)")
_POINTED = re.compile(r"(?<!\d)((?:19|20)\d{2})\s*[-./]\s*(\d{1,2})\s*[-./]\s*(\d{1,2})(?!\d)日?")
_QUOTED = re.compile(r"《([^《》]{3,80})》")
_ABOUT = re.compile(
    rf"^(?:第[^\s]{{1,9}}条\s*|[（(]?[一二三四五六七八九十\d]{{1,3}}[）)、．.]\s*)?(?:[（(][^（）()]{{2,16}}[）)])?"
    rf"(?:[^。；]{{0,14}}?{_SELF}|(?:未|除)[^。；]{{0,20}}有效期)"
)
_OWN = re.compile(
    rf"{_SELF}(?:自|从|由|有效期|执行期|试行期|\d{{4}}年)|现予?以?(?:公布|发布|印发|颁布)[，,][^。；]{{0,12}}(?:自|从)"
)
_SPEAKS_OF_FORCE = re.compile(r"施行|实施|执行|有效期|执行期|试行|生效|有效|实行")
_FOLLOWS = re.compile(r"(?:有效期|执行期|试行期|未)")


def arabic_dates(text: str) -> str:
    """The text with dates in Chinese numerals (二〇二五年三月一日) in Arabic ones, also with 元月 and whatever nought."""
    if "年" not in text:
        return text

    def arabic(match: re.Match[str]) -> str:
        groups = [re.sub(rf"[{ZEROS}]", "〇", re.sub(r"\s", "", group)).replace("元", "一") for group in match.groups()]
        return "{}年{}月{}日".format(*map(to_int, groups))

    text = _CHINESE_DATE.sub(arabic, text)
    text = _SPLIT_YEAR.sub(lambda m: (m[1] or m[3]) + (m[2] or m[4]), text)
    return _FIRST_MONTH.sub(r"\g<1>1月", text)


def day_of(year: str, month: str, day: str) -> date | None:
    """The date, None where there is no such day."""
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def validity(texts: list[str], issued: date | None, histories: list[str]) -> Validity:
    """The validity of a document with these paragraphs, their dates in Arabic figures; `histories` are the brackets under
    its title."""
    start: date | None = None
    end: date | None = None
    for text in histories:
        if match := _HISTORY_FROM.search(text):
            start = day_of(*match.groups())
    for sentence in _own_sentences(texts):
        begin, until, from_issue = _sentence_validity(sentence, issued)
        if start is None:
            start = begin
        if end is None:
            end = until
        years = _YEARS.search(sentence)
        base = begin or (issued if from_issue else start)
        if end is None and years and base is not None:
            months = to_int(years[1]) * (12 if years[2] == "年" else 1)
            end = _add_months(base, months) - timedelta(days=1)
    return Validity(start, end)


def _own_sentences(texts: list[str]) -> list[str]:
    """The sentences in which the document speaks of its own force."""
    out: list[str] = []
    for text in texts:
        if not _SPEAKS_OF_FORCE.search(text):
            continue
        sentences = [s for s in re.split(r"(?<=[。；])", re.sub(r"\s+", "", text)) if s]
        for i, sentence in enumerate(sentences):
            own = _ABOUT.match(sentence) or _OWN.search(sentence)
            follows = i > 0 and sentences[i - 1] in out[-1:] and _FOLLOWS.match(sentence)
            if (own or follows) and _SPEAKS_OF_FORCE.search(sentence):
                out.append(_POINTED.sub(r"\1年\2月\3日", sentence))
    return out


def _sentence_validity(sentence: str, issued: date | None) -> tuple[date | None, date | None, bool]:
    bare = _QUOTED.sub("《》", sentence)
    if match := _PERIOD.search(bare) or _RANGE.search(bare):
        groups = match.groups()
        return day_of(*groups[:3]), day_of(*groups[3:]), False
    start = day_of(*[g for g in match.groups() if g]) if (match := _FROM.search(bare)) else None
    from_issue = bool(_FROM_ISSUE.search(bare))
    end: date | None = None
    if match := _UNTIL.search(bare):
        end = day_of(*[g for g in match.groups() if g])
    elif match := _UNTIL_YEAR_END.search(bare):
        month = int(match[3]) if match[3] else 12
        end = date(int(match[1]), month, monthrange(int(match[1]), month)[1]) if 1 <= month <= 12 else None
    if start is None and from_issue:
        start = _after(issued, bare)
    return start, end, from_issue


def _after(issued: date | None, sentence: str) -> date | None:
    """The day of issue, or the day so many days after it: 自公布之日起30日后施行."""
    match = _AFTER_ISSUE.search(sentence)
    if issued is None or match is None:
        return issued
    count = to_int(match[1])
    return _add_months(issued, count) if match[2] == "个月" else issued + timedelta(days=count)


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
