"""Whatever changes the documents of a data folder: one at a time, and store, files and index brought together.

A change is: the store in one transaction, then the files of the data folder that come or go with it, then a new index. A
process may end between any two of them. Whoever changes the documents next, and whoever starts to answer from them, first
does what is left (`changing`, `bring_together`).

Where machines share a database, only one of all changes the documents at a time; the others bring their index together with them
after it, by a copy that is taken between two changes, so that it has all of each or nothing.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from corpus.disk import locked
from corpus.errors import StoreBusy, StoreError
from corpus.sql.choice import chosen
from corpus.store import Store, is_there
from index.snapshot import CURRENT, writing
from qa.build import INDEX, follow_index, update_index

LOCK = "jobs.lock"
"""Held by whoever changes the documents of a data folder, inside it."""

WAIT = 600.0
"""Seconds that a change waits for another one to end, where nothing else is said."""

INDEX_WAIT = 60.0
"""Seconds; who writes the index holds LOCK as a rule, so that nobody waits for this one."""

_log = logging.getLogger(__name__)

Tell = Callable[[str], None]
"""Is told what is waited for and what is made up for, in words for users."""


def _log_it(message: str) -> None:
    _log.info("%s", message)


@contextmanager
def alone(data: Path, wait: float = WAIT, tell: Tell = _log_it) -> Iterator[None]:
    """The documents of a data folder do not change meanwhile, unless by who is inside; a thread may come in twice.

    Raises StoreBusy where somebody else is still at it after `wait` seconds, and StoreError.
    """
    taken = StoreBusy(f"另一个导入或移除还没有结束，已等了 {_minutes(wait)}", "什么都没有改动；请等它结束后再试")

    def say() -> None:
        tell(f"另一个导入或移除正在进行，等它结束（最多 {_minutes(wait)}）…")

    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"数据目录无法使用：{data}（{error}）", "请检查目录权限，或换一个数据目录") from error
    with ExitStack() as held:
        held.enter_context(locked(data / LOCK, taken, wait, say))
        if chosen() is not None:
            held.enter_context(Store(data).settled(taken, wait, say))
        yield


@contextmanager
def changing(
    data: Path, encoder: str = "", wait: float = WAIT, tell: Tell = _log_it, *, index: str = ""
) -> Iterator[Store]:
    """The store of a data folder for one change, after which `update_index` has to be called; what an earlier one left
    undone is done first. Raises what `alone` and `update_index` raise, before anything is changed."""
    with alone(data, wait, tell), writing(data / INDEX, INDEX_WAIT):
        store = Store(data)
        _make_up(store, data, encoder, tell, index)
        yield store


def bring_together(data: Path, encoder: str = "", wait: float = 0.0, tell: Tell = _log_it, *, index: str = "") -> bool:
    """Does what an earlier change left undone; False where there was nothing. Raises what `changing` raises."""
    if not behind(data):
        return False
    if chosen() is not None:
        return _follow(data, encoder, wait, tell, index)
    with alone(data, wait, tell), writing(data / INDEX, INDEX_WAIT):
        return _make_up(Store(data), data, encoder, tell, index)


def behind(data: Path) -> bool:
    """Whether a change was cut short, as far as a look can tell: another process may be at it now. A store that cannot be
    written to is not behind: nobody changes it."""
    try:
        if not is_there(data):
            return False
        store = Store(data, create=False)
        return store.moves_left() or _unpublished(store, data)
    except (StoreError, sqlite3.Error) as error:
        _log.warning("whether the index of %s is up to date cannot be told: %s", data, error)
        return False


def _make_up(store: Store, data: Path, encoder: str, tell: Tell, index: str) -> bool:
    moved = store.finish_moves()
    if not _unpublished(store, data):
        return bool(moved)
    tell("上一次导入或移除没有做完，现在补齐")
    return update_index(store, data, encoder, index=index) is not None or bool(moved)


def _follow(data: Path, encoder: str, wait: float, tell: Tell, index: str) -> bool:
    """Takes up what another machine has changed. Others change on while the index is being made."""
    taken = StoreBusy(f"另一台机器的导入或移除还没有结束，已等了 {_minutes(wait)}", "请等它结束后再试")
    with locked(data / LOCK, taken, wait), writing(data / INDEX, INDEX_WAIT):
        store = Store(data)
        moved = store.finish_moves()
        if not _unpublished(store, data):
            return bool(moved)
        tell("文件有更新，现在更新这台机器的索引")
        return follow_index(store, data, store.settled(taken, wait), encoder, index=index) is not None or bool(moved)


def _unpublished(store: Store, data: Path) -> bool:
    """A store that never held anything has no index, and lacks none."""
    return store.unpublished() and (store.counts().files > 0 or (data / INDEX / CURRENT).is_file())


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} 分钟" if seconds >= 60 else f"{seconds:.0f} 秒"
