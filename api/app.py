"""The HTTP service: routes, one error shape, headers, counters. It knows the answering engine only as a `Service`."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import schemas
from api.answering import Counts, Service, ask_with, search_with
from api.errors import (
    BODY_LIMIT,
    ID_LIMIT,
    Internal,
    InvalidJson,
    MethodNotAllowed,
    NotReady,
    PayloadTooLarge,
    error_body,
    unknown_address,
    validation_error,
)
from corpus.errors import NotFound, PolicyError
from qa.types import Answer, Outcome

WEB = Path(__file__).parent / "web"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
SHANGHAI = timezone(timedelta(hours=8))  # no daylight saving since 1991, and no time zone database needed

log = logging.getLogger("tiaowen.api")


def today_in_shanghai() -> date:
    return datetime.now(SHANGHAI).date()


def create_app(service: Service, *, clock: Callable[[], date] = today_in_shanghai) -> FastAPI:
    """The whole service around one engine.

    `clock` gives the day for which a question without `as_of` is answered. Handlers are synchronous, so FastAPI runs
    each in a thread of its pool; every error, expected or not, leaves in the shape of api/errors.py.

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
        responses={"default": {"model": schemas.ErrorBody, "description": "错误"}},
    )
    meter = Meter()
    app.add_middleware(Envelope, meter=meter)
    _handle_errors(app, meter)
    _add_questions(app, service, clock, meter)
    _add_documents(app, service, clock)
    _add_operations(app, service, meter)
    _add_pages(app)
    return app


# --- questions -------------------------------------------------------------------------------------------------------


def _add_questions(app: FastAPI, service: Service, clock: Callable[[], date], meter: Meter) -> None:
    @app.post("/v1/ask", summary="提问", response_model=schemas.AskResponse)
    def ask(body: schemas.AskRequest) -> schemas.AskResponse:
        _require_ready(service)
        response, outcome, seconds = ask_with(service, body.to_question(clock()), body.question)
        meter.count_question(outcome, seconds)
        return response

    @app.post("/v1/search", summary="只查条文，不作答", response_model=schemas.SearchResponse)
    def search(body: schemas.AskRequest) -> schemas.SearchResponse:
        _require_ready(service)
        return search_with(service, body.to_question(clock()), body.question)


def _require_ready(service: Service) -> None:
    if not service.ready():
        raise NotReady


# --- documents -------------------------------------------------------------------------------------------------------


def _add_documents(app: FastAPI, service: Service, clock: Callable[[], date]) -> None:
    @app.get("/v1/documents", summary="文件目录", response_model=schemas.DocumentPage)
    def documents(
        limit: Annotated[int, Query(ge=1, le=200, description="每页的文件数")] = 50,
        cursor: Annotated[str | None, Query(max_length=1000, description="上一页的 next_cursor")] = None,
    ) -> schemas.DocumentPage:
        _require_ready(service)
        rows, following = service.documents(limit, cursor)
        day = clock()
        return schemas.DocumentPage(documents=[schemas.document_out(d, day) for d in rows], next_cursor=following)

    @app.get("/v1/documents/{id}", summary="一份文件的全文和条款", response_model=schemas.DocumentFull)
    def document(id: str) -> schemas.DocumentFull:
        _require_ready(service)
        _require_plausible(id)
        return schemas.document_full(service.document(id), service.clauses(id), service.linked_from(id), clock())

    @app.get("/v1/clauses/{id}", summary="一条条款", response_model=schemas.ClauseFull)
    def clause(id: str) -> schemas.ClauseFull:
        _require_ready(service)
        _require_plausible(id)
        found, clause = service.clause(id)
        return schemas.clause_full(found, clause, service.referring(id), clock())


def _require_plausible(id: str) -> None:
    """An id that no store can hold is not looked up."""
    if len(id) > ID_LIMIT or not id.isprintable():
        raise NotFound("没有这个编号。", "编号见 /v1/documents 或回答里的引用。")


# --- operations ------------------------------------------------------------------------------------------------------


def _add_operations(app: FastAPI, service: Service, meter: Meter) -> None:
    @app.get("/healthz", summary="进程是否活着", response_model=schemas.Health)
    def healthz() -> schemas.Health:
        return schemas.Health()

    @app.get("/readyz", summary="能否回答", response_model=schemas.Readiness)
    def readyz() -> schemas.Readiness:
        _require_ready(service)
        counts = service.counts()
        return schemas.Readiness(documents=counts.documents, clauses=counts.clauses, passages=counts.passages)

    @app.get("/metrics", summary="Prometheus 指标", response_class=PlainTextResponse)
    def metrics() -> PlainTextResponse:
        counts = service.counts() if service.ready() else None
        return PlainTextResponse(meter.render(counts), media_type="text/plain; version=0.0.4")


