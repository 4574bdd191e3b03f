"""The grammar of 分别: which value of a sentence is whose. It reads the sentence only; nothing here knows a question.

A *share* is a value with the words that say whose it is; a *pairing* is all the shares that stand side by side. Written
M for a member and V for a value, the cases are these (docs/respectively.md has an example of each):

1. ``M1、M2、M3 分别 V1、V2、V3``: a list of values and, before it, a list of as many members. 依次, 各, 相应 say the same, and
   the word may stand before both lists (分别对M1、M2给予V1、V2) or be left out (对M1、M2给予V1、V2).
2. ``V1、V2、V3 分别 M1、M2、M3``: the values come first (分别按V1、V2的标准奖励M1、M2).
3. ``M1 V1、M2 V2``: each value has its own words, before it (国家级500万元、省级300万元), across commas (对M1的，给予V1；
   对M2的，给予V2) or after it (35个大类、167个中类). 其中 begins the parts of what stands before it.
4. ``M1和M2 均 V``: one value of several members; each of them gets it.

The list of members in cases 1 and 2 is, in this order: ranks of one family (国家级、省级, Ⅰ级、Ⅱ级, also shortened to
一、二、三等奖 or 国家、省、市级) whatever follows them; a piece that 、和及与或 cut into as many parts; pieces of their own
(对A的，对B的); the last parts of a longer list. Lists of different length are not paired.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.numerals import NUMERAL
from qa.read.quantity import intervals
from qa.read.ranks import FAMILIES, expanded

Place = tuple[int, int]
"""Start and end of a stretch of a sentence."""


@dataclass(frozen=True, slots=True)
class Share:
    """The value at `place` of a text, and the words that say whose it is; `label` is how an answer calls the member."""

    member: str
    place: Place
    label: str


@dataclass(frozen=True, slots=True)
class Pairing:
    """Shares that stand side by side; `lead` is what is said of all of them. `listed` where a list of members stands
    opposite a list of values (cases 1 and 2)."""

    shares: tuple[Share, ...]
    lead: str
    listed: bool


RESPECTIVELY = re.compile(r"分别|依次|相应(?=给予|为|按)|各(?=给予|为|按|奖|补|得|享受|\d)")
_BETWEEN = re.compile(
    r"(?:/[一-鿿]{1,2})?(?:的?(?:一次性)?(?:奖励|资助|补助|补贴|支持|奖金|资金|经费|罚款|罚金|标准|以上|以下|左右)){0,3}"
    r"(?:[、和及与或]|，?以及)(?:最高|不超过|不低于|不少于|不高于|给予|每[年月人家项个户件次]|奖励|补助|补贴|资助|和|及|为|至|约|一次性){0,4}"
)
"""What may stand between two values of one list."""


_FULL = str.maketrans(",;:()", "，；：（）")


def full_width(text: str) -> str:
    """A text of the same length with the stops of Chinese print; commas and colons inside figures stay."""
    return re.sub(r"(?<!\d)[,;:()]|[,;:()](?!\d)", lambda m: m[0].translate(_FULL), text)


def runs(text: str, found: Sequence[Place]) -> list[list[Place]]:
    """The lists of values: two or more figures with only 、和及 and the words of giving between them."""
    out: list[list[Place]] = []
    run: list[Place] = []
    for place in sorted(found):
        between = re.sub(r"\s", "", text[run[-1][1] : place[0]]) if run else ""
        if run and _BETWEEN.fullmatch(between):
            run.append(place)
            continue
        if len(run) >= 2:
            out.append(run)
        run = [place]
    return [*out, run] if len(run) >= 2 else out


def listed(text: str, found: Sequence[Place]) -> list[Pairing]:
    """Cases 1 and 2: every list of values that has a list of as many members before it, or after it."""
    out: list[Pairing] = []
    lists = runs(text, found)
    taken: set[Place] = set()
    floor = 0
    for at, run in enumerate(lists):
        if run[0] in taken or _is_of_members(text, run, lists[at + 1 :]):
            continue
        begin = max(floor, _clause_start(text, run[0][0]))
        pairing = _before(text, begin, run) or _after(text, run, lists[at + 1 :])
        if pairing is not None:
            out.append(pairing)
            floor = run[-1][1]
    return out


def _is_of_members(text: str, run: Sequence[Place], later: Sequence[Sequence[Place]]) -> bool:
    """Whether a list of figures says who is given (达到2000万元、5000万元的，分别…): a list as long follows in its clause."""
    for other in later:
        between = text[run[-1][1] : other[0][0]]
        if len(other) == len(run) and _MEMBERS_THEN.fullmatch(between):
            return not _GIVEN.search(text[max(0, run[0][0] - 12) : run[0][0]])
    return False


_MEMBERS_THEN = re.compile(
    r"(?:以上|以下|以内)?(?!的?(?:一次性)?(?:奖励|补助|补贴|资助|支持|罚款))[^，。；]{0,30}?[，,]?"
    r"(?:(?:分别|依次|各|相应)[^，。；]{0,16}|(?:给予|奖励|补助|补贴)[^，。；]{0,6})"
)


def _clause_start(text: str, at: int) -> int:
    return max(text.rfind(stop, 0, at) for stop in "。；！？\n") + 1


def _before(text: str, begin: int, run: Sequence[Place]) -> Pairing | None:
    before = text[begin : run[0][0]]
    marks = list(RESPECTIVELY.finditer(before))
    if marks and marks[-1].end() < len(before) - 24:
        marks = marks if re.search(r"[、和及与]", before[marks[-1].end() :]) else []
    sure = bool(marks)
    head = before[: marks[-1].start()] if marks else before
    found = members_of(head, len(run), sure) if head.strip(" ，对") else None
    if found is None and marks:  # 分别对A、B给予…: the word stands before both lists
        head = before[marks[-1].end() :]
        found = members_of(head, len(run), False)
    if found is None:
        return None
    names, lead = found
    own, of_all = own_words(names)
    shares = tuple(Share(name, place, label_of(name)) for name, place in zip(own, run, strict=True))
    return Pairing(shares, f"{lead}，{of_all}", True)


def own_words(names: Sequence[str]) -> tuple[list[str], str]:
    """Members without what the first one begins with and the last one ends with for all of them: 对新认定的A、B经考核
    合格的."""
    first, last = names[0], names[-1]
    typical = max(len(name) for name in names[1:]) if len(names) > 2 else max(4, len(last))
    begin = re.match(r".*(?:的|^对于?)(?=.{2,})", first)
    cut = begin.end() if begin and (len(first) > typical + 1 or first[0] == "对") else 0
    own, lead = first[cut:], first[:cut]
    tail = re.search(r"(?<=..)(?:经[^经]{2,}|(?<![特一二三四])等[^等级次]*)$", last)
    if not any("的" in name[2:] for name in names[1:-1]) and "的" not in own[2:]:
        of_all = re.search(r"(?<=..)的.*$", last)
        tail = min((m for m in (tail, of_all) if m), key=lambda m: m.start(), default=None)
    end = tail.start() if tail else len(last)
    return [own, *names[1:-1], last[:end]], lead + "，" + last[end:]


_AFTER = re.compile(
    r"(?:/[一-鿿]{1,2})?(?:以上|以下|的)?(?:一次性)?(?:的?标准|标准|的?奖励|补贴|补助|资助|支持|资金)*[，,]?"
    r"(?:分别|依次)?(?:发放|奖励|给予|支付|补贴|补助|资助|用于|支持|授予|对应|适用于?|拨付|拨给|发给|奖给)+(?P<list>[^。；，]{4,80})"
)


def _after(text: str, run: Sequence[Place], later: Sequence[Sequence[Place]]) -> Pairing | None:
    """分别按300万元、200万元的标准奖励国家级、省级平台: only where 分别 says so, and no other list of values follows."""
    clause = text[_clause_start(text, run[0][0]) : run[0][0]]
    match = _AFTER.match(text, run[-1][1])
    if match is None or any(other[0][0] < match.end() for other in later):
        return None
    if not re.search(r"分别|依次", clause + match[0]):
        return None
    found = members_of(match["list"], len(run), True)
    if found is None:
        return None
    return Pairing(
        tuple(Share(name, place, label_of(name)) for name, place in zip(found[0], run, strict=True)), clause, True
    )


def members_of(head: str, n: int, sure: bool) -> tuple[list[str], str] | None:
    """The list of exactly `n` members that ends nearest to the end of `head`, and what stands before it.

    Without 分别 (`sure` is False) only a list that `n` ranks make, or a piece that is cut into exactly `n` parts, counts.
    """
    plain = expanded(_without_trailing_verb(head))
    if ranks := _rank_list(plain, n):
        return ranks
    pieces = _pieces(plain)
    longer: tuple[list[str], str] | None = None
    for at in range(len(pieces) - 1, -1, -1):
        lead = "，".join(pieces[:at])
        for parts in _cuts(pieces[at]):
            if len(parts) == n:
                return parts, lead
            if len(parts) > n and longer is None and not _all_ranks(parts):
                longer = parts[-n:], lead
        if bracket := re.search(r"[（(]([^（）()]+)[）)]", pieces[at]):
            for parts in _cuts(bracket[1]):
                if len(parts) == n:
                    return parts, lead
    if len(pieces) >= n and all(re.match(r"\s*(?:对|给|向|在|按)", piece) for piece in pieces[-n:]):
        return pieces[-n:], "，".join(pieces[:-n])
    return longer if sure else None


def _without_trailing_verb(head: str) -> str:
    return re.sub(
        r"[，,：:]?\s*(?:市|区|县|市级)?(?:财政|政府)?(?:再|可|将|应当|可以|予以|按照?|每[人年月家项个]{1,2}|一次性)*"
        r"(?:给予|奖励|补助|补贴|资助|发放|支持|处以?|为|按照?|安排|奖金|标准)*\s*(?:的?(?:奖金|奖励|标准)[为是]?)?$",
        "",
        head,
    )


def _rank_list(plain: str, n: int) -> tuple[list[str], str] | None:
    """The list of exactly `n` ranks of one family, with little between them, that ends nearest to the end of a text."""
    lists = [run for family in FAMILIES for run in _runs_of(family, plain) if len(run) == len({m[0] for m in run}) == n]
    if not lists:
        return None
    run = max(lists, key=lambda ranks: ranks[-1].end())
    names = [plain[a.start() : b.start()].rstrip("、和及与或，以") for a, b in pairwise(run)]
    last = run[-1][0]
    if any(
        len(name) > 6 for name in names
    ):  # 省级软件名园和市级特色产业园: the last one has more words than its rank too
        tail = re.match(r"[^，。；、和及与]{0,16}", plain[run[-1].end() :])
        last += tail[0] if tail else ""
    return [*names, last], plain[: run[0].start()]


def _runs_of(family: re.Pattern[str], plain: str) -> list[list[re.Match[str]]]:
    """The ranks of a family in a text, those of one list together."""
    out: list[list[re.Match[str]]] = []
    for match in family.finditer(plain):
        if out and not _far(plain[out[-1][-1].end() : match.start()]):
            out[-1].append(match)
        else:
            out.append([match])
    return out


def _all_ranks(parts: Sequence[str]) -> bool:
    """Whether a list is one of ranks (国家级、省级、市级): then it has no other words before it."""
    return any(all(family.search(part) for part in parts) for family in FAMILIES)


def _far(between: str) -> bool:
    return len(between) > 24 or re.search(r"[。；]", between) is not None or not re.search(r"[、和及与或，]", between)


def _pieces(text: str) -> list[str]:
    """The pieces between commas, brackets and quotes kept whole."""
    out, start, depth = [], 0, 0
    for i, c in enumerate(text):
        if c in "（(《“":
            depth += 1
        elif c in "）)》”":
            depth = max(0, depth - 1)
        elif c in "，,：:" and depth == 0:
            out.append(text[start:i])
            start = i + 1
    return [piece for piece in (*out, text[start:]) if piece.strip()]


_AND = re.compile(r"以及|[、和及与或]|(?<=[”》])(?=[“《])")
_COMMAS = ("、", "")  # between “A”“B” nothing need stand
_NOT_AND = re.compile(r"(?:共|总|饱|温|缓|柔|调|涉|普|以|参|赋|授|给|未|到|符|其)$")


def _cuts(piece: str) -> Iterator[list[str]]:
    """A piece cut into the members of a list: by 、 and every 和及与或; by 、 only; by 、 and the last 和."""
    marks = [(m.start(), m.end()) for m in _top_level(piece)]
    every = [m for m in marks if piece[m[0] : m[1]] in _COMMAS or not _NOT_AND.search(piece[: m[0]])]
    commas = [m for m in marks if piece[m[0] : m[1]] in _COMMAS]
    last = [m for m in every if piece[m[0] : m[1]] not in _COMMAS][-1:]
    for chosen in (every, sorted({*commas, *last}), commas):
        bounds = [0, *(x for mark in chosen for x in mark), len(piece)]
        parts = [piece[a:b].strip() for a, b in zip(bounds[::2], bounds[1::2], strict=True)]
        parts = [p for p in parts if p]
        if len(parts) >= 2:
            yield parts


def _top_level(piece: str) -> Iterator[re.Match[str]]:
    depth = [0]
    for c in piece:
        depth.append(depth[-1] + (c in "（(《“") - (c in "）)》”"))
    return (m for m in _AND.finditer(piece) if depth[m.start()] <= 0)


_LEAD = re.compile(
    r"^(?:\s*(?:第[^\s，。]{1,8}[条款]\s*|[（(][一二三四五六七八九十\d]{1,3}[）)]\s*|\d{1,2}[．.、]\s*|[一二三四五六七八九十]{1,3}、\s*|[①-⑳]\s*))?"
    r"(?:其中|对于|对|凡|属于?|若|如|为|给|向|按|将|是|的|经|被|在|新?(?:获评|获批|获得|评为|评定为|认定为|认定的|被认定为|入选|列入|通过|首次|当年|达到)|[：:，,、])*"
)
_TAIL = re.compile(
    r"(?:[，,：:、]|的|按照?|可以?|市财政|财政|给予|奖励|补助|补贴|资助|支持|最高|每[年月人家项个户]|一次性|不超过|标准|支付|处以?|并处|发放|为|是|予以|由市级|将|再|则|约|共|达到?|是|即|和|及|与|；)+$"
)


def label_of(member: str) -> str:
    """How an answer calls a member: without the words that lead to it and those that lead on to the value."""
    short = _TAIL.sub("", _LEAD.sub("", member.strip()))
    tail = short.rpartition("的")[2]
    if len(short) > 20 and 2 <= len(tail) <= 20 and not re.match(r"[^一-鿿]", tail):
        short = tail
    return short.strip(" ，,：:、") or member.strip()


_GIVES = r"(?:给予|奖励|补助|补贴|资助|支持|处以?|罚款?|支付|发放|享受|最高|每[年月人家]|一次性|按|为|奖|补)"
_FIGURE_NEXT = rf"(?=(?:{_GIVES}|财政|再|可|将|，|,)*[\d一二两三四五六七八九十百])"
_THRESHOLD_AFTER = re.compile(
    rf"\s*(?:[（(]不?含[^）)]*[）)])?(?:及)?(?:以上|以下|以内|之内|至|-|—|～|~|之间)?\s*(?:[（(]不?含[^）)]*[）)])?\s*"
    rf"(?:的{_FIGURE_NEXT}|的(?!{_GIVES}|资|标准|贴|经费|扶持|专项|配套|一次)|[、，]?(?:但|且)?(?:不满|未满|不足|不到|低于|不超过\d)|企业|项目|人员|单位|部分|者)"
)
_WIDE_AFTER = re.compile(
    r"\s*(?:[（(]不?含[^）)]*[）)])?(?:及)?(?:以上|以下|以内)[^，。；\d]{0,24}，[^。；]*[\d一二两三四五六七八九十百半]"
)
_THRESHOLD_BEFORE = re.compile(
    r"(?:达到?|突破|(?<![不未得])超过|(?<!不)超|满|不足|不到|(?<!不)低于|(?<!不)高于|大于|小于|(?<!不)少于|(?<!控制)在)\s*$"
)
_GIVEN = re.compile(
    r"(?:(?:给予|奖励|补助|补贴|资助|支持|处以?|罚款?|支付|发放|享受|最高|不得?超过|不得?低于|额度|标准|缴纳|收取|安排|按照?|至多|至少)[^，。；的\d]{0,8}"
    r"|[为得奖补贴][^，。；的\d]{0,2})$"
)
_GIVEN_AFTER = re.compile(
    r"[^，。；的\d]{0,4}的?(?:一次性)?(?:奖励|奖金|补助|补贴|资助|支持|罚款|罚金|经费|标准)(?![^，。；]{0,4}\d)"
)
_OPENS = re.compile(r"(?:达到?|突破|(?<!不)超过|(?<!不)超|不满|未满|不足|不到|(?<!不)低于|(?<!不)高于)\s*")


_REACHED = re.compile(r"(?:(?:达到|突破|(?<!不)满|年满)|(?:不满|未满|不足|不到))\s*$")


def is_threshold(text: str, place: Place) -> bool:
    """Whether a figure says who is given (年产值1亿元以上的) and not what."""
    a, b = place
    raw = text[a:b]
    if opening := _OPENS.match(raw):
        a += opening.end()
    if closing := re.search(r"(?:（含）)?(?:以上|以下|以内)$", raw):
        b -= len(closing[0])
    before, after = text[max(0, a - 16) : a], text[b : b + 80]
    if _REACHED.search(before):
        return True
    if _GIVEN.search(before) and not re.search(r"的\s*$", before):
        return False
    if _GIVEN_AFTER.match(after) and not _THRESHOLD_BEFORE.search(before):
        return False
    if _THRESHOLD_AFTER.match(after) or _THRESHOLD_BEFORE.search(before):
        return True
    return bool(_WIDE_AFTER.match(after) and re.search(r"(?:^|[，。；：、（）\s])(?:对|凡)?\s*$", before))


_CHANGED = re.compile(
    r"[^，。；]{0,8}(?:提高|压减|压缩|缩短|提升|降低|降|下调|上调|调整|扩大|增加|减少|延长|改|放宽)[到至为成]?[^，。；]{0,4}"
)
"""由3万元提高到5万元: two figures of one member."""


def parallel(text: str, found: Sequence[Place]) -> Pairing | None:
    """Case 3: two or more values, each with words of its own, in one text (which may be several sentences).

    Figures that are thresholds belong to the member words. None where fewer than two values are left.
    """
    given = [place for place in sorted(found) if not is_threshold(text, place)]
    if len(given) < 2 or any(_CHANGED.fullmatch(text[a:b]) for (_, a), (b, _) in pairwise(given)):
        return None
    shares = []
    behind = _stands_behind(text, given)
    for i, (a, b) in enumerate(given):
        figure = re.search(rf"\d|{NUMERAL}", text[a:b])
        left = text[_own_start(text, given[i - 1][1], a) if i else 0 : a + (figure.start() if figure else 0)]
        stop = given[i + 1][0] if i + 1 < len(given) else len(text)
        right = re.split(r"[。；\n]" if behind else r"[，。；、：\n]", text[b:stop])[0]
        member = right if behind else left + "|" + right
        shares.append(Share(member, (a, b), label_of(right if behind else left) or right))
    lead = ""
    if not behind:
        lead, own = _split_lead(shares[0].member, shares[1].member)
        shares[0] = Share(own, shares[0].place, label_of(own.partition("|")[0]))
    telling = sum(_says(share.member) for share in shares)
    return Pairing(tuple(shares), lead, False) if telling >= 2 and telling >= len(shares) - 1 else None


def _own_start(text: str, floor: int, at: int) -> int:
    """Where the words of a value begin: after the first stop behind the value before it."""
    stop = re.search(
        r"[，,、；。\n]|(?<=[元%％个家件项天月年])(?:的?(?:奖励|补助|补贴|资助|支持))?[和及与](?=[^，。；]{2,})",
        text[floor - 1 : at],
    )
    floor -= 1
    return floor + stop.end() if stop else floor


def _split_lead(first: str, second: str) -> tuple[str, str]:
    """What stands before the first value: the words of all, and those of the first member alone, which has as many
    pieces as the second one."""
    words, _, right = first.partition("|")
    cut = max(words.rfind(mark) for mark in ("。", "；", "：", "\n", "其中")) + 1
    if words[cut - 1 : cut + 1] == "其中":
        cut += 1
    pieces = re.findall(r"[^，,]*[，,]|[^，,]+$", words[cut:])
    wanted = len(re.findall(r"[，,]", second.partition("|")[0])) + 1
    keep = "".join(pieces[-wanted:])
    while len(keep) < len(words[cut:]) and len(re.sub(rf"\W|{_GIVES}", "", keep)) < 2:
        wanted += 1
        keep = "".join(pieces[-wanted:])
    if (verb := _SHARED_VERB.match(keep)) and _says(keep[verb.end() :]) and not _SHARED_VERB.match(second):
        keep = keep[verb.end() :]  # 全年新增A 5家、B 6家: the verb is said of all
    return words[: len(words) - len(keep)], keep + "|" + right


_SHARED_VERB = re.compile(
    r".*(?:新增|引进|培育|认定|建成|建设|新建|完成|打造|形成|全年|达到|累计|力争|每年|给予|标准为|如下|安排|实现)(?!的)"
)


_FILLER = re.compile(
    rf"\W|{_GIVES}|新增|建成|建设|涵盖|拥有|包括|覆盖|共有|培育|引进|达到?|累计|完成|其中|分别|并|再|至|到|以上|以下|的|奖励|标准|资金|各|约|不超过|不低于"
)


def _says(words: str) -> bool:
    """Whether words say whose a value is, and are not only those of giving it."""
    return len(_FILLER.sub("", words)) >= 2


def _stands_behind(text: str, given: Sequence[Place]) -> bool:
    """Whether the words that tell values apart follow them: 35个工业大类、167个工业中类; 建成2个…中心，推广300个…."""
    behind = [re.split(r"[。；，、]", text[given[-1][1] :])[0]]
    for (_, b), (c, _) in pairwise(given):
        pieces = re.split(r"[，、；。]|[和及与](?=[^和及与]{0,3}$)", text[b:c])
        if len(pieces) < 2 or intervals(text[b:c]) or any(re.match(r"对|其中|到|给", piece) for piece in pieces[1:]):
            return False
        if _says(pieces[-1]) and len(pieces[-1]) > 3:
            return False
        behind.append(pieces[0])
    return len(set(behind)) == len(given) and all(map(_says, behind))
