"""A skip hides nothing in CI: what the tests need from outside must be there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from supplied import lacking, supplied

TESTS = Path(__file__).resolve().parent


def test_supplied_fails_in_ci_and_skips_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="CI must have x: pip install x"):
        supplied("no_such_module_of_anybody", "x")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="needs x: pip install x"):
        supplied("no_such_module_of_anybody", "x")
    with pytest.raises(pytest.skip.Exception, match="needs a tool"):
        lacking("a tool")
    assert supplied("json", "x").loads("1") == 1


def test_supplied_is_the_only_way_to_skip() -> None:
    """A skip that is written elsewhere stands here with its reason."""
    known = {
        "crash/test_strace.py": "slow: run by hand",
        "test_bench_counts.py": "strace may be missing, or not allowed to trace",
        "thirdparty/test_canonicalize.py": ".ci/run demands it wherever npm reaches a registry",
        "thirdparty/test_report_office.py": "slow: run by hand, where LibreOffice is",
        "thirdparty/test_report_pictures.py": "slow: run by hand, where a browser is",
    }
    way = re.compile(r"pytest\.skip\(|importorskip|mark\.skip")
    found = {
        str(path.relative_to(TESTS))
        for path in TESTS.rglob("*.py")
        if path.name not in {"supplied.py", "test_supplied.py"} and way.search(path.read_text())
    }
    assert found == set(known)
