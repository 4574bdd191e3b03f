"""The routes of documents and clauses."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query, Request, Response

from api.answer.bodies import Bodies
from api.answer.desk import Desk
from api.contract import schemas
from api.errors import ID_LIMIT
from corpus.errors import NotFound


def add(app: FastAPI, desk: Desk) -> None:
    @app.get("/v1/documents", summary="文件目录", response_model=schemas.DocumentPage)
    def documents(
        limit: Annotated[int, Query(ge=1, le=200, description="每页的文件数")] = 50,
        cursor: Annotated[str | None, Query(max_length=1000, description="上一页的 next_cursor")] = None,
    ) -> schemas.DocumentPage:
        rows, following = desk.view().documents(limit, cursor)
        day = desk.clock()
        return schemas.DocumentPage(documents=[schemas.document_out(d, day) for d in rows], next_cursor=following)

    bodies = Bodies(desk.settings.timeout)

    @app.get(
        "/v1/documents/{id}",
        summary="一份文件的全文和条款",
        response_model=schemas.DocumentFull,
        responses={304: {"description": "与请求头 If-None-Match 里的 ETag 相同，没有变"}},
    )
    async def document(id: str, request: Request) -> Response:
        require_plausible(id)
        return await bodies.response(desk.view(), id, desk.clock(), request)

    @app.get("/v1/clauses/{id}", summary="一条条款", response_model=schemas.ClauseFull)
    def clause(id: str) -> schemas.ClauseFull:
        require_plausible(id)
        view = desk.view()
        found, clause = view.clause(id)
        return schemas.clause_full(found, clause, view.referring(id), desk.clock())


def require_plausible(id: str) -> None:
    """An id that no store can hold is not looked up. Raises NotFound."""
    if len(id) > ID_LIMIT or not id.isprintable():
        raise NotFound("没有这个编号。", "编号见 /v1/documents 或回答里的引用。")
