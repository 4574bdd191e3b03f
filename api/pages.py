"""The pages and what they load: files of api/web, read once, sent with an ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from fastapi import FastAPI, Request, Response

from api.errors import unknown_address

WEB = Path(__file__).parent / "web"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


def add_pages(app: FastAPI) -> None:
    """The chat page, the library, the operator's desk, the page of the API, and what they load. All files are read once, here."""
    assets = {path.name: path.read_bytes() for path in sorted(WEB.iterdir()) if path.suffix in MEDIA_TYPES}

    def page(name: str) -> Callable[[Request], Response]:
        def serve(request: Request) -> Response:
            return _asset(assets, name, request)

        return serve

    app.get("/", include_in_schema=False)(page("index.html"))
    for name in ("library", "operator", "docs"):
        app.get(f"/{name}", include_in_schema=False)(page(f"{name}.html"))

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
