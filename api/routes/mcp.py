"""The door for language models: the tools of api/routes/mcp_tools.py by the Model Context Protocol, over HTTP at /mcp and on stdio.

Over HTTP every call stands alone (no session is kept), so any worker process can take it; there is nothing to listen to,
so only POST is served. Errors inside a tool are results that the model reads; errors of HTTP keep the service's shape.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.access import LOCAL, Principal, principal_of
from api.answer.desk import Desk
from api.errors import Internal, NotReady, validation_error
from api.routes.mcp_tools import INSTRUCTIONS, TOOLS
from corpus.errors import NotFound, PolicyError

if TYPE_CHECKING:
    from mcp.server.lowlevel.server import Server
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp_types import CallToolResult

PATH = "/mcp"

log = logging.getLogger("tiaowen.mcp")


def add(app: FastAPI, desk: Desk) -> None:
    """Serves the tools at /mcp while the app runs.

    Host and Origin are checked by the guard in front of all routes (TIAOWEN_HOSTS, TIAOWEN_CORS), so the SDK's own check,
    which would want the same names a second time, stays off.
    """
    door = _Door()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        # A manager runs once, an app may be started several times: so each start gets its own.
        manager = StreamableHTTPSessionManager(
            server_of(desk, lambda context: principal_of(context.request)),
            stateless=True,
            json_response=True,
        )
        async with manager.run():
            door.manager = manager
            try:
                yield
            finally:
                door.manager = None

    app.include_router(APIRouter(lifespan=lifespan))
    app.router.routes.append(Route(PATH, endpoint=door, methods=["POST"], include_in_schema=False))


async def run_stdio(desk: Desk) -> None:
    """Serves the tools on standard input and output until the input ends. Whoever started the process may do all."""
    from mcp.server.stdio import stdio_server

    server = server_of(desk, lambda context: LOCAL)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


class _Door:
    """The ASGI end of /mcp: hands over to the session manager while there is one."""

    manager: StreamableHTTPSessionManager | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.manager is None:
            raise NotReady
        accept = Headers(scope=scope).get("accept", "").strip()
        if not accept:  # anything will do (RFC 9110, 12.5.1); the SDK wants it said
            headers = [(name, value) for name, value in scope["headers"] if name != b"accept"]
            scope = {**scope, "headers": [*headers, (b"accept", b"*/*")]}
        await self.manager.handle_request(scope, receive, send)


def server_of(desk: Desk, whose: Callable[[Any], Principal]) -> Server[Any]:
    """The protocol's server over one desk. `whose` says for whom a request acts, given the SDK's context of it."""
    import mcp_types as protocol
    from mcp.server.lowlevel.server import Server

    tools = [
        protocol.Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.takes.model_json_schema(),
            output_schema=tool.gives.model_json_schema(mode="serialization"),
            annotations=protocol.ToolAnnotations(
                read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
            ),
        )
        for tool in TOOLS.values()
    ]

    async def list_tools(context: Any, params: protocol.PaginatedRequestParams | None) -> protocol.ListToolsResult:
        return protocol.ListToolsResult(tools=tools)

    async def call_tool(context: Any, params: protocol.CallToolRequestParams) -> CallToolResult:
        try:
            return await _called(desk, params.name, params.arguments or {}, whose(context))
        except PolicyError as error:
            failure = error
        except Exception:
            log.exception("tool %s failed", params.name[:40])
            failure = Internal()
        desk.meter.count_error(failure.code)
        return protocol.CallToolResult(content=[_text(_told(failure))], is_error=True)

    return Server(
        "tiaowen",
        version="1",
        title="条问",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def _called(desk: Desk, name: str, arguments: dict[str, Any], who: Principal) -> CallToolResult:
    from mcp_types import CallToolResult

    if name not in TOOLS:
        raise NotFound("没有这个工具。", f"可用的工具：{'、'.join(TOOLS)}。")
    tool = TOOLS[name]
    try:
        given = tool.takes.model_validate(arguments)
    except ValidationError as error:
        first = error.errors()[0]
        raise validation_error({**first, "loc": ("arguments", *first["loc"])}) from error
    result, text = await tool.run(desk, given, who)
    return CallToolResult(content=[_text(text)], structured_content=result.model_dump(mode="json"))


def _text(text: str) -> Any:
    from mcp_types import TextContent

    return TextContent(type="text", text=text)


def _told(error: PolicyError) -> str:
    """An error as the model reads it: its code, what is wrong, what to do."""
    return f"错误（{error.code}）：{error.message}\n{error.hint}".strip()
