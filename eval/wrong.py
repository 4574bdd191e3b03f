"""The questions that went wrong as a workbook, for whoever sorts them in a spreadsheet program."""

from __future__ import annotations

from collections.abc import Sequence

from corpus.sheets import Cell, xlsx_bytes
from eval.judged import Judged
from eval.page import FAULTS, TYPES, said_of

HEADER = (
    "编号", "哪里不对", "类型", "问法", "问题", "应答", "实答", "把握", "应引", "实引", "文件", "条款", "答案对", "引文对", "前五段里有",
)  # fmt: skip


def wrong_workbook(rows: Sequence[Judged]) -> bytes:
    """An xlsx file with the rows at fault."""
    return xlsx_bytes([("出错的问题", HEADER, [_cells(row) for row in rows if row.fault])])


def _cells(row: Judged) -> list[Cell]:
    wanted = "；".join(row.gold) or ("拒答" if row.part == "unanswerable" else "")
    return [
        *(
            row.id,
            FAULTS[row.fault] if row.fault else "",
            TYPES.get(row.type, row.type),
            row.style,
            row.question,
            wanted,
        ),
        *(said_of(row), round(row.confidence, 4), "\n".join(row.gold_quotes), row.quote, row.title, row.address),
        *("是" if held else "否" for held in (row.answer, row.cited, row.hit5)),
    ]
