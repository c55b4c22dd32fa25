"""The project's own rules, as tests: each failure says what to do instead."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pydantic
import pytest

import ledger
from ledger.cli.app import COMMANDS, program
from ledger.errors import LedgerError

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "ledger"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
COMMAND_LINES_MAX = 25
BANNED_NAMES = {"utils", "helpers", "common", "base", "misc", "manager", "service"}
EDGE = {
    *("__main__", "_demo", "capture", "cli", "clock", "engines", "importers", "report"),
    *("resources", "standalone", "stores"),
}
CLOCKS = {"datetime.now", "datetime.today", "date.today", "time.time", "os.environ"}
BANNED_WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|mock\.patch")


def modules() -> Iterator[str]:
    """Yield the dotted name of every module."""
    for info in pkgutil.walk_packages(ledger.__path__, "ledger."):
        if "_data" not in info.name and not info.name.endswith("__main__"):
            yield info.name


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of the test extra in the checkout."""
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_tidy_ruff_finds_nothing() -> None:
    done = run("ruff", "check", ".")
    assert done.returncode == 0, done.stdout
    done = run("ruff", "format", "--check", ".")
    assert done.returncode == 0, f"run: ruff format .\n{done.stdout}"


def test_tidy_types_are_strict() -> None:
    done = run("mypy")
    assert done.returncode == 0, done.stdout


def test_tidy_layers_point_down() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_tidy_files_are_small() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in SOURCES + TESTS}
    long = {str(p): n for p, n in lengths.items() if n > FILE_LINES_MAX}
    assert not long, f"split by noun: {long}"
    assert statistics.median(lengths[path] for path in SOURCES) <= 200


def test_tidy_functions_are_short() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert not long, f"name the steps and split: {long}"


def test_tidy_commands_are_thin() -> None:
    long = []
    for path in (PACKAGE / "cli").glob("*.py"):
        for node in functions(path):
            calls = [ast.unparse(decorator) for decorator in node.decorator_list]
            if any(".command" in call or ".group" in call for call in calls):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                if lines > COMMAND_LINES_MAX:
                    long.append(f"{path.name}:{node.lineno} {node.name} {lines}")
    assert not long, f"a command is parse, one call, render: {long}"


def test_tidy_modules_are_named_for_a_noun() -> None:
    grab_bags = [str(path) for path in SOURCES if path.stem in BANNED_NAMES]
    assert not grab_bags, f"name the file after the noun that it defines: {grab_bags}"


def test_tidy_modules_open_with_their_noun() -> None:
    for path in SOURCES:
        first = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]
        assert 0 < len(first) <= 100, f"{path}: open with one sentence of at most 100 characters"


def test_tidy_values_are_frozen() -> None:
    loose = []
    for name in modules():
        for _, thing in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if thing.__module__ != name:
                continue
            if dataclasses.is_dataclass(thing):
                parameters = thing.__dataclass_params__
                if not parameters.frozen or "__slots__" not in thing.__dict__:
                    loose.append(f"{name}.{thing.__name__}: frozen=True, slots=True")
            elif issubclass(thing, pydantic.BaseModel) and not hasattr(thing, "__table__"):
                config = thing.model_config
                if not config.get("frozen") or config.get("extra") != "forbid":
                    loose.append(f"{name}.{thing.__name__}: frozen and extra=forbid")
    assert not loose, loose


def test_tidy_core_has_no_floats_clock_or_files() -> None:
    found = []
    for path in SOURCES:
        if path.relative_to(PACKAGE).parts[0].removesuffix(".py") in EDGE:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                found.append(f"{path}:{node.lineno} float {node.value}")
            if isinstance(node, ast.Name) and node.id in {"float", "open", "eval", "exec"}:
                found.append(f"{path}:{node.lineno} {node.id}")
            if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "environ"}:
                found.append(f"{path}:{node.lineno} {node.attr}")
    assert not found, f"the core is pure: pass the value in from the edge: {found}"


def test_tidy_all_lists_the_public_names() -> None:
    wrong = []
    for name in modules():
        module = importlib.import_module(name)
        listed = getattr(module, "__all__", None)
        if listed is None:  # ruff keeps the list sorted
            wrong.append(f"{name}: __all__ is missing")
            continue
        absent = [entry for entry in listed if not hasattr(module, entry)]
        if absent:
            wrong.append(f"{name}: __all__ names {absent}")
    assert not wrong, wrong


def test_tidy_no_leftovers() -> None:
    me = Path(__file__).name
    marks = [
        f"{path}:{number}"
        for path in SOURCES + TESTS
        if path.name != me
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if BANNED_WORDS.search(line)
    ]
    assert not marks, f"finish it, or use a fake: {marks}"
    ignores = [
        f"{path}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if "type: ignore" in line
    ]
    assert len(ignores) <= 5, f"type it instead: {ignores}"


def test_tidy_errors_have_codes_and_statuses() -> None:
    def tree(kind: type[LedgerError]) -> Iterator[type[LedgerError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from tree(child)

    kinds = list(tree(LedgerError))
    assert len({kind.code for kind in kinds}) == len(kinds), "every error has its own code"
    assert {kind.exit_code for kind in kinds} <= {2, 4}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_tidy_every_command_has_help_with_an_example(name: str) -> None:
    command = program.commands.get(name) or program.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.help
    group = getattr(command, "commands", {})
    for one in group.values() or [command]:
        text = f"{one.help}\n{one.epilog or ''}"
        assert "flopledger " in text, f"{name} {one.name}: give an example in its help"


def test_tidy_start_up_loads_no_heavy_module() -> None:
    heavy = "polars sqlmodel sqlalchemy psycopg pydantic yaml rich cryptography msgspec"
    code = (
        "import sys; from ledger.cli.app import run; run(['--help']); "
        f"print([m for m in {heavy.split()!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
