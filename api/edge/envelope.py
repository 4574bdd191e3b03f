"""What is around every request: its id, the security headers, the limit on bodies, HEAD, and the last resort."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import time
import uuid
from collections.abc import Mapping

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.edge.logs import REQUEST
from api.edge.metrics import Meter
from api.errors import BODY_LIMIT, BodyTimeout, Internal, PayloadTooLarge, error_body
from api.faults import named
from corpus.errors import PolicyError

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
CHAT = "/"
"""The one page that other sites may frame: nothing on it acts with an operator's rights, so that no click can be stolen."""
UPLOAD = "/v1/documents"
LARGER_BODIES = {
    "/v1/chat/completions": 2**20,
    "/v1/faq/import": 2**22,
    "/v1/faq": 2**18,
    "/v1/evaluation-sets": 2**22,
}
"""Bytes of a body, by how its path begins, where it holds more than a question: a conversation, the quotation of a clause."""
BODY_SECONDS, UPLOAD_SECONDS = 20.0, 600.0
REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")

log = logging.getLogger("tiaowen.api")


def chat_headers(framers: tuple[str, ...], voice: bool) -> dict[str, str]:
    """SECURITY_HEADERS for the chat page, where other sites may frame it and where it may listen."""
    headers = dict(SECURITY_HEADERS)
    if framers:
        policy = headers["Content-Security-Policy"]
        headers["Content-Security-Policy"] = policy.replace(
            "frame-ancestors 'none'", f"frame-ancestors 'self' {' '.join(framers)}"
        )
        del headers["X-Frame-Options"]  # it knows no list; browsers that read frame-ancestors leave it aside
    if voice:
        headers["Permissions-Policy"] = headers["Permissions-Policy"].replace("microphone=()", "microphone=(self)")
    return headers


class Carried(HTTPException):
    """An error of ours raised while a body is read: frameworks make a 400 of every other exception there."""

    def __init__(self, error: PolicyError) -> None:
        super().__init__(error.status)
        self.error = error


def error_response(error: PolicyError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error in its one shape; where it passes by itself, with the seconds after which to try again."""
    seconds = getattr(error, "retry_after", None) or (5 if error.status == 503 else None)
    own = {"Retry-After": str(seconds)} if seconds else {}
    if error.status == 401:
        own["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error_body(error), error.status, {**(headers or {}), **own})


class Envelope:
    """ASGI middleware: request id, security headers, limits on bodies, HEAD, the log line, and the last resort for a fault.

    `upload_limit` is the size in bytes of the one kind of request that brings files; `framers` are the origins of sites that
    may frame the chat page, and `voice` lets it listen. One response in `close_one_in` (0: none)
    ends its connection, by chance: of several worker processes one may hold all connections that clients keep alive (after
    a burst, or while another was started anew), and whoever connects again comes to the one that is idle.
    """

    def __init__(
        self,
        app: ASGIApp,
        meter: Meter,
        upload_limit: int = BODY_LIMIT,
        close_one_in: int = 0,
        framers: tuple[str, ...] = (),
        voice: bool = False,
    ) -> None:
        self._chat = chat_headers(framers, voice)
        self._close_one_in = close_one_in
        self._app = app
        self._meter = meter
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        closing = bool(self._close_one_in) and random.randrange(self._close_one_in) == 0
        out = _Outgoing(scope, send, closing, self._chat if scope["path"] == CHAT else SECURITY_HEADERS)
        token = REQUEST.set(out.request_id)
        began = time.perf_counter()
        try:
            await self._answer(scope, receive, out)
        finally:
            REQUEST.reset(token)
            _log(scope, out, time.perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, out: _Outgoing) -> None:
        upload = scope["method"] == "POST" and scope["path"] == UPLOAD
        limit = self._upload_limit if upload else _limit_of(scope["path"])
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
        if _declared_length(scope) > limit:
            await self._refuse(PayloadTooLarge(limit), scope, receive, out)
            return
        try:
            await self._app(scope, _limited(receive, limit, UPLOAD_SECONDS if upload else BODY_SECONDS), out)
        except Carried as error:  # where the body was read outside of any route
            if out.started:
                raise
            await self._refuse(error.error, scope, receive, out)
        except Exception as error:
            log.exception("%s %s failed, request %s", scope["method"], scope["path"], out.request_id)
            if out.started:
                raise
            await self._refuse(named(error) or Internal(), scope, receive, out)

    async def _refuse(self, error: PolicyError, scope: Scope, receive: Receive, out: _Outgoing) -> None:
        self._meter.count_error(error.code)
        await error_response(error)(scope, receive, out)


def _log(scope: Scope, out: _Outgoing, seconds: float) -> None:
    """One line for each request that asks for something; files of the pages and probes are left out while all is well."""
    path = scope["path"]
    quiet = path.startswith("/web/") or path in ("/healthz", "/readyz", "/metrics")
    if quiet and out.status < 400:
        return
    principal = scope.get("state", {}).get("principal")
    extra = {
        "request": out.request_id,
        "method": scope["method"],
        "path": path[:200],
        "status": out.status,
        "milliseconds": round(seconds * 1000, 1),
        "caller": principal.id if principal else None,
        "event": "request",
    }
    log.info("request", extra=extra)


class _Outgoing:
    """`send` of one request: adds the headers to the first message, and leaves out the body of a HEAD."""

    def __init__(self, scope: Scope, send: Send, closing: bool, security: Mapping[str, str]) -> None:
        self._closing = closing
        self._security = security
        given = Headers(scope=scope).get("x-request-id", "")
        self.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        self.started = False
        self.status = 0
        self._send = send
        self._head = scope["method"] == "HEAD"
        self._private = scope["path"].startswith(("/v1/", "/mcp", "/bots/"))

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._security.items():
                headers.setdefault(name, value)  # a route may have a stricter policy of its own
            headers["X-Request-ID"] = self.request_id
            if self._private:
                headers.setdefault("Cache-Control", "no-store")
            if self._closing:
                headers["Connection"] = "close"
        elif message["type"] == "http.response.body" and self._head:
            message = {**message, "body": b""}
        await self._send(message)


def _limit_of(path: str) -> int:
    return next((limit for prefix, limit in LARGER_BODIES.items() if path.startswith(prefix)), BODY_LIMIT)


def _declared_length(scope: Scope) -> int:
    declared = Headers(scope=scope).get("content-length", "")
    return int(declared[:20]) if declared.isascii() and declared.isdigit() else 0


def _limited(receive: Receive, limit: int, seconds: float) -> Receive:
    """`receive` that gives up on a body longer than `limit` bytes, whatever length it declared, and on one that is not
    there `seconds` after it was begun to be read."""
    total = 0
    whole = False
    until: float | None = None

    async def limited() -> Message:
        nonlocal total, whole, until
        if whole:
            return await receive()  # what comes now is the caller's going away, however long that takes
        until = until or time.monotonic() + seconds
        try:
            message = await asyncio.wait_for(receive(), until - time.monotonic())
        except TimeoutError as error:
            raise Carried(BodyTimeout()) from error
        total += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if total > limit:
            raise Carried(PayloadTooLarge(limit))
        return message

    return limited
