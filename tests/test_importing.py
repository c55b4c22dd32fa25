"""Importing: a file is recorded whole, once, or not at all."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tables import ROW, catalogue, csv_text, small_rules

from ledger import importers
from ledger.errors import InputError, Problem
from ledger.hardware import Catalogue
from ledger.importers.csv import IMPORTER
from ledger.journeys.importing import Imported, Reading, Request, import_files
from ledger.log import Appended, Conflict
from ledger.record import Draft, Whole
from ledger.report.imports import import_schema, import_tables
from ledger.report.problems import problem_lines
from ledger.report.render import to_terminal

Run = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "import.v1.schema.json"
HOUR_US = 3_600_000_000


class FakeLedger:
    """A ledger in a dictionary, which can fail before a given transaction."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.held: dict[tuple[str, ...], Draft] = {}
        self.sizes: list[int] = []
        self.fails_at = fails_at

    def append(self, drafts: Sequence[Draft], *, vanished: Sequence[Whole] = ()) -> Appended:
        if len(self.sizes) == self.fails_at:
            raise OSError("the power went")
        self.sizes.append(len(drafts))
        assert not vanished
        done = self.preview(drafts)
        self.held |= {draft.key: draft for draft in drafts if draft.key not in self.held}
        return done

    def overlapped(self, *, several: bool = False) -> AbstractContextManager[None]:
        del several
        return nullcontext()

    def preview(self, drafts: Sequence[Draft], *, vanished: Sequence[Whole] = ()) -> Appended:
        assert not vanished
        new = [i for i, draft in enumerate(drafts) if draft.key not in self.held]
        odd = [i for i, d in enumerate(drafts) if self.held.get(d.key, d) != d]
        conflicts = tuple(Conflict(i, 40 + i, drafts[i].key) for i in odd)
        return Appended(tuple(new), len(drafts) - len(new) - len(odd), conflicts)


def imported(
    path: Path, *files: str, into: FakeLedger | None = None, **how: Any
) -> tuple[Imported, FakeLedger]:
    """Imports CSV texts into a ledger."""
    ledger = into or FakeLedger()
    paths = [path / f"{number}.csv" for number in range(len(files))]
    for place, text in zip(paths, files, strict=True):
        place.write_text(text)
    return import_files(ledger, Request(IMPORTER, {}, catalogue(), **how), paths), ledger


def test_importing_counts_what_it_did(tmp_path: Path) -> None:
    rows = csv_text({}, {"activity": "eval", "device": "google-tpu-v5p", "precision": "fp8"})
    done, ledger = imported(tmp_path, rows)
    assert (done.files, done.runs, done.new, done.same, done.changed) == (1, 1, 2, 0, 0)
    assert done.held_device_us == {"eval": 3072 * HOUR_US, "pretrain": 3072 * HOUR_US}
    h100 = done.ceilings["nvidia-h100-sxm5"]
    assert h100.device_us == 3072 * HOUR_US
    assert h100.operations == 3072 * HOUR_US * 9894 * 10**11 // 10**6
    assert (h100.known, h100.unknown) == (1, 0)
    assert len(ledger.held) == 2


def test_importing_again_adds_nothing_and_says_so(tmp_path: Path) -> None:
    rows = csv_text({}, {}, {"run": "r-8", "end": "2026-03-05T00:00:00Z"})
    first, ledger = imported(tmp_path, rows)
    again, _ = imported(tmp_path, rows, into=ledger)
    assert (first.new, again.new, again.same) == (6, 0, 6)
    assert again.held_device_us == first.held_device_us


def test_importing_a_refused_file_adds_nothing_of_it_and_all_of_the_others(tmp_path: Path) -> None:
    bad = csv_text({"run": "half"}, {"operations": "1e25"}, {"precision": "x", "devices": "-1"})
    done, ledger = imported(tmp_path, bad, csv_text({"run": "whole"}))
    assert (done.files, done.new, done.refused) == (2, 1, 2)
    assert {draft.body["run"] for draft in ledger.held.values()} == {"whole"}


def test_importing_skips_refused_rows_only_when_told_to(tmp_path: Path) -> None:
    bad = csv_text({"run": "half"}, {"operations": "1e25"})
    done, _ = imported(tmp_path, bad, skip_refused=True)
    assert (done.new, done.refused, done.runs) == (1, 1, 1)
    assert [problem.code for problem in done.problems] == ["exponent"]


def test_importing_commits_in_chunks_and_a_second_run_completes_a_cut_one(tmp_path: Path) -> None:
    rows = csv_text(*({"run": f"r{i}"} for i in range(25)))
    ledger = FakeLedger(fails_at=2)
    with pytest.raises(OSError, match="power"):
        imported(tmp_path, rows, into=ledger, chunk=10)
    assert ledger.sizes == [10, 10]
    ledger.fails_at = None
    done, _ = imported(tmp_path, rows, into=ledger, chunk=10)
    assert (done.new, done.same) == (5, 20)
    assert [d.body["run"] for d in ledger.held.values()] == [f"r{i}" for i in range(25)]


