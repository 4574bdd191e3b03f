"""The report of an evaluation as one HTML file: figures, pictures, and every question that went wrong, with its words.

Nothing is fetched and nothing runs: style and pictures are in the file, texts enter as text nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote as escaped

from lxml import html
from lxml.html import builder

from eval.charts import calibration_picture, risk_picture
from eval.judged import Fault, Judged
from eval.report import Report
from eval.risk import RATES, Trial, best_within, calibration, calibration_error, curve

FAULTS: dict[Fault, str] = {
    "wrong_answer": "答案不对",
    "wrong_quote": "答案对，引文不对",
    "wrongly_refused": "能答的拒答了",
    "should_refuse": "答不了的作答了",
    "not_found": "没有查到条文",
}
REASONS = {
    "no_evidence": "文件没写到", "low_confidence": "依据不足", "out_of_scope": "不在范围", "not_in_force": "当日无效力", "ambiguous": "要先问清",
}  # fmt: skip
TYPES = {
    "amount": "金额", "ratio": "比例", "count": "数量", "date": "日期", "period": "期限", "validity": "效力", "department": "部门", "person": "人员", "list": "列举",
    "definition": "定义", "condition": "条件", "procedure": "流程", "yesno": "是否", "span": "原话", "unanswerable": "答不了", "retrieval": "查条文", "turn": "追问",
    "distributive": "分别", "table": "表格", "two_hop": "两处合看",
}  # fmt: skip
STYLES = {"formal": "书面", "colloquial": "口语", "keyword": "关键词", "typo": "有错字"}
_SETTINGS = {"encoder": "编码模型", "as_of": "答复日期"}
_TOLD = (
    ("both", "答案和引文都对", "n"), ("answer", "答案对", "n"), ("cited", "引文对", "n"), ("wrongly_refused", "能答的拒答了", "n"), ("asked_back", "其中先问清的", "n"), ("wrong_rate", "所作回答里不对的", ""),
    ("refused", "答不了的拒答了", "n_refused"), ("followups", "追问答对", "n_followups"), ("hit1", "第一段就有", "n"), ("hit5", "前五段里有", "n"),
    ("recall@10", "查条文 recall@10", ""), ("mrr@10", "查条文 MRR@10", ""),
)  # fmt: skip
_STYLE = """
:root{color-scheme:light dark;--paper:#f6f3ec;--card:#fffdf8;--ink:#22292b;--soft:#5d6664;--line:#e0d9cb;--accent:#1d5c54;--red:#8f2a20;--wash:#f9e4df}
@media(prefers-color-scheme:dark){:root{--paper:#14191a;--card:#1c2324;--ink:#e8e6df;--soft:#a3aca8;--line:#303a3b;--accent:#7fc4b4;--red:#f2a597;--wash:#3d201b}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.7 "PingFang SC","Microsoft YaHei","Noto Sans CJK SC",system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:1080px;margin:0 auto;padding:24px 16px 80px}h1,h2{font-family:"Songti SC","Noto Serif CJK SC",SimSun,serif;line-height:1.4}h2{margin:36px 0 10px;font-size:1.25rem}h3{margin:0;font-size:1.05rem}
p{margin:4px 0}a{color:var(--accent)}.soft{color:var(--soft);font-size:.9rem}.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:10px}
.tile,.row,figure{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:12px 16px;margin:0}.tile b{display:block;font-size:1.6rem;line-height:1.3}
.two{display:grid;gap:14px}@media(min-width:760px){.two{grid-template-columns:1fr 1fr}}.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.93rem}th,td{padding:5px 12px 5px 0;border-bottom:1px solid var(--line);text-align:right;font-variant-numeric:tabular-nums}th:first-child,td:first-child{text-align:left}th{color:var(--soft);font-weight:600}
.row{margin-top:12px}.row dl{display:grid;grid-template-columns:5.5em 1fr;gap:3px 12px;margin:8px 0}.row dt{color:var(--soft);font-size:.88rem}.row dd{margin:0;white-space:pre-wrap}
.fault{display:inline-block;padding:1px 10px;border-radius:99px;background:var(--wash);color:var(--red);font-size:.82rem;font-weight:600}
.chart{width:100%;height:auto;display:block}.chart text{fill:var(--soft);font-size:12px}.chart .grid{stroke:var(--line)}.chart .line{stroke:var(--accent);stroke-width:2.5}.chart .ideal{stroke:var(--soft);stroke-dasharray:5 5}.chart .bar{fill:var(--accent);opacity:.5}
figcaption{font-weight:600;margin-bottom:6px}@media print{.row{break-inside:avoid}}
"""
E = builder.E


def report_page(
    report: Report, rows: Sequence[Judged], tried: Sequence[Trial], now: datetime, base: str = ""
) -> bytes:  # fmt: skip
    """The page, UTF-8. `base` is the address of a running service, whose pages its links open; "" leaves the links out."""
    wrong = [row for row in rows if row.fault]
    settings = "　".join(f"{_SETTINGS.get(name, name)}：{value}" for name, value in report.settings.items())
    parts = [
        E.h1(f"评测：{report.dataset}"),
        _soft(f"{now:%Y-%m-%d %H:%M}　{len(rows)} 问　{settings}"),
        *_figures(report),
        *_groups(report),
        *_risk(tried),
        *_wrong(wrong, base),
    ]  # fmt: skip
    return page_of(f"评测：{report.dataset}", parts)


def page_of(title: str, parts: Iterable[Any]) -> bytes:
    """A whole page around the elements `parts`."""
    head = E.head(
        E.meta(charset="utf-8"), E.meta(name="viewport", content="width=device-width, initial-scale=1"), E.title(title), E.style(_STYLE)
    )  # fmt: skip
    document = E.html(head, E.body(E.main(*parts)), lang="zh-CN")
    return bytes(html.tostring(document, encoding="utf-8", doctype="<!doctype html>"))


def table_of(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Any:
    """A table that scrolls by itself where it is wide."""
    body = [E.tr(*(E.td(cell) for cell in row)) for row in rows]
    table = E.table(E.thead(E.tr(*(E.th(name, scope="col") for name in header))), E.tbody(*body))
    return E.div(table, {"class": "scroll"}, tabindex="0", role="region", **{"aria-label": header[0]})


def pairs_of(pairs: Iterable[tuple[str, str]]) -> Any:
    """Names with their words; those without words are left out."""
    return E.dl(*(part for name, words in pairs if words for part in (E.dt(name), E.dd(_clean(words)))))


def _soft(words: str) -> Any:
    return E.p(_clean(words), {"class": "soft"})


def _clean(words: str) -> str:
    """Without the control characters that no HTML may hold."""
    return "".join(
        c
        for c in words
        if c in "\n\t" or (ord(c) >= 32 and not 0xD800 <= ord(c) < 0xE000 and ord(c) not in (0xFFFE, 0xFFFF))
    )


def _figures(report: Report) -> list[Any]:
    figures = report.figures
    tiles = []
    for name, words, count in _TOLD:
        if name in figures:
            of = f"{figures[count]:.0f} 题" if count else "占所作回答" if name == "wrong_rate" else name
            tiles.append(
                E.div(E.span(words, {"class": "soft"}), E.b(f"{figures[name]:.3f}"), _soft(of), {"class": "tile"})
            )
    if "p50_ms" in figures:
        tiles.append(
            E.div(
                E.span("中位用时", {"class": "soft"}),
                E.b(f"{figures['p50_ms']:.0f} ms"),
                _soft(f"95% 在 {figures['p95_ms']:.0f} ms 内"),
                {"class": "tile"},
            )
        )
    return [E.h2("结果"), E.div(*tiles, {"class": "tiles"})]


def _groups(report: Report) -> list[Any]:
    out = []
    for part, words, names in (("type/", "问题类型", TYPES), ("style/", "问法", STYLES)):
        rows = [
            (names.get(name.removeprefix(part), name.removeprefix(part)) or "（未注明）", f"{value:.3f}", f"{report.figures['n/' + name]:.0f}")
            for name, value in sorted(report.figures.items())
            if name.startswith(part)
        ]  # fmt: skip
        if rows:
            out.append(E.div(E.h2(f"按{words}"), table_of([words, "都对", "题数"], rows)))
    return [E.div(*out, {"class": "two"})] if out else []


def _risk(tried: Sequence[Trial]) -> list[Any]:
    points, bins = curve(tried), calibration(tried)
    if not points:
        return []
    rates = []
    for rate in RATES:
        point = best_within(points, rate)
        cells = (f"{point.threshold:.2f}", f"{point.coverage:.3f}", f"{point.kept:.3f}") if point else ("—", "0", "0")
        rates.append((f"{rate:.0%}", *cells))
    boxes = [(f"{b.low:.0%}–{b.high:.0%}", str(b.count), f"{b.confidence:.3f}", f"{b.right:.3f}") for b in bins]
    return [
        E.h2("风险与把握"),
        _soft("不因把握小而拒答时重问一遍，再看各个阈值会怎样。错误包括答案或引文不对，以及答不了的题作了答。"),
        E.div(
            E.figure(E.figcaption("作答多少，错多少"), risk_picture(points), table_of(["错误率不超过", "阈值", "作答率", "可答且答对"], rates)),
            E.figure(E.figcaption(f"把握准不准（ECE {calibration_error(tried):.3f}）"), calibration_picture(bins), table_of(["把握", "答案", "平均把握", "其中对的"], boxes)),
            {"class": "two"},
        ),
    ]  # fmt: skip


def _wrong(wrong: Sequence[Judged], base: str) -> list[Any]:
    if not wrong:
        return [E.h2("出错的问题"), E.p("没有。")]
    counts = "　".join(
        f"{words} {n}" for fault, words in FAULTS.items() if (n := sum(row.fault == fault for row in wrong))
    )
    ordered = sorted(wrong, key=lambda row: (list(FAULTS).index(row.fault or "wrong_answer"), -row.confidence))
    return [
        E.h2(f"出错的问题（{len(wrong)}）"),
        _soft(counts + "　每一类里把握大的在前。"),
        *(row_of(row, base) for row in ordered),
    ]


def said_of(row: Judged) -> str:
    """What was said to a question, or why nothing was."""
    if row.part == "retrieval":
        return ""
    return row.said if row.said is not None else f"拒答：{REASONS.get(row.reason or '', row.reason or '')}"


def row_of(row: Judged, base: str, note: Any = None) -> Any:
    """One question with what was wanted and what was said."""
    links = [E.a("试问", href=f"{base}/?q={escaped(row.question)}", target="_blank", rel="noopener")] if base else []
    if base and row.document_id:
        where = f"{base}/library?document={escaped(row.document_id)}&clause={escaped(row.clause_id)}"
        links.append(E.a("打开所引条款", href=where, target="_blank", rel="noopener"))
    spaced = [part for link in links for part in (link, "　")]
    tags = [FAULTS[row.fault]] if row.fault else []
    return E.article(
        E.h3(_clean(row.question)),
        E.p(*(E.span(tag, {"class": "fault"}) for tag in tags), _soft(f"{row.id}　{TYPES.get(row.type, row.type)}　{STYLES.get(row.style, row.style)}"), *([note] if note is not None else [])),
        pairs_of([
            ("应答", "；".join(row.gold) or ("拒答" if row.part == "unanswerable" else "")), ("为何答不了", row.why), ("实答", said_of(row)),
            ("把握", f"{row.confidence:.2f}" if row.part != "retrieval" else ""), ("应引", "\n".join(row.gold_quotes)), ("实引", row.quote),
            ("出处", f"{row.title}{row.address}"),
        ]),
        E.p(*spaced),
        {"class": "row"},
    )  # fmt: skip
