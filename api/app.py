"""The HTTP service put together: its doors, the error shape, the pages. It knows the engine only as a `Service`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api import faults
from api.answer import housekeeping
from api.answer.desk import Desk
from api.bots import routes as chats
from api.bots.settings import NONE as NO_BOTS
from api.bots.settings import Bots
from api.contract import schemas
from api.edge.cors import Cors
from api.edge.envelope import Carried, Envelope, error_response
from api.edge.guard import Guard
from api.edge.limits import RateLimit
from api.edge.metrics import SHARED, Meter
from api.edge.subpath import SubPath
from api.errors import (
    BadRequest,
    Internal,
    InvalidJson,
    MethodNotAllowed,
    PayloadTooLarge,
    unknown_address,
    validation_error,
)
from api.outgoing.oidc import Provider
from api.records.database import Records
from api.records.keys import Keys
from api.records.people import People
from api.routes import audit as audit_routes
from api.routes import (
    documents,
    login,
    mcp,
    openai,
    operations,
    operator,
    operator_log,
    policies,
    questions,
    sso,
    uploads,
)
from api.routes import evaluations as evaluation_routes
from api.routes import faq as faq_routes
from api.routes.pages import add_pages
from api.settings import Settings
from api.view import Service
from api.watch import serving as watch
from corpus.errors import PolicyError

SHANGHAI = timezone(timedelta(hours=8))  # no daylight saving since 1991, and no time zone database needed

OPEN = Settings(access="open", any_host=True, rate_address=0, open_role="admin")
"""Whoever builds an app and says nothing of access serves it where nobody else comes."""

CLOSE_ONE_IN = 32
"""Responses, of which one ends its connection where several worker processes serve."""

log = logging.getLogger("tiaowen.api")


def today_in_shanghai() -> date:
    return datetime.now(SHANGHAI).date()


def create_app(
    service: Service,
    *,
    clock: Callable[[], date] = today_in_shanghai,
    records: Records | None = None,
    settings: Settings = OPEN,
    bots: Bots = NO_BOTS,
) -> FastAPI:
    """The whole service around one engine.

    `clock` gives the day for which a question without `as_of` is answered; `records` keeps what the service must not lose,
    in a temporary folder where it is None; `bots` are the chats and desks that are connected. Every error, expected or
    not, leaves in the shape of api/errors.py. Raises BadSetting where the settings need an extra that is not installed.

        >>> app = create_app(service)                     # doctest: +SKIP
        >>> uvicorn.run(app, host="127.0.0.1", port=8000) # doctest: +SKIP
    """
    app = FastAPI(
        title="条问 Tiaowen",
        description='用原文条款回答政策问题。错误一律是 {"error": {"code", "message", "hint"}}。',
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": settings.root_path}] if settings.root_path else None,
        responses={"default": {"model": schemas.ErrorBody, "description": "错误"}},
    )
    meter = Meter()
    records = records or Records()
    keys = Keys(records)
    people = People(records, settings.oidc)
    provider = Provider(settings.oidc) if settings.oidc else None
    desk = Desk(service, clock, meter, records, settings)
    rates = RateLimit(records.folder)
    app.add_middleware(Guard, keys=keys, people=people, rates=rates, settings=settings, meter=meter)
    if settings.cors:
        app.add_middleware(Cors, origins=settings.cors)
    close_one_in = CLOSE_ONE_IN if SHARED in os.environ else 0
    app.add_middleware(
        Envelope,
        meter=meter,
        upload_limit=settings.upload_mb * 2**20,
        close_one_in=close_one_in,
        framers=settings.frame_ancestors,
        voice=settings.voice,
    )
    if settings.root_path:
        app.add_middleware(SubPath, root=settings.root_path)
    _handle_errors(app, meter)
    login.add(app, desk, keys, people)
    sso.add(app, desk, people, provider)
    questions.add(app, desk)
    documents.add(app, desk)
    policies.add(app, desk)
    uploads.add(app, desk)
    operator_log.add(app, desk)
    faq_routes.add(app, desk)
    operator.add(app, desk)
    evaluation_routes.add(app, desk)
    audit_routes.add(app, desk)
    operations.add(app, desk)
    openai.add(app, desk)
    mcp.add(app, desk)
    chats.add(app, desk, bots)
    housekeeping.add(app, desk)
    watch.add(app, records, settings)
    add_pages(app, settings)
    return app


def _handle_errors(app: FastAPI, meter: Meter) -> None:
    def respond(error: PolicyError, headers: Mapping[str, str] | None = None) -> Response:
        meter.count_error(error.code)
        return error_response(error, headers)

    @app.exception_handler(PolicyError)
    def policy_error(request: Request, error: PolicyError) -> Response:
        error = faults.named(error) or error
        if error.status >= 500 and not error.retryable:
            log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return respond(error)

    @app.exception_handler(RequestValidationError)
    def not_valid(request: Request, error: RequestValidationError) -> Response:
        return respond(validation_error(error.errors()[0]))

    @app.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> Response:
        if isinstance(error, Carried):
            return respond(error.error)
        if error.status_code == 400 and "multipart" in request.headers.get("content-type", ""):
            return respond(BadRequest("上传的内容无法读出。", "请用 multipart/form-data 上传，字段名 files。"))
        known: dict[int, Callable[[], PolicyError]] = {
            400: InvalidJson,
            404: unknown_address,
            405: MethodNotAllowed,
            413: PayloadTooLarge,
        }
        return respond(known.get(error.status_code, Internal)(), error.headers)
