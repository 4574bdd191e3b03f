"""All tables: of the documents, and of what people write. Columns and their order are those of SQLite.

Texts are compared by their bytes (COLLATE "C"), as SQLite does, whatever the database was made with. `rowid` is the order in which
rows were written; SQLite has it by itself. What counts the log are triggers, as in SQLite (api/records/asked_counts.py); there are no records
of before them here, so that nothing is counted afterwards.
"""

from __future__ import annotations

import re

from alembic import op

revision = "0001"
down_revision = None

DOCUMENTS = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE moves (
  node TEXT, place TEXT, source TEXT, rowid BIGINT GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (node, place)
);
CREATE TABLE files (path TEXT PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, parser TEXT NOT NULL);
CREATE INDEX files_name ON files (name);
CREATE INDEX files_sha256 ON files (sha256);
CREATE TABLE documents (
  id TEXT PRIMARY KEY, seq INTEGER NOT NULL, title TEXT NOT NULL, title_inferred INTEGER NOT NULL, number TEXT, issuer TEXT,
  issued_on TEXT, effective_from TEXT, effective_until TEXT, repealed_by TEXT, kind TEXT NOT NULL, region TEXT,
  links TEXT NOT NULL, anchors TEXT NOT NULL, text TEXT NOT NULL, void TEXT
);
CREATE INDEX documents_seq ON documents (seq);
CREATE TABLE sources (
  document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, path TEXT NOT NULL REFERENCES files (path),
  line_start INTEGER NOT NULL, line_end INTEGER NOT NULL, page_start INTEGER, page_end INTEGER,
  PRIMARY KEY (document_id, path, line_start)
);
CREATE INDEX sources_path ON sources (path);
CREATE TABLE clauses (
  id TEXT PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
  address TEXT NOT NULL, path TEXT NOT NULL, label TEXT NOT NULL, heading TEXT NOT NULL, start INTEGER NOT NULL,
  "end" INTEGER NOT NULL, parent TEXT, departments TEXT NOT NULL
);
CREATE UNIQUE INDEX clauses_order ON clauses (document_id, ordinal);
CREATE TABLE refs (
  clause_id TEXT NOT NULL REFERENCES clauses (id) ON DELETE CASCADE, n INTEGER NOT NULL, start INTEGER NOT NULL,
  "end" INTEGER NOT NULL, title TEXT, bare INTEGER NOT NULL, address TEXT NOT NULL, target_document TEXT, target_clause TEXT,
  PRIMARY KEY (clause_id, n)
);
CREATE INDEX refs_title ON refs (title) WHERE title IS NOT NULL;
CREATE INDEX refs_target ON refs (target_clause);
"""

RECORDS = """
CREATE TABLE asked (
  id TEXT PRIMARY KEY, at TEXT NOT NULL, question TEXT NOT NULL, same TEXT NOT NULL, rewritten TEXT, channel TEXT NOT NULL,
  caller TEXT NOT NULL, session TEXT, status TEXT NOT NULL, reason TEXT, answer TEXT, confidence DOUBLE PRECISION NOT NULL,
  answered_by TEXT NOT NULL, citations TEXT NOT NULL, milliseconds DOUBLE PRECISION NOT NULL,
  rowid BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE
);
CREATE INDEX asked_at ON asked (at);
CREATE INDEX asked_same ON asked (same, at);
CREATE TABLE feedback (
  answer_id TEXT PRIMARY KEY, id TEXT NOT NULL, at TEXT NOT NULL, rating TEXT NOT NULL, reason TEXT, comment TEXT NOT NULL,
  caller TEXT NOT NULL, rowid BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE
);
CREATE INDEX feedback_at ON feedback (at);
CREATE TABLE settled (
  queue TEXT NOT NULL, same TEXT NOT NULL, at TEXT NOT NULL, rowid BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,
  PRIMARY KEY (queue, same)
);
CREATE TABLE asked_questions (
  id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, same TEXT NOT NULL UNIQUE,
  times INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
  last_at TEXT NOT NULL DEFAULT '',
  whole INTEGER NOT NULL DEFAULT 0, whole_at TEXT NOT NULL DEFAULT '', callers INTEGER NOT NULL DEFAULT 0,
  whole_disliked INTEGER NOT NULL DEFAULT 0,
  unanswered INTEGER NOT NULL DEFAULT 0, unanswered_at TEXT NOT NULL DEFAULT '',
  disliked INTEGER NOT NULL DEFAULT 0, disliked_at TEXT NOT NULL DEFAULT ''
);
CREATE INDEX asked_questions_most ON asked_questions (times DESC, last_at DESC);
CREATE INDEX asked_questions_common ON asked_questions (whole DESC, whole_at DESC) WHERE callers >= 3 AND whole_disliked = 0;
CREATE INDEX asked_questions_unanswered ON asked_questions (unanswered_at) WHERE unanswered > 0;
CREATE INDEX asked_questions_disliked ON asked_questions (disliked_at) WHERE disliked > 0;
CREATE TABLE asked_days (
  question INTEGER NOT NULL, day TEXT NOT NULL, times INTEGER NOT NULL, answered INTEGER NOT NULL,
  refused INTEGER NOT NULL, PRIMARY KEY (question, day)
);
CREATE TABLE asked_callers (
  question INTEGER NOT NULL, caller TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (question, caller)
);
CREATE TABLE asked_dislikes (answer_id TEXT PRIMARY KEY, question INTEGER NOT NULL, at TEXT NOT NULL, whole INTEGER NOT NULL);
CREATE INDEX asked_dislikes_question ON asked_dislikes (question, at);
CREATE TABLE asked_counts (
  span TEXT NOT NULL, what TEXT NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (span, what, value)
);
CREATE TABLE marks (
  answer_id TEXT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, verdict TEXT NOT NULL, question TEXT NOT NULL, said TEXT,
  unanswerable INTEGER NOT NULL, answer TEXT NOT NULL, quote TEXT NOT NULL, title TEXT NOT NULL, address TEXT NOT NULL, note TEXT NOT NULL
);
CREATE TABLE assigned (kind TEXT NOT NULL, ref TEXT NOT NULL, name TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (kind, ref));
CREATE TABLE audit (
  n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at TEXT NOT NULL, who_id TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
  target TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE TABLE clock (
  one INTEGER PRIMARY KEY CHECK (one = 1), believed TEXT NOT NULL, doubted TEXT, held DOUBLE PRECISION NOT NULL,
  counted DOUBLE PRECISION NOT NULL
);
CREATE TABLE talks (
  session TEXT PRIMARY KEY, topic TEXT NOT NULL, passage TEXT, before TEXT NOT NULL, at DOUBLE PRECISION NOT NULL
);
CREATE INDEX talks_at ON talks (at);
CREATE TABLE faq (
  id TEXT PRIMARY KEY, questions TEXT NOT NULL, answer TEXT NOT NULL, document_id TEXT NOT NULL, clause_id TEXT NOT NULL,
  title TEXT NOT NULL, address TEXT NOT NULL, clause_text TEXT NOT NULL, quote TEXT NOT NULL, used INTEGER NOT NULL,
  made_by TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE faq_questions (same TEXT PRIMARY KEY, faq_id TEXT NOT NULL REFERENCES faq (id) ON DELETE CASCADE);
CREATE INDEX faq_questions_of ON faq_questions (faq_id);
CREATE TABLE faq_hits (
  faq_id TEXT PRIMARY KEY REFERENCES faq (id) ON DELETE CASCADE, near INTEGER NOT NULL, last_at TEXT NOT NULL
);
CREATE TABLE handoffs (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, question TEXT NOT NULL, answer_id TEXT, session TEXT, channel TEXT NOT NULL,
  contact TEXT NOT NULL, note TEXT NOT NULL, reply TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE INDEX handoffs_open ON handoffs (status, created_at);
CREATE INDEX handoffs_waiting ON handoffs (created_at) WHERE status != 'closed';
CREATE INDEX handoffs_closed ON handoffs (updated_at) WHERE status = 'closed';
CREATE INDEX handoffs_session ON handoffs (session) WHERE status = 'open';
CREATE TABLE keys (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL, revoked_at TEXT
);
CREATE TABLE logins (hash TEXT PRIMARY KEY, key_id TEXT NOT NULL REFERENCES keys (id), expires_at TEXT NOT NULL);
CREATE TABLE starts (hash TEXT PRIMARY KEY, expires_at TEXT NOT NULL);
CREATE TABLE people_logins (
  hash TEXT PRIMARY KEY, person TEXT NOT NULL, issuer TEXT NOT NULL, name TEXT NOT NULL, grounds TEXT NOT NULL,
  began_at TEXT NOT NULL, expires_at TEXT NOT NULL
);
CREATE TABLE sign_ons (
  hash TEXT PRIMARY KEY, browser TEXT NOT NULL, nonce TEXT NOT NULL, verifier TEXT NOT NULL, redirect TEXT NOT NULL,
  back TEXT NOT NULL, expires_at TEXT NOT NULL
);
CREATE TABLE outbox_targets (name TEXT PRIMARY KEY, kinds TEXT NOT NULL);
CREATE TABLE outbox (
  number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT NOT NULL, target TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,
  created_at TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL, due DOUBLE PRECISION NOT NULL,
  lease_until DOUBLE PRECISION NOT NULL, owner TEXT NOT NULL, problem TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (target, state, due);
CREATE INDEX outbox_dead ON outbox (created_at) WHERE state = 'dead';
CREATE TABLE bot_messages (
  platform TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, owner TEXT NOT NULL, lease_until DOUBLE PRECISION NOT NULL,
  tries INTEGER NOT NULL, reply TEXT, received DOUBLE PRECISION NOT NULL, PRIMARY KEY (platform, id)
);
CREATE INDEX bot_messages_received ON bot_messages (received);
CREATE TABLE bot_chats (session TEXT PRIMARY KEY, question TEXT NOT NULL, answer_id TEXT, asked DOUBLE PRECISION NOT NULL);
CREATE INDEX bot_chats_asked ON bot_chats (asked);
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, status TEXT NOT NULL, stage TEXT NOT NULL, done INTEGER NOT NULL,
  total INTEGER NOT NULL, names TEXT NOT NULL, report TEXT NOT NULL, error TEXT, pid INTEGER, created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL, node TEXT NOT NULL DEFAULT '', rowid BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE
);
CREATE INDEX jobs_open ON jobs (rowid) WHERE status NOT IN ('done', 'failed');
CREATE TABLE job_tries (job TEXT PRIMARY KEY, tries INTEGER NOT NULL);
CREATE TABLE watched (
  folder TEXT NOT NULL, name TEXT NOT NULL, size BIGINT NOT NULL, mtime_ns BIGINT NOT NULL, device TEXT NOT NULL,
  path TEXT NOT NULL, sha256 TEXT NOT NULL, parser TEXT NOT NULL, code TEXT NOT NULL, gone INTEGER NOT NULL,
  PRIMARY KEY (folder, name)
);
CREATE TABLE watch_jobs (job TEXT PRIMARY KEY, plan TEXT NOT NULL);
CREATE TABLE watch_checked (n INTEGER PRIMARY KEY CHECK (n = 1), at TEXT NOT NULL);
CREATE UNLOGGED TABLE calls (caller TEXT, at BIGINT, n INTEGER NOT NULL, PRIMARY KEY (caller, at));
CREATE INDEX calls_at ON calls (at);
"""

TRIGGERS = (
    """
CREATE FUNCTION audit_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE integrity_constraint_violation USING MESSAGE = 'the audit log is only added to';
END $$
""",
    "CREATE TRIGGER audit_is_fixed BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_fixed()",
    """
CREATE FUNCTION asked_settled_until(of_queue TEXT, of_same TEXT) RETURNS TEXT LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT at FROM settled WHERE queue = of_queue AND same = of_same), '')
$$
""",
    """
CREATE FUNCTION asked_span(of_at TEXT, of_what TEXT, of_value TEXT, more BOOLEAN) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF of_value IS NULL THEN RETURN; END IF;
  IF more THEN
    INSERT INTO asked_counts VALUES (substr(of_at, 1, 10), of_what, of_value, 1), (substr(of_at, 1, 13), of_what, of_value, 1)
      ON CONFLICT (span, what, value) DO UPDATE SET n = asked_counts.n + 1;
  ELSE
    UPDATE asked_counts SET n = n - 1
      WHERE span IN (substr(of_at, 1, 10), substr(of_at, 1, 13)) AND what = of_what AND value = of_value;
    DELETE FROM asked_counts
      WHERE span IN (substr(of_at, 1, 10), substr(of_at, 1, 13)) AND what = of_what AND value = of_value AND n <= 0;
  END IF;
END $$
""",
    """
CREATE FUNCTION asked_add(r asked) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  q INTEGER;
  first_of_caller INTEGER := 0;
  is_answered INTEGER := CASE WHEN r.status = 'answered' THEN 1 ELSE 0 END;
  is_refused INTEGER := CASE WHEN r.status = 'refused' THEN 1 ELSE 0 END;
  is_whole INTEGER := CASE WHEN r.status = 'answered' AND r.rewritten IS NULL THEN 1 ELSE 0 END;
BEGIN
  INSERT INTO asked_questions (same) VALUES (r.same) ON CONFLICT (same) DO NOTHING;
  SELECT id INTO q FROM asked_questions WHERE same = r.same;
  IF is_whole = 1 THEN
    INSERT INTO asked_callers VALUES (q, r.caller, 1)
      ON CONFLICT (question, caller) DO UPDATE SET times = asked_callers.times + 1
      RETURNING CASE WHEN times = 1 THEN 1 ELSE 0 END INTO first_of_caller;
  END IF;
  UPDATE asked_questions SET
    times = times + 1, answered = answered + is_answered, refused = refused + is_refused, last_at = greatest(last_at, r.at),
    whole = whole + is_whole, whole_at = CASE WHEN is_whole = 1 THEN greatest(whole_at, r.at) ELSE whole_at END,
    callers = callers + first_of_caller
    WHERE id = q;
  IF r.status = 'refused' AND coalesce(r.reason, 'out_of_scope') NOT IN ('out_of_scope', 'small_talk')
      AND r.at > asked_settled_until('unanswered', r.same) THEN
    UPDATE asked_questions SET unanswered = unanswered + 1, unanswered_at = greatest(unanswered_at, r.at) WHERE id = q;
  END IF;
  INSERT INTO asked_days VALUES (q, substr(r.at, 1, 10), 1, is_answered, is_refused)
    ON CONFLICT (question, day) DO UPDATE SET times = asked_days.times + 1,
      answered = asked_days.answered + excluded.answered, refused = asked_days.refused + excluded.refused;
  INSERT INTO asked_dislikes SELECT answer_id, q, at, is_whole FROM feedback WHERE answer_id = r.id AND rating = 'down';
  PERFORM asked_span(r.at, 'status', r.status, true);
  PERFORM asked_span(r.at, 'channel', r.channel, true);
  PERFORM asked_span(r.at, 'reason', r.reason, true);
END $$
""",
    """
CREATE FUNCTION asked_last_unanswered(of_same TEXT, since TEXT) RETURNS TEXT LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT at FROM asked WHERE same = of_same AND status = 'refused'
    AND coalesce(reason, 'out_of_scope') NOT IN ('out_of_scope', 'small_talk') AND at > since ORDER BY at DESC LIMIT 1), '')
