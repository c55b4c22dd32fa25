"""A check adds up Parquet segments exactly, against SQL written by hand: B4, B4x and B4c."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl
from polars.selectors import decimal

from ledger.engines import partials as engine
from ledger.engines.columns import SCHEMA
from ledger.engines.leaves import SEGMENT
from ledger.engines.means import Means
from ledger.engines.partials import AT_ONCE, Batch, Partial, merge_sums, partial_sums
from ledger.engines.polars import PolarsEngine
from ledger.engines.sums import constants
from ledger.stores.sqlite import SqliteStore

from .benchmark import Benchmark, Bound
from .inputs import ledger, ledger_of, payloads_of
from .stage import Stage

if TYPE_CHECKING:
    import duckdb

AS_OF = date(2026, 12, 31)
MODELS, ACTIVITIES, MONTHS = 20_000, ("pretrain", "sft", "rl_update", "eval", "idle", "unknown"), 24
SUMS = ("lo", "hi", "error_lo", "error_hi")
ANSWERS = ("totals", "grades", "deliveries")
STORED = ("sign", "commitment", *engine.TOTAL_KEYS, *engine.GRADE_KEYS)


def frame(start: int, stop: int, models: int = MODELS) -> pl.DataFrame:
    """Return the rows of a segment: legs of so many models, one in twenty undated or unbounded."""
    n = pl.int_range(start, stop, dtype=pl.Int64)
    amount = pl.Decimal(38, 0)
    operations = (10**15 + n * 7919 % 10**15).cast(amount) * pl.lit(10**9).cast(amount)
    held = (n % 512 + 1) * 10_800_000_000

    def word(words: Sequence[str], every: int = 1) -> pl.Expr:
        held_in = pl.Series(words, dtype=pl.String)
        return pl.lit(held_in).gather((n // every) % len(words))

    day = pl.lit(date(2025, 1, 1)) + pl.duration(days=n % (30 * MONTHS))
    made = {
        "seq": n,
        "sign": pl.when(n % 997 == 996).then(-1).otherwise(1),
        "reverses": pl.when(n % 997 == 996).then(n - 1),
        "run": pl.format("run-{}", n % 99_991),
        "model": pl.format("model-{}", n * 31 % models),
        "developer": pl.format("dev-{}", n * 31 % models // 40),
        "activity": word(ACTIVITIES, 7),
        "extent": pl.when(n % 4_001 == 0).then(pl.lit("cumulative")).otherwise(pl.lit("own")),
        "role": pl.lit("primary"),
        "operation_kind": pl.lit("float"),
        "evidence": pl.lit("C"),
        "day": pl.when(n % 20 != 0).then(day),
        "not_after": pl.when(n % 20 == 0).then(day),
        "lo": operations,
        "hi": pl.when(n % 20 != 1).then(operations),
        "error_lo": operations,
        "error_hi": pl.when(n % 20 != 1).then(operations),
        "device_us": held,
        "ceiling": operations,
        "commitment": pl.when(n % 50 == 0).then(pl.format("c-{}", n // 50 % 300)),
        "device": word(("nvidia-h100-sxm5", "nvidia-a100-40gb", "nvidia-b200")),
        "precision": word(("bf16", "fp8"), 3),
        "sparsity": pl.lit("dense"),
        "topology": pl.lit("fat_tree"),
        "peak_operations_per_s": pl.lit(989 * 10**12),
    }
    given = {name: made.get(name, pl.lit(None)) for name in SCHEMA}
    return pl.select(value.cast(SCHEMA[name]).alias(name) for name, value in given.items())


def prepare(stage: Stage) -> None:
    """Write the segments, each a file of 2^15 rows, as the projection does."""
    segments_of(stage.inputs, stage.size)


def segments_of(inputs: Path, rows: int, models: int = MODELS) -> list[Path]:
    """Return the files of so many rows, made where they are not there."""
    folder = inputs / ("segments" if models == MODELS else f"segments-{models}")
    folder.mkdir(exist_ok=True)
    paths = []
    for start in range(0, rows, SEGMENT):
        stop = min(rows, start + SEGMENT)
        path = folder / f"{start:010d}-{stop:010d}.parquet"
        if not path.exists():
            draft = path.with_suffix(".part")
            frame(start, stop, models).write_parquet(draft, compression="zstd", compression_level=1)
            draft.rename(path)
        paths.append(path)
    return paths


def batches_of(stage: Stage, models: int = MODELS) -> Iterator[Batch]:
    """Yield the batches that the engine would read."""
    paths = segments_of(stage.inputs, stage.size, models)
    for start in range(0, len(paths), AT_ONCE):
        yield Batch(tuple(paths[start : start + AT_ONCE]), stage.size, AS_OF)


def summed(stage: Stage) -> Partial:
    """Add up with the engine of the program: its guards against overflow are in the time."""
    batches = list(batches_of(stage))
    with stage.timed():
        return merge_sums(map(partial_sums, batches))


def folded(stage: Stage) -> dict[str, str]:
    """Add up with the engine of the program, and say what it comes to."""
    sums = summed(stage)
    return {name: digest_of(getattr(sums, name)) for name in ANSWERS}


def digest_of(sums: pl.DataFrame) -> str:
    """Return one text for a table of sums, whatever the order of its rows."""
    return digest(sums.select(decimal().cast(pl.String), ~decimal()).rows())


SQL = """
CREATE TEMP VIEW legs AS
SELECT *, coalesce(day <= $as_of, true) AS happened, strftime(day, '%Y-%m') AS month,
  coalesce(day <= $as_of, not_after <= $as_of, false) AS sure,
  CASE WHEN extent = 'cumulative' THEN run END AS figure_of
