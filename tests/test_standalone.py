"""The standalone verifier: what it is made of, and that it answers as the whole program does."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cryptography
import pytest
from lawbooks import pack_file, work
from regimes import ROOT, SMALL, changed, shipped_pack

from ledger.canonical import encode
from ledger.cli.app import run
from ledger.errors import LedgerError
from ledger.pack import SCHEMA, pack_bytes
from ledger.standalone.__main__ import BARRED
from ledger.standalone.archive import ENTRIES, FOREIGN, build_archive
from ledger.standalone.front import main
from ledger.standalone.graph import graph_of

CLOCK = "1795435200"  # 2026-11-23T12:00:00Z
LAW = b"{}"


def package(folder: Path, **files: str) -> Path:
    """Write a package of modules, two lines below a name standing for a folder."""
    root = folder / "made"
    for name, text in {"__init__": "", **files}.items():
        path = root / (name.replace("__in__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_graph_follows_what_is_run_and_nothing_else(tmp_path: Path) -> None:
    root = package(
        tmp_path,
        a="""
from typing import TYPE_CHECKING
import made.b
if TYPE_CHECKING:
    import polars
    import made.typed
try:
    import pydantic
except ModuleNotFoundError:
    import made.plain
if made:
    class Held:
        from made.sub import inner
def later():
    import polars, made.late
""",
        b="import json, cryptography.hazmat",
        plain="",
        typed="",
        late="",
        sub__in____init__="",
        sub__in__inner="",
    )
    graph = graph_of(["made.a"], root, allowed=["cryptography"])
    assert list(graph.sources) == [
        *("made/__init__.py", "made/a.py", "made/b.py", "made/plain.py"),
        *("made/sub/__init__.py", "made/sub/inner.py"),
    ]
    assert graph.foreign == ("cryptography",)
    assert graph.sources["made/b.py"] == b"import json, cryptography.hazmat"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import polars", "made.a loads polars"),
        ("from rich.cells import cell_len", "made.a loads rich"),
        ("try:\n    import polars\nexcept ValueError:\n    pass", "made.a loads polars"),
        ("try:\n    pass\nexcept ImportError:\n    import polars", "made.a loads polars"),
        ("class A:\n    import polars", "made.a loads polars"),
        ("with open('x'):\n    import polars", "made.a loads polars"),
        ("import made.b", "made.b loads yaml"),
        ("from . import b", "relative"),
        ("from made.lazy import Held", "made.a takes Held from made.lazy"),
        ("from made.lazy import Typed", "made.a takes Typed from made.lazy"),
        ("import made.gone", "made.gone, which is not there"),
    ],
)
def test_graph_refuses_what_a_verifier_has_not(tmp_path: Path, text: str, said: str) -> None:
    lazy = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made.b import Typed\n"
        "def __getattr__(name): ..."
    )
    root = package(tmp_path, a=text, b="import yaml", lazy=lazy)
    with pytest.raises(LedgerError) as caught:
        graph_of(["made.a"], root)
    assert said in caught.value.message


def test_archive_is_the_same_bytes_every_time_and_holds_no_more_than_it_needs() -> None:
    first, second = build_archive(LAW), build_archive(LAW)
    assert first.data == second.data
    assert first.digest == hashlib.sha256(first.data).hexdigest()
    assert first.data.startswith(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(io.BytesIO(first.data)) as archive:
        members = archive.infolist()
        assert tuple(each.filename for each in members) == first.members
        assert first.members == tuple(sorted(first.members))
        assert {each.date_time for each in members} == {(1980, 1, 1, 0, 0, 0)}
        assert {each.compress_type for each in members} == {zipfile.ZIP_STORED}
        assert {(each.create_system, each.external_attr) for each in members} == {
            (3, 0o100644 << 16)
        }
        assert archive.read("ledger/_data/rules/pack.v1.json") == LAW
        for name in ("ledger/errors.py", "ledger/standalone/front.py"):
            assert archive.read(name) == (ROOT / name).read_bytes()
        main = archive.read("__main__.py")
        assert main == (ROOT / "ledger" / "standalone" / "__main__.py").read_bytes()
    outside = ("cli/", "importers/", "stores/sqlite", "engines/polars", "log/seal", "regime/schema")
    assert not [
        name for name in first.members if name.startswith(tuple(f"ledger/{o}" for o in outside))
    ]
    assert graph_of(ENTRIES, ROOT / "ledger", allowed=FOREIGN).foreign == ("cryptography",)


def test_archive_bars_all_that_the_whole_program_needs_beside() -> None:
    from neutral import BARRED as NEEDLESS  # noqa: PLC0415 - it is a program too

    # typing_extensions may belong to cryptography on some Python.
    assert set(BARRED) == set(NEEDLESS) - {"typing_extensions"}


def test_pack_bytes_are_those_of_the_files_even_where_the_pack_is_old(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    (rules / "regimes").mkdir(parents=True)
    (rules / "regimes" / "a.yaml").write_text("a: b\n", encoding="utf-8")
    fresh = pack_bytes(rules)
    assert pack_bytes(rules) == fresh
    (rules / "pack.v1.json").write_bytes(fresh)
    assert pack_bytes(rules) == fresh
    (rules / "regimes" / "a.yaml").write_text("a: c\n", encoding="utf-8")
    assert pack_bytes(rules) != fresh
    assert pack_bytes(rules / "pack.v1.json") == fresh


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which cryptography and what it needs are installed, and nothing else."""
    folder = tmp_path_factory.mktemp("site")
    installed = Path(cryptography.__file__).parent.parent
    for pattern in ("cryptography", "cffi", "_cffi_backend*"):
        for path in installed.glob(pattern):
            (folder / path.name).symlink_to(path)
    return folder


