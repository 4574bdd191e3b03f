"""What is counted of the log of questions, so that nobody who reads the log has to go through it.

Triggers of the database count each record in the transaction that writes, changes or deletes it, whichever version of the
program does so: the counts are always those of the records that are there. What they cost does not grow with the log: each
trigger touches a few rows that an index finds.

    asked_questions   one row for each question (api/records/sameness.py): how often, by how many, what waits for the operator
    asked_days        how often each question was asked on each day (UTC)
    asked_callers     who asked a question that was answered as it stood: what several asked may be shown to others
    asked_dislikes    thumbs down on answers that are still in the log
    asked_counts      status, reason, channel and rating by day and by hour (`span`, the beginning of the time)
    asked_backfill    up to which row, from the newest down, older records are not counted yet

A database of before is counted afterwards, the newest records first, a small batch at a time (`count_older`); what is asked
meanwhile is counted at once. A batch is a transaction, so that it can be stopped and taken up at any point.

What is here is said to SQLite. PostgreSQL has triggers of the same effect from its first migration on (corpus/sql/migrations), and so no
records of before.
"""

from __future__ import annotations

from api.records.database import Records
from corpus.sql.shapes import Connection

SEVERAL = 3
"""Callers, from whom on a question is no longer one person's."""

_TABLES = f"""
CREATE TABLE asked_backfill (source TEXT PRIMARY KEY, upto INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE asked_questions (
  id INTEGER PRIMARY KEY, same TEXT NOT NULL UNIQUE,
  times INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
  last_at TEXT NOT NULL DEFAULT '',
  whole INTEGER NOT NULL DEFAULT 0, whole_at TEXT NOT NULL DEFAULT '', callers INTEGER NOT NULL DEFAULT 0,
  whole_disliked INTEGER NOT NULL DEFAULT 0,
  unanswered INTEGER NOT NULL DEFAULT 0, unanswered_at TEXT NOT NULL DEFAULT '',
  disliked INTEGER NOT NULL DEFAULT 0, disliked_at TEXT NOT NULL DEFAULT ''
);
CREATE INDEX asked_questions_most ON asked_questions (times DESC, last_at DESC);
CREATE INDEX asked_questions_common ON asked_questions (whole DESC, whole_at DESC)
  WHERE callers >= {SEVERAL} AND whole_disliked = 0;
CREATE INDEX asked_questions_unanswered ON asked_questions (unanswered_at) WHERE unanswered > 0;
CREATE INDEX asked_questions_disliked ON asked_questions (disliked_at) WHERE disliked > 0;
CREATE TABLE asked_days (
  question INTEGER NOT NULL, day TEXT NOT NULL, times INTEGER NOT NULL, answered INTEGER NOT NULL,
  refused INTEGER NOT NULL, PRIMARY KEY (question, day)
) WITHOUT ROWID;
CREATE TABLE asked_callers (
  question INTEGER NOT NULL, caller TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (question, caller)
) WITHOUT ROWID;
CREATE TABLE asked_dislikes (
  answer_id TEXT PRIMARY KEY, question INTEGER NOT NULL, at TEXT NOT NULL, whole INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX asked_dislikes_question ON asked_dislikes (question, at);
CREATE TABLE asked_counts (
  span TEXT NOT NULL, what TEXT NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (span, what, value)
) WITHOUT ROWID;
"""


def _whole(row: str) -> str:
    """Whether a row of `asked` was answered as it stood."""
    return f"({row}.status = 'answered' AND {row}.rewritten IS NULL)"


def _asks(row: str) -> str:
    """Whether a row of `asked` is a question: thanks and greetings are logged, and counted nowhere. No row changes from one to the other."""
    return f"{row}.reason IS NOT 'small_talk'"


def _waits(row: str) -> str:
    """Whether a row of `asked` is for the operator: refused, and about the documents."""
    return f"({row}.status = 'refused' AND ifnull({row}.reason, 'out_of_scope') NOT IN ('out_of_scope', 'small_talk'))"


def _settled(queue: str, same: str) -> str:
    """The time up to which the askings of a question are settled."""
    return f"ifnull((SELECT at FROM settled WHERE queue = '{queue}' AND same = {same}), '')"


def _upto(source: str = "asked") -> str:
    return f"(SELECT upto FROM asked_backfill WHERE source = '{source}')"


def _id(row: str) -> str:
    return f"(SELECT id FROM asked_questions WHERE same = {row}.same)"


_LAST_UNANSWERED = (
    f"ifnull((SELECT a.at FROM asked a WHERE a.same = {{same}} AND {_waits('a')} AND a.at > {{after}} "
    f"AND a.rowid > {_upto()} ORDER BY a.at DESC LIMIT 1), '')"
)