FROM read_parquet($files) WHERE seq < $limit;
CREATE TEMP VIEW own AS SELECT * FROM legs WHERE extent = 'own' AND happened;
CREATE TEMP TABLE totals AS SELECT {total_keys}, sign, count(*) FILTER (happened) AS rows,
  count(*) FILTER (happened AND hi IS NULL) AS unbounded,
  count(*) FILTER (happened AND error_hi IS NULL) AS error_unbounded,
  count(*) FILTER (NOT happened) AS later,
  sum(lo) FILTER (sure) AS lo, sum(hi) FILTER (happened) AS hi,
  sum(error_lo) FILTER (sure) AS error_lo, sum(error_hi) FILTER (happened) AS error_hi
FROM legs GROUP BY ALL;
CREATE TEMP TABLE grades AS SELECT {grade_keys}, sign, {capacity} FROM own GROUP BY ALL;
CREATE TEMP TABLE deliveries AS SELECT commitment, sign, {capacity} FROM own
WHERE commitment IS NOT NULL AND role = 'primary' GROUP BY ALL;
"""
CAPACITY = """count(*) AS rows,
  count(*) FILTER (device_us IS NULL OR NOT sure) AS device_us_unknown,
  count(*) FILTER (ceiling IS NULL OR NOT sure) AS ceiling_unknown,
  count(*) FILTER (hi IS NULL) AS operations_unbounded,
  sum(device_us) FILTER (sure) AS device_us, sum(ceiling) FILTER (sure) AS ceiling,
  sum(lo) FILTER (sure) AS operations_lo, sum(hi) AS operations_hi"""


def queried(stage: Stage) -> dict[str, str]:
    """Add up with DuckDB, in decimals of 38 digits."""
    files = ", ".join(f"'{path}'" for path in segments_of(stage.inputs, stage.size))
    sql = SQL.format(
        total_keys=", ".join(engine.TOTAL_KEYS),
        grade_keys=", ".join(engine.GRADE_KEYS),
        capacity=CAPACITY,
    )
    known = {"$files": f"[{files}]", "$limit": str(stage.size), "$as_of": f"DATE '{AS_OF}'"}
    for name, value in known.items():
        sql = sql.replace(name, value)
    import duckdb  # noqa: PLC0415 - what only this side needs is not in the memory of the other

    connection = duckdb.connect()
    with stage.timed():
        connection.execute(sql)
    return {name: digest(_decimals_first(connection, name)) for name in ANSWERS}


def _decimals_first(connection: duckdb.DuckDBPyConnection, name: str) -> Iterable[tuple[Any, ...]]:
    """Return the rows of an answer in the order of ``digest_of``, nothing added up as nought."""
    columns = [(row[0], row[1]) for row in connection.execute(f"DESCRIBE {name}").fetchall()]
    amounts = [n for n, kind in columns if kind.startswith("DECIMAL")]
    others = [n for n, _ in columns if n not in amounts]
    sums = [
        f"coalesce({n}, 0)::VARCHAR" if n != "peak_operations_per_s" else f"{n}::VARCHAR"
        for n in amounts
    ]
    return connection.execute(f"SELECT {', '.join((*sums, *others))} FROM {name}").fetchall()


def digest(rows: Iterable[tuple[Any, ...]]) -> str:
    """Return one text for rows in any order."""
    lines = sorted(repr(row) for row in rows)
    return f"{len(lines)} {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"


def exact(stage: Stage) -> dict[str, str]:
    """Add up exactly; return what all operations come to."""
    batches = list(batches_of(stage))
    with stage.timed():
        sums = merge_sums(map(partial_sums, batches))
    return sums_of(sums.totals, "lo", "hi")


def about(stage: Stage) -> dict[str, str]:
    """Ask the same questions in floats, without guards."""
    partials = []
    with stage.timed():
        for batch in batches_of(stage):
            rows = engine.rows_of(batch).with_columns(pl.col(pl.Decimal).cast(pl.Float64))
            own = engine.own_capacity(rows)
            # As the exact side does: what is the same in every row is not grouped by.
            same = constants(engine.rows_of(batch), list(dict.fromkeys(STORED))).columns
            partials.append(
                [
                    frame.group_by(*({*keys, "sign"} - set(same) or {"sign"}))
                    .agg(pl.col(*amounts).sum(), pl.len())
                    .collect(engine="streaming")
                    for frame, keys, amounts in (
                        (rows, engine.TOTAL_KEYS, SUMS),
                        (own, engine.GRADE_KEYS, engine.CAPACITY),
                        (own.filter(engine.IS_DELIVERY), ("commitment",), engine.CAPACITY),
                    )
                ]
            )
    return sums_of(pl.concat([totals for totals, *_ in partials]), "lo", "hi")


def sums_of(frame: pl.DataFrame, *names: str) -> dict[str, str]:
    """Return what columns come to."""
    return {name: str(sum(map(int, frame[name].to_list()))) for name in names}


def cold(stage: Stage) -> dict[str, int]:
    """Fold a ledger from SQLite with no projection: hash, take apart, write Parquet, add up."""
    path = ledger_of(stage.inputs, stage.size) / "ledger.db"
    means = Means(again=partial(SqliteStore, path))  # as the command line opens it
    with SqliteStore(path) as store, store.snapshot(), stage.timed():
        root = store.head().range.root()
        engine = PolarsEngine(store, means=means)
        done = engine.fold(size=stage.size, limit=stage.size, as_of=AS_OF, root=root)
    return {"operations": sum(sums.lo for sums in done.totals.values())}


class _Body(msgspec.Struct):
    """The columns that a sum needs."""

    model: str
    developer: str | None
    activity: str
    run: str
    start: str | None
    device: str | None
    precision: str
    operations: str | None
    device_us: str | None
    ceiling_operations: str | None


class _Leaf(msgspec.Struct):
    """An entry, read for its columns."""

    body: _Body


def columns(stage: Stage) -> dict[str, int]:
    """Read the columns from SQLite and do nothing with them."""
    folder = ledger_of(stage.inputs, stage.size)
    decode = msgspec.json.Decoder(_Leaf).decode
    with stage.timed():
        bodies = [decode(data).body for data in payloads_of(folder)]
    return {"operations": sum(int(body.operations or 0) for body in bodies)}


_rows = 50_000_000
BENCHMARKS = (
    Benchmark(
        "B4",
        "adding up Parquet segments by model, grade and contract ÷ DuckDB SQL on DECIMAL(38,0)",
        folded,
        queried,
        prepare,
        _rows,
        "rows",
        Bound("<=", 1.3, 0.9),
        needs=("duckdb",),
        note="Three groupings over eight amounts on each side; the candidate also bounds every sum "
        "and compares it with a float sum.",
    ),
    Benchmark(
        "B4x",
        "the same, exact ÷ in Float64 without guards",
        exact,
        about,
        prepare,
        _rows,
        "rows",
        Bound("<=", 1.8, 1.3),
        close=1e-9,
    ),
    Benchmark(
        "B4c",
        "cold fold of 1,000,000 entries from SQLite ÷ reading their columns alone",
        cold,
        columns,
        ledger,
        1_000_000,
        "entries",
        Bound("<=", 2.0, 1.3),
        note="The candidate hashes every entry, rebuilds the Merkle root and writes the projection "
        "beside.",
    ),
)
