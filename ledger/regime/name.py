"""A name in an expression stands for something declared elsewhere; its form says what.

A bare word is a name, never a literal:

* ``kebab-case``               a let of the rule, a parameter or a set of the file
* ``model.output_modalities``  a fact of the vocabulary, of the subject of the rule
* ``rule:gpai-indicative``     another rule of the file, at the same subject
* ``reading:parent-compute=whole-lineage``  true where that alternative is chosen
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from ledger.modelling import AfterValidator, WithJsonSchema
from ledger.regime.scalar import FACT_PATTERN, ID_PATTERN, refuse

__all__ = [
    "FACTOR_PATTERN",
    "NAME_PATTERN",
    "Factor",
    "Name",
    "is_fact",
    "is_factor",
    "is_local",
    "reading_named",
    "rule_named",
]

NAME_PATTERN: Final = (
    rf"(?:{ID_PATTERN}|{FACT_PATTERN}|rule:{ID_PATTERN}|reading:{ID_PATTERN}={ID_PATTERN})"
)
FACTOR_PATTERN: Final = r"[1-9][0-9]{0,8}"
_LITERAL_REMEDY: Final = "make it a parameter with its citation, for example value: 10^25 FLOP"


def _name(value: str) -> str:
    """Accept a name; say what to write where a number or an expression was written."""
    if re.fullmatch(NAME_PATTERN, value):
        return value
    if re.match(r"[-+.]?[0-9]", value):
        raise refuse("literal", f"{value!r} is a number where a name belongs", _LITERAL_REMEDY)
    if re.search(r"[<>=()*/+]", value):
        raise refuse(
            "expression-text",
            f"{value!r} is an expression in a string; nothing here is ever evaluated as text",
            "write it as operators, for example { gt: [compute, threshold] }",
        )
    raise refuse(
        "name",
        f"{value!r} is not a name",
        "write kebab-case for a let, parameter or set, subject.fact for a fact, rule:id for a rule",
    )


Name = Annotated[
    str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{NAME_PATTERN}$"})
]
Factor = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^{FACTOR_PATTERN}$"})]


def is_factor(name: str) -> bool:
    """Return whether the text is a plain integer factor of a product."""
    return name[:1].isdigit()


def is_fact(name: str) -> bool:
    """Return whether the text names a fact of the vocabulary."""
    return "." in name and ":" not in name


def is_local(name: str) -> bool:
    """Return whether the text names a let, a parameter or a set of the file."""
    return "." not in name and ":" not in name and not is_factor(name)


def rule_named(name: str) -> str | None:
    """Return the id of the rule that the text names, or None if it names something else."""
    return name.removeprefix("rule:") if name.startswith("rule:") else None


def reading_named(name: str) -> tuple[str, str] | None:
    """Return (reading, alternative) for ``reading:id=alternative``, or None."""
    if not name.startswith("reading:"):
        return None
    reading, _, alternative = name.removeprefix("reading:").partition("=")
    return reading, alternative