class Meter:
    """Counters in the Prometheus text format. Labels come from fixed words only, so their number is bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._questions: Counter[tuple[str, str]] = Counter()
        self._errors: Counter[str] = Counter()
        self._seconds = 0.0

    def count_question(self, outcome: Outcome, seconds: float) -> None:
        key = ("answered", "") if isinstance(outcome, Answer) else ("refused", outcome.reason)
        with self._lock:
            self._questions[key] += 1
            self._seconds += seconds

    def count_error(self, code: str) -> None:
        with self._lock:
            self._errors[code] += 1

    def render(self, counts: Counts | None) -> str:
        with self._lock:
            questions, errors, seconds = dict(self._questions), dict(self._errors), self._seconds
        lines = ["# HELP tiaowen_questions_total Questions by outcome.", "# TYPE tiaowen_questions_total counter"]
        for (status, reason), n in sorted(questions.items()):
            lines.append(f'tiaowen_questions_total{{status="{status}",reason="{reason}"}} {n}')
        lines += ["# HELP tiaowen_question_seconds Time to answer.", "# TYPE tiaowen_question_seconds summary"]
        lines += [f"tiaowen_question_seconds_sum {seconds:.6f}"]
        lines += [f"tiaowen_question_seconds_count {sum(questions.values())}"]
        lines += ["# HELP tiaowen_errors_total Error responses by code.", "# TYPE tiaowen_errors_total counter"]
        lines += [f'tiaowen_errors_total{{code="{code}"}} {n}' for code, n in sorted(errors.items())]
        lines += ["# HELP tiaowen_ready Whether questions can be answered.", "# TYPE tiaowen_ready gauge"]
        lines += [f"tiaowen_ready {int(counts is not None)}"]
        if counts is not None:
            for name in ("documents", "clauses", "passages"):
                lines += [f"# HELP tiaowen_{name} Indexed {name}.", f"# TYPE tiaowen_{name} gauge"]
                lines += [f"tiaowen_{name} {getattr(counts, name)}"]
        return "\n".join(lines) + "\n"


# --- pages -----------------------------------------------------------------------------------------------------------


def _add_pages(app: FastAPI) -> None:
    """The chat page, the page of the API and what they load. All files are read once, here."""
    assets = {path.name: path.read_bytes() for path in sorted(WEB.iterdir()) if path.suffix in MEDIA_TYPES}

    def page(name: str) -> Callable[[Request], Response]:
        def serve(request: Request) -> Response:
            return _asset(assets, name, request)

        return serve

    app.get("/", include_in_schema=False)(page("index.html"))
    app.get("/docs", include_in_schema=False)(page("docs.html"))

    @app.get("/web/{name}", include_in_schema=False)
    def web(name: str, request: Request) -> Response:
        return _asset(assets, name, request)


def _asset(assets: Mapping[str, bytes], name: str, request: Request) -> Response:
    if name not in assets:
        raise unknown_address()
    etag = f'"{hashlib.sha256(assets[name]).hexdigest()[:16]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(assets[name], media_type=MEDIA_TYPES[Path(name).suffix], headers=headers)


# --- errors ----------------------------------------------------------------------------------------------------------


def _handle_errors(app: FastAPI, meter: Meter) -> None:
    def respond(error: PolicyError, headers: Mapping[str, str] | None = None) -> Response:
        meter.count_error(error.code)
        return _error_response(error, headers)

    @app.exception_handler(PolicyError)
    def policy_error(request: Request, error: PolicyError) -> Response:
        if error.status >= 500 and not error.retryable:
            log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return respond(error)

    @app.exception_handler(RequestValidationError)
    def not_valid(request: Request, error: RequestValidationError) -> Response:
        return respond(validation_error(error.errors()[0]))

    @app.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> Response:
        known: dict[int, Callable[[], PolicyError]] = {
            400: InvalidJson,
            404: unknown_address,
            405: MethodNotAllowed,
            413: PayloadTooLarge,
        }
        return respond(known.get(error.status_code, Internal)(), error.headers)


def _error_response(error: PolicyError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    retry = {"Retry-After": "5"} if error.status == 503 else {}
    return JSONResponse(error_body(error), error.status, {**(headers or {}), **retry})


# --- around every request --------------------------------------------------------------------------------------------


class Envelope:
    """ASGI middleware: request id, security headers, the limit on bodies, HEAD, and the last resort for a fault."""

    def __init__(self, app: ASGIApp, meter: Meter) -> None:
        self._app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        out = _Outgoing(scope, send)
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        if _declared_length(scope) > BODY_LIMIT:
            self._meter.count_error(PayloadTooLarge.code)
            await _error_response(PayloadTooLarge())(scope, receive, out)
            return
        try:
            await self._app(scope, _limited(receive), out)
        except Exception:
            log.exception("%s %s failed, request %s", scope["method"], scope["path"], out.request_id)
            if out.started:
                raise
            self._meter.count_error(Internal.code)
            await _error_response(Internal())(scope, receive, out)


class _Outgoing:
    """`send` of one request: adds the headers to the first message, and leaves out the body of a HEAD."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        self.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        self.started = False
        self._send = send
        self._head = scope["method"] == "HEAD"
        self._private = scope["path"].startswith("/v1/")

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers.update({**SECURITY_HEADERS, "X-Request-ID": self.request_id})
            if self._private:
                headers["Cache-Control"] = "no-store"
        elif message["type"] == "http.response.body" and self._head:
            message = {**message, "body": b""}
        await self._send(message)


def _declared_length(scope: Scope) -> int:
    declared = Headers(scope=scope).get("content-length", "")
    return int(declared[:20]) if declared.isascii() and declared.isdigit() else 0


def _limited(receive: Receive) -> Receive:
    """`receive` that gives up on a body longer than BODY_LIMIT, whatever length it declared."""
    total = 0

    async def limited() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > BODY_LIMIT:
            raise HTTPException(413)
        return message

    return limited
