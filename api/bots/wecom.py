"""企业微信 (WeCom), an app of one's own: encrypted callbacks at /bots/wecom, answered in the response, by wechatpy.

The platform waits five seconds and then sends the same message again, three times in all. The work on a message goes on
when it hangs up, and the next try gets the reply; only the third is told to ask again, so that nobody waits in vain.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from lxml import etree

from api.bots import replies
from api.bots.attendant import Attendant, Attended, Message, Push, conversation
from api.bots.settings import WeCom
from api.errors import MessageUnanswered, MessageUnreadable, SignatureWrong
from api.outgoing.signing import require_fresh, same
from corpus.errors import PolicyError

WINDOW = 600.0  # seconds; the platform signs each delivery when it makes it
TEXT_LIMIT, CARD_TITLE_LIMIT, CARD_TEXT_LIMIT = 2048, 128, 512  # bytes, of the platform
LAST_TRY = 3
PATIENCE, LAST_PATIENCE = 6.0, 4.3  # seconds: past the platform's five, so that it tries again; and within them


def add(app: FastAPI, settings: WeCom, attendant: Attendant, page: str, clock: Callable[[], float]) -> None:
    """The two routes. Needs wechatpy and what it decrypts with."""
    from wechatpy.enterprise.crypto import WeChatCrypto

    crypto = WeChatCrypto(settings.token, settings.aes_key, settings.corp_id)

    @app.get("/bots/wecom", include_in_schema=False)
    def verify(request: Request) -> Response:
        """The platform's question whether this is us: its echo, decrypted."""
        echo = request.query_params.get("echostr", "")
        return PlainTextResponse(_opened(crypto, request, echo, clock()))

    @app.post("/bots/wecom", include_in_schema=False)
    async def receive(request: Request) -> Response:
        encrypted = _encrypted(await request.body())
        given = _parsed(_opened(crypto, request, encrypted, clock()))
        if given.type == "event":
            return Response()  # somebody opened the chat: nothing was asked
        tries = 1

        def patience(times: int) -> float:
            nonlocal tries
            tries = times
            return LAST_PATIENCE if times >= LAST_TRY else PATIENCE

        try:
            xml = await attendant.attend(
                _message(settings, given), lambda done: _present(settings, given, done, page), patience, strict=False
            )
        except MessageUnanswered:
            if tries < LAST_TRY:
                raise  # the platform has hung up and will try again
            xml = _text_reply(given, replies.STILL_AT_IT)
        except PolicyError as error:
            if not error.retryable:
                raise
            xml = _text_reply(given, replies.of_error(error))
        sealed = crypto.encrypt_message(xml, secrets.token_hex(8), str(int(clock())))
        return Response(sealed, media_type="application/xml")


def _encrypted(body: bytes) -> str:
    """What stands encrypted in a callback. Raises MessageUnreadable; entities are neither declared nor fetched nor expanded."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MessageUnreadable from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise MessageUnreadable
    return root.findtext("Encrypt") or ""


def _opened(crypto: Any, request: Request, encrypted: str, now: float) -> str:
    """The plain text of what is encrypted. Raises SignatureWrong, MessageStale, MessageUnreadable."""
    from wechatpy.exceptions import WeChatException
    from wechatpy.utils import WeChatSigner

    query = request.query_params
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    signer = WeChatSigner()
    signer.add_data(crypto.token, timestamp, nonce, encrypted)
    # The SDK compares too, but in a time that tells how much of a forged signature is right.
    if not encrypted or not same(signer.signature, query.get("msg_signature", "")):
        raise SignatureWrong
    require_fresh(timestamp, now, WINDOW)
    try:
        plain = crypto.check_signature(signer.signature, timestamp, nonce, encrypted)
    except (WeChatException, ValueError, LookupError, struct.error) as error:  # signed, but not with our key or for us
        raise MessageUnreadable from error
    return str(plain)


def _parsed(plain: str) -> Any:
    """A message of wechatpy. Raises MessageUnreadable."""
    from xml.parsers.expat import ExpatError

    from wechatpy.enterprise import parse_message

    if "<!DOCTYPE" in plain or "<!ENTITY" in plain:
        raise MessageUnreadable
    try:
        given = parse_message(plain)
        readable = given is not None and bool(given.source) and (given.type == "event" or given.id > 0)
    except (ExpatError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise MessageUnreadable from error
    if not readable:
        raise MessageUnreadable
    return given


def _message(settings: WeCom, given: Any) -> Message:
    """An app's chat is with one member: the member's id and the app's are the chat."""
    session = conversation("wecom", settings.aes_key, f"{given.agent}\0{given.source}")
    text = str(given.content or "") if given.type == "text" else None
    return Message("wecom", str(given.id), session, str(given.source), text)


def _present(settings: WeCom, given: Any, done: Attended, page: str) -> tuple[str, Push | None]:
    if settings.reply == "news" and done.response is not None:
        return _card(given, done.reply, page), None
    return _text_reply(given, done.reply, page), None


def _text_reply(given: Any, reply: replies.Reply, page: str = "") -> str:
    from wechatpy.enterprise.replies import TextReply

    return str(TextReply(message=given, content=_closed(replies.text(reply, page, TEXT_LIMIT))).render())


def _card(given: Any, reply: replies.Reply, page: str) -> str:
    """A card with the short answer, the clause below it, and the page behind it."""
    from wechatpy.enterprise.replies import ArticlesReply

    below = replies.text(replies.without_title(reply), limit=CARD_TEXT_LIMIT)
    card = ArticlesReply(message=given)
    card.add_article(
        {
            "title": _closed(replies.cut_bytes(reply.title, CARD_TITLE_LIMIT)),
            "description": _closed(below),
            "image": "",
            "url": page,
        }
    )
    return str(card.render())


def _closed(text: str) -> str:
    """Text that cannot end the CDATA section that the SDK puts around it."""
    return text.replace("]]>", "]] >")
