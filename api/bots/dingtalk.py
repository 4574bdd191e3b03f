"""钉钉 (DingTalk), a robot of an internal app in HTTP mode: signed callbacks at /bots/dingtalk.

The reply goes through the message's sessionWebhook by way of the outbox, or in the response where that is set. An address
in a message is not trusted: only the platform's own origins are posted to. The platform's signature covers the time alone,
so that HTTPS must keep it secret; a message sent again within its hour gets no second answer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response

from api.bots import replies
from api.bots.attendant import Attendant, Attended, Message, Push, conversation
from api.bots.replies import Reply
from api.bots.settings import DingTalk
from api.errors import MessageUnanswered, MessageUnreadable, SignatureWrong
from api.outgoing.receivers import post
from api.outgoing.signing import require_fresh, same
from api.records.outbox import Backoff, Delivery, Undelivered
from corpus.errors import PolicyError

TARGET = "dingtalk"
WINDOW = 3600.0  # seconds that the platform allows between its clock and ours
PATIENCE = 8.0
TITLE_LIMIT = 60


def add(app: FastAPI, settings: DingTalk, attendant: Attendant, page: str, clock: Callable[[], float]) -> None:
    """The route. Needs dingtalk-stream for its type of a message."""

    @app.post("/bots/dingtalk", include_in_schema=False)
    async def receive(request: Request) -> Response:
        verify(settings.client_secret, request.headers.get("timestamp", ""), request.headers.get("sign", ""), clock())
        given = parsed(await request.body())
        message = message_of(settings, given)
        through = settings.reply == "session" and given.session_webhook is not None
        if through:
            require_platform(given.session_webhook, settings.webhooks)

        def present(done: Attended) -> tuple[str, Push | None]:
            card = card_of(done.reply, page)
            if not through:
                return json.dumps(card, ensure_ascii=False), None
            return "{}", Push(TARGET, {"url": given.session_webhook, "message": card})

        try:
            text = await attendant.attend(message, present, lambda tries: PATIENCE, strict=False)
        except MessageUnanswered:
            text = "{}" if through else json.dumps(card_of(replies.STILL_AT_IT, ""), ensure_ascii=False)
        except PolicyError as error:
            if not error.retryable:
                raise
            text, push = present(Attended(replies.of_error(error)))
            if push is not None:
                await attendant.say(push)
        return Response(text, media_type="application/json")


def verify(secret: str, timestamp: str, signature: str, now: float) -> None:
    """The platform's algorithm: base64 of HMAC-SHA256 over the milliseconds, a line feed and the secret.

    Raises SignatureWrong or MessageStale.
    """
    right = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    if not same(base64.b64encode(right).decode(), signature):
        raise SignatureWrong
    require_fresh(timestamp[:-3], now, WINDOW)


def parsed(body: bytes) -> Any:
    """The SDK's ChatbotMessage. Raises MessageUnreadable."""
    from dingtalk_stream import ChatbotMessage

    try:
        return ChatbotMessage.from_dict(json.loads(body))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise MessageUnreadable from error


def message_of(settings: DingTalk, given: Any) -> Message:
    """Raises MessageUnreadable."""
    needed = (given.message_id, given.conversation_id, given.message_type)
    if not all(isinstance(part, str) and part for part in needed):
        raise MessageUnreadable
    if not isinstance(given.session_webhook, str | None):
        raise MessageUnreadable
    session = conversation("dingtalk", settings.client_secret, given.conversation_id)
    sender = given.sender_staff_id or given.sender_id or ""
    return Message("dingtalk", given.message_id, session, str(sender), _words(given))


def _words(given: Any) -> str | None:
    """The text of a message; None where it has none. Raises MessageUnreadable."""
    try:
        lines = given.get_text_list()
    except (TypeError, AttributeError, LookupError) as error:
        raise MessageUnreadable from error
    if not lines:
        return None
    if not all(isinstance(line, str) for line in lines):
        raise MessageUnreadable
    return "\n".join(lines).strip()


def require_platform(url: str, origins: Sequence[str]) -> None:
    """Raises MessageUnreadable for an address at any other origin than the platform's."""
    try:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
    except ValueError as error:
        raise MessageUnreadable from error
    if origin not in origins or "\\" in url or not url.isprintable():
        raise MessageUnreadable("消息里的回复地址不是钉钉的。", "若经代理转发，请在 dingtalk.webhooks 里写明来源。")


def card_of(reply: Reply, page: str) -> Mapping[str, Any]:
    """The reply as the platform's message: a card with a button where there is a page to open, else Markdown."""
    title = replies.cut(" ".join(reply.title.split()), TITLE_LIMIT)
    text = replies.markdown(reply)
    if not page:
        return {"msgtype": "markdown", "markdown": {"title": title, "text": text}}
    card = {"title": title, "text": text, "singleTitle": "打开网页查看全文", "singleURL": page}
    return {"msgtype": "actionCard", "actionCard": card}


@dataclass(frozen=True, slots=True)
class Sender:
    """The target of the outbox that replies through sessionWebhooks."""

    name: str = TARGET
    kinds: Sequence[str] = ()
    backoff: Backoff = Backoff(tries=8, first=1.0, most=60.0)

    def send(self, delivery: Delivery) -> None:
        body = json.dumps(delivery.payload["message"], ensure_ascii=False).encode()
        said = post(str(delivery.payload["url"]), body, {"Content-Type": "application/json; charset=utf-8"})
        try:
            code = json.loads(said or b"{}").get("errcode", 0)
        except (ValueError, AttributeError) as error:
            raise Undelivered("no JSON came back") from error
        if code != 0:
            raise Undelivered(f"errcode {code}")
