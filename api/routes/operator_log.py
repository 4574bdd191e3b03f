"""The routes of the log: search and export, marks and gold rows, trends, groups, who looks after what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.access import principal_of
from api.answer.desk import Desk
from api.contract import log_schemas as schemas
from api.records.asked_log import Wanted
from api.records.groups import Asking, grouped
from api.records.marks import Mark
from api.records.rows import NOTHING_CITED, LogRow
from api.routes.documents import require_plausible
from api.routes.operator import Cursor, Days, Limit
from corpus.sheets import CSV, XLSX, Cell, csv_lines, xlsx_bytes

MOST_EXPORTED = 50_000
TOPICS = 12
_HEADER = (
    "时间",
    "问题",
    "理解为",
    "结果",
    "原因",
    "答案",
    "把握",
    "来源",
    "文件",
    "条款",
    "原文",
    "评价",
    "意见",
    "标注",
    "渠道",
    "毫秒",
    "编号",
)
_STATUS = {"answered": "已答", "refused": "拒答"}
_RATING = {"up": "有用", "down": "没用", None: ""}
_VERDICT = {"good": "对", "bad": "不对", None: ""}
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}, XLSX: {}}, "description": "表格文件"}}
Words = Annotated[str, Query(max_length=100, description="都出现的词，空格分开")]
Format = Annotated[Literal["csv", "xlsx"], Query(description="表格的格式")]
Share = Annotated[float, Query(ge=0, le=1)]


def wanted(
    days: Days = 30,
    status: Literal["answered", "refused"] | None = None,
    reason: Literal["no_evidence", "low_confidence", "out_of_scope", "not_in_force", "ambiguous", "small_talk"]
    | None = None,
    low: Share = 0.0,
    high: Share = 1.0,
    document: Annotated[str, Query(max_length=200, description="文件的编号，或标题里的字")] = "",
    words: Words = "",
    day: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$", description="某一天")] = None,
    channel: Annotated[str | None, Query(max_length=20)] = None,
    rating: Literal["up", "down"] | None = None,
    mark: Literal["good", "bad", "none"] | None = None,
) -> Wanted:
    """The filters of a request."""
    return Wanted(days, status, reason, low, high, document, words, day, channel, rating, mark)


Filters = Annotated[Wanted, Depends(wanted)]


def add(app: FastAPI, desk: Desk) -> None:
    _add_log(app, desk)
    _add_marks(app, desk)
    _add_overview(app, desk)


def _add_log(app: FastAPI, desk: Desk) -> None:
    @app.get("/v1/operator/log", summary="所有回答的记录", response_model=schemas.LogPage)
    def log(filters: Filters, limit: Limit = 20, cursor: Cursor = None) -> schemas.LogPage:
        rows = list(desk.log.rows(filters, limit + 1, cursor))
        marks = desk.marks.of([row["id"] for row in rows])
        items = [_item(row, marks.get(row["id"])) for row in rows[:limit]]
        following = items[-1].at if len(rows) > limit else None
        return schemas.LogPage(items=items, total=desk.log.count(filters), next_cursor=following)

    @app.get("/v1/operator/log/export", summary="导出记录", response_class=Response, responses=_FILE)
    def export(filters: Filters, request: Request, format: Format = "csv") -> Response:
        rows = list(desk.log.rows(filters, MOST_EXPORTED))
        desk.audit.put(principal_of(request), "export.log", format, rows=len(rows))
        return sheet("记录", _HEADER, map(_cells, rows), format)


def _add_marks(app: FastAPI, desk: Desk) -> None:
    @app.post("/v1/operator/marks", summary="标注一个回答对不对", response_model=schemas.MarkOut)
    def mark(body: schemas.MarkIn, request: Request) -> schemas.MarkOut:
        who = principal_of(request)
        made = desk.marks.put(
            desk.view(),
            body.answer_id,
            body.verdict,
            who.name or who.id,
            answer=body.answer or "",
            clause_id=body.clause_id or "",
            quote=body.quote or "",
            unanswerable=body.unanswerable,
            note=body.note or "",
        )
        desk.audit.put(who, "mark.set", made.question, verdict=made.verdict, id=made.answer_id, answer=made.answer)
        return _mark(made)

    @app.delete("/v1/operator/marks/{id}", summary="撤销标注", response_model=schemas.AssignedOut)
    def unmark(id: str, request: Request) -> schemas.AssignedOut:
        require_plausible(id)
        desk.marks.delete(id)
        desk.audit.put(principal_of(request), "mark.remove", id)
        return schemas.AssignedOut(id=id, name="")

    @app.get(
        "/v1/operator/gold",
        summary="标注成的问题集",
        response_class=Response,
        responses={
            200: {"content": {"application/jsonl": {}}, "description": "每行一个 JSON，写法见 docs/evaluation.md"}
        },
    )
    def gold(request: Request) -> Response:
        rows = desk.marks.gold()
        desk.audit.put(principal_of(request), "export.gold", rows=rows.count("\n"))
        headers = {"Content-Disposition": "attachment; filename=gold.jsonl"}
        return Response(rows, media_type="application/jsonl", headers=headers)


def _add_overview(app: FastAPI, desk: Desk) -> None:
    @app.get("/v1/operator/trends", summary="每天和各个文件的提问", response_model=schemas.TrendsOut)
    def trends(days: Annotated[int, Query(ge=1, le=366)] = 30) -> schemas.TrendsOut:
        return schemas.TrendsOut(
            days=[schemas.DayOut(**asdict(day)) for day in desk.log.days(days)],
            topics=[schemas.TopicOut(**asdict(topic)) for topic in desk.log.topics(days, TOPICS)],
        )

    @app.get("/v1/operator/groups", summary="相近的未答问题", response_model=schemas.GroupsOut)
    def groups(days: Days = 30, limit: Limit = 50) -> schemas.GroupsOut:
        asked = [Asking(*row) for row in desk.log.unanswered(days, 1000)]
        return schemas.GroupsOut(
            groups=[
                schemas.GroupOut(
                    times=group.times, questions=[schemas.AskingOut(**asdict(one)) for one in group.members]
                )
                for group in grouped(asked)[:limit]
            ]
        )

    @app.get("/v1/operator/assignees", summary="经办人的名字", response_model=schemas.NamesOut)
    def names() -> schemas.NamesOut:
        return schemas.NamesOut(names=desk.assignees.names())

    @app.post("/v1/operator/assign", summary="交给某人办", response_model=schemas.AssignedOut)
    def assign(body: schemas.AssignIn, request: Request) -> schemas.AssignedOut:
        name = body.name.strip()
        ref = desk.handoffs.get(body.id).id if body.kind == "handoffs" else str(desk.asked.row(body.id)["same"])
        desk.assignees.put(body.kind, ref, name)
        desk.audit.put(principal_of(request), "assign", name, kind=body.kind, id=body.id)
        return schemas.AssignedOut(id=body.id, name=name)


def sheet(
    name: str, header: tuple[str, ...], rows: Iterable[Iterable[Cell]], format: Literal["csv", "xlsx"]
) -> Response:
    """A table as a file to keep."""
    headers = {"Content-Disposition": f"attachment; filename=tiaowen-{datetime.now():%Y%m%d}.{format}"}
    lines: Iterator[list[Cell]] = (list(row) for row in rows)
    if format == "csv":
        return StreamingResponse(csv_lines(header, lines), media_type=CSV, headers=headers)
    return Response(xlsx_bytes([(name, header, lines)]), media_type=XLSX, headers=headers)


def local(moment: str) -> str:
    """A time of the records as people of this country read it: 2026-11-21 08:30:00."""
    return (datetime.fromisoformat(moment) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")


def _cells(row: LogRow) -> list[Cell]:
    first = row["citations"][0] if row["citations"] else NOTHING_CITED
    return [
        *(local(row["at"]), row["question"], row["rewritten"], _STATUS[row["status"]], row["reason"], row["answer"]),
        *(round(row["confidence"], 4), "人工" if row["answered_by"] == "faq" else "文件"),
        *(
            first["title"],
            first["address"],
            first["quote"],
            _RATING[row["rating"]],
            row["comment"],
            _VERDICT[row["verdict"]],
        ),
        *(row["channel"], round(row["milliseconds"]), row["id"]),
    ]


def _item(row: LogRow, mark: Mark | None) -> schemas.LogItem:
    values = {name: value for name, value in row.items() if name != "verdict"}
    return schemas.LogItem.model_validate({**values, "mark": _mark(mark) if mark else None})


def _mark(mark: Mark) -> schemas.MarkOut:
    names = ("answer_id", "verdict", "unanswerable", "answer", "quote", "title", "address", "note", "who", "at")
    return schemas.MarkOut(**{name: getattr(mark, name) for name in names}, gold=mark.row() is not None)
