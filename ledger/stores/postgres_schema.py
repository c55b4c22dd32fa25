"""The schema of a ledger in PostgreSQL: its SQL, and what the catalog says where it is sound.

One database holds one ledger, in the schema ``flopledger``. Reading compares what the catalog
reports with the texts here, so that a dropped or sleeping trigger, a loosened constraint, a rule,
a policy or a right too many is found. Specification: ``schemas/store-postgres.v1.md``.
"""

from __future__ import annotations

__all__ = ["FORMAT", "GRANTS", "GUARDS", "PUBLISHED_CATALOG", "STATEMENTS"]

FORMAT = "flopledger/store-postgres.v1"

TABLES = (
    """
CREATE TABLE flopledger.entries (
    seq bigint PRIMARY KEY,
    bytes bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT hash_is_of_bytes CHECK (hash = sha256('\\x00'::bytea || bytes))
)
""",
    """
CREATE TABLE flopledger.openings (
    seq bigint,
    ord integer,
    bytes bytea NOT NULL,
    PRIMARY KEY (seq, ord)
)
""",
    """
CREATE TABLE flopledger.keys (
    seq bigint PRIMARY KEY,
    key bytea NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT key_has_32_bytes CHECK (length(key) = 32),
    CONSTRAINT content_has_32_bytes CHECK (length(content) = 32)
)
""",
    "CREATE INDEX keys_by_key ON flopledger.keys (key, seq)",
    """
CREATE TABLE flopledger.heads (
    size bigint PRIMARY KEY,
    peaks text NOT NULL
)
""",
    """
CREATE TABLE flopledger.meta (
    name text PRIMARY KEY,
    value text NOT NULL
)
""",
)

FUNCTIONS = {
    # Every row must follow the one before it, in the statement or in the table.
    "entries_follow": """
DECLARE
    first bigint; before bytea;
BEGIN
    SELECT min(seq) INTO first FROM added;
    SELECT hash INTO before FROM flopledger.entries WHERE seq = first - 1;
    IF first < 0 OR (first > 0 AND before IS NULL) OR EXISTS (
        SELECT FROM (SELECT seq, bytes, lag(seq, 1, first - 1) OVER follow AS last,
                            lag(hash, 1, before) OVER follow AS prev
                     FROM added WINDOW follow AS (ORDER BY seq)) AS a
        WHERE seq <> last + 1 OR (seq > 0 AND position(
            convert_to('"prev":"' || encode(prev, 'hex') || '"', 'UTF8') IN bytes) = 0))
    THEN
        RAISE EXCEPTION 'an entry must follow the last one';
    END IF;
    RETURN NULL;
END
""",
    # Openings and keys come with their entries; the row in heads closes them.
    "belongs": """
BEGIN
    IF EXISTS (SELECT FROM added
               WHERE seq < (SELECT max(size) FROM flopledger.heads)
                  OR seq > (SELECT coalesce(max(seq), -1) FROM flopledger.entries))
    THEN
        RAISE EXCEPTION '% are added with their entries alone', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
""",
    "heads_follow": """
DECLARE
    held bigint;
BEGIN
    SELECT max(size) INTO held FROM flopledger.heads;
    IF NEW.size <= held
        OR NEW.size <> (SELECT max(seq) + 1 FROM flopledger.entries)
        OR NEW.size - held <> (SELECT count(*) FROM flopledger.keys WHERE seq >= held)
        OR NOT starts_with(NEW.peaks, '0-' || NEW.size || ':')
    THEN
        RAISE EXCEPTION 'a head must close the entries and keys that were added';
    END IF;
    RETURN NEW;
END
""",
    "refuse": """
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0];
END
""",
}

_ADDED = "AFTER INSERT ON flopledger.{} REFERENCING NEW TABLE AS added FOR EACH STATEMENT"
_NEVER = "BEFORE {} ON flopledger.{} FOR EACH STATEMENT"

# (table, event, function with its argument); statement triggers meet TRUNCATE, too.
TRIGGERS = {
    "entries_follow": ("entries", _ADDED.format("entries"), "entries_follow()"),
    "entries_fixed": (
        "entries",
        _NEVER.format("DELETE OR UPDATE OR TRUNCATE", "entries"),
        "refuse('entries are never changed or deleted')",
    ),
    "openings_belong": ("openings", _ADDED.format("openings"), "belongs()"),
    "openings_fixed": (
        "openings",
        _NEVER.format("UPDATE OR TRUNCATE", "openings"),
        "refuse('openings are never changed, only erased one by one')",
    ),
    "keys_belong": ("keys", _ADDED.format("keys"), "belongs()"),
    "keys_fixed": (
        "keys",
        _NEVER.format("DELETE OR UPDATE OR TRUNCATE", "keys"),
        "refuse('keys are never changed or deleted')",
    ),
    "heads_follow": (
        "heads",
        "BEFORE INSERT ON flopledger.heads FOR EACH ROW",
        "heads_follow()",
    ),
    "heads_fixed": (
        "heads",
        _NEVER.format("DELETE OR UPDATE OR TRUNCATE", "heads"),
        "refuse('heads are never changed or deleted')",
    ),
    "meta_closed": (
        "meta",
        _NEVER.format("INSERT OR DELETE OR UPDATE OR TRUNCATE", "meta"),
        "refuse('the meta table is closed')",
    ),
}

