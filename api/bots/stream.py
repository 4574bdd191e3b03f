"""钉钉 in stream mode: a connection outwards in the place of an address of one's own, by dingtalk-stream.

A small program beside the service. It asks the running service over the signed webhook, so that there is one engine, one
log and one memory of messages seen; it holds no model. A message is acknowledged when its card is in the chat: one that is
not, the platform brings again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any

from api.bots import replies
from api.bots.attendant import Message
from api.bots.dingtalk import message_of, parsed, require_platform
from api.bots.settings import DingTalk, Webhook
from api.outgoing.receivers import exchange, post
from api.outgoing.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from api.records.outbox import Undelivered
from corpus.errors import PolicyError

TIMEOUT = 90.0  # seconds; the service itself gives up before
REPLY_LIMIT = 4 * 2**20  # bytes of a reply: an answer carries whole clauses

log = logging.getLogger("tiaowen.bots")


def run(settings: DingTalk, webhook: Webhook, service: str) -> None:
    """Answers until the process is ended."""
    client(settings, webhook, service).start_forever()


def client(settings: DingTalk, webhook: Webhook, service: str) -> Any:
    """The SDK's client with our handler in it."""
    from dingtalk_stream import ChatbotMessage, Credential, DingTalkStreamClient

    made = DingTalkStreamClient(Credential(settings.client_id, settings.client_secret))
    made.register_callback_handler(ChatbotMessage.TOPIC, handler(settings, webhook, service))
    return made


def handler(settings: DingTalk, webhook: Webhook, service: str) -> Any:
    """The SDK's handler: each message becomes a question to the service at `service`, and its answer a card."""
    from dingtalk_stream import AckMessage, ChatbotHandler

    class Handler(ChatbotHandler):  # type: ignore[misc]  # the SDK is not typed
        async def process(self, callback: Any) -> tuple[int, str]:
            return await asyncio.to_thread(self.answer, callback.data)

        def answer(self, data: Any) -> tuple[int, str]:
            """What the platform is told: 200 when the card is out, 500 to bring the message again."""
            try:
                given = parsed(json.dumps(data).encode())
                message = message_of(settings, given)
            except PolicyError as error:
                log.warning("a message was not understood: %s", error)
                return AckMessage.STATUS_BAD_REQUEST, error.code
            try:
                title, text = ask(webhook, service, message)
            except Undelivered as error:
                log.warning("the service did not answer: %s", error)
                return AckMessage.STATUS_SYSTEM_EXCEPTION, "not answered"
            if self.reply_markdown_card(text, given, title=title).card_instance_id or self.fall_back(
                title, text, given
            ):
                return AckMessage.STATUS_OK, "OK"
            return AckMessage.STATUS_SYSTEM_EXCEPTION, "not sent"

        def fall_back(self, title: str, text: str, given: Any) -> bool:
            """A plain Markdown message where the app may not send cards; only to the platform's own origin."""
            try:
                require_platform(given.session_webhook or "", settings.webhooks)
            except PolicyError:
                return False
            body = json.dumps({"msgtype": "markdown", "markdown": {"title": title, "text": text}}).encode()
            try:
                said = post(given.session_webhook, body, {"Content-Type": "application/json; charset=utf-8"})
                return bool(json.loads(said or b"{}").get("errcode", 0) == 0)
            except (Undelivered, ValueError, AttributeError) as error:
                log.warning("the reply was not sent: %s", error)
                return False

    return Handler()


def ask(webhook: Webhook, service: str, message: Message) -> tuple[str, str]:
    """Title and Markdown of the reply; of what is wrong with the question, where that is what the service says.

    Raises Undelivered where the service cannot answer just now.
    """
    if message.text is None:
        return replies.ONLY_TEXT.title, replies.markdown(replies.ONLY_TEXT)
    question = {
        "message_id": message.id,
        "conversation_id": message.session,
        "user_id": message.sender or None,
        "text": message.text,
        "channel": "dingtalk",
    }
    body = json.dumps(question, ensure_ascii=False).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: sign(webhook.secret, timestamp, body),
    }
    answer = exchange(f"{service.rstrip('/')}/bots/webhook", body, headers, TIMEOUT, REPLY_LIMIT)
    try:
        said = json.loads(answer.body)
        if answer.status == 200:
            return str(said["title"]), str(said["markdown"])
        if answer.status == 422:
            wrong = replies.Reply("notice", str(said["error"]["message"]), str(said["error"]["hint"]))
            return wrong.title, replies.markdown(wrong)
    except (ValueError, LookupError, TypeError) as error:
        raise Undelivered("no reply came back") from error
    raise Undelivered(f"HTTP {answer.status}")
