"""A PostgreSQL that the processes of several machines share.

Connections are kept, a few a process. One that the server closed while nobody used it is passed over and another one made, so that
a server that was started again is noticed by nobody who comes later; what was under way then has failed as a whole, and is
told as DatabaseAway. No transaction is tried again by itself. A single statement is, where a kept connection breaks under it: those are
reads, or do no harm when done twice.

Whoever writes takes a lock in its transaction, one for the records and one for the documents: writers come one after the other, as
they do to a SQLite file, so that what is read inside a transaction still holds when it ends. Readers wait for nobody.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from queue import Empty, LifoQueue
from typing import Any, ClassVar, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.types.string import TextLoader

from corpus.errors import DatabaseAway, PolicyError, StoreBusy, StoreConflict, StoreError
from corpus.sql.shapes import Values

MOST = 16
"""Connections of one process, beside those that hold a lock; who needs one more waits for it."""
WAIT = 30.0
"""Seconds that a writer waits for another one, and anybody for a connection."""
CONNECT_SECONDS = 5
ANSWER_SECONDS = 10
"""After which a server that acknowledges nothing counts as away."""

_LOCKS = 0x7469  # the first half of the numbers of our locks
_OPTIONS = (
    f"-c lock_timeout={WAIT:.0f}s -c statement_timeout=600s "
    # So that the server lets go of what a machine held that is gone, which it would notice after two hours.
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 "
    "-c standard_conforming_strings=on -c client_min_messages=warning"
)
_FULL = "53100"
_BUSY = (
    "55P03",
    "40P01",
    "40001",
    "57014",
)  # a lock not had in time, a deadlock, a conflict, a statement that took too long
_AWAY = "请检查 TIAOWEN_DATABASE 和数据库是否在运行；恢复后会自动继续"

_Connection = psycopg.Connection[Any]
_Done = TypeVar("_Done")

log = logging.getLogger(__name__)


class PgRow(tuple[Any, ...]):
    """A row as sqlite3.Row is one: by place and by name."""

    __slots__ = ()
    places: ClassVar[Mapping[str, int]] = {}

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self.places[key] if isinstance(key, str) else key)

    def keys(self) -> list[str]:
        """The names of the columns."""
        return list(self.places)


@lru_cache(maxsize=512)
def _row_of(names: tuple[str, ...]) -> type[PgRow]:
    places = {name: at for at, name in reversed(list(enumerate(names)))}  # of two of one name the first
    return type("Row", (PgRow,), {"__slots__": (), "places": {name: places[name] for name in names}})


def _rows(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], PgRow]:
    return _row_of(tuple(column.name for column in cursor.description or ()))


class PgResult:
    """What a statement gave, all of it."""

    def __init__(self, rows: list[PgRow], rowcount: int) -> None:
        self._left = iter(rows)
        self.rowcount = rowcount

    def fetchone(self) -> PgRow | None:
        """The next row; None after the last."""
        return next(self._left, None)

    def fetchall(self) -> list[PgRow]:
        """The rows that are left."""
        return list(self._left)

    def __iter__(self) -> Iterator[PgRow]:
        return self._left


class Server:
    """The database at an address, for all threads of a process. Nothing is connected to until something is asked.

    >>> Server("postgresql://tiaowen@db.local/tiaowen").session("records").execute("SELECT count(*) FROM keys")

    Raises StoreError where the address cannot be read.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        try:
            told = conninfo_to_dict(address)
        except psycopg.Error as error:
            raise StoreError(
                "数据库地址无法识别（TIAOWEN_DATABASE）", "填 postgresql://用户名:密码@主机:5432/库名"
            ) from error
        self.shown = f"{told.get('host') or 'localhost'}/{told.get('dbname') or told.get('user') or ''}"
        self._settings: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": ANSWER_SECONDS * 1000,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "application_name": "tiaowen",
            **told,
            "options": f"{_OPTIONS} {told.get('options') or ''}".strip(),
        }
        self._idle: LifoQueue[_Connection] = LifoQueue()
        weakref.finalize(self, _close, self._idle)
        self._room = threading.BoundedSemaphore(MOST)
        self._held = threading.local()
        self._tables = threading.Lock()
        self._known = False

    def session(self, subject: str, pause: float = WAIT) -> Session:
        """Where a subject is written to and read from; its writers come one after the other. A transaction in which nothing is said for
        `pause` seconds is undone: its process hangs, and others wait. Makes or brings up to date the tables.

        Raises DatabaseAway, and StoreError where the database is one of a newer version of the program.
        """
        self._require_tables()
        return Session(self, subject, pause)

    def seconds(self) -> float:
        """The seconds that the server counts, the same for all machines."""
        return float(
            self.once("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)").fetchall()[0][0]
        )

    def identity(self) -> str:
        """The name of the database, which no other one has."""
        rows = self.once("SELECT value FROM meta WHERE key = 'database'").fetchall()
        return str(rows[0][0]) if rows else ""

    @contextmanager
    def reading(self) -> Iterator[Callable[[str, int], Iterator[PgRow]]]:
        """A function that gives the rows of a SELECT, so many at a time; all that is read by it is of one state."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        connection, _ = self.take(lambda connection: connection.execute(begin))

        def rows(sql: str, at_a_time: int) -> Iterator[PgRow]:
            with self.told(), connection.cursor(name="rows") as cursor:
                cursor.itersize = at_a_time
                yield from cursor.execute(said(sql), [])

        try:
            yield rows
        finally:
            _undo(connection)
            self.give(connection)

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        _close(self._idle)

    # -- locks between machines ----------------------------------------------------------------------------------------

    @contextmanager
    def exclusive(
        self, name: str, taken: PolicyError, wait: float = 0.0, on_wait: Callable[[], None] | None = None
    ) -> Iterator[None]:
        """Holds the lock of a name, as corpus.disk.locked holds that of a file, among all machines. It is let go when the connection
        that holds it ends, however that comes about."""
        held: set[str] = self._held.__dict__.setdefault("names", set())
        if name in held:
            yield
            return
        connection = self._connect()
        try:
            number = (_LOCKS, _number(name))
            with self.told():
                if run(connection, "SELECT pg_try_advisory_lock(?, ?)", number).fetchall() != [(True,)]:
                    if wait <= 0:
                        raise taken
                    if on_wait is not None:
                        on_wait()
                    connection.execute(f"SET lock_timeout = {max(1, int(wait * 1000))}")
                    try:
                        connection.execute("SELECT pg_advisory_lock(%s, %s)", number)
                    except psycopg.errors.LockNotAvailable:
                        raise taken from None
            held.add(name)
            try:
                yield
            finally:
                held.discard(name)
                if connection.broken:
                    log.warning("the connection that held the lock %s was lost meanwhile", name)
        finally:
            connection.close()

    # -- statements ----------------------------------------------------------------------------------------------------

    def once(self, sql: str, values: Values = ()) -> PgResult:
        """Does one statement outside any transaction."""
        connection, result = self.take(lambda connection: run(connection, sql, values))
        self.give(connection)
        return result

    def take(self, begin: Callable[[_Connection], _Done]) -> tuple[_Connection, _Done]:
        """A connection, and what `begin` gave, which is the first that is done on it: where that fails because the server has closed a
        connection that was kept, it is done on another one. To be given back by `give`."""
        if not self._room.acquire(timeout=WAIT):
            raise StoreBusy("数据库的连接都在使用中", "请稍后再试")
        try:
            while True:
                try:
                    connection, kept = self._idle.get_nowait(), True
                except Empty:
                    connection, kept = self._connect(), False
                try:
                    with self.told():
                        return connection, begin(connection)
                except DatabaseAway:
                    connection.close()
                    if not kept:
                        raise
                except BaseException:
                    self._keep(connection)
                    raise
        except BaseException:
            self._room.release()
            raise

    def give(self, connection: _Connection) -> None:
        """Takes a connection back."""
        self._keep(connection)
        self._room.release()

    def _keep(self, connection: _Connection) -> None:
        if not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE:
            self._idle.put(connection)
        else:  # broken, or cut short in the middle of a statement: the server undoes what was under way
            connection.close()

    def _connect(self) -> _Connection:
        with self.told():
            connection: _Connection = psycopg.connect(**self._settings, autocommit=True, row_factory=_rows)
        connection.adapters.register_loader("json", TextLoader)  # texts of JSON, as SQLite keeps them
        return connection

    def _require_tables(self) -> None:
        from corpus.sql.migrate import require

        with self._tables:
            if not self._known:
                require(self)
                self._known = True

    @contextmanager
    def told(self) -> Iterator[None]:
        """Errors of the driver as what they are."""
        try:
            yield
        except psycopg.IntegrityError as error:
            raise StoreConflict(
                f"要写入的内容与数据库里已有的相矛盾，没有写入（{_first_line(error)}）",
                "这是程序的缺陷，请附上服务日志反馈",
            ) from error
        except psycopg.Error as error:
            if error.sqlstate in _BUSY:
                raise StoreBusy("另一个进程正在写入数据库", "等它结束后再试") from error
            if error.sqlstate == _FULL:
                raise StoreError("数据库的磁盘已满", "请腾出数据库服务器的磁盘空间后重试") from error
            if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
                raise DatabaseAway(f"数据库没有应答：{self.shown}", _AWAY) from error
            raise StoreError(f"数据库没有接受（{_first_line(error)}）", "请检查数据库的版本和权限") from error


class Session:
    """One subject of the database (shapes.Connection), for several threads: each has its own transaction."""

    def __init__(self, server: Server, subject: str, pause: float) -> None:
        self.server = server
        self._lock = _number(subject)
        self._pause = f"SET LOCAL idle_in_transaction_session_timeout = {int(pause * 1000)};"
        self._local = threading.local()

    @property
    def in_transaction(self) -> bool:
        """Whether one is open in this thread, and can go on."""
        open_in = self._own()
        return open_in is not None and open_in.info.transaction_status == TransactionStatus.INTRANS

    def execute(self, sql: str, values: Values = (), /) -> PgResult:
        """Does one statement."""
        own = self._own()
        if own is None:
            return self.server.once(sql, values)
        with self.server.told():
            return run(own, sql, values)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> PgResult:
        """Does one statement for each row of values. To be called in a transaction."""
        own = self._own()
        assert own is not None, "many statements belong into a transaction"
        with self.server.told():
            cursor = own.cursor()
            cursor.executemany(said(sql), [_plain(row) for row in rows])
            return PgResult([], cursor.rowcount)

    @contextmanager
    def transaction(self, lasting: bool = True) -> Iterator[Session]:
        """All of what is written inside, or nothing. Not `lasting`: a crash of the server may take the last second back."""
        assert self._own() is None, "a transaction is open in this thread"
        waits = "" if lasting else "SET LOCAL synchronous_commit = off;"
        begin = f"BEGIN; {waits} {self._pause} SELECT pg_advisory_xact_lock({_LOCKS}, {self._lock})"
        connection, _ = self.server.take(lambda connection: connection.execute(begin))
        self._local.connection = connection
        try:
            yield self
            if connection.info.transaction_status == TransactionStatus.INERROR:  # COMMIT would undo it without a word
                raise StoreError("写入已被数据库撤销", "请重试")
            with self.server.told():
                connection.execute("COMMIT")
        except BaseException:
            _undo(connection)
            raise
        finally:
            self._local.connection = None
            self.server.give(connection)

    @contextmanager
    def savepoint(self, name: str) -> Iterator[Session]:
        """A part of a transaction that may be undone alone."""
        own = self._own()
        assert own is not None, "it is part of a transaction"
        self.execute(f"SAVEPOINT {name}")
        try:
            yield self
            if not self.in_transaction:
                raise StoreError("写入已被数据库撤销", "请重试")
            self.execute(f"RELEASE {name}")
        except BaseException:
            if own.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                self.execute(f"ROLLBACK TO {name}")
                self.execute(f"RELEASE {name}")
            raise

    def _own(self) -> _Connection | None:
        return getattr(self._local, "connection", None)


def run(connection: _Connection, sql: str, values: Values) -> PgResult:
    """Does a statement on a connection. Raises the errors of the driver."""
    cursor = connection.execute(said(sql), _plain(values))
    return PgResult(cursor.fetchall() if cursor.description else [], cursor.rowcount)


_SIGNS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\?|:[a-z_]+|%")


@lru_cache(maxsize=1024)
def said(sql: str) -> str:
    """A statement with `?` and `:name` as the driver takes them; what stands in quotes stays, but that it has no signs of the driver."""

    def put(found: re.Match[str]) -> str:
        sign = found.group()
        if sign == "?":
            return "%s"
        return f"%({sign[1:]})s" if sign.startswith(":") else sign.replace("%", "%%")

    return _SIGNS.sub(put, sql)


def _plain(values: Any) -> Any:
    """Values as SQLite takes them: truth is a number. A text cannot hold NUL here: a sign of as much room stands in its place."""
    if isinstance(values, Mapping):
        return {name: _told(value) for name, value in values.items()}
    return [_told(value) for value in values]


def _told(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


def _undo(connection: _Connection) -> None:
    status = connection.info.transaction_status
    if connection.closed or status not in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        connection.close()
        return
    try:
        connection.execute("ROLLBACK")
    except psycopg.Error:
        connection.close()  # which undoes it as well


def _close(idle: LifoQueue[_Connection]) -> None:
    with suppress(Empty):
        while True:
            idle.get_nowait().close()


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big", signed=True)


def _first_line(error: psycopg.Error) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