# A batch is put in order in memory, not on the disk of the server.
_MEMORY = {"entries_follow": "64MB"}
_PATH = "pg_catalog, pg_temp"  # so that no table of a caller stands for one of ours


def _function(name: str, body: str) -> str:
    """Return the statement that creates a trigger function."""
    memory = f" SET work_mem = '{_MEMORY[name]}'" if name in _MEMORY else ""
    return (
        f"CREATE FUNCTION flopledger.{name}() RETURNS trigger LANGUAGE plpgsql "
        f"SET search_path = {_PATH}{memory} AS $${body}$$"
    )


def _configured(name: str, body: str) -> str:
    """Return a function as the catalog gives it back."""
    memory = f" work_mem={_MEMORY[name]}" if name in _MEMORY else ""
    return f"plpgsql search_path={_PATH}{memory} {body}"


def _trigger(name: str, event: str, call: str) -> str:
    """Return the statement that creates a trigger, as the catalog gives it back."""
    return f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION flopledger.{call}"


SCHEMA = ("CREATE SCHEMA flopledger", "REVOKE ALL ON SCHEMA flopledger FROM PUBLIC")

STATEMENTS = (
    *SCHEMA,
    *TABLES,
    *(_function(name, body) for name, body in FUNCTIONS.items()),
)
"""What makes the tables; rows of meta and the first head come next, then the guards."""

GUARDS = tuple(
    statement
    for name, (table, event, call) in TRIGGERS.items()
    for statement in (
        _trigger(name, event, call),
        # It fires also where a session calls itself a replica.
        f"ALTER TABLE flopledger.{table} ENABLE ALWAYS TRIGGER {name}",
    )
)

GRANTS = (
    "GRANT USAGE ON SCHEMA flopledger TO {}",
    "GRANT SELECT, INSERT ON flopledger.entries, flopledger.openings TO {}",
    "GRANT SELECT, INSERT ON flopledger.keys, flopledger.heads TO {}",
    "GRANT SELECT ON flopledger.meta TO {}",
)
"""What a writing role is given, and no more."""

_COLUMNS = {
    "entries": "seq bigint NOT NULL, bytes bytea NOT NULL, hash bytea NOT NULL",
    "openings": "seq bigint NOT NULL, ord integer NOT NULL, bytes bytea NOT NULL",
    "keys": "seq bigint NOT NULL, key bytea NOT NULL, content bytea NOT NULL",
    "heads": "size bigint NOT NULL, peaks text NOT NULL",
    "meta": "name text NOT NULL, value text NOT NULL",
}
_KEYS = {"entries": "seq", "openings": "seq, ord", "keys": "seq", "heads": "size", "meta": "name"}

PUBLISHED_CATALOG = {
    **{f"table {name}": columns for name, columns in _COLUMNS.items()},
    **{
        f"constraint {table}_pkey on {table}": f"PRIMARY KEY ({key})"
        for table, key in _KEYS.items()
    },
    **{
        f"index {table}_pkey": (
            f"CREATE UNIQUE INDEX {table}_pkey ON flopledger.{table} USING btree ({key})"
        )
        for table, key in _KEYS.items()
    },
    "index keys_by_key": "CREATE INDEX keys_by_key ON flopledger.keys USING btree (key, seq)",
    "constraint hash_is_of_bytes on entries": "CHECK ((hash = sha256(('\\x00'::bytea || bytes))))",
    "constraint key_has_32_bytes on keys": "CHECK ((length(key) = 32))",
    "constraint content_has_32_bytes on keys": "CHECK ((length(content) = 32))",
    **{f"function {name}()": _configured(name, body) for name, body in FUNCTIONS.items()},
    **{
        f"trigger {name} on {table}": f"{_trigger(name, event, call)} ENABLE ALWAYS"
        for name, (table, event, call) in TRIGGERS.items()
    },
}
"""Name and text of everything that the catalog of a sound ledger reports."""
