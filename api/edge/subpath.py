"""The service under a path of somebody else's site (TIAOWEN_ROOT_PATH), whether the proxy takes the path off or leaves it on."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class SubPath:
    """ASGI middleware around all others: what it hands on is the path within the service, which the guard judges by, and
    what a response says of places within the service is what its caller sees."""

    def __init__(self, app: ASGIApp, root: str) -> None:
        self._app = app
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if path == self._root:  # the pages name what they load relative to /root/
                await RedirectResponse(f"{self._root}/", 308)(scope, receive, send)
                return
            if path.startswith(f"{self._root}/"):
                scope = {**scope, "path": path[len(self._root) :]}

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("location", "").startswith("/"):
                    headers["location"] = self._root + headers["location"]
            await send(message)

        await self._app(scope, receive, sent)
