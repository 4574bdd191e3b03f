"""Looks at watched folders again and again, and puts what differs into the line of jobs (api/changes/jobs.py), a job at a time.

What lies in the folders is the truth, and is compared with what is known of it; events of the system (api/watch/wake.py) only say
when it is worth a look.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from api.access import Principal
from api.changes.jobs import Job, Jobs, new_id
from api.changes.told import FileTold
from api.changes.watched.compare import AtRest, Known, compare
from api.changes.watched.folders import Mark, Seen, digest_of, mark_of, scan
from api.changes.watched.state import Item, Plan, Watched
from api.errors import Busy, WatchBusy
from api.records.audit import Audit
from api.records.database import Records
from api.schedule import Every
from corpus.disk import locked
from corpus.ingest import PARSER, is_current
from corpus.store import Store, is_there

LOCK = "watch.lock"
"""Held by whoever watches for a data folder, inside it."""
MOST_IN_JOB = 200
"""Files of one job, so that what others ask for comes in between."""
SAFETY = 60.0
"""Seconds between two looks where no event comes: a share tells of nothing that another machine does."""
WATCHER = Principal("watch", "看管文件夹", "admin")
"""Who changes the library in the audit log."""

_SOON = 0.5  # seconds between two looks at a job
_AGAIN = 60.0  # seconds until what could not be done is tried again, longer each time
_LONGEST = 3600.0
_SHARE = 10  # how many times as long as a look takes is waited until the next one that nothing asked for
_SHOWN = 12  # names in a list
_FAULT_OF_FILE = frozenset({"ingestion_too_long", "internal"})
_COSTLY = frozenset({"too_much_memory", "too_much_time"})
_NAMES = {"added": "新增", "updated": "更新", "renamed": "改名", "removed": "移除", "gone": "已不在文件夹里", "unchanged": "未变", "rejected": "未导入"}  # fmt: skip

Spot = tuple[Path, str]
"""A file: its watched folder and its name there."""

log = logging.getLogger("tiaowen.watch")


@dataclass(frozen=True, slots=True)
class Options:
    """What is watched and how. `rest`: seconds that a file must be as it is before it is read. `poll`: seconds between two
    looks in the place of events; None for events. `remove`: what is gone leaves the library."""

    folders: tuple[Path, ...]
    remove: bool = False
    rest: float = 10.0
    every: Every | None = None
    poll: float | None = None


def watching(data: Path, wait: float = 0.0, tell: Callable[[str], None] = log.info) -> AbstractContextManager[None]:
    """A context in which nobody else watches for this data folder. Raises WatchBusy after `wait` seconds."""
    taken = WatchBusy(
        "已有一个进程在为这个数据目录看管文件夹",
        "一个数据目录只用一个：停掉那一个（tiaowen watch，或设了 TIAOWEN_WATCH 的服务），或用 --wait 等它结束",
    )
    return locked(data / LOCK, taken, wait, lambda: tell("另一个进程正在看管文件夹，等它结束…"))


class Watcher:
    """Watches for one data folder, in the process that holds `watching`.

    `kick` sees to it that the jobs are done (api.changes.dispatch.Dispatcher.kick); `tell` is told what happens, in words
    for users; `clock` counts seconds and never jumps, `today` gives the local time.
    """

    def __init__(
        self,
        records: Records,
        options: Options,
        kick: Callable[[], None],
        tell: Callable[[str], None] = log.info,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._jobs, self._watched, self._audit = Jobs(records), Watched(records), Audit(records)
        self._data = records.folder
        self._options = options
        self._kick, self._tell = kick, tell
        self._clock, self._today = clock, today
        self._rest: AtRest[Spot] = AtRest(options.rest)
        self._later: dict[Spot, float] = {}
        self._again: set[Spot] = set()  # of a comparison of everything: to be read anew
        self._job: str | None = None
        self._most = MOST_IN_JOB
        self._failures = 0
        self._refused = False  # the line of jobs was full
        self._stop = threading.Event()
        self._away: dict[Path, str] = {}
        self.rejected = 0
        """Files that could not be taken in since this began to watch."""
        self.busy = True
        """Whether there is something to be done or waited for, as far as the last look could tell."""

    @property
    def away(self) -> bool:
        """Whether a folder or a part of one could not be seen when it was looked at last."""
        return any(self._away.values())

    def run(self, stop: threading.Event, wake: threading.Event | None = None) -> None:
        """Watches until `stop`; a look is taken whenever `wake` is set. A job at work then is done to its end by itself."""
        wake, self._stop = wake or threading.Event(), stop
        while not stop.is_set():
            began = self._clock()
            pause = self.step()
            if self._job is not None:  # events do not matter before it has ended
                stop.wait(pause)
                continue
            took = self._clock() - began
            wake.wait(max(pause, 0.05))
            wake.clear()
            stop.wait(min(took * _SHARE, SAFETY) if took > 1 else 0)

    def once(self, stop: threading.Event) -> bool:
        """Takes up what there is, waits until it is done, and says whether all of it is in the library."""
        self._stop = stop
        while self.busy and not stop.is_set():
            pause = self.step()
            if self.busy:
                stop.wait(pause)
        return not (self.rejected or self.away or self._later)

    def step(self) -> float:
        """Follows the job at work or, where there is none, takes a look and begins one; returns the seconds until the next."""
        if self._job is None and (left := self._jobs.open("watch")) is not None:
            self._job = left.id  # of a watcher before this one
        if self._job is not None:
            if not self._jobs.ended(self._job):
                self._kick()
                if not self._jobs.ended(self._job):
                    return _SOON
            self._finish(self._jobs.get(self._job))
            self._job = None
        now = self._clock()
        self._look(now)
        if self._job is not None:
            self._kick()
            return 0.0
        waits = [self._rest.wait(now), *(at - now for at in self._later.values())]
        self.busy = self._refused or self._rest.wait(now) is not None
        pause = _AGAIN / 10 if self._refused else self._options.poll or max(SAFETY, _SHARE * (self._clock() - now))
        return max(0.0, min([pause, *(wait for wait in waits if wait is not None)]))

    # -- looking -------------------------------------------------------------------------------------------------------

    def _look(self, now: float) -> None:
        if (store := self._store()) is not None:
            try:
                self._look_with(store, now)
            finally:
                store.close()
        else:
            self._look_with(None, now)

    def _store(self) -> Store | None:
        return Store(self._data, create=False) if is_there(self._data) else None

    def _look_with(self, store: Store | None, now: float) -> None:
        looks = [
            (folder, scan(folder, self._data.resolve()), self._watched.known(folder))
            for folder in self._options.folders
        ]
        found: dict[Spot, Mark | None] = {}
        unseen: list[Item] = []
        at: dict[Spot, Seen] = {}
        before: dict[Spot, Known] = {}
        for folder, seen, known in looks:
            self._take_note(store, folder, seen, known)
            changes = compare(known, seen)
            if seen.unlisted or not changes.fresh:  # else they may have a new name
                self._tell_of_away(folder, seen, len(changes.away))
            unseen += [Item(str(folder), name, known[name].path, known[name].mark) for name in changes.away]
            found |= {(folder, name): seen.files[name] for name in changes.fresh}
            found |= {(folder, name): None for name in changes.gone}
            at |= {(folder, name): seen for name in seen.files}
            before |= {(folder, name): one for name, one in known.items()}
        if self._check_is_due():
            self._check(store, at, before)
        self._again = {spot for spot in self._again & at.keys() if spot not in found}  # else it waits as all others do
        resting = self._rest.look(now, found)
        self._later = {spot: until for spot, until in self._later.items() if until > now and spot in found}
        ready = sorted(resting - self._later.keys())
        fresh = [
            item
            for spot in ready
            if found[spot] is not None and (item := self._fresh(store, spot, at[spot], before.get(spot)))
        ]
        for folder, name in sorted(self._again):
            known_one, seen = before[folder, name], at[folder, name]
            fresh.append(Item(str(folder), name, known_one.path, seen.files[name], code=known_one.code))
        gone = [Item(str(s[0]), s[1], before[s].path, before[s].mark) for s in ready if found[s] is None]
        pending = [mark for spot, mark in found.items() if mark is not None and spot not in ready]
        self._begin(fresh, [item for item in gone if self._is_held(store, item)], pending, unseen)

    def _take_note(self, store: Store | None, folder: Path, seen: Seen, known: dict[str, Known]) -> None:
        """Brings what is known of a folder up to date with what is no change: files on another device, files that are there
        again. One that was taken out of the library while it was away is new."""
        noted: dict[str, Known] = {}
        forgotten = []
        for name, mark in seen.files.items():
            one = known.get(name)
            if one is None:
                continue
            if one.gone and (store is None or store.file(one.path) is None):
                forgotten.append(name)
            elif one.gone or (one.mark != mark and one.mark.same(mark)):
                noted[name] = replace(one, mark=mark if one.mark.same(mark) else one.mark, gone=False)
        self._watched.put(folder, noted, forgotten)
        known |= noted
        for name in forgotten:
            del known[name]

    def _is_held(self, store: Store | None, item: Item) -> bool:
        """Whether the library has anything of a file that is gone; what it never had is forgotten."""
        if store is not None and store.file(item.path) is not None:
            return True
        self._watched.put(item.folder, {}, [item.name])
        return False

    def _fresh(self, store: Store | None, spot: Spot, seen: Seen, known: Known | None) -> Item | None:
        """A file that is to be read; None where its bytes are known."""
        folder, name = spot
        path, mark = seen.root / name, seen.files[name]
        digest = digest_of(path)
        held = store.file(str(path)) if store is not None else None
        if known is not None and known.path == str(path) and known.sha256 == digest != "" and is_current(known.parser):
            self._watched.put(folder, {name: replace(known, mark=mark)})
            return None
        if held is not None and held[0] == digest and is_current(held[1]):
            self._watched.put(folder, {name: Known(mark, str(path), *held)})
            return None
        return Item(str(folder), name, str(path), mark, was=known.path if known and known.path != str(path) else "")

    def _check_is_due(self) -> bool:
        last, now = self._watched.checked(), self._today()
        if last is None:  # the first look takes everything up anyway
            self._watched.check(now)
            return False
        return self._options.every is not None and self._options.every.due(last, now)

    def _check(self, store: Store | None, at: dict[Spot, Seen], before: dict[Spot, Known]) -> None:
        """Compares all files that are as they were by their bytes: those that differ, that an older version read, or that could
        not be read are read anew. What somebody took out of the library by hand stays out."""
        self._tell("定时核对：逐个比较文件夹里的文件")
        for spot, seen in at.items():
            known, path = before.get(spot), seen.root / spot[1]
            if self._stop.is_set():
                return
            if known is None or known.path != str(path) or not known.mark.same(seen.files[spot[1]]):
                continue
            failed = bool(known.code) and known.code not in _COSTLY
            old = not is_current(known.parser) and store is not None and store.file(known.path) is not None
            if failed or old or digest_of(path) != known.sha256:
                self._again.add(spot)
        self._watched.check(self._today())

    def _tell_of_away(self, folder: Path, seen: Seen, count: int) -> None:
        told = ""
        if "" in seen.unlisted:
            told = f"文件夹 {folder} 找不到或不能读（没有挂载？），其中的文件原样保留；它回来后接着看管"
        elif seen.unlisted:
            told = f"文件夹 {folder} 里有 {len(seen.unlisted)} 个子文件夹不能读，其中的文件原样保留"
        elif count:
            told = f"文件夹 {folder} 里有 {count} 个文件连同所在的磁盘都看不到，按没有挂载处理，原样保留；确已删去的，用 tiaowen drop 移除"
        if told and told != self._away.get(folder):
            self._tell(told)
        elif not told and self._away.get(folder):
            self._tell(f"文件夹 {folder} 恢复正常")
        self._away[folder] = told

    # -- jobs ----------------------------------------------------------------------------------------------------------

    def _begin(self, fresh: list[Item], gone: list[Item], pending: list[Mark], unseen: list[Item]) -> None:
        """Puts a job into the line. A file that is gone waits as long as one of its size waits: that may be it, renamed."""
        self._refused = False
        names: set[str] = set()
        take: list[Item] = []
        for item in fresh:
            if len(take) < self._most and item.name not in names:  # of two folders; a report tells them apart by name
                names.add(item.name)
                take.append(item)
        sizes = {mark.size for mark in pending} | {item.mark.size for item in fresh if item not in take}
        let_go = [item for item in gone if item.mark.size not in sizes and item.name not in names][: self._most]
        if not take and not let_go:
            return
        known_sizes = {item.mark.size for item in take}
        perhaps = tuple(item for item in unseen if item.mark.size in known_sizes and item.name not in names)
        try:
            with self._jobs.accepting():
                ident = new_id()
                self._watched.plan(ident, Plan(tuple(take), tuple(let_go), self._options.remove, perhaps))
                self._job = self._jobs.put("watch", [item.name for item in (*take, *let_go)], ident)
        except Busy:
            self._refused = True
            return
        self._again -= {(Path(item.folder), item.name) for item in take}

    def _finish(self, job: Job) -> None:
        """Tells what came of a job, and puts off what it could not do."""
        plan = self._watched.plan_of(job.id)
        if job.status == "failed":
            self._failures += 1
            self._most = max(1, self._most // 4)
            self._tell(f"导入没有完成：{(job.error or {}).get('message', '')}{(job.error or {}).get('hint', '')}")
            if len(plan.take) == 1 and (code := (job.error or {}).get("code", "")) in _FAULT_OF_FILE:
                self._give_up(plan.take[0], code)
        else:
            self._failures, self._most = 0, MOST_IN_JOB
            self._report(job)
        pause = min(_AGAIN * 2 ** max(0, self._failures - 1), _LONGEST)
        for folder in self._options.folders:
            known = self._watched.known(folder)
            left = [
                item for item in plan.take if not item.mark.same(one.mark if (one := known.get(item.name)) else None)
            ]
            left = [item for item in left if item.mark.same(mark_of(Path(item.path)))]  # else it is waited for anyway
            left += [item for item in plan.gone if (one := known.get(item.name)) is not None and not one.gone]
            self._later |= {(folder, i.name): self._clock() + pause for i in left if i.folder == str(folder)}

    def _give_up(self, item: Item, code: str) -> None:
        """A file that a job could not do alone is not tried again until it changes."""
        self.rejected += 1
        self._watched.put(
            item.folder, {item.name: Known(item.mark, item.path, digest_of(Path(item.path)), PARSER, code)}
        )

    def _report(self, job: Job) -> None:
        files: list[FileTold] = job.report.get("files", [])
        counts = Counter(file["outcome"] for file in files)
        self.rejected += counts["rejected"]
        for line in _lines(files):
            self._tell(line)
        if files:
            self._tell(
                "看管的文件夹：" + "，".join(f"{words} {counts[key]}" for key, words in _NAMES.items() if counts[key])
            )
        if counts.keys() - {"unchanged"}:
            told = {key: counts[key] for key in ("added", "updated", "rejected", "removed") if counts[key]}
            self._audit.put(WATCHER, "files.watch", "、".join(job.names[:_SHOWN]), job=job.id, files=len(files), **told)


def _lines(files: list[FileTold]) -> Iterator[str]:
    for file in files:
        if file["outcome"] == "rejected":
            yield f"未导入 {file['file']}：{file['message']}。{file['hint']}（{file['code']}）"
        elif file["outcome"] == "renamed":
            yield f"改名 {file['before']} → {file['file']}"
    gone = [file["file"] for file in files if file["outcome"] == "gone"]
    if gone:
        yield f"文件夹里已没有、文件库里保留着：{'、'.join(gone[:_SHOWN])}{' …' if len(gone) > _SHOWN else ''}（移除用 tiaowen drop；--remove 则自动移除）"
