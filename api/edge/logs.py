"""Structured logs: one JSON object a line, with the id of the request that it belongs to, and no personal data.

Fields: time (ISO 8601, UTC), level, logger, message, request (its id), and for a line about a request method, path (without
the query), status, milliseconds, caller. An exception is in `exception`. Everything is masked (api/records/masking.py), exceptions
too: they may quote what somebody wrote.
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from api.records.masking import masked

REQUEST: ContextVar[str] = ContextVar("tiaowen_request", default="")
"""The id of the request that is being answered; "" outside of one."""

FIELDS = ("method", "path", "status", "milliseconds", "caller", "event")
"""What a line may carry besides its message, given as `extra`."""


class JsonLines(logging.Formatter):
    """Makes a JSON object of a log record."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        if request := getattr(record, "request", None) or REQUEST.get():
            line["request"] = request
        for name in FIELDS:
            value = getattr(record, name, None)
            if value is not None:
                line[name] = masked(value) if isinstance(value, str) else value
        if record.exc_info:
            line["exception"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the moment of writing."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def configure(level: int = logging.INFO) -> None:
    """Sends the logs of this process to standard error as JSON lines."""
    handler = StandardError()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("tiaowen").setLevel(level)
