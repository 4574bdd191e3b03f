"""The pages and what they load, as api/assets made them: packed where the caller takes that, 304 where it has them."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request, Response

from api.assets.site import Asset, Site, site
from api.edge.negotiation import has_tag, takes_gzip
from api.errors import EmbeddingOff, unknown_address
from api.settings import Settings

WIDGET = "/widget.js"
PAGES = ("library", "operator", "evaluation", "docs")


def add_pages(app: FastAPI, settings: Settings) -> None:
    """The chat page, the library, the operator's desk, the evaluations, the page of the API, what they load, and the script
    by which other sites embed the chat page."""
    made = site(("voice",) if settings.voice else ())

    def page(name: str) -> Callable[[Request], Response]:
        def serve(request: Request) -> Response:
            return _sent(_found(made, name), request)

        return serve

    app.get("/", include_in_schema=False)(page("index.html"))
    for name in PAGES:
        app.get(f"/{name}", include_in_schema=False)(page(f"{name}.html"))

    @app.get("/web/{name}", include_in_schema=False)
    def web(name: str, request: Request) -> Response:
        return _sent(_found(made, name), request)

    @app.get(WIDGET, include_in_schema=False)
    def widget(request: Request) -> Response:
        if not settings.frame_ancestors:
            raise EmbeddingOff
        response = _sent(_found(made, "widget.js"), request)
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # pages of other sites load it
        return response


def _found(made: Site, name: str) -> Asset:
    asset = made.find(name)
    if asset is None:
        raise unknown_address()
    return asset


def _sent(asset: Asset, request: Request) -> Response:
    packed = asset.packed is not None and takes_gzip(request.headers.get("accept-encoding", ""))
    tag = f"{asset.tag}-gzip" if packed else asset.tag  # other bytes, another tag
    headers = {"ETag": f'"{tag}"', "Cache-Control": asset.cache_control, "Vary": "Accept-Encoding"}
    if has_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.packed if packed else asset.data, media_type=asset.media_type, headers=headers)
