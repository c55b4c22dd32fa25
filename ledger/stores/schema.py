"""The schema of a ledger database: the exact SQL that a sound one holds, and nothing more.

The tables are declared with SQLModel (``ledger.stores.tables``), which is needed only where a
database is created. Reading compares what SQLite reports with the text here, so that a dropped
trigger, an added view or a loosened column is found. White space does not count.
Specification: ``schemas/store.v1.md``.
"""

from __future__ import annotations

__all__ = ["FORMAT", "META_NAMES", "PAGE_BYTES", "PUBLISHED", "TABLES", "TRIGGERS", "normal"]

FORMAT = "flopledger/store.v1"
META_NAMES = ("format", "origin", "peaks", "vkey")

PAGE_BYTES = 8_192
"""Of a new file: five usual entries fill such a page; two leave a quarter of 4,096 empty."""

TABLES = {
    "entries": """
CREATE TABLE entries (
    seq INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (seq),
    CONSTRAINT hash_has_32_bytes CHECK (length(hash) = 32)
) STRICT
""",
    "openings": """
CREATE TABLE openings (
    seq INTEGER NOT NULL,
    ord INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (seq, ord),
    FOREIGN KEY(seq) REFERENCES entries (seq)
) WITHOUT ROWID, STRICT
""",
    "keys": """
CREATE TABLE keys (
    "key" BLOB NOT NULL,
    seq INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY ("key", seq),
    CONSTRAINT key_has_32_bytes CHECK (length("key") = 32),
    CONSTRAINT content_has_32_bytes CHECK (length(content) = 32),
    FOREIGN KEY(seq) REFERENCES entries (seq)
) WITHOUT ROWID, STRICT
""",
    "meta": """
CREATE TABLE meta (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
) WITHOUT ROWID, STRICT
""",
}

# Triggers stop mistakes, not the owner of the file: what binds the owner is the checkpoint.
TRIGGERS = {
    "entries_follow": """
CREATE TRIGGER entries_follow BEFORE INSERT ON entries
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), -1) + 1 FROM entries)
  OR (NEW.seq > 0 AND instr(NEW.bytes, CAST('"prev":"' || lower(hex(
    (SELECT hash FROM entries WHERE seq = NEW.seq - 1))) || '"' AS BLOB)) = 0)
BEGIN SELECT RAISE(ABORT, 'an entry must follow the last one'); END
""",
    "entries_stay": """
CREATE TRIGGER entries_stay BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END
""",
    "entries_fixed": """
CREATE TRIGGER entries_fixed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END
""",
    "openings_once": """
CREATE TRIGGER openings_once BEFORE INSERT ON openings
WHEN EXISTS (SELECT 1 FROM openings WHERE seq = NEW.seq AND ord = NEW.ord)
BEGIN SELECT RAISE(ABORT, 'openings are never replaced'); END
""",
    "openings_fixed": """
CREATE TRIGGER openings_fixed BEFORE UPDATE ON openings
BEGIN SELECT RAISE(ABORT, 'openings are never changed, only erased'); END
""",
    "keys_once": """
CREATE TRIGGER keys_once BEFORE INSERT ON keys
WHEN EXISTS (SELECT 1 FROM keys WHERE "key" = NEW."key" AND seq >= NEW.seq)
BEGIN SELECT RAISE(ABORT, 'keys are never replaced'); END
""",
    "keys_stay": """
CREATE TRIGGER keys_stay BEFORE DELETE ON keys
BEGIN SELECT RAISE(ABORT, 'keys are never deleted'); END
""",
    "keys_fixed": """
CREATE TRIGGER keys_fixed BEFORE UPDATE ON keys
BEGIN SELECT RAISE(ABORT, 'keys are never changed'); END
""",
    "meta_closed": """
CREATE TRIGGER meta_closed BEFORE INSERT ON meta
BEGIN SELECT RAISE(ABORT, 'the meta table is closed'); END
""",
    "meta_stay": """
CREATE TRIGGER meta_stay BEFORE DELETE ON meta
BEGIN SELECT RAISE(ABORT, 'meta rows are never deleted'); END
""",
    "meta_fixed": """
CREATE TRIGGER meta_fixed BEFORE UPDATE ON meta
WHEN OLD.name IS NOT 'peaks' OR NEW.name IS NOT 'peaks'
BEGIN SELECT RAISE(ABORT, 'only the peaks move'); END
""",
}


def normal(sql: str) -> str:
    """Return the statement with white space that does not count taken out."""
    return " ".join(sql.split()).replace("( ", "(").replace(" )", ")")


PUBLISHED = {name: normal(sql) for name, sql in (TABLES | TRIGGERS).items()}
