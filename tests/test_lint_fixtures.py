"""Every check has a file that it refuses and the same file mended, and says the same of both.

``tests/lint/<check>/bad.yaml`` gives exactly that check and ``good.yaml`` beside it gives nothing.
A mistake that keeps a file from loading has its bad file in ``tests/hostile/rules``, and its good
one is the small regime that all of those were made from.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from regimes import FILE, ROOT, SMALL, shipped_words

from ledger.determination import PlainEvaluator
from ledger.engines.plain import PlainEngine
from ledger.errors import RuleError
from ledger.journeys.casework import Bench
from ledger.pack import LINT_NAME
from ledger.regime.cased import CasedRegime, load_regime
from ledger.regime.check import Check
from ledger.regime.diagnosis import Flaw
from ledger.regime.lint import CHECKS, lint_regime
from ledger.regime.registry import REGISTRY, check_of, find_check
from ledger.regime.waiver import apply_waivers, parse_waivers
from ledger.yamltree import TEXT_MAX, parse_tree

FIXTURES = ROOT / "tests" / "lint"
HOSTILE = ROOT / "tests" / "hostile" / "rules"
LINT_FILE = "regimes/xx/xx.lint.yaml"
TODAY = date(2026, 11, 22)
LOAD = sorted(check.id for check in REGISTRY.values() if check.stage == "load")
LINT = sorted(check.id for check in REGISTRY.values() if check.stage == "lint")
MODULES = [*sorted((ROOT / "ledger" / "regime").glob("*.py")), ROOT / "ledger" / "yamltree.py"]
NOT_OF_RULES = {"trust"}  # it reads another kind of file
HELD = (ROOT / "tests" / "rules" / "held.yaml").read_text("utf-8")
WAIVERS = {"exception-expired", "exception-unused"}


def regime_of(path: Path) -> CasedRegime:
    """Return the regime of a fixture, which must load."""
    tree = parse_tree(path.read_text("utf-8"), where=LINT_FILE)
    regime, flaws = load_regime(LINT_FILE, tree, shipped_words())
    assert regime is not None, flaws
    return regime


def found_in(check: str, name: str) -> list[Flaw]:
    """Return what lint finds in a fixture."""
    path = FIXTURES / check / name
    if check not in WAIVERS:
        return list(lint_regime(LINT_FILE, regime_of(path), shipped_words(), TODAY))
    waivers, flaws = parse_waivers(parse_tree(path.read_text("utf-8"), where=LINT_NAME))
    assert not flaws
    unused = found_in("unused", "bad.yaml")
    kept, _ = apply_waivers(unused, waivers, {LINT_FILE: ["large"]}, TODAY)
    return [flaw for flaw in kept if flaw.file == LINT_NAME]


@cache
def codes_of(path: Path) -> frozenset[str]:
    """Return the kinds of mistake that keep a hostile file from loading."""
    try:
        tree = parse_tree(path.read_text("utf-8"), where=FILE)
    except RuleError as error:
        return frozenset({error.kind})
    return frozenset(flaw.code for flaw in load_regime(FILE, tree, shipped_words())[1])


def refused_for(check: str) -> list[Path]:
    """Return the hostile files that are refused for that one mistake and no other."""
    return [path for path in sorted(HOSTILE.glob("*.yaml")) if codes_of(path) == {check}]


@pytest.mark.parametrize("check", LINT)
def test_lint_bad_file_gives_its_check_and_no_other(check: str) -> None:
    assert {flaw.code for flaw in found_in(check, "bad.yaml")} == {check}


@pytest.mark.parametrize("check", LINT)
def test_lint_good_file_gives_nothing(check: str) -> None:
    assert found_in(check, "good.yaml") == []


@pytest.mark.parametrize("check", sorted(set(LINT) - WAIVERS))
def test_lint_good_file_is_law_whose_cases_come_out(check: str) -> None:
    bench = Bench(shipped_words(), PlainEngine, PlainEvaluator())
    results = bench.run_written(regime_of(FIXTURES / check / "good.yaml"))
    assert results
    assert [result for result in results if not result.passed] == []


def test_lint_fixtures_and_checks_are_the_same() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == set(LINT)
    assert set(CHECKS) | WAIVERS == set(LINT)


@pytest.mark.parametrize("check", sorted(set(LOAD) - {"too-large"}))
def test_lint_mistake_that_keeps_a_file_out_has_its_file(check: str) -> None:
    assert refused_for(check), f"add a file to tests/hostile/rules that gives only {check}"


def test_lint_file_too_large_is_refused_for_it() -> None:
    with pytest.raises(RuleError) as caught:
        parse_tree("a" * (TEXT_MAX + 1), where=FILE)
    assert caught.value.kind == "too-large"


def test_lint_every_hostile_file_is_refused_for_what_the_registry_knows() -> None:
    unknown = {path.stem: codes_of(path) - set(LOAD) for path in HOSTILE.glob("*.yaml")}
    assert {stem: codes for stem, codes in unknown.items() if codes} == {}


def _spoken(tree: ast.AST) -> Iterator[str]:
    """Yield every kind of mistake that a module names as a literal."""
    at = {"refuse": 0, "complain": 1, "Flaw": 2, "_fault": 0}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in at and len(node.args) > at[name]:
                yield from _literal(node.args[at[name]])
            for keyword in node.keywords:
                if keyword.arg == "kind":
                    yield from _literal(keyword.value)
        told = node.value if isinstance(node, ast.Yield) else None
        if isinstance(told, ast.Tuple) and len(told.elts) == 4:
            yield from _literal(told.elts[1])


def _literal(node: ast.expr) -> Iterator[str]:
    """Yield a text written in place."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.stem not in NOT_OF_RULES],
    ids=lambda path: path.stem,
)
def test_lint_registry_knows_every_kind_that_the_code_names(path: Path) -> None:
    named = set(_spoken(ast.parse(path.read_text("utf-8"))))
    assert named <= set(REGISTRY), f"add to the registry: {sorted(named - set(REGISTRY))}"


