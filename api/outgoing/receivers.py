"""Other desks that are told of events: a signed POST to a configured address."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from api.outgoing.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from api.records.outbox import Backoff, Delivery, Undelivered

TIMEOUT = 10.0  # seconds to connect, and again for each part of an answer
DEADLINE = 15.0  # seconds for all of it: an answer that comes in drops holds up what else is to be sent


@dataclass(frozen=True, slots=True)
class HttpReceiver:
    """A target of the outbox at an address. The body is {"id","kind","created_at","data"}; 2xx takes it, all else does not."""

    name: str
    url: str
    secret: str = field(repr=False)
    kinds: Sequence[str] = ("*",)
    backoff: Backoff = Backoff()
    clock: Callable[[], float] = time.time

    def send(self, delivery: Delivery) -> None:
        event = {"id": delivery.id, "kind": delivery.kind, "created_at": delivery.created_at, "data": delivery.payload}
        body = json.dumps(event, ensure_ascii=False).encode()
        timestamp = str(int(self.clock()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "tiaowen-events/1",
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: sign(self.secret, timestamp, body),
            "X-Tiaowen-Event": delivery.kind,
            "X-Tiaowen-Delivery": delivery.id,
        }
        post(self.url, body, headers)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the seconds after which to try again where it says so, and the start of the body."""

    status: int
    after: float | None
    body: bytes


def exchange(url: str, body: bytes, headers: dict[str, str], timeout: float = TIMEOUT, limit: int = 65536) -> Answer:
    """Posts and reads at most about `limit` bytes. Redirects are not followed: they could lead anywhere.

    For threads of their own, not for an event loop. Raises Undelivered where nothing comes back, or not all of it within
    the timeout and half as long again, which says the kind of fault and nothing of the address.
    """
    import httpx2  # loaded where something goes out

    async def whole() -> Answer:
        async with (
            httpx2.AsyncClient(timeout=timeout, follow_redirects=False) as client,
            client.stream("POST", url, content=body, headers=headers) as answer,
        ):
            said = b""
            async for part in answer.aiter_bytes():
                said += part
                if len(said) >= limit:
                    break
            return Answer(answer.status_code, _seconds(answer.headers.get("retry-after", "")), said)

    async def in_time() -> Answer:
        return await asyncio.wait_for(whole(), timeout * DEADLINE / TIMEOUT)

    try:
        return asyncio.run(in_time())
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise Undelivered(type(error).__name__) from error


def post(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The start of what the other side answers with 2xx. Raises Undelivered for any other status."""
    answer = exchange(url, body, headers)
    if not 200 <= answer.status < 300:
        raise Undelivered(f"HTTP {answer.status}", answer.after)
    return answer.body


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