$$
""",
    """
CREATE FUNCTION asked_take(r asked) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  q INTEGER;
  last_of_caller INTEGER := 0;
  is_answered INTEGER := CASE WHEN r.status = 'answered' THEN 1 ELSE 0 END;
  is_refused INTEGER := CASE WHEN r.status = 'refused' THEN 1 ELSE 0 END;
  is_whole INTEGER := CASE WHEN r.status = 'answered' AND r.rewritten IS NULL THEN 1 ELSE 0 END;
BEGIN
  SELECT id INTO q FROM asked_questions WHERE same = r.same;
  DELETE FROM asked_dislikes WHERE answer_id = r.id;
  IF is_whole = 1 THEN
    UPDATE asked_callers SET times = times - 1 WHERE question = q AND caller = r.caller
      RETURNING CASE WHEN times = 0 THEN 1 ELSE 0 END INTO last_of_caller;
  END IF;
  UPDATE asked_days SET times = times - 1, answered = answered - is_answered, refused = refused - is_refused
    WHERE question = q AND day = substr(r.at, 1, 10);
  UPDATE asked_questions SET
    times = times - 1, answered = answered - is_answered, refused = refused - is_refused,
    last_at = CASE WHEN last_at = r.at THEN coalesce((SELECT a.at FROM asked a
      WHERE a.same = r.same AND a.reason IS DISTINCT FROM 'small_talk' ORDER BY a.at DESC LIMIT 1), '') ELSE last_at END,
    whole = whole - is_whole,
    whole_at = CASE WHEN is_whole = 1 AND whole_at = r.at THEN coalesce((SELECT a.at FROM asked a
      WHERE a.same = r.same AND a.status = 'answered' AND a.rewritten IS NULL ORDER BY a.at DESC LIMIT 1), '') ELSE whole_at END,
    callers = callers - coalesce(last_of_caller, 0)
    WHERE id = q;
  IF r.status = 'refused' AND coalesce(r.reason, 'out_of_scope') NOT IN ('out_of_scope', 'small_talk')
      AND r.at > asked_settled_until('unanswered', r.same) THEN
    UPDATE asked_questions SET unanswered = unanswered - 1, unanswered_at = CASE WHEN unanswered_at = r.at
      THEN asked_last_unanswered(r.same, asked_settled_until('unanswered', r.same)) ELSE unanswered_at END
      WHERE id = q;
  END IF;
  DELETE FROM asked_callers WHERE question = q AND caller = r.caller AND times <= 0;
  DELETE FROM asked_days WHERE question = q AND day = substr(r.at, 1, 10) AND times <= 0;
  DELETE FROM asked_questions WHERE id = q AND times <= 0;
  PERFORM asked_span(r.at, 'status', r.status, false);
  PERFORM asked_span(r.at, 'channel', r.channel, false);
  PERFORM asked_span(r.at, 'reason', r.reason, false);
