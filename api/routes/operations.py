"""The routes of whoever runs the service: alive, ready, figures."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from api.answer.desk import Desk
from api.contract import schemas


def add(app: FastAPI, desk: Desk) -> None:
    @app.get("/healthz", summary="进程是否活着", response_model=schemas.Health)
    def healthz() -> schemas.Health:
        return schemas.Health()

    @app.get("/readyz", summary="能否回答", response_model=schemas.Readiness)
    def readyz() -> schemas.Readiness:
        view = desk.view()
        desk.records.require()
        counts = view.counts()
        return schemas.Readiness(
            documents=counts.documents, clauses=counts.clauses, passages=counts.passages, index=view.version().index
        )

    @app.get("/metrics", summary="Prometheus 指标", response_class=PlainTextResponse)
    def metrics() -> PlainTextResponse:
        view = desk.view() if desk.service.ready() else None
        told = desk.meter.render(view.counts(), view.version()) if view else desk.meter.render(None)
        return PlainTextResponse(told, media_type="text/plain; version=0.0.4")
