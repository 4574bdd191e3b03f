"""Which pages of other sites may call (TIAOWEN_CORS): the headers that clients send, and refusals in the one error shape."""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from api.edge.envelope import error_response
from api.errors import OriginRefused

METHODS = ("GET", "HEAD", "POST")
NAMED = (
    *("Authorization", "Content-Type", "X-API-Key", "X-Session-Id", "X-Request-ID", "If-None-Match", "Last-Event-ID"),
    *("MCP-Protocol-Version", "Mcp-Session-Id", "Mcp-Method", "Mcp-Name", "Idempotency-Key", "User-Agent"),
)
_FAMILIES = re.compile(r"(?:x-stainless|openai)-[a-z0-9-]{1,60}")
"""Headers of which the official OpenAI clients send whichever their version knows."""


class Cors(CORSMiddleware):
    """Starlette's, which knows no families of headers and refuses in plain text."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        exposed = ("Retry-After", "X-Request-ID", "ETag", "Location")
        super().__init__(app, origins, METHODS, NAMED, expose_headers=exposed, max_age=600)

    def preflight_response(self, request_headers: Headers) -> Response:
        asked = [name.strip() for name in request_headers.get("access-control-request-headers", "").split(",")]
        families = [name for name in asked if _FAMILIES.fullmatch(name.lower())]
        headers = MutableHeaders(request_headers)
        headers["access-control-request-headers"] = ", ".join(name for name in asked if name and name not in families)
        if not headers["access-control-request-headers"]:
            del headers["access-control-request-headers"]
        response = super().preflight_response(headers)
        response.headers["Access-Control-Allow-Headers"] = ", ".join([*sorted(NAMED, key=str.lower), *families])
        if response.status_code == 200:
            return response
        return error_response(self._refusal(request_headers), _of_cors(response.headers))

    def _refusal(self, request: Headers) -> OriginRefused:
        if not self.is_allowed_origin(request["origin"]):
            return OriginRefused()
        return OriginRefused(
            "其他网站的网页不能带着这样的方法或请求头来调用。",
            f"方法可用 {'、'.join(METHODS)}；请求头可用 {'、'.join(NAMED)}、X-Stainless-*、OpenAI-*。",
        )


def _of_cors(headers: Headers) -> dict[str, str]:
    """What a preflight answers besides its body: a page of a named site may read why it was refused."""
    return {name: value for name, value in headers.items() if name.startswith("access-control-") or name == "vary"}