def bare(site: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python without what is installed, and with cryptography."""
    return subprocess.run(
        [sys.executable, "-S", *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(site), "SOURCE_DATE_EPOCH": CLOCK},
        capture_output=True,
        text=True,
        check=False,
    )


class Bundle:
    """A ledger under a small law, its bundle, a policy, and the verifier built with that law."""

    def __init__(self, folder: Path, site: Path) -> None:
        self.folder, self.site = folder, site

    def whole(self, *arguments: str) -> Any:
        """Run the whole program; return the status and what it wrote to ``out``."""
        code = run(["verify", *arguments, "-f", "json", "-o", "out", "--transcript", "page.html"])
        return code, Path("out").read_text("utf-8"), Path("page.html").read_text("utf-8")

    def alone(self, *arguments: str) -> Any:
        """Run the verifier alone; return the same."""
        pages = ("--json", "--transcript", "page.html")
        ran = bare(self.site, "verify.pyz", *arguments, *pages, cwd=self.folder)
        assert ran.stderr == ""
        return ran.returncode, ran.stdout, Path("page.html").read_text("utf-8")


def well(*arguments: str) -> None:
    """Run a command of the whole program that must go well."""
    assert run(list(arguments)) in {0, 1}, arguments


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all of a `Bundle`."""
    folder = tmp_path_factory.mktemp("bundle")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SOURCE_DATE_EPOCH", CLOCK)
        patch.setenv("FLOPLEDGER_RULES", pack_file(folder / "law.json", SMALL))
        patch.delenv("FLOPLEDGER_LEDGER", raising=False)
        (folder / "records.jsonl").write_text(
            "".join(
                json.dumps({**work(f"m{n}", n * 10**24, run=f"r{n}"), "hidden": {"notes": "x"}})
                + "\n"
                for n in range(1, 20)
            ),
            encoding="utf-8",
        )
        well("init", "--origin", "ledger.example/t")
        well("record", "records.jsonl")
        well("key", "new", "law.example/anna", "-o", "anna.key.pem")
        period = ("--period", "2026-01-01..2027-01-01", "--claim", "every-run-recorded")
        well("attest", "make", *period, "--signer", "anna.key.pem")
        well("bundle", "all.zip", "--for", "authority")
        well("bundle", "some.zip", "--for", "public")
        well("verifier", "build", "-o", "verify.pyz")
    pack_file(folder / "other.json", changed("value: 10^25 FLOP", "value: 10^24 FLOP"))
    return folder


@pytest.fixture
def bundle(
    made: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> Bundle:
    shutil.copytree(made, tmp_path / "b")
    monkeypatch.chdir(tmp_path / "b")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", CLOCK)
    monkeypatch.setenv("FLOPLEDGER_RULES", "law.json")
    monkeypatch.delenv("FLOPLEDGER_LEDGER", raising=False)
    capfd.readouterr()
    assert run(["key", "show"]) == 0
    Path("policy.txt").write_text(f"log {capfd.readouterr().out.strip()}\nquorum none\n", "utf-8")
    return Bundle(tmp_path / "b", site)


def test_standalone_verifier_answers_as_the_whole_program_does(bundle: Bundle) -> None:
    under = ("--policy", "policy.txt")
    for name, law, status in (
        ("all.zip", (), 0),
        ("some.zip", (), 0),
        ("all.zip", ("--rules", "other.json"), 1),
    ):
        found = bundle.alone(name, *under, *law)
        assert found == bundle.whole(name, *under, *law)
        assert found[0] == status
        steps = {step["name"]: step for step in json.loads(found[1])["steps"]}
        assert steps["claims"]["count"] > 0
        assert (json.loads(found[1])["differences"] != []) is bool(law)


def test_standalone_verifier_finds_what_was_changed(bundle: Bundle) -> None:
    data = Path("all.zip").read_bytes()
    for place in (200, len(data) // 2, len(data) - 40):
        Path("bad.zip").write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        found = bundle.alone("bad.zip", "--policy", "policy.txt")
        assert found == bundle.whole("bad.zip", "--policy", "policy.txt")
        assert found[0] == 4


def test_standalone_verifier_says_what_is_wrong_with_what_it_is_given(
    bundle: Bundle, capfd: pytest.CaptureFixture[str]
) -> None:
    assert bundle.folder == Path.cwd()
    under = ("--policy", "policy.txt")
    for arguments, said in (
        (("all.zip",), "--policy"),
        (("all.zip", "--policy", "gone"), "there is no policy gone"),
        (("gone.zip", *under), "gone.zip"),
        (("all.zip", *under, "--rules", "."), "is a folder"),
        (("all.zip", *under, "--rules", "gone"), "gone"),
        (("all.zip", *under, "--rules", "policy.txt"), "policy.txt"),
        (("all.zip", *under, "--transcript", "no/page.html"), "cannot write no/page.html"),
        (("all.zip", *under, "--cap", "members"), "members"),
        (("all.zip", *under, "--transcrip", "x"), "--transcrip"),
    ):
        try:
            status: object = main(arguments)
        except SystemExit as leave:  # how argparse says that the arguments are wrong
            status = leave.code
        assert status == 2, arguments
        assert said in capfd.readouterr().err


def test_standalone_verifier_tells_people_in_words(bundle: Bundle) -> None:
    ran = bare(bundle.site, "verify.pyz", "all.zip", "--policy", "policy.txt", cwd=bundle.folder)
    assert ran.returncode == 0
    assert "## internally consistent" in ran.stdout
    helped = bare(bundle.site, "verify.pyz", "--help", cwd=bundle.folder)
    assert helped.returncode == 0
    assert "exit status" in helped.stdout


def test_standalone_verifier_without_cryptography_says_what_to_install(
    bundle: Bundle, tmp_path: Path
) -> None:
    ran = bare(tmp_path, "verify.pyz", "all.zip", "--policy", "policy.txt", cwd=bundle.folder)
    assert ran.returncode == 2
    assert "pip install cryptography" in ran.stderr


def test_standalone_verifier_needs_nothing_that_is_installed_beside(bundle: Bundle) -> None:
    """What is installed is barred: a pydantic that lies beside is never run."""
    traps = bundle.folder / "traps"
    traps.mkdir()
    for name in BARRED:
        (traps / f"{name}.py").write_text("raise SystemExit(99)\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-S", "verify.pyz", "all.zip", "--policy", "policy.txt", "--json"],
        env={"PYTHONPATH": os.pathsep.join([str(traps), str(bundle.site)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


REPLAY = """
import hashlib, json, sys
from pathlib import Path
from ledger.determination import PlainEvaluator
from ledger.engines.plain import PlainEngine
from ledger.journeys.checking import Records
from ledger.journeys.replaying import question_of_file, read_check, replay
from ledger.log.store import Row
from ledger.modelling import PLAIN
from ledger.pack import read_pack

assert PLAIN
heavy = "pydantic pydantic_core msgspec yaml polars sqlmodel sqlalchemy click rich sqlite3".split()


class Lines:
    def __init__(self, data):
        self.lines = data.splitlines()

    def read(self, start, stop):
        for seq in range(start, min(stop, len(self.lines))):
            leaf = self.lines[seq]
            yield Row(seq, leaf, hashlib.sha256(b"\\0" + leaf).digest())


leaves, check, law, out = map(Path, sys.argv[1:])
document = read_check(check.read_bytes(), where=str(check))
question = question_of_file(document)
engine = PlainEngine(Lines(leaves.read_bytes()))
size = document.coordinates.checkpoint.size
folded = engine.fold(size=size, limit=size, as_of=question.as_of)
legs = lambda models: engine.legs(models, limit=size, as_of=question.as_of)
records = Records(document.ledger.origin, folded, document.ledger.unsigned_tail, legs)
again = replay(document, records, read_pack(law), PlainEvaluator())
assert not again.differences, again.differences
written = again.document.model_dump(mode="json", by_alias=True)
text = json.dumps(written, ensure_ascii=False, indent=2)
out.write_text(text + "\\n", encoding="utf-8", newline="\\n")
assert not set(heavy) & set(sys.modules), set(heavy) & set(sys.modules)
"""


def test_replay_of_the_demonstration_comes_out_to_the_byte_with_python_alone(
    site: Path, tmp_path: Path, flopledger: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert flopledger("demo", "--keep", "d").code == 0
    monkeypatch.chdir(tmp_path / "d")
    files = dict(shipped_pack().files)
    sources = dict.fromkeys(files, "0" * 64)
    Path("law.json").write_bytes(encode({"files": files, "schema": SCHEMA, "sources": sources}))
    Path("replay.py").write_text(REPLAY, encoding="utf-8")
    monkeypatch.setenv("FLOPLEDGER_RULES", "law.json")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", CLOCK)
    assert flopledger("check", "--optional", "-o", "check.json").code in {0, 1}
    assert flopledger("export", "-o", "leaves.jsonl").code == 0
    paths = ("leaves.jsonl", "check.json", "law.json", "again.json")
    code = f"import sys; sys.path += [{str(ROOT)!r}, {str(site)!r}]; exec(open('replay.py').read())"
    ran = subprocess.run(
        [sys.executable, "-S", "-E", "-c", code, *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert Path("again.json").read_bytes() == Path("check.json").read_bytes()
    assert len(json.loads(Path("again.json").read_text("utf-8"))["determinations"]) > 500