END $$
""",
    """
CREATE FUNCTION asked_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'UPDATE') AND OLD.reason IS DISTINCT FROM 'small_talk' THEN PERFORM asked_take(OLD); END IF;
  IF TG_OP = 'INSERT' AND NEW.reason IS DISTINCT FROM 'small_talk' THEN PERFORM asked_add(NEW); END IF;
  IF TG_OP = 'UPDATE' AND OLD.reason IS DISTINCT FROM 'small_talk' THEN PERFORM asked_add(NEW); END IF;
  RETURN NULL;
END $$
""",
    "CREATE TRIGGER asked_counted AFTER INSERT OR UPDATE OR DELETE ON asked FOR EACH ROW EXECUTE FUNCTION asked_counted()",
    """
CREATE FUNCTION feedback_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'UPDATE') THEN
    PERFORM asked_span(OLD.at, 'rating', OLD.rating, false);
    DELETE FROM asked_dislikes WHERE answer_id = OLD.answer_id;
  END IF;
  IF TG_OP IN ('INSERT', 'UPDATE') THEN
    PERFORM asked_span(NEW.at, 'rating', NEW.rating, true);
    IF NEW.rating = 'down' THEN
      INSERT INTO asked_dislikes SELECT NEW.answer_id, q.id, NEW.at,
        CASE WHEN a.status = 'answered' AND a.rewritten IS NULL THEN 1 ELSE 0 END
        FROM asked a JOIN asked_questions q ON q.same = a.same WHERE a.id = NEW.answer_id;
    END IF;
  END IF;
  RETURN NULL;
