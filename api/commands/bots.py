"""`tiaowen bots check|dingtalk-stream`: whether the settings are right, and DingTalk without an address of one's own."""

from __future__ import annotations

import argparse
import logging
import os

from api.bots.settings import FILE, Bots, read_bots
from api.commands.actions import Action, add_actions
from qa.errors import BadSetting


def add(command: argparse.ArgumentParser) -> None:
    """The two commands under `tiaowen bots`."""
    rows: tuple[Action, ...] = (
        ("check", "检查接入设置，不联网", _check),
        ("dingtalk-stream", "以 Stream 模式接收钉钉消息，转给正在运行的服务", _dingtalk_stream),
    )
    for name, action in add_actions(command, rows).items():
        if name == "dingtalk-stream":
            action.add_argument("--url", default="http://127.0.0.1:8000", help="服务的网址，默认 http://127.0.0.1:8000")


def _check(options: argparse.Namespace) -> int:
    from api.bots.routes import SDKS, require_sdk

    bots = read_bots(options.data, os.environ)
    for name, (title, _) in SDKS.items():
        if getattr(bots, name) is not None:
            require_sdk(name)
            print(f"{title}：已接入，回调地址 /bots/{name}")
    if bots.webhook is not None:
        print("Webhook：已接入，地址 /bots/webhook")
    for receiver in bots.events:
        print(f"事件：{'、'.join(receiver.kinds)} 发往 {receiver.name}")
    if bots == Bots(page=bots.page):
        print(f"没有接入任何平台。在 {options.data / FILE} 里写明，例子见 docs/bots.md")
    return 0


def _dingtalk_stream(options: argparse.Namespace) -> int:
    from api.bots.routes import require_sdk
    from api.bots.stream import run

    bots = read_bots(options.data, os.environ)
    if bots.dingtalk is None:
        raise BadSetting("没有钉钉的设置", f"在 {FILE} 的 [dingtalk] 里写 client_id 和 client_secret")
    if bots.webhook is None:
        raise BadSetting("没有 webhook 的设置", f"Stream 模式经 /bots/webhook 提问：在 {FILE} 的 [webhook] 里写 secret")
    require_sdk("dingtalk")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    run(bots.dingtalk, bots.webhook, options.url)
    return 0
