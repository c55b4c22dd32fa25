"""A field is one typed value of a record: the kinds that several record types share."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from ledger.form.plain import fault_of_name, fault_of_text
from ledger.form.rules import Rule
from ledger.form.words import (
    Activity,
    Method,
    OperationKind,
    Precision,
    SourceKind,
    Sparsity,
    Topology,
)
from ledger.modelling import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from ledger.period import parse_day, parse_instant
from ledger.quantity import OPERATIONS_MAX

__all__ = [
    "Activity",
    "Body",
    "Count",
    "Day",
    "Digits",
    "Evidence",
    "EvidenceStatement",
    "Identifier",
    "Instant",
    "Method",
    "OperationKind",
    "Operations",
    "Precision",
    "Ratio",
    "Sha256",
    "SourceKind",
    "Sparsity",
    "Text",
    "Topology",
    "agree",
    "plain_name",
]


def plain_name(text: str) -> str:
    """Return the name if two names that look the same are the same.

    Letters of two scripts can look alike all the same: see ``ledger.form.lookalike``.

    Raises:
        ValueError: If a character does not show, a space stands at an end, or the name is not in
            normal form.
    """
    fault = fault_of_name(text)
    if fault:
        raise ValueError(fault)
    return text


def _plain_text(text: str) -> str:
    """Return the text if it shows what it is."""
    fault = fault_of_text(text)
    if fault:
        raise ValueError(fault)
    return text


def _instant(text: str) -> str:
    """Return the text if it is a UTC time."""
    parse_instant(text)
    return text


def _day(text: str) -> str:
    """Return the text if it is a date."""
    parse_day(text)
    return text


def _operations(text: str) -> str:
    """Return the digits if they are within the bound of a record."""
    if int(text) > OPERATIONS_MAX:
        raise ValueError("more than 10^28 operations in one record: check the figure")
    return text


def _ratio(text: str) -> str:
    """Return the text if it is a ratio in its lowest terms."""
    if str(Fraction(text)) != text:
        raise ValueError("a ratio is written in its lowest terms, such as 1/2 or 3")
    return text


Identifier = Annotated[
    str,
    StringConstraints(
        pattern=r"^[^\x00-\x1f\x7f\s](?:[^\x00-\x1f\x7f]{0,198}[^\x00-\x1f\x7f\s])?$"
    ),
    AfterValidator(plain_name),
]
Text = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$", max_length=4000),
    AfterValidator(_plain_text),
]
Digits = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,37})$")]
Operations = Annotated[Digits, AfterValidator(_operations)]
Ratio = Annotated[
    str,
    StringConstraints(pattern=r"^[1-9][0-9]{0,17}(/[1-9][0-9]{0,17})?$"),
    AfterValidator(_ratio),
]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Instant = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"), AfterValidator(_instant)
]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_day)]

Evidence = Literal["A", "B", "C", "D", "E"]


class Body(BaseModel):
    """Base of every record body: strict, frozen, no unknown fields.

    Attributes:
        HIDDEN: Names of the confidential fields that stand in openings.
        PSEUDONYMS: Those of them that are grouped by, so the leaf carries an HMAC.
        LATER: Names of the fields that came after the first leaves were written: a body leaves
            them out where nothing is stated, and is then byte for byte what it was before.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)

    HIDDEN: ClassVar[frozenset[str]] = frozenset()
    PSEUDONYMS: ClassVar[frozenset[str]] = frozenset()
    LATER: ClassVar[frozenset[str]] = frozenset()


class EvidenceStatement(Body):
    """Where a record comes from, so that anybody can look it up again.

    Attributes:
        source_kind: What kind of source it is.
        file_sha256: Digest of the file read, hex; null when there was no file.
        locator: Place inside the source: line, row, key or page.
        importer: Name of the reader, or ``hand``.
        importer_version: Its version.
    """

    source_kind: SourceKind
    file_sha256: Sha256 | None
    locator: Text
    importer: Identifier
    importer_version: Identifier


def agree(body: Body, *rules: Rule) -> None:
    """Do nothing if the fields of a body agree.

    Args:
        body: The body.
        rules: Rules over fields of these names, in the order in which faults are told.

    Raises:
        ValueError: At the first rule that does not hold.
        InputError: Likewise.
    """
    for rule in rules:
        rule._make(getattr(body, name) for name in rule._fields).require()