END $$
""",
    "CREATE TRIGGER feedback_counted AFTER INSERT OR UPDATE OR DELETE ON feedback FOR EACH ROW EXECUTE FUNCTION feedback_counted()",
    """
CREATE FUNCTION dislike_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  until TEXT COLLATE "C";
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT asked_settled_until('disliked', same) INTO until FROM asked_questions WHERE id = NEW.question;
    UPDATE asked_questions SET whole_disliked = whole_disliked + NEW.whole,
      disliked = disliked + CASE WHEN NEW.at > until THEN 1 ELSE 0 END,
      disliked_at = CASE WHEN NEW.at > until THEN greatest(disliked_at, NEW.at) ELSE disliked_at END
      WHERE id = NEW.question;
  ELSE
    SELECT asked_settled_until('disliked', same) INTO until FROM asked_questions WHERE id = OLD.question;
    UPDATE asked_questions SET whole_disliked = whole_disliked - OLD.whole,
      disliked = disliked - CASE WHEN OLD.at > until THEN 1 ELSE 0 END,
      disliked_at = CASE WHEN disliked_at = OLD.at THEN coalesce((SELECT max(at) FROM asked_dislikes
        WHERE question = OLD.question AND at > until), '') ELSE disliked_at END
      WHERE id = OLD.question;
  END IF;
  RETURN NULL;
