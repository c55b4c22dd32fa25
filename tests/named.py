"""Names of tests that a table holds, and whether there are tests of those names."""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

TESTS = Path(__file__).resolve().parent


@lru_cache
def names_in(name: str) -> frozenset[str]:
    """Return the names of the tests of a file."""
    tree = ast.parse((TESTS / name).read_text("utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def missing(named: str) -> bool:
    """Return whether no test has this name; ``*`` at its end stands for any ending."""
    file, found, pattern = named.partition("::")
    if not found or not (TESTS / file).is_file():
        return True
    return not any(fnmatchcase(name, pattern) for name in names_in(file))
