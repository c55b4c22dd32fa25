"""Methods work out operations from inputs that anybody can put in again.

A method reads what a person gives, and returns parts with their ranges and recorded inputs.
`work_out` gives the same figure from the record alone; see ``schemas/methods.v1.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.methods.formula import dense_equivalent, executed, work_out
    from ledger.methods.given import Given
    from ledger.methods.method import METHODS, Method, estimate
    from ledger.methods.worked import Part, Worked

__all__ = [
    "METHODS",
    "Given",
    "Method",
    "Part",
    "Worked",
    "dense_equivalent",
    "estimate",
    "executed",
    "work_out",
]

_MODULES = {
    "METHODS": "method",
    "Given": "given",
    "Method": "method",
    "Part": "worked",
    "Worked": "worked",
    "dense_equivalent": "formula",
    "estimate": "method",
    "executed": "formula",
    "work_out": "formula",
}


def __getattr__(name: str) -> object:
    """Load a method only when it is asked for: a check asks for the bound of a leg alone."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - as above

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