def _lines(text: str) -> list[str]:
    """Return the lines of an example without their indentation."""
    return [line.strip() for line in text.splitlines()]


def _stands_in(example: str, text: str) -> bool:
    """Return whether the lines of an example stand below each other in a file."""
    wanted, lines = _lines(example), _lines(text)
    return any(
        all(part in line for part, line in zip(wanted, lines[start:], strict=False))
        for start in range(len(lines) - len(wanted) + 1)
    )


@pytest.mark.parametrize("check", REGISTRY.values(), ids=lambda check: check.id)
def test_lint_examples_stand_in_the_files(check: Check) -> None:
    if check.stage == "lint":
        bad = [FIXTURES / check.id / "bad.yaml"]
        good = (FIXTURES / check.id / "good.yaml").read_text("utf-8")
    else:
        bad, good = refused_for(check.id), SMALL + HELD
    assert (check.wrong == "") == (check.right == "")
    if check.wrong:
        assert any(_stands_in(check.wrong, path.read_text("utf-8")) for path in bad)
        assert _stands_in(check.right, good)
        assert not _stands_in(check.wrong, good)


@pytest.mark.parametrize("check", REGISTRY.values(), ids=lambda check: check.id)
def test_lint_registry_says_what_why_and_what_to_write(check: Check) -> None:
    assert REGISTRY[check.id] is check
    assert check.title[0].isupper()
    assert not check.title.endswith(".")
    assert check.why.endswith(".")
    assert check.remedy.endswith(".")
    assert check.stage == "lint" or check.level == "error"


def test_lint_unknown_check_names_the_nearest() -> None:
    with pytest.raises(Exception, match="there is no check 'comparater'") as caught:
        find_check("comparater")
    assert getattr(caught.value, "remedy", "").startswith("did you mean comparator")
    assert check_of("never-heard-of").stage == "load"
