"""The signature of the plain webhook, in and out: HMAC-SHA256 over the time and the very bytes of the body.

X-Tiaowen-Timestamp   seconds since 1970
X-Tiaowen-Signature   sha256=<hex of HMAC-SHA256(secret, timestamp + "." + body)>
"""

from __future__ import annotations

import hashlib
import hmac

from api.errors import MessageStale, SignatureWrong

TIMESTAMP_HEADER = "X-Tiaowen-Timestamp"
SIGNATURE_HEADER = "X-Tiaowen-Signature"
WINDOW = 300.0  # seconds that a signed request is good for, before and after its time


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of X-Tiaowen-Signature.

    >>> sign("s" * 16, "1700000000", b"{}")[:15]
    'sha256=7a0aa6ff'
    """
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def verify(secret: str, timestamp: str, signature: str, body: bytes, now: float, window: float = WINDOW) -> None:
    """Raises SignatureWrong for another secret or another body, MessageStale for a time too far from `now`."""
    if not same(sign(secret, timestamp, body), signature):
        raise SignatureWrong
    require_fresh(timestamp, now, window)


def same(right: str, given: str) -> bool:
    """Whether two signatures are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(right.encode(), given.encode())


def require_fresh(timestamp: str, now: float, window: float) -> None:
    """Raises MessageStale unless `timestamp` (seconds, decimal) lies within `window` seconds of `now`."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise MessageStale
    if abs(now - int(timestamp)) > window:
        raise MessageStale