def test_importing_dry_appends_nothing(tmp_path: Path) -> None:
    done, ledger = imported(tmp_path, csv_text({}), dry_run=True)
    assert (done.new, ledger.sizes, ledger.held) == (1, [], {})


def test_importing_another_figure_is_a_finding_at_its_line_and_no_update(tmp_path: Path) -> None:
    names = ("id", *ROW)
    _, ledger = imported(tmp_path, csv_text({"id": "a"}, {"id": "b"}, columns=names))
    rows = csv_text({"id": "a"}, {"id": "b", "operations": "7"}, columns=names)
    done, _ = imported(tmp_path, rows, into=ledger, chunk=1)
    # Without a shelf the new file digest alone makes both rows differ.
    assert (done.new, done.same, done.changed) == (0, 0, 2)
    assert [(p.code, p.severity, p.line) for p in done.problems] == [
        ("changed", "finding", 2),
        ("changed", "finding", 3),
    ]
    assert "entry 40" in done.problems[1].message
    assert {d.body["operations"] for d in ledger.held.values()} == {"3800000000000000000000"}


def test_importing_refuses_settings_that_nobody_reads(tmp_path: Path) -> None:
    class Zoned:
        name, version, settings = "zoned", "1", frozenset({"zone", "cluster"})

        def claims(self, head: bytes, path: Path) -> bool:
            return bool(head and path)

        def files(self, path: Path) -> tuple[Path, ...]:
            return (path,)

        def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
            assert catalogue
            return Reading((), (Problem(str(path), None, "zone", settings["zone"], ""),), 0)

    for settings, remedy in (({"zoen": "UTC"}, "--set zone=…"), ({"x": "1"}, "cluster, zone")):
        with pytest.raises(InputError, match="no setting") as refused:
            import_files(FakeLedger(), Request(Zoned(), settings, catalogue()), [tmp_path])
        assert remedy in refused.value.remedy
    done = import_files(FakeLedger(), Request(Zoned(), {"zone": "UTC"}, catalogue()), [tmp_path])
    assert (done.problems[0].message, done.refused) == ("UTC", 1)