END $$
""",
    "CREATE TRIGGER dislike_counted AFTER INSERT OR DELETE ON asked_dislikes FOR EACH ROW EXECUTE FUNCTION dislike_counted()",
    """
CREATE FUNCTION settled_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of_queue TEXT COLLATE "C" := CASE WHEN TG_OP = 'DELETE' THEN OLD.queue ELSE NEW.queue END;
  of_same TEXT COLLATE "C" := CASE WHEN TG_OP = 'DELETE' THEN OLD.same ELSE NEW.same END;
  since TEXT COLLATE "C" := CASE WHEN TG_OP = 'DELETE' THEN '' ELSE NEW.at END;
BEGIN
  IF of_queue = 'unanswered' THEN
    UPDATE asked_questions SET
      unanswered = (SELECT count(*) FROM asked a WHERE a.same = of_same AND a.status = 'refused'
        AND coalesce(a.reason, 'out_of_scope') NOT IN ('out_of_scope', 'small_talk') AND a.at > since),
      unanswered_at = asked_last_unanswered(of_same, since)
      WHERE same = of_same;
  ELSIF of_queue = 'disliked' THEN
    UPDATE asked_questions SET
      disliked = (SELECT count(*) FROM asked_dislikes WHERE question = asked_questions.id AND at > since),
      disliked_at = coalesce((SELECT max(at) FROM asked_dislikes WHERE question = asked_questions.id AND at > since), '')
      WHERE same = of_same;
  END IF;
  RETURN NULL;
END $$
""",
    "CREATE TRIGGER settled_counted AFTER INSERT OR UPDATE OR DELETE ON settled FOR EACH ROW EXECUTE FUNCTION settled_counted()",
)


def upgrade() -> None:
    """Makes them."""
    for statement in (*DOCUMENTS.split(";"), *RECORDS.split(";")):
        if statement.strip():
            op.execute(re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', statement))
    op.execute("INSERT INTO meta VALUES ('database', CAST(gen_random_uuid() AS TEXT))")
    for statement in TRIGGERS:
        op.execute(statement)
