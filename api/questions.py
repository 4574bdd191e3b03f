"""The routes that answer: POST /v1/ask and POST /v1/search."""

from __future__ import annotations

from fastapi import FastAPI, Request

from api import schemas
from api.access import principal_of
from api.desk import Desk


def add(app: FastAPI, desk: Desk) -> None:
    @app.post("/v1/ask", summary="提问", response_model=schemas.AskResponse)
    async def ask(body: schemas.AskRequest, request: Request) -> schemas.AskResponse:
        return await desk.ask(body, principal_of(request))

    @app.post("/v1/search", summary="只查条文，不作答", response_model=schemas.SearchResponse)
    async def search(body: schemas.AskRequest, request: Request) -> schemas.SearchResponse:
        return await desk.search(body, principal_of(request))
