"""The routes of the audit log: shown a page at a time, and exported."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response

from api.access import principal_of
from api.answer.desk import Desk
from api.contract import log_schemas as schemas
from api.records.audit import Action, Line
from api.routes.operator import Days, Limit
from api.routes.operator_log import MOST_EXPORTED, Format, Words, local, sheet
from corpus.sheets import XLSX, Cell

_HEADER = ("序号", "时间", "谁", "身份", "动作", "对象", "详情")
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}, XLSX: {}}, "description": "表格文件"}}


def add(app: FastAPI, desk: Desk) -> None:
    @app.get("/v1/audit", summary="谁改了什么", response_model=schemas.AuditPage)
    def lines(
        limit: Limit = 50,
        before: Annotated[int | None, Query(ge=1, le=2**53, description="上一页的 next_before")] = None,
        days: Days = 365,
        action: Action | None = None,
        words: Words = "",
    ) -> schemas.AuditPage:
        found = list(desk.audit.lines(limit + 1, before=before, days=days, action=action, words=words))
        items = [schemas.AuditLine(**asdict(line)) for line in found[:limit]]
        return schemas.AuditPage(items=items, next_before=items[-1].n if len(found) > limit else None)

    @app.get("/v1/audit/export", summary="导出操作记录", response_class=Response, responses=_FILE)
    def export(
        request: Request, format: Format = "csv", days: Days = 3650, action: Action | None = None, words: Words = ""
    ) -> Response:
        found = list(desk.audit.lines(MOST_EXPORTED, days=days, action=action, words=words))
        desk.audit.put(principal_of(request), "export.audit", format, rows=len(found))
        return sheet("操作记录", _HEADER, map(_cells, found), format)


def _cells(line: Line) -> list[Cell]:
    detail = json.dumps(line.detail, ensure_ascii=False) if line.detail else ""
    return [line.n, local(line.at), line.who, line.who_id, line.action, line.target, detail]
