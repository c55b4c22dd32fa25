"""A scalar is one text of a rule file and the value that its place gives it.

Every scalar of a rule file arrives as text. The types here turn that text into a date, a yes or
no, a quantity with its unit or a name, and refuse anything else with the words to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from typing import Annotated, Any, Final

from ledger.errors import LedgerError
from ledger.modelling import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    PydanticCustomError,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from ledger.period import parse_day
from ledger.quantity import UNITS, Dimension, Quantity, parse_number

__all__ = [
    "DIMENSIONS",
    "FACT_PATTERN",
    "FROM_FILE",
    "ID_PATTERN",
    "NUMBER_PATTERN",
    "QUANTITY_PATTERN",
    "REGIME_PATTERN",
    "WORD_PATTERN",
    "Day",
    "DimensionName",
    "FactName",
    "Identifier",
    "Localised",
    "Node",
    "ParameterScalar",
    "QuantityScalar",
    "RegimeId",
    "Word",
    "YesNo",
    "nearest",
    "refuse",
]

ID_PATTERN: Final = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
FACT_PATTERN: Final = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+"
NUMBER_PATTERN: Final = (
    r"(?:[0-9][0-9_]*(?:\.[0-9]+)?(?:\*10\^[0-9]{1,2})?|10\^[0-9]{1,2}|[0-9]+/[0-9]+)"
)
REGIME_PATTERN: Final = r"^[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+$"
WORD_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
# The units are spelled out, so that an editor underlines one that is not known.
_UNITS: Final = "|".join(symbol.replace("[", r"\[").replace("]", r"\]") for symbol in UNITS)
QUANTITY_PATTERN: Final = rf"{NUMBER_PATTERN} (?:{_UNITS})"

# The two ways of programs to write 3*10^25: 3e25 and 3*10**25.
_FLOAT: Final = re.compile(r"(?P<mantissa>[0-9]+(?:\.[0-9]+)?)[eE]\+?(?P<exponent>[0-9]{1,2})")
_FLAT: Final = re.compile(r"10(?P<exponent>[1-9][0-9])")  # 10^26 whose print lost the raised 26
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_RAISED: Final = (
    re.compile(  # 10(26), 10 with raised digits, or 3*1025 whose 25 is no longer raised
        r"(?:(?P<mantissa>[0-9]+(?:\.[0-9]+)?)[*x\u00d7\u00b7])?10[(^]*(?P<exponent>[1-9][0-9]?)\)?"
    )
)
_SUPERSCRIPTS: Final = str.maketrans(
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789"
)
_POWER: Final = re.compile(
    r"(?:(?P<mantissa>[0-9]+(?:\.[0-9]+)?)\*)?10\*\*(?P<exponent>[0-9]{1,2})"
)
# The context under which files are validated: code may use field names, a file only its own keys.
FROM_FILE: Final = "file"
_SHOWN_MAX: Final = 24  # words in one message; more is a page nobody reads
DIMENSIONS: Final = (*(member.value for member in Dimension), "date")


class Node(BaseModel):
    """A mapping of a rule file: closed, strict and never changed after loading."""

    # Built with the regime that holds it, once, and by itself only where it is made by itself.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, data: object, info: ValidationInfo) -> object:
        """Refuse a key of a file that the place does not have, naming the nearest one."""
        if info.context != FROM_FILE or not isinstance(data, dict):
            return data
        known = _keys_of(cls)
        for key in data:
            if key not in known:
                raise refuse("unknown-key", f"{key!r} is not a key here", nearest(key, known))
        return data


@cache
def _keys_of(model: type[Node]) -> tuple[str, ...]:
    """Return the keys that a mapping of this kind may have in a file."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def nearest(word: str, known: Iterable[str]) -> str:
    """Say what may have been meant: the words nearest to a mistaken one, else all of them.

    Args:
        word: What was written.
        known: What could have been written.
    """
    words = list(known)
    near = get_close_matches(word, words, n=3)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    if not words:
        return "remove it"
    if len(words) == 1:
        return f"write {words[0]}"
    shown = ", ".join(words[:_SHOWN_MAX]) + (", ..." if len(words) > _SHOWN_MAX else "")
    return f"write one of {shown}"


def refuse(kind: str, message: str, remedy: str) -> PydanticCustomError:
    """Build the error that a validator of this package raises.

    Args:
        kind: Stable word for the kind of mistake.
        message: What stands there.
        remedy: What to write instead.
    """
    # The braces keep pydantic from reading a user's text as a template.
    return PydanticCustomError(
        "rule_scalar", "{text}", {"text": message, "remedy": remedy, "kind": kind}
    )


def _day(value: object) -> object:
    """Read ``YYYY-MM-DD``; a date already built passes, for values made in code."""
    if not isinstance(value, str):
        return value
    try:
        return parse_day(value)
    except LedgerError as error:
        raise refuse("date", error.message, error.remedy) from error


def _yes_no(value: object) -> object:
    """Read ``yes`` or ``no``; the text is never guessed at."""
    if isinstance(value, bool):
        return value
    if value == "yes":
        return True
    if value == "no":
        return False
    raise refuse("boolean", f"{value!r} is neither yes nor no", "write yes or no")


