"""What a process makes its models with: pydantic, or plain models where they are enough.

To load pydantic and to let it build its readers takes longer than a whole check of a small ledger.
Plain models give the same, and refuse the same in the same words (`ledger.modelling`); but they
write no JSON, and many of them are made faster by pydantic. So they are taken only for a check that
writes a table and is asked nothing out of the way.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

__all__ = ["plain_models", "plain_suffice"]

_VALUED: Final = frozenset(
    {
        *("--ledger", "--files", "--rules"),
        *("--regime", "--rule", "--subject", "--assume", "--reading"),
        *("--in-force-on", "--law-known-on", "--recorded-by", "--as-of"),
    }
)
_FLAGS: Final = frozenset({"--quiet", "--no-input", "--debug", "--optional"})


def plain_suffice(arguments: Sequence[str]) -> bool:
    """Return whether plain models are enough for a command line.

    Args:
        arguments: What follows the program's name.
    """
    words, commands = iter(arguments), 0
    for word in words:
        name, equals, _ = word.partition("=")
        if name in _VALUED:
            if not equals:
                next(words, None)
        elif word not in _FLAGS:
            commands += 1
            if word != "check":
                return False
    return commands == 1


def plain_models() -> None:
    """Make the models of this process plain ones, unless pydantic is loaded already."""
    loaded: dict[str, Any] = sys.modules
    if "pydantic" in loaded or "ledger.modelling" in loaded:
        return
    loaded["pydantic"] = None  # bars the import
    try:
        import ledger.modelling  # noqa: F401, PLC0415 - once it is barred
    finally:
        # Others in this process may want it: a store on a server, an engine.
        del loaded["pydantic"]
