"""Every error of these modules says what to do next."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ledger import errors

PACKAGE = Path(errors.__file__).parent
MODULES = (
    *("usage", "estimate", "anchoring", "journeys/restating", "journeys/anchoring"),
    *("journeys/attesting", "journeys/correction", "journeys/receipts", "journeys/narrowing"),
)
ERRORS = {name for name in errors.__all__ if name.endswith("Error")}


def raised(tree: ast.AST) -> list[ast.Call]:
    """Return the calls that make an error which is raised at once."""
    calls = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    return [
        call
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ERRORS
    ]


@pytest.mark.parametrize("module", MODULES)
def test_error_says_what_to_do_next(module: str) -> None:
    path = PACKAGE / f"{module}.py"
    silent = [
        call.lineno
        for call in raised(ast.parse(path.read_text("utf-8")))
        if "remedy" not in {keyword.arg for keyword in call.keywords}
    ]
    assert silent == [], f"{module}.py"