def _quantity(value: object) -> Quantity:
    """Read a number with its unit into an exact quantity."""
    if isinstance(value, Quantity):
        return value
    if not isinstance(value, str):
        raise refuse(
            "quantity",
            f"a quantity is one text with its unit, not {type(value).__name__}",
            "write 10^25 FLOP",
        )
    try:
        return Quantity.parse(value)
    except LedgerError as error:
        raise refuse(*_told(value, error)) from error


def _told(value: str, error: LedgerError) -> tuple[str, str, str]:
    """Return kind, message and remedy for a quantity that cannot be read."""
    number, space, symbol = value.partition(" ")
    power = _FLOAT.fullmatch(number) or _POWER.fullmatch(number)
    if power:
        times = "" if Fraction(power["mantissa"] or 1) == 1 else f"{power['mantissa']}*"
        exact = f"{times}10^{int(power['exponent'])}"
        what = "a float" if power.re is _FLOAT else "not an exact number"
        return "float", f"{number!r} is {what}", f"write {exact} {symbol or 'FLOP'}"
    if not space:
        return "unit", f"{value!r} has no unit", _unit_wanted(number)
    if symbol not in UNITS:
        known = {unit.lower(): unit for unit in UNITS}.get(symbol.lower())
        advice = nearest(symbol, UNITS) if known is None else f"write {known}, as units are spelled"
        return "unit", f"{symbol!r} is not a unit", advice
    printed = _printed(number)
    remedy = error.remedy if printed is None else f"write {printed} {symbol}, if that is meant"
    return "quantity", error.message, remedy


def _unit_wanted(number: str) -> str:
    """Return what to write for a number without a unit, or for what is no number."""
    flat = _FLAT.fullmatch(number)
    if flat:
        return f"write 10^{flat['exponent']} FLOP if its exponent was lost, else add the unit"
    try:
        parse_number(number)
    except LedgerError:
        return "write a number with its unit, for example 10^25 FLOP"
    return f"write the unit, for example {number} FLOP"


def _printed(number: str) -> str | None:
    """Return the number that was probably printed, where a copy of a text damaged it."""
    if _GROUPED.fullmatch(number):
        return number.replace(",", "_")
    raised = _RAISED.fullmatch(number.translate(_SUPERSCRIPTS))
    if raised is None:
        return None
    times = "" if raised["mantissa"] is None else f"{raised['mantissa']}*"
    return f"{times}10^{int(raised['exponent'])}"


def _parameter_scalar(value: object) -> Quantity | date:
    """Read a quantity, or a day of the calendar."""
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        day = _day(value)
        assert isinstance(day, date)
        return day
    return _quantity(value)


def _dimension(value: object) -> object:
    """Accept the name of a dimension, or ``date`` for a day of the calendar."""
    if value in DIMENSIONS:
        return str(value)
    raise refuse(
        "dimension",
        f"{value!r} is not a dimension",
        nearest(str(value), DIMENSIONS),
    )


def _localised(value: dict[str, str]) -> dict[str, str]:
    """Require the English text beside any other language."""
    if not value.get("en"):
        raise refuse("language", "there is no English text", "write { en: ... }")
    wrong = [code for code in value if not re.fullmatch(r"[a-z]{2}", code)]
    if wrong:
        raise refuse("language", f"{wrong[0]!r} is not a language", "write a code such as en or ko")
    return value


def _quantity_text(value: Quantity | date) -> str:
    """Write the quantity as the grammar reads it."""
    return str(value)


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}),
]
YesNo = Annotated[
    bool, BeforeValidator(_yes_no), WithJsonSchema({"type": "string", "enum": ["yes", "no"]})
]
QuantityScalar = Annotated[
    Quantity,
    PlainValidator(_quantity),
    PlainSerializer(_quantity_text, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{QUANTITY_PATTERN}$",
            "examples": ["10^25 FLOP", "500_000_000 USD", "1/3 ratio"],
        }
    ),
]
ParameterScalar = Annotated[
    Quantity | date,
    PlainValidator(_parameter_scalar),
    PlainSerializer(_quantity_text, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^(?:{QUANTITY_PATTERN}|\d{{4}}-\d{{2}}-\d{{2}})$",
            "examples": ["10^25 FLOP", "500_000_000 USD", "14 day", "2025-08-02"],
        }
    ),
]
Identifier = Annotated[str, StringConstraints(pattern=f"^{ID_PATTERN}$", max_length=64)]
RegimeId = Annotated[str, StringConstraints(pattern=REGIME_PATTERN, max_length=64)]
FactName = Annotated[str, StringConstraints(pattern=f"^{FACT_PATTERN}$", max_length=96)]
Word = Annotated[str, StringConstraints(pattern=WORD_PATTERN, max_length=96)]
DimensionName = Annotated[
    str,
    BeforeValidator(_dimension),
    WithJsonSchema({"type": "string", "enum": list(DIMENSIONS)}),
]
_LOCALISED_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["en"],
    "propertyNames": {"pattern": "^[a-z]{2}$"},
    "additionalProperties": {"type": "string"},
}
Localised = Annotated[dict[str, str], AfterValidator(_localised), WithJsonSchema(_LOCALISED_SCHEMA)]
