"""What is around every request: its id, the security headers, the limit on bodies, HEAD, and the last resort."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BODY_LIMIT, Internal, PayloadTooLarge, error_body
from api.metrics import Meter
from corpus.errors import PolicyError

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

log = logging.getLogger("tiaowen.api")


def error_response(error: PolicyError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error in its one shape; where it passes by itself, with the seconds after which to try again."""
    retry = {"Retry-After": "5"} if error.status == 503 else {}
    return JSONResponse(error_body(error), error.status, {**(headers or {}), **retry})


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
            await error_response(PayloadTooLarge())(scope, receive, out)
            return
        try:
            await self._app(scope, _limited(receive), out)
        except Exception:
            log.exception("%s %s failed, request %s", scope["method"], scope["path"], out.request_id)
            if out.started:
                raise
            self._meter.count_error(Internal.code)
            await error_response(Internal())(scope, receive, out)


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
