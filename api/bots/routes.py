"""The doors of the chats that are connected, and the outbox that sends for them. What is not connected has no address."""

from __future__ import annotations

import importlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool

from api.answer.desk import Desk
from api.bots import dingtalk, feishu, webhook, wecom
from api.bots.attendant import Attendant
from api.bots.seen import Seen
from api.bots.settings import Bots
from api.outgoing.receivers import HttpReceiver
from api.records.outbox import Outbox, Target
from qa.errors import BadSetting

SDKS = {
    "wecom": ("企业微信", ("wechatpy.enterprise", "Crypto.Cipher")),
    "dingtalk": ("钉钉", ("dingtalk_stream",)),
    "feishu": ("飞书", ("lark_oapi",)),
}


@dataclass(frozen=True, slots=True)
class Running:
    """What works beside the routes: started and stopped with the service."""

    attendant: Attendant
    outbox: Outbox

    def start(self) -> None:
        self.outbox.start()

    async def stop(self) -> None:
        """Finishes the messages at work; what is left to send is sent after the next start."""
        await self.attendant.finish()
        await run_in_threadpool(self.outbox.stop)


def add(app: FastAPI, desk: Desk, bots: Bots, clock: Callable[[], float] = time.time) -> Running:
    """The routes of the platforms that `bots` names, and the receivers of events.

    Raises BadSetting where a platform's SDK is not installed or does not take a setting.
    """
    for name in SDKS:
        if getattr(bots, name) is not None:
            require_sdk(name)
    targets: list[Target] = [HttpReceiver(r.name, r.url, r.secret, r.kinds) for r in bots.events]
    if bots.dingtalk is not None:
        targets.append(dingtalk.Sender())
    if bots.feishu is not None:
        targets.append(feishu.sender(bots.feishu))
    outbox = Outbox(desk.records, targets)
    # Longer than a question may take: a message whose lease ran out was in a process that is no more.
    seen = Seen(desk.records, clock, desk.settings.timeout + 15)
    attendant = Attendant(desk, desk.handoffs, seen, outbox)
    if bots.wecom is not None:
        wecom.add(app, bots.wecom, attendant, bots.page, clock)
    if bots.dingtalk is not None:
        dingtalk.add(app, bots.dingtalk, attendant, bots.page, clock)
    if bots.feishu is not None:
        feishu.add(app, bots.feishu, attendant, bots.page, clock)
    if bots.webhook is not None:
        webhook.add(app, bots.webhook, attendant, bots.page, clock)
    running = Running(attendant, outbox)
    _live_with(app, running)
    return running


def _live_with(app: FastAPI, running: Running) -> None:
    """Starts and stops `running` with the application."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running.start()
        try:
            yield
        finally:
            await running.stop()

    app.include_router(APIRouter(lifespan=lifespan))


def require_sdk(name: str) -> None:
    """Raises BadSetting where the SDK of a platform cannot be imported."""
    title, modules = SDKS[name]
    try:
        for module in modules:
            importlib.import_module(module)
    except ImportError as error:
        raise BadSetting(f"已接入{title}，但没有安装它的组件", "执行 pip install 'tiaowen[bots]' 后重新启动") from error