def _spans(sign: str, at: str, values: str) -> str:
    """Adds one to, or takes one from, each of the values (a SELECT of `what` and `value`) in its day and its hour."""
    if sign == "+":
        return f"""
        INSERT INTO asked_counts SELECT span, what, value, 1 FROM
            (SELECT substr({at}, 1, 10) AS span UNION ALL SELECT substr({at}, 1, 13)), ({values}) WHERE value IS NOT NULL
        ON CONFLICT (span, what, value) DO UPDATE SET n = n + 1;
        """
    chosen = (
        f"span IN (substr({at}, 1, 10), substr({at}, 1, 13)) AND (what, value) IN (SELECT what, value FROM ({values}))"
    )
    return f"""
    UPDATE asked_counts SET n = n - 1 WHERE {chosen};
    DELETE FROM asked_counts WHERE {chosen} AND n <= 0;
    """


def _values(row: str) -> str:
    return (
        f"SELECT 'status' AS what, {row}.status AS value UNION ALL SELECT 'channel', {row}.channel "
        f"UNION ALL SELECT 'reason', {row}.reason"
    )


def _add(row: str) -> str:
    """Counts a row of `asked`."""
    return f"""
    INSERT INTO asked_questions (same) VALUES ({row}.same) ON CONFLICT (same) DO NOTHING;
    INSERT INTO asked_callers SELECT id, {row}.caller, 1 FROM asked_questions WHERE same = {row}.same AND {_whole(row)}
        ON CONFLICT (question, caller) DO UPDATE SET times = times + 1;
    UPDATE asked_questions SET
        times = times + 1, answered = answered + ({row}.status = 'answered'),
        refused = refused + ({row}.status = 'refused'), last_at = max(last_at, {row}.at),
        whole = whole + {_whole(row)}, whole_at = CASE WHEN {_whole(row)} THEN max(whole_at, {row}.at) ELSE whole_at END,
        callers = callers + ({_whole(row)} AND
            (SELECT times FROM asked_callers WHERE question = asked_questions.id AND caller = {row}.caller) = 1)
        WHERE same = {row}.same;
    UPDATE asked_questions SET unanswered = unanswered + 1, unanswered_at = max(unanswered_at, {row}.at)
        WHERE same = {row}.same AND {_waits(row)} AND {row}.at > {_settled("unanswered", f"{row}.same")};
    INSERT INTO asked_days
        SELECT id, substr({row}.at, 1, 10), 1, {row}.status = 'answered', {row}.status = 'refused'
        FROM asked_questions WHERE same = {row}.same
        ON CONFLICT (question, day) DO UPDATE SET
        times = times + 1, answered = answered + excluded.answered, refused = refused + excluded.refused;
    INSERT INTO asked_dislikes SELECT answer_id, {_id(row)}, at, {_whole(row)} FROM feedback
        WHERE answer_id = {row}.id AND rating = 'down';
    {_spans("+", f"{row}.at", _values(row))}
    """


def _take(row: str) -> str:
    """Takes a row of `asked` that was counted, and is there no longer, out of the counts."""
    last_whole = (
        f"ifnull((SELECT a.at FROM asked a WHERE a.same = {row}.same AND {_whole('a')} AND a.rowid > {_upto()} "
        "ORDER BY a.at DESC LIMIT 1), '')"
    )
    last = (
        f"ifnull((SELECT a.at FROM asked a WHERE a.same = {row}.same AND {_asks('a')} AND a.rowid > {_upto()} "
        "ORDER BY a.at DESC LIMIT 1), '')"
    )
    settled = _settled("unanswered", f"{row}.same")
    last_unanswered = _LAST_UNANSWERED.format(same=f"{row}.same", after=settled)
    return f"""
    DELETE FROM asked_dislikes WHERE answer_id = {row}.id;
    UPDATE asked_callers SET times = times - 1
        WHERE question = {_id(row)} AND caller = {row}.caller AND {_whole(row)};
    UPDATE asked_days SET
        times = times - 1, answered = answered - ({row}.status = 'answered'), refused = refused - ({row}.status = 'refused')
        WHERE question = {_id(row)} AND day = substr({row}.at, 1, 10);
    UPDATE asked_questions SET
        times = times - 1, answered = answered - ({row}.status = 'answered'), refused = refused - ({row}.status = 'refused'),
        last_at = CASE WHEN last_at = {row}.at THEN {last} ELSE last_at END,
        whole = whole - {_whole(row)},
        whole_at = CASE WHEN {_whole(row)} AND whole_at = {row}.at THEN {last_whole} ELSE whole_at END,
        callers = callers - ({_whole(row)} AND
            (SELECT times FROM asked_callers WHERE question = asked_questions.id AND caller = {row}.caller) = 0)
        WHERE same = {row}.same;
    UPDATE asked_questions SET unanswered = unanswered - 1,
        unanswered_at = CASE WHEN unanswered_at = {row}.at THEN {last_unanswered} ELSE unanswered_at END
        WHERE same = {row}.same AND {_waits(row)} AND {row}.at > {settled};
    DELETE FROM asked_callers WHERE question = {_id(row)} AND caller = {row}.caller AND times <= 0;
    DELETE FROM asked_days WHERE question = {_id(row)} AND day = substr({row}.at, 1, 10) AND times <= 0;
    DELETE FROM asked_questions WHERE same = {row}.same AND times <= 0;
    {_spans("-", f"{row}.at", _values(row))}
    """


