"""From a message of a chat to the reply laid down for it: once, whoever sends it how often. The platforms' files do the rest."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from api.access import Principal
from api.answer.desk import Desk
from api.bots import replies
from api.bots.replies import Reply
from api.bots.seen import Claim, Seen
from api.contract import schemas
from api.errors import ID_LIMIT, MessageReused, MessageUnanswered, MessageUnreadable, validation_error
from api.records import outbox
from api.records.handoffs import Handoffs
from api.records.outbox import Outbox
from corpus.errors import PolicyError

Platform = Literal["wecom", "dingtalk", "feishu", "webhook"]
NAMES: Mapping[Platform, str] = {"wecom": "企业微信", "dingtalk": "钉钉", "feishu": "飞书", "webhook": "Webhook"}
POLL = 0.1  # seconds between two looks at what another process answers
HAND_OFF = re.compile(
    r"(?:请|麻烦|帮我|我要|我想)*(?:转接?|找|接)?人工(?:客服|服务|坐席|答复|回复)?(?:[\s,，:：;；。.!！]+(?P<note>.*))?",
    re.S,
)
NOTE_LIMIT = 500

log = logging.getLogger("tiaowen.bots")


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `session` is the chat's conversation (see `conversation`), `sender` who wrote it, as the platform
    names them; `text` None for pictures, files and the like; `channel` the chat behind a gateway, where it is one."""

    platform: Platform
    id: str
    session: str
    sender: str
    text: str | None
    as_of: date | None = None
    filters: schemas.FiltersIn | None = None
    channel: Platform | None = None

    def __post_init__(self) -> None:
        """Raises MessageUnreadable for an id that is none, and for characters that cannot be stored."""
        words = self.id + self.sender + (self.text or "")
        if not (0 < len(self.id) <= ID_LIMIT and self.id.isprintable()) or len(self.sender) > ID_LIMIT:
            raise MessageUnreadable
        if "\0" in words or any("\ud800" <= c <= "\udfff" for c in words):
            raise MessageUnreadable

    @property
    def door(self) -> Platform:
        """What the question is counted under."""
        return self.channel or self.platform

    @property
    def digest(self) -> str:
        """Of all that makes it this message."""
        filters = self.filters.model_dump_json() if self.filters else None
        parts = [self.session, self.sender, self.text, str(self.as_of), filters]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Attended:
    """What came of a message: the reply, and the answer's body or the id of a hand-off where there is one."""

    reply: Reply
    response: schemas.AskResponse | None = None
    handoff_id: str | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """A reply that is sent by the outbox, not in the response: to which of its targets, and what."""

    target: str
    payload: Mapping[str, Any]


Present = Callable[[Attended], tuple[str, Push | None]]
"""A platform's way to write a reply down: the text that a retry gets again, and what is to be sent."""


def conversation(platform: Platform, secret: str, chat: str) -> str:
    """The session of one chat. Keyed with a secret, so that nobody can name another one's conversation."""
    return f"{platform}-{hmac.new(secret.encode(), chat.encode(errors='backslashreplace'), hashlib.sha256).hexdigest()[:32]}"


def hand_off_note(text: str) -> str | None:
    """What stands behind 转人工 in a message that asks for a person; None in any other message."""
    match = HAND_OFF.fullmatch(text.strip())
    return (match["note"] or "").strip()[:NOTE_LIMIT] if match else None


