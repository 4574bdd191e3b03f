"""飞书 (Feishu), an app of one's own: event callbacks at /bots/feishu, replied to as cards through the open platform, by lark-oapi.

The platform wants its 200 within three seconds and tries again after 15 seconds, 5 minutes, 1 hour and 6 hours. The reply is
laid into the outbox before the 200, so neither a crash nor a platform that is down loses it; the reply's uuid, made of the
message's id, keeps it from standing in the chat twice. An event older than all tries is a replay.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response

from api.bots import replies
from api.bots.attendant import Attendant, Attended, Message, Push, conversation
from api.bots.replies import Reply
from api.bots.settings import Feishu
from api.errors import MessageStale, MessageUnreadable, SignatureWrong
from api.records.outbox import Backoff, Delivery, Undelivered
from qa.errors import BadSetting

TARGET = "feishu"
WINDOW = 8 * 3600.0  # seconds; the last try of the platform comes after 7 hours and 5 minutes
PATIENCE = 2.4  # seconds, of the platform's three
TIMEOUT = 10.0
SIGNED = ("X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature")
COLOURS: Mapping[str, str] = {"answer": "blue", "refusal": "grey", "notice": "wathet"}
CALLED = re.compile(r"@_user_\d+|@_all")  # how a name that is called stands in a text
DONE = b'{"msg":"success"}'


def add(app: FastAPI, settings: Feishu, attendant: Attendant, page: str, clock: Callable[[], float]) -> None:
    """The route. Needs lark-oapi."""
    from lark_oapi import EventDispatcherHandler, LogLevel

    def handler(found: list[Any]) -> Any:
        builder = EventDispatcherHandler.builder(settings.encrypt_key, settings.verification_token, LogLevel.CRITICAL)
        return builder.register_p2_im_message_receive_v1(found.append).build()

    handler([])  # a fault of the SDK shows at the start

    @app.post("/bots/feishu", include_in_schema=False)
    async def receive(request: Request) -> Response:
        found: list[Any] = []
        answer = _checked(handler(found), request, await request.body())
        if found:
            event = found[0]
            _require_recent(event, clock())
            message = _message(settings, event)

            def present(done: Attended) -> tuple[str, Push | None]:
                return "sent", Push(TARGET, _sent(event.event.message.message_id, done.reply, page))

            await attendant.attend(message, present, lambda tries: PATIENCE, strict=False)
        return Response(answer, media_type="application/json")


def _checked(handler: Any, request: Request, body: bytes) -> bytes:
    """What the SDK answers to a callback that it decrypted and whose signature and token it checked.

    Raises SignatureWrong or MessageUnreadable. An event that nobody here asked for is done with.
    """
    from lark_oapi.core.model import RawRequest

    raw = RawRequest()
    raw.uri = request.url.path
    raw.headers = {name: request.headers.get(name, "") for name in SIGNED}
    raw.body = body
    answer = handler.do(raw)
    said = bytes(answer.content or b"")
    if answer.status_code == 200:
        return said
    # The SDK knows one status for all that goes wrong, and says what in words.
    if b"verification" in said:
        raise SignatureWrong
    if b"processor not found" in said:
        return DONE
    raise MessageUnreadable


def _require_recent(event: Any, now: float) -> None:
    made = str(getattr(event.header, "create_time", None) or "")
    if not (made.isascii() and made.isdigit() and len(made) <= 15 and abs(now - int(made) / 1000) <= WINDOW):
        raise MessageStale


def _message(settings: Feishu, event: Any) -> Message:
    """Raises MessageUnreadable."""
    given, sender = getattr(event.event, "message", None), getattr(event.event, "sender", None)
    id, chat = getattr(given, "message_id", None), getattr(given, "chat_id", None)
    open_id = getattr(getattr(sender, "sender_id", None), "open_id", None) or ""
    if not (isinstance(id, str) and isinstance(chat, str) and isinstance(open_id, str) and id and chat):
        raise MessageUnreadable
    return Message("feishu", id, conversation("feishu", settings.app_secret, chat), open_id, _words(given))


def _words(given: Any) -> str | None:
    """The text of a message without the names that it calls; None where it has none. Raises MessageUnreadable."""
    if given.message_type not in ("text", "post"):
        return None
    try:
        content = json.loads(given.content or "")
        if given.message_type == "text":
            text = content["text"]
        else:
            lines = content["content"]
            text = "\n".join("".join(part.get("text", "") for part in line if part["tag"] != "at") for line in lines)
            text = f"{content.get('title') or ''}\n{text}"
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise MessageUnreadable from error
    if not isinstance(text, str):
        raise MessageUnreadable
    return CALLED.sub(" ", text).strip()


# --- what goes out ---------------------------------------------------------------------------------------------------


def _sent(message_id: str, reply: Reply, page: str) -> Mapping[str, Any]:
    return {"message_id": message_id, "card": card(reply, page)}


def card(reply: Reply, page: str) -> Mapping[str, Any]:
    """The reply as an interactive card. All words are plain text: what a document holds cannot call anybody or link."""
    parts: list[Mapping[str, Any]] = []
    if reply.message:
        parts.append(_div(reply.message))
    if reply.listed:
        parts.append(_div("\n".join(f"· {line}" for line in reply.listed)))
    for cited in reply.cited:
        parts += [{"tag": "hr"}, _div(f"“{cited.words}”"), _note(f"{cited.where}（{cited.validity}）")]
    parts += [_div(f"注意：{note}") for note in reply.notes]
    if reply.nearest:
        near = "\n".join(f"· {near.where}：{near.words}" for near in reply.nearest)
        parts += [{"tag": "hr"}, _div("最接近的条款："), _note(near)]
    if page:
        button = {"tag": "button", "text": _plain("打开网页查看全文"), "type": "default", "url": page}
        parts.append({"tag": "action", "actions": [button]})
    if reply.hint:
        parts.append(_note(reply.hint))
    head = {"template": COLOURS[reply.kind], "title": _plain(replies.cut(reply.title, replies.HEAD_LIMIT))}
    return {"config": {"wide_screen_mode": True}, "header": head, "elements": parts}


def _plain(text: str) -> Mapping[str, str]:
    return {"tag": "plain_text", "content": text}


def _div(text: str) -> Mapping[str, Any]:
    return {"tag": "div", "text": _plain(text)}


def _note(text: str) -> Mapping[str, Any]:
    return {"tag": "note", "elements": [_plain(text)]}


@dataclass(frozen=True, slots=True)
class Sender:
    """The target of the outbox that replies in Feishu's chats."""

    client: Any = field(repr=False)
    name: str = TARGET
    kinds: Sequence[str] = ()
    backoff: Backoff = Backoff(tries=8, first=1.0, most=60.0)

    def send(self, delivery: Delivery) -> None:
        from lark_oapi.api.im.v1 import ReplyMessageRequest, ReplyMessageRequestBody
        from lark_oapi.core.exception import ObtainAccessTokenException
        from requests import RequestException

        message_id = str(delivery.payload["message_id"])
        body = (
            ReplyMessageRequestBody.builder()
            .content(json.dumps(delivery.payload["card"], ensure_ascii=False))
            .msg_type("interactive")
            .uuid(hashlib.sha256(message_id.encode()).hexdigest()[:32])
            .build()
        )
        request = ReplyMessageRequest.builder().message_id(message_id).request_body(body).build()
        try:
            answer = self.client.im.v1.message.reply(request)
        except (RequestException, ObtainAccessTokenException, ValueError) as error:
            raise Undelivered(type(error).__name__) from error
        if not answer.success():
            raise Undelivered(f"code {answer.code}")


def sender(settings: Feishu) -> Sender:
    """Raises BadSetting for a base that the SDK does not send secrets to."""
    from lark_oapi import Client, LogLevel

    builder = Client.builder().app_id(settings.app_id).app_secret(settings.app_secret)
    try:
        builder = builder.domain(settings.base)
    except ValueError as error:
        raise BadSetting("feishu.base 应为 https 的来源", "填 https://主机名，不带路径；http 只可用于本机") from error
    return Sender(builder.timeout(TIMEOUT).log_level(LogLevel.CRITICAL).build())