def _rating(sign: str, row: str) -> str:
    return _spans(sign, f"{row}.at", f"SELECT 'rating' AS what, {row}.rating AS value")


_DISLIKE = f"""
    INSERT INTO asked_dislikes SELECT NEW.answer_id, q.id, NEW.at, {_whole("a")}
        FROM asked a JOIN asked_questions q ON q.same = a.same
        WHERE a.id = NEW.answer_id AND a.rowid > {_upto()} AND NEW.rating = 'down';
"""
_CLAMPED = """
    UPDATE asked_backfill SET upto = ifnull((SELECT max(rowid) FROM {table}), 0)
        WHERE source = '{table}' AND upto > ifnull((SELECT max(rowid) FROM {table}), 0);
"""
"""Before a new row: it may get the number of one that is gone, and would else be counted twice."""

_DISLIKES_SETTLED = _settled("disliked", "asked_questions.same")
_SETTLED = """
    UPDATE asked_questions SET
        unanswered = (SELECT count(*) FROM asked a WHERE a.same = NEW.same AND {waits} AND a.at > NEW.at
            AND a.rowid > {upto}),
        unanswered_at = {last}
        WHERE same = NEW.same AND NEW.queue = 'unanswered';
    UPDATE asked_questions SET
        disliked = (SELECT count(*) FROM asked_dislikes WHERE question = asked_questions.id AND at > NEW.at),
        disliked_at = ifnull((SELECT max(at) FROM asked_dislikes WHERE question = asked_questions.id AND at > NEW.at), '')
        WHERE same = NEW.same AND NEW.queue = 'disliked';
""".format(waits=_waits("a"), upto=_upto(), last=_LAST_UNANSWERED.format(same="NEW.same", after="NEW.at"))