class Attendant:
    """Answers messages. One for all platforms of a process."""

    def __init__(self, desk: Desk, handoffs: Handoffs, seen: Seen, outgoing: Outbox) -> None:
        self._desk = desk
        self._handoffs = handoffs
        self._seen = seen
        self._outgoing = outgoing
        self._at_work: set[asyncio.Task[str]] = set()

    async def attend(self, message: Message, present: Present, patience: Callable[[int], float], strict: bool) -> str:
        """The text that `present` made of the reply, now or when the message came first.

        `patience` gives the seconds to wait for it, by how often the message came. `strict`: what is wrong with a question
        is raised, and not said in the chat.

        Raises MessageUnanswered when they are over (the work goes on), MessageReused, and what the desk raises and a retry
        may mend: NotReady, Busy, TimedOut.
        """
        claim = await run_in_threadpool(self._seen.claim, message.platform, message.id, message.digest)
        deadline = time.monotonic() + patience(claim.tries)
        while claim.state == "others":
            if time.monotonic() + POLL > deadline:
                raise MessageUnanswered
            await asyncio.sleep(POLL)
            claim = await run_in_threadpool(self._seen.claim, message.platform, message.id, message.digest, True)
        if claim.state == "other_content":
            raise MessageReused
        if claim.state == "done":
            return claim.reply
        # A task of its own: a platform that hangs up does not stop the work, and its next try finds the reply.
        work = asyncio.create_task(self._work(message, claim, present, strict))
        self._at_work.add(work)
        work.add_done_callback(self._over)
        try:
            return await asyncio.wait_for(asyncio.shield(work), max(deadline - time.monotonic(), POLL))
        except TimeoutError:
            raise MessageUnanswered from None

    async def say(self, push: Push) -> None:
        """Sends something that is no reply to keep, such as that nobody can answer just now."""

        def write() -> None:
            with self._desk.records.transaction() as connection:
                outbox.put_to(connection, push.target, "reply", push.payload)

        await run_in_threadpool(write)
        self._outgoing.wake()

    async def finish(self) -> None:
        """Waits for what is at work."""
        while self._at_work:
            await asyncio.gather(*self._at_work, return_exceptions=True)

    def _over(self, work: asyncio.Task[str]) -> None:
        self._at_work.discard(work)
        if not work.cancelled() and (error := work.exception()) is not None:
            log.warning("a message was not answered: %s", error)

    async def _work(self, message: Message, claim: Claim, present: Present, strict: bool) -> str:
        try:
            attended = await self._attended(message, strict)
            text, push = present(attended)
            await run_in_threadpool(self._lay_down, message, claim, attended, text, push)
        except BaseException:
            # Also when the service stops: the platform's next try must not wait for a lease to run out.
            self._seen.release(claim)
            raise
        if push is not None:
            self._outgoing.wake()
        return text

    async def _attended(self, message: Message, strict: bool) -> Attended:
        if message.text is None:
            return Attended(replies.ONLY_TEXT)
        note = hand_off_note(message.text)
        if note is not None:
            return await run_in_threadpool(self._hand_off, message, note)
        try:
            body = _question(message, message.text)
            who = Principal(f"bot:{message.platform}", NAMES[message.platform], "ask")
            response = await self._desk.ask(body, who, message.door)
        except PolicyError as error:
            if strict or error.retryable or error.status >= 500:
                raise
            return Attended(replies.of_error(error))
        return Attended(replies.of_response(response), response)

    def _hand_off(self, message: Message, note: str) -> Attended:
        last = self._seen.last_question(message.session)
        made = self._handoffs.create(
            question=last.question if last else note or "（没有写明问题）",
            answer_id=last.answer_id if last else None,
            session=message.session,
            contact=f"{NAMES[message.door]} {message.sender}"[:100].strip(),
            note=note,
            channel=message.door,
        )
        return Attended(replies.of_hand_off(made.id, last.question if last else note), handoff_id=made.id)

    def _lay_down(self, message: Message, claim: Claim, attended: Attended, text: str, push: Push | None) -> None:
        """The reply, the last question of the chat and what is to be sent: all or nothing."""
        with self._desk.records.transaction(lasting=push is not None) as connection:
            if not self._seen.finish(connection, claim, text):
                return
            if attended.response is not None and attended.response.reason != "small_talk":
                question = attended.response.rewritten or attended.response.question
                self._seen.remember(connection, message.session, question, attended.response.id)
            if push is not None:
                outbox.put_to(connection, push.target, "reply", push.payload)


def _question(message: Message, text: str) -> schemas.AskRequest:
    try:
        return schemas.AskRequest(
            question=text.strip(),
            session_id=message.session,
            top_k=5,
            as_of=message.as_of,
            filters=message.filters,
            earlier=None,
            standalone=None,
        )
    except ValidationError as error:
        detail = error.errors()[0]
        raise validation_error({**detail, "loc": ("body", *detail["loc"])}) from error
