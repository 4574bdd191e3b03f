"""When everything is compared anew: 24h, 90m, 03:30, or the five fields of cron."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from qa.errors import BadSetting

_SPAN = re.compile(r"(\d{1,4})([mhd])")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Every:
    """Times that come again and again, by the clock of this machine."""

    text: str
    after: Callable[[datetime], datetime]
    """The first of them after a moment. Moments are local, without a time zone."""

    def due(self, last: datetime, now: datetime) -> bool:
        """Whether one of them has passed since `last`; a clock that was set back does not stop them."""
        return self.after(min(last, now)) <= now


def every(text: str) -> Every:
    """Reads such times: `90m`, `24h`, `7d`, a time of day `03:30`, or cron's `30 3 * * 1-5`. Raises BadSetting."""
    text = " ".join(text.split())
    if span := _SPAN.fullmatch(text):
        length = int(span[1]) * _UNITS[span[2]]
        if timedelta(0) < length <= _LONGEST:
            return Every(text, lambda last: last + length)
    elif clock := _TIME.fullmatch(text):
        return _cron(f"{int(clock[2])} {int(clock[1])} * * *", text)
    elif text.count(" ") == 4:
        return _cron(text, text)
    raise _wrong(text)


def _cron(fields: str, text: str) -> Every:
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(fields, datetime(2026, 1, 1)))
    except (CronSimError, StopIteration) as error:
        raise _wrong(text) from error
    return Every(text, lambda last: next(CronSim(fields, last)))


def _wrong(text: str) -> BadSetting:
    return BadSetting(
        f"定时的写法无效：{text[:60]}", "写间隔 90m、24h、7d，每天的时刻 03:30，或 cron 的五段，如 30 3 * * 1-5"
    )