_TRIGGERS = {
    "asked_added": (f"AFTER INSERT ON asked WHEN {_asks('NEW')}", _add("NEW")),
    "asked_taken": (f"AFTER DELETE ON asked WHEN OLD.rowid > {_upto()} AND {_asks('OLD')}", _take("OLD")),
    "asked_changed": (
        f"AFTER UPDATE ON asked WHEN OLD.rowid > {_upto()} AND {_asks('OLD')}",
        _take("OLD") + _add("NEW"),
    ),
    "asked_numbered": ("BEFORE INSERT ON asked", _CLAMPED.format(table="asked")),
    # REPLACE tells no trigger of what it replaces: what was said before goes first.
    "feedback_numbered": (
        "BEFORE INSERT ON feedback",
        "DELETE FROM feedback WHERE answer_id = NEW.answer_id;" + _CLAMPED.format(table="feedback"),
    ),
    "feedback_added": ("AFTER INSERT ON feedback", _rating("+", "NEW") + _DISLIKE),
    "feedback_taken": (
        f"AFTER DELETE ON feedback WHEN OLD.rowid > {_upto('feedback')}",
        _rating("-", "OLD"),
    ),
    "feedback_gone": (
        "AFTER DELETE ON feedback",
        "DELETE FROM asked_dislikes WHERE answer_id = OLD.answer_id;",
    ),
    "feedback_changed": (
        f"AFTER UPDATE ON feedback WHEN OLD.rowid > {_upto('feedback')}",
        _rating("-", "OLD") + _rating("+", "NEW"),
    ),
    "feedback_moved": (
        "AFTER UPDATE ON feedback",
        "DELETE FROM asked_dislikes WHERE answer_id = OLD.answer_id;" + _DISLIKE,
    ),
    "dislike_added": (
        "AFTER INSERT ON asked_dislikes",
        f"""
        UPDATE asked_questions SET whole_disliked = whole_disliked + NEW.whole,
            disliked = disliked + (NEW.at > {_DISLIKES_SETTLED}),
            disliked_at = CASE WHEN NEW.at > {_DISLIKES_SETTLED} THEN max(disliked_at, NEW.at) ELSE disliked_at END
            WHERE id = NEW.question;
        """,
    ),
    "dislike_taken": (
        "AFTER DELETE ON asked_dislikes",
        f"""
        UPDATE asked_questions SET whole_disliked = whole_disliked - OLD.whole,
            disliked = disliked - (OLD.at > {_DISLIKES_SETTLED}),
            disliked_at = CASE WHEN disliked_at = OLD.at THEN ifnull((SELECT max(at) FROM asked_dislikes
                WHERE question = OLD.question AND at > {_DISLIKES_SETTLED}), '') ELSE disliked_at END
            WHERE id = OLD.question;
        """,
    ),
    "settled_added": ("AFTER INSERT ON settled", _SETTLED),
    "settled_changed": ("AFTER UPDATE ON settled", _SETTLED),
    "settled_taken": (
        "AFTER DELETE ON settled",
        f"""
        UPDATE asked_questions SET
            unanswered = unanswered + (SELECT count(*) FROM asked a WHERE a.same = OLD.same AND {_waits("a")}
                AND a.at <= OLD.at AND a.rowid > {_upto()}),
            unanswered_at = {_LAST_UNANSWERED.format(same="OLD.same", after="''")}
            WHERE same = OLD.same AND OLD.queue = 'unanswered';
        UPDATE asked_questions SET
            disliked = disliked + (SELECT count(*) FROM asked_dislikes WHERE question = asked_questions.id AND at <= OLD.at),
            disliked_at = ifnull((SELECT max(at) FROM asked_dislikes WHERE question = asked_questions.id), '')
            WHERE same = OLD.same AND OLD.queue = 'disliked';
        """,
    ),
    # What `count_older` writes the older rows to: the same statements count them.
    "asked_recounted": (f"INSTEAD OF INSERT ON asked_older WHEN {_asks('NEW')}", _add("NEW")),
    "feedback_recounted": ("INSTEAD OF INSERT ON feedback_older", _rating("+", "NEW")),
}
_VIEWS = "CREATE VIEW asked_older AS SELECT * FROM asked; CREATE VIEW feedback_older AS SELECT * FROM feedback;"


def prepare(records: Records) -> None:
    """Makes the tables and triggers where they are not there yet; takes no longer for a log of millions.

    Needs the tables of api/records/asked.py. Raises StoreError.
    """
    if not records.sql.by_row or _made(records.connect()):
        return
    with (
        records.transaction() as connection
    ):  # one: what another process writes is counted by a trigger, or counted later
        if _made(connection):
            return
        for statement in (*_TABLES.split(";"), *_VIEWS.split(";")):
            connection.execute(statement)
        for source in ("asked", "feedback"):
            connection.execute(
                f"INSERT INTO asked_backfill SELECT ?, ifnull((SELECT max(rowid) FROM {source}), 0)", (source,)
            )
        for name, (when, what) in _TRIGGERS.items():
            connection.execute(f"CREATE TRIGGER {name} {when} BEGIN {what} END")


def _made(connection: Connection) -> bool:
    return (
        connection.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = 'feedback_recounted'"
        ).fetchone()
        is not None
    )


def count_older(connection: Connection, size: int) -> int:
    """Counts up to `size` of the records that were there before the counts, inside the caller's transaction; returns how
    many rows of the log it went through, 0 where all are counted."""
    for source in ("asked", "feedback"):
        (upto,) = connection.execute("SELECT upto FROM asked_backfill WHERE source = ?", (source,)).fetchone()
        if not upto:
            continue
        rows = f"SELECT rowid FROM {source} WHERE rowid <= ? ORDER BY rowid DESC LIMIT ?"
        numbers = [number for (number,) in connection.execute(rows, (upto, size))]
        least = numbers[-1] if len(numbers) == size else 1
        connection.execute("UPDATE asked_backfill SET upto = ? WHERE source = ?", (least - 1, source))
        connection.execute(
            f"INSERT INTO {source}_older SELECT * FROM {source} WHERE rowid BETWEEN ? AND ?", (least, upto)
        )
        return max(1, len(numbers))
    return 0


def left_to_count(records: Records) -> int:
    """About how many records are not counted yet."""
    if not records.sql.by_row:
        return 0
    return int(records.connect().execute("SELECT sum(upto) FROM asked_backfill").fetchone()[0])
