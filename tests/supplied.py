"""What tests need from outside: CI must have it, another machine may not."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, NoReturn

import pytest


def lacking(what: str) -> NoReturn:
    """Skip a test that cannot run here; in CI, where a skip would hide it, let it fail."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"needs {what}")


def supplied(module: str, package: str) -> Any:
    """Return a module of a package that tests alone need.

    Args:
        module: Its dotted name.
        package: What pip installs.
    """
    try:
        return import_module(module)
    except ImportError:
        lacking(f"{package}: pip install {package}")
