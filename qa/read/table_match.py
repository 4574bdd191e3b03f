"""Which cell of a table a question means: the words of row and header that it shares with the question, rare ones of the table above all.

A cell is named by what stands beside it in its row and over it in its column, whichever of them holds the thing and whichever the
property; so one score serves tables that list their things downwards and those that list them across. What a question asks for
without naming the column (打哪个电话, 在哪, 多少钱) is told by signs, which headers and cells carry as well as words.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from corpus.tables import Row, Table
from qa.read.doors import addresses, lies_in
from qa.read.quantity import Interval, intervals, stated

_KEPT = 512  # tables whose words are kept; matches of questions likewise
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_RUNS = re.compile(r"[一-鿿]+|[a-z]+|\d+(?:\.\d+)?")
_SIGNS: tuple[tuple[str, str, str, str], ...] = (
    ("phone", r"电话|打给|打哪|联系方式|热线|号码|传真", r"电话|联系方式|热线|传真", r"(?:\d{3,4}[-—－ ]?)?\d{7,8}|1\d{10}"),
    ("place", r"在哪|哪里|哪儿|地址|地点|地方|位置|怎么去", r"地址|地点|位置|场所|所在地", r".*(?:路|街|号|楼|大厦|广场|室|层|村)"),
    ("time", r"什么时候|何时|几点|哪天|几号|几月|时间|日期|截止|多久|多长", r"时间|日期|时限|期限|截止|起止|日程|月份", r".*(?:\d[日点时]|:\d\d|年|月|日|天|周)"),
    ("money", r"多少钱|几块|价格?|收费|费用|贵|便宜|补贴|补助|奖励|奖金|金额", r"元|价|费|金额|标准|补贴|补助|奖", r".*\d.*元.*|[\d.,]+"),
    ("score", r"几分|多少分|加分|分值|积分|得分|扣分", r"分值|积分|得分|分数|标准分|加分|计分", r"[-+—]?\d+(?:\.\d+)?分?(?:/.*)?"),
    ("number", r"多少|几[个名人所家间套条项次]|数量|人数|最[多少]", r"数|量|名额|计划|规模|合计", r"[\d.,]+\D{0,4}"),
    ("who", r"谁|哪位|负责人|联系人|姓名", r"姓名|联系人|负责人|人员", r"[一-鿿]{2,4}"),
    ("body", r"哪个(?:部门|单位|局|机构|学校|医院|公司)|哪家|哪所|谁负责", r"部门|单位|机构|学校|医院|企业|公司|名称", r".*(?:局|委|部|院|校|中心|所|公司|处|会|办|园)"),
    ("papers", r"材料|证明|证件|带什么|交什么|提供什么|准备什么", r"材料|证明|证件|凭证|要件", r".*(?:证|证明|材料|复印件|原件|表|书).*"),
    ("condition", r"条件|要求|什么人|资格|对象", r"条件|要求|对象|资格|范围", r".{12,}"),
)  # fmt: skip
"""(sign, how a question asks for it, the header that carries it, the cells that do)."""

_MOST_CELLS = 0.6  # of the cells of a column that must carry a sign for the column to carry it
_ASKING = re.compile(
    r"多少钱|多少|什么时候|什么|哪[些个里儿天位家所年月种类项]?|怎么样?|如何|是不是|有没有|能不能|可不可以|请问|一下|吗|呢|啊|的|了|是|在|有|要|几"
)


@dataclass(frozen=True, slots=True)
class _Index:
    """The words of a table: for each, the cells (row, column) and the headers (column) that hold it, and what it weighs."""

    cells: Mapping[str, tuple[tuple[int, int], ...]]
    headers: Mapping[str, frozenset[int]]
    weights: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Match:
    """How well the cells of a table are named by a question. Scores are shares, 0..1, of what the table could hold of it."""

    table: Table
    rows: Mapping[int, Mapping[int, frozenset[str]]]  # words of the question in the cells of a row
    headers: Mapping[int, frozenset[str]]  # and in those over a column
    weights: Mapping[str, float]
    total: float
    cases: Mapping[int, float]  # rows whose bounds the asker's own figures lie within (1.0) or outside of (-1.0)

    def of_cell(self, row: int, column: int) -> float:
        """How much of the question stands beside and over a cell; the words of the cell itself do not count."""
        return self._share(self._beside(row, column) | self.headers.get(column, frozenset()))

    def of_row(self, row: int) -> float:
        """How much of the question a row holds."""
        return self._share(frozenset().union(*self.rows.get(row, {}).values()))

    def of_column(self, column: int) -> float:
        """How much of the question the header over a column holds."""
        return self._share(self.headers.get(column, frozenset()))

    @cached_property
    def best_rows(self) -> list[tuple[int, float]]:
        """The rows that hold most of the question, with their scores, best first; none where no row holds anything."""
        scored = [(row, self.of_row(row)) for row in self.rows]
        return sorted((s for s in scored if s[1] > 0), key=lambda s: (-s[1], s[0]))

    @cached_property
    def best_cell(self) -> tuple[int, int, float]:
        """Row, column and score of the best named cell, blank or not; (-1, -1, 0) where none is named."""
        best = (-1, -1, 0.0)
        for row, score in self.best_rows[:_LOOKED_AT]:
            if score + max(map(self.of_column, self.headers), default=0.0) <= best[2]:
                break
            for column in range(len(self.table.columns)):
                if (own := self.of_cell(row, column)) > best[2] + 1e-9:
                    best = row, column, own
        return best

    def _beside(self, row: int, column: int) -> frozenset[str]:
        cells = self.table.rows[row].cells
        own = cells[column].text
        held = self.rows.get(row, {})
        return frozenset().union(*(words for at, words in held.items() if at < 0 or cells[at].text != own))

    def _share(self, words: Iterable[str]) -> float:
        return min(1.0, sum(self.weights[word] for word in words) / self.total) if self.total else 0.0


_BOUNDED, _LONGEST_BOUND = 500, 60  # rows of a table, and characters of a cell, that are looked through for bounds
_LOOKED_AT = 24  # rows among which the best cell is looked for


@lru_cache(maxsize=_KEPT)
def match(table: Table, question: str) -> Match:
    """The match of a question (as it is asked, of at most a few hundred characters) with a table."""
    index = _indexed(table)
    asked = set(_asked(question))
    rows: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    headers: dict[int, set[str]] = defaultdict(set)
    weights: dict[str, float] = {}
    for word in asked & index.weights.keys():
        weights[word] = index.weights[word]
        for row, column in index.cells.get(word, ()):
            rows[row][column].add(word)
        for column in index.headers.get(word, ()):
            headers[column].add(word)
    cases: dict[int, float] = {}
    for word, cells, others in _within(table, question):
        inside = {r for r, _ in cells}
        cases.update(dict.fromkeys(others - inside, -1.0))
        for row in inside:
            cases.setdefault(row, 1.0)
        if inside and len(inside) < len(table.rows):
            weights[word] = math.log((len(table.rows) + len(table.columns) + 1) / len(inside))
            for row, column in cells:
                rows[row][column].add(word)
    held = {r: {c: frozenset(words) for c, words in cells.items()} for r, cells in rows.items()}
    over = {c: frozenset(words) for c, words in headers.items()}
    return Match(table, held, over, weights, sum(weights.values()), cases)


def words_of(text: str) -> Iterator[str]:
    """Pairs of neighbouring characters, and figures and Latin words whole, also with the character before and after them."""
    plain = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).lower())
    runs = [_shortest(m[0]) for m in _RUNS.finditer(plain)]
    plain = "".join(runs)
    at = 0
    for run in runs:
        if "一" <= run[0] <= "鿿":
            yield from (run[i : i + 2] for i in range(len(run) - 1))
        else:
            yield f"#{run}"
            if at:
                yield f"{plain[at - 1]}{run}"
            if at + len(run) < len(plain):
                yield f"{run}{plain[at + len(run)]}"
        at += len(run)


def _shortest(run: str) -> str:
    """A figure without zeros that say nothing (3.10, 380.00); any other run as it is."""
    return run.rstrip("0").rstrip(".") if "." in run else run


def _asked(question: str) -> Iterator[str]:
    for part in _ASKING.split(question):
        yield from words_of(part)
    for sign, asks, _, _ in _SIGNS:
        if re.search(asks, question):
            yield f"@{sign}"


@lru_cache(maxsize=_KEPT)
def _indexed(table: Table) -> _Index:
    cells: dict[str, list[tuple[int, int]]] = defaultdict(list)
    rows_with: Counter[str] = Counter()
    words: dict[str, frozenset[str]] = {"": frozenset()}
    for r, row in enumerate(table.rows):
        own: set[str] = set()
        for c, text in _labels(row):
            if text not in words:
                words[text] = frozenset(words_of(text))
            for word in words[text]:
                cells[word].append((r, c))
            own |= words[text]
        rows_with.update(own)
    headers: dict[str, set[int]] = defaultdict(set)
    for c, column in enumerate(table.columns):
        for word in {*words_of(column.name), *_signs(table, c)}:
            headers[word].add(c)
    size = len(table.rows) + len(table.columns)
    weights = {}
    for word in {*cells, *headers}:
        everywhere = rows_with[word] == len(table.rows) > 1 or len(headers.get(word, ())) == len(table.columns) > 1
        if not everywhere:
            weights[word] = math.log((size + 1) / (rows_with[word] + len(headers.get(word, ()))))
    return _Index(
        {word: tuple(at) for word, at in cells.items() if word in weights},
        {word: frozenset(at) for word, at in headers.items() if word in weights},
        weights,
    )


def _labels(row: Row) -> Iterator[tuple[int, str]]:
    """The texts of a row by place; the line that it stands under counts as standing before all."""
    for c, cell in enumerate(row.cells):
        if cell.text:
            yield c, cell.text
    if row.group:
        yield -1, row.group


def _signs(table: Table, column: int) -> Iterator[str]:
    """The signs that a column carries, by its header or by its cells."""
    texts = [row.cells[column].text for row in table.rows[:200] if row.cells[column].text]
    name = table.columns[column].name
    for sign, _, header, cell in _SIGNS:
        if re.search(header, name) or (
            texts and sum(re.fullmatch(cell, t) is not None for t in texts) >= _MOST_CELLS * len(texts)
        ):
            yield f"@{sign}"


def _within(table: Table, question: str) -> Iterator[tuple[str, list[tuple[int, int]], set[int]]]:
    """For each of the asker's own figures the cells (row, column) whose bounds it lies within: 46岁 in 45周岁以上, 15层 in 11—20层, and 8号
    in the even numbers of its road; with a word for it, and the rows that set bounds of its kind."""
    for point in stated(question):
        of_kind = [
            (r, c, own)
            for r, c, limits in _bounds(table)
            if (own := [limit for limit in limits if limit.dimension == point.dimension])
        ]
        cells = [(r, c) for r, c, own in of_kind if all(limit.holds(point.value) for limit in own)]
        yield f"<{point.value} {point.dimension}", cells, {r for r, _, _ in of_kind}
    for road, number in addresses(question):
        cells = [(r, c) for r, c, text in _short_cells(table) if lies_in(text, road, number)]
        yield f"<{road}{number}", cells, {r for r, _ in cells}


def _short_cells(table: Table) -> Iterator[tuple[int, int, str]]:
    """Row, column and text of the cells that are looked through for bounds."""
    for r, row in enumerate(table.rows[:_BOUNDED]):
        for c, cell in enumerate(row.cells):
            if 0 < len(cell.text) <= _LONGEST_BOUND:
                yield r, c, cell.text


@lru_cache(maxsize=_KEPT)
def _bounds(table: Table) -> list[tuple[int, int, list[Interval]]]:
    """The short cells that state bounds, as (row, column, these); a figure alone bounds nothing."""
    return [
        (r, c, limits)
        for r, c, text in _short_cells(table)
        if (limits := [limit for limit in intervals(text) if not limit.bare and not limit.ranked])
    ]
