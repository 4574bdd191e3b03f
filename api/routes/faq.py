"""The routes by which the FAQ goes out as a table and comes in as one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import FastAPI, File, Request, Response, UploadFile
from pydantic import BaseModel, Field

from api.access import principal_of
from api.answer.desk import Desk
from api.routes.faq_sheet import HEADER, read_table, rows_of, take_in
from api.routes.operator_log import Format, sheet
from corpus.sheets import XLSX

_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}, XLSX: {}}, "description": "表格文件"}}


class ImportedRow(BaseModel):
    """What became of a row of the table; the header is row 1."""

    row: int
    outcome: Literal["added", "updated", "rejected"]
    question: str
    message: str = Field(description="没有收下的原因")


class Imported(BaseModel):
    added: int
    updated: int
    rejected: int
    rows: list[ImportedRow]


def add(app: FastAPI, desk: Desk) -> None:
    @app.get("/v1/faq/export", summary="导出整理的答案", response_class=Response, responses=_FILE)
    def export(request: Request, format: Format = "xlsx") -> Response:
        view = desk.view()
        entries = desk.faq.entries()
        desk.audit.put(principal_of(request), "export.faq", format, rows=len(entries))
        return sheet("常见问题", HEADER, (rows_of(view, entry) for entry in entries), format)

    @app.post("/v1/faq/import", summary="批量导入整理的答案", response_model=Imported)
    def bring(file: Annotated[UploadFile, File(description="csv 或 xlsx，列名同导出的")], request: Request) -> Imported:
        who = principal_of(request)
        told = take_in(desk.view(), desk.faq, read_table(file.file.read()), who.name)
        counts = {name: sum(row.outcome == name for row in told) for name in ("added", "updated", "rejected")}
        desk.audit.put(who, "faq.import", file.filename or "", **counts)
        return Imported(**counts, rows=[ImportedRow(**asdict(row)) for row in told])