def test_importing_tells_its_progress(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(csv_text(*({"run": f"r{i}"} for i in range(5))))
    seen: list[tuple[int, int]] = []
    request = Request(IMPORTER, {}, catalogue(), chunk=2)
    import_files(FakeLedger(), request, [path], progress=lambda *at: seen.append(at))
    assert seen == [(1, 2), (1, 4), (1, 5)]


def test_importing_two_claims_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv"
    path.write_text(csv_text({}))
    monkeypatch.setitem(importers.MODULES, "twin", "ledger.importers.csv")
    with pytest.raises(InputError, match="several importers claim") as refused:
        importers.recognise([path])
    assert refused.value.remedy == "say which with --source: csv, twin"


def test_importing_problems_give_the_same_advice_once() -> None:
    problems = [Problem("t.csv", n, "c", f"m{n}", "do", why="so") for n in range(1, 31)]
    problems.append(Problem("t.csv", None, "d", "note", "", severity="note"))
    lines = problem_lines(problems, most=3)
    assert lines == [
        "t.csv:1: refused[c]: m1",
        "  why: so",
        "  next: do",
        "t.csv:2: refused[c]: m2",
        "t.csv:3: refused[c]: m3",
        "and 28 more; -f json lists all",
    ]


def test_importing_table_says_unknown_and_not_zero(tmp_path: Path) -> None:
    done, _ = imported(tmp_path, csv_text({"sparsity": "structured"}))
    text = to_terminal(import_tables(done), width=None, color=False)
    row = next(line for line in text.splitlines() if line.startswith("nvidia-h100-sxm5"))
    assert row.split()[:4] == ["nvidia-h100-sxm5", "3,072", "unknown", "1"]


def test_importing_schema_is_the_published_one() -> None:
    published = json.loads(SCHEMA.read_text("utf-8"))
    assert published == import_schema()


@pytest.fixture
def ledger(flopledger: Run, tmp_path: Path) -> Run:
    """The program with a new ledger; imports leave their JSON, checked against the schema."""
    rules = small_rules(tmp_path)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0

    def ran(code: int, *arguments: str) -> dict[str, Any]:
        done = flopledger("--rules", str(rules), "import", *arguments, "-f", "json")
        assert done.code == code, done.err
        document: dict[str, Any] = json.loads(done.out)
        jsonschema.validate(document, import_schema())
        return document

    return ran


def test_import_twice_adds_nothing(ledger: Run, flopledger: Run) -> None:
    Path("t.csv").write_text(csv_text({"site": "lux-2"}, {"end": "2026-03-03T00:00:00Z"}))
    first = ledger(0, "t.csv", "--source", "csv")
    again = ledger(0, "t.csv")
    assert (first["new"], again["new"], again["same"]) == (3, 0, 3)
    assert first["held_device_us"] == {"pretrain": str(54 * 512 * HOUR_US)}
    assert again["ceilings"] == first["ceilings"]
    assert flopledger("verify").code == 0


def test_import_of_sparse_work_has_an_unknown_ceiling(ledger: Run) -> None:
    Path("t.csv").write_text(csv_text({"sparsity": "structured"}))
    held = ledger(0, "t.csv")["ceilings"]["nvidia-h100-sxm5"]
    dense = held.pop("dense_operations")
    assert held == {
        "device_us": str(3072 * HOUR_US),
        "ceiling_operations": None,
        "without_ceiling": 1,
    }
    assert dense["bf16"] == str(3072 * 3600 * 989_400_000_000_000)
    assert "fp4" not in dense


def test_import_holds_the_time_of_corroborating_records_once(ledger: Run) -> None:
    Path("t.csv").write_text(csv_text({}, {"run": "again", "role": "corroborating"}))
    done = ledger(0, "t.csv")
    assert done["new"] == 2
    assert done["held_device_us"] == {"pretrain": str(3072 * HOUR_US)}
    assert done["ceilings"]["nvidia-h100-sxm5"]["device_us"] == str(3072 * HOUR_US)


def test_import_of_a_file_that_grew_adds_what_is_new(ledger: Run) -> None:
    Path("t.csv").write_text(csv_text({"notes": "a"}, {"run": "r-8", "notes": "b"}))
    assert ledger(0, "t.csv")["new"] == 2
    rows = [{"run": "r-9", "notes": "c"}, {"notes": "a"}, {"run": "r-8", "notes": "b"}]
    Path("t.csv").write_text(csv_text(*rows))
    grown = ledger(0, "t.csv")
    assert (grown["new"], grown["same"], grown["changed"]) == (1, 2, 0)


@pytest.mark.parametrize("change", [{"operations": "7"}, {"site": "lux-3"}, {"site": ""}])
def test_import_of_a_restated_row_is_reported_and_not_recorded(
    ledger: Run, flopledger: Run, change: dict[str, str]
) -> None:
    rows = [{"id": "a", "site": "lux-2"}, {"id": "b", "site": "lux-2"}]
    Path("t.csv").write_text(csv_text(*rows))
    ledger(0, "t.csv")
    Path("t.csv").write_text(csv_text(rows[0], {**rows[1], **change}))
    done = ledger(1, "t.csv")
    assert (done["new"], done["same"], done["changed"]) == (0, 1, 1)
    (problem,) = done["problems"]
    assert (problem["code"], problem["line"], problem["severity"]) == ("changed", 3, "finding")
    assert flopledger("checkpoint", "show").out.splitlines()[1] == "2"


def test_import_of_the_final_row_replaces_the_provisional_one(ledger: Run, flopledger: Run) -> None:
    running = {"id": "a", "status": "provisional", "operations": "5"}
    Path("t.csv").write_text(csv_text(running))
    ledger(0, "t.csv")
    final = {"id": "a", "status": "final", "end": "2026-03-01T09:00:00Z"}
    Path("t.csv").write_text(csv_text(final))
    done = ledger(0, "t.csv")
    assert (done["new"], done["superseded"], done["changed"]) == (1, 1, 0)
    assert flopledger("verify").code == 0


def test_import_refused_exits_2_and_skipping_exits_0(ledger: Run, flopledger: Run) -> None:
    Path("t.csv").write_text(csv_text({"run": "good"}, {"operations": "1e25"}))
    done = ledger(2, "t.csv")
    assert (done["new"], done["refused"]) == (0, 1)
    assert done["problems"][0] == {
        "file": "t.csv",
        "line": 3,
        "code": "exponent",
        "severity": "refused",
        "message": "operations is '1e25', which is how a float is printed",
        "why": "a float near 10^25 is exact only to about two billion operations",
        "remedy": "write 1*10^25, or all its digits",
    }
    assert ledger(0, "t.csv", "--dry-run", "--skip-refused")["new"] == 1
    assert ledger(0, "t.csv", "--skip-refused")["new"] == 1
    assert flopledger("checkpoint", "show").out.splitlines()[1] == "1"


def test_import_says_counts_on_stderr_and_tables_on_stdout(
    flopledger: Run, ledger: Run, tmp_path: Path
) -> None:
    assert ledger
    Path("t.csv").write_text(csv_text({}))
    rules = str(tmp_path / "rules")
    done = flopledger("--rules", rules, "import", "t.csv")
    assert done.err == "1 file, 1 run: 1 new, 0 same, 0 changed, 0 refused\n"
    assert done.out.startswith("Import of 1 file, 1 run\n")
    quiet = flopledger("--rules", rules, "--quiet", "import", "t.csv", "-o", "out.md")
    assert (quiet.out, quiet.err) == ("", "")
    assert "| same | 1 |" in Path("out.md").read_text()


def test_importing_alike_problems_are_told_once_with_their_number() -> None:
    problems = [Problem(f"{n}.txt", None, "c", "same", "do", "finding") for n in range(25)]
    problems += [Problem("t.csv", 2, "d", "other", "fix", "finding")]
    assert problem_lines(problems) == [
        "0.txt: finding[c]: same (and at 24 places more)",
        "  next: do",
        "t.csv:2: finding[d]: other",
        "  next: fix",
    ]


def test_importing_time_of_unknown_devices_is_told(tmp_path: Path) -> None:
    done, _ = imported(tmp_path, csv_text({"device": "", "precision": ""}, {"run": "r-8"}))
    assert done.ceilings["unknown"].device_us == 3072 * HOUR_US
    assert (done.ceilings["unknown"].known, done.ceilings["unknown"].unknown) == (0, 1)
    assert sum(c.device_us for c in done.ceilings.values()) == sum(done.held_device_us.values())


def test_import_of_a_damaged_gzip_refuses_that_file_and_reads_the_others(ledger: Run) -> None:
    Path("in").mkdir()
    Path("in/a.csv.gz").write_bytes(gzip.compress(csv_text({}).encode())[:-20])
    Path("in/b.csv").write_text(csv_text({"run": "r-8"}))
    Path("in/c.csv.gz").write_bytes(b"\xff rubbish")
    done = ledger(2, "in", "--source", "csv")
    assert (done["files"], done["new"], done["refused"]) == (3, 1, 2)
    cut, rubbish = done["problems"]
    assert (cut["file"], "unzipped" in cut["message"]) == ("in/a.csv.gz", True)
    assert "gzip did not write it" in rubbish["message"]


def test_import_of_a_second_primary_source_of_a_run_is_a_finding(ledger: Run) -> None:
    demo = Path(__file__).resolve().parent.parent / "ledger" / "_demo" / "h100"
    assert ledger(0, str(demo / "run_lora-bf16.json"), "--source", "telemetry")["new"]
    state = str(demo / "trainer_state_lora-bf16.json")
    how = ("--source", "trainer", "--set", "not_after=2026-11-22", "--set", "run=lora-bf16")
    alone = ledger(0, state, *how, "--dry-run", "--set", "role=corroborating")
    assert "counted-twice" not in [problem["code"] for problem in alone["problems"]]
    done = ledger(0, state, *how)
    (twice,) = [p for p in done["problems"] if p["code"] == "counted-twice"]
    assert (twice["severity"], "from telemetry" in twice["message"]) == ("finding", True)
    again = ledger(0, state, *how)
    assert "counted-twice" not in [problem["code"] for problem in again["problems"]]


def faulty(folder: Path) -> dict[str, Path]:
    """Paths that no importer can know, by what they are."""
    packed = gzip.compress(b"JobID|Cluster\n" * 5000, mtime=0)
    files = {
        "empty": ("a.txt", b""),
        "cut": ("b.txt.gz", packed[: len(packed) // 2]),
        "rubbish": ("c.gz", b"\x1f\x8b" + bytes(range(2, 200))),
        "packed nothing": ("d.gz", gzip.compress(b"", mtime=0)),
        "not packed": ("e.csv.gz", b"a,b\n"),
        "binary": ("f.bin", b"\x7fELF\0\0\0"),
        "packed binary": ("g.gz", gzip.compress(b"\x7fELF\0\0\0", mtime=0)),
        "utf-16": ("h.csv", "run,model\n".encode("utf-16")),
    }
    for name, data in files.values():
        (folder / name).write_bytes(data)
    (folder / "none").mkdir()
    return {word: folder / name for word, (name, _) in files.items()} | {"dir": folder / "none"}


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("empty", "the file is empty"),
        ("cut", "the gzipped file ends too early"),
        ("rubbish", "the file begins as gzip and cannot be unpacked"),
        ("packed nothing", "the gzipped file holds nothing"),
        ("not packed", "the file is named .gz, but gzip did not write it"),
        ("binary", "the file is binary"),
        ("packed binary", "the file is binary"),
        ("utf-16", "the file is in UTF-16"),
        ("dir", "the directory is empty"),
    ],
)
def test_importing_says_what_is_wrong_with_a_file_of_no_kind(
    tmp_path: Path, word: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as raised:
        importers.recognise([faulty(tmp_path)[word]])
    assert raised.value.remedy
