"""A contract sheet is a contract as a file, ``flopledger/contract.v1``, read strictly.

YAML or JSON; every scalar is a text, numbers are exact, and what is not agreed is written as
``none`` or left out where ``schemas/contract.v1.md`` says so. Nothing is filled in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from datetime import date
from itertools import pairwise
from typing import Final, NoReturn, cast, get_args

from ledger.contract.cells import (
    NONE,
    day,
    delivery,
    links,
    number,
    optional,
    party,
    share,
    whole,
)
from ledger.contract.currency import CURRENCIES
from ledger.contract.party import contract_name
from ledger.contract.price import PER, Per, Price, Worth
from ledger.contract.terms import (
    KINDS,
    Contract,
    Kind,
    Substitute,
    Utilisation,
    Window,
)
from ledger.errors import InputError, LedgerError
from ledger.grade import GradeTable
from ledger.hardware import Catalogue
from ledger.hardware.fields import Fields
from ledger.record.fields import Activity, Precision, Sparsity
from ledger.yamltree import parse_tree

__all__ = ["RESERVED", "SCHEMA", "read_contract"]

SCHEMA: Final = "flopledger/contract.v1"
RESERVED: Final = " (supposed)"
"""What identifiers end with that scenarios make; no contract of a file ends so."""
_REQUIRED: Final = (
    "schema",
    "contract",
    "kind",
    "agreed_on",
    "buyer",
    "seller",
    "device",
    "grade",
    "delivery",
    "firmness",
    "price",
    "model",
    "activity",
    "operation_kind",
)
_OPTIONAL: Final = (
    "exercised_on",
    "utilisation",
    "acceptance",
    "tolerance",
    "take_or_pay",
    "substitutes",
    "destination",
    "resale",
    "developer",
    "customer",
    "ultimate_parent",
    "notes",
)
_GRADE: Final = (
    "precision",
    "sparsity",
    "interconnect",
    "scale_up",
    "scale_up_domain",
    "scale_out",
    "topology",
    "accelerators",
)
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_MILLION: Final = 10**6
_DELIVERIES_MAX: Final = 1_000
_YEARS_MAX: Final = 30
_SIZE_MAX: Final = 1_000_000
_RATIO_MAX: Final = 10**9


def read_contract(
    data: bytes, source: str, catalogue: Catalogue, grades: GradeTable, units: Collection[str]
) -> Contract:
    """Read one contract.

    Args:
        data: The file.
        source: Its name, for messages.
        catalogue: Knows devices.
        grades: Knows interconnect grades.
        units: Ids of the reference units that prices may be stated in.

    Raises:
        InputError: If anything is missing, unknown, or does not fit together; says what to write.
    """
    if len(data) > _SIZE_MAX:
        raise InputError("the file is too large for a contract", where=source)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("the file is not UTF-8", where=source) from error
    try:
        fields = Fields.of(parse_tree(text, where=source), source).only(_REQUIRED, _OPTIONAL)
        digest = hashlib.sha256(data).hexdigest()
        return _Sheet(fields, catalogue, grades, units, digest).contract()
    except LedgerError as error:
        if isinstance(error, InputError) and error.where:
            raise
        raise InputError(
            error.message,
            where=error.where or source,
            why=error.why,
            remedy=error.remedy or "see schemas/contract.v1.md",
        ) from error


class _Sheet:
    """Reads one file."""

    def __init__(
        self,
        fields: Fields,
        catalogue: Catalogue,
        grades: GradeTable,
        units: Collection[str],
        digest: str,
    ) -> None:
        """Read these fields by these tables."""
        self._fields = fields
        self._catalogue = catalogue
        self._grades = grades
        self._units = units
        self._digest = digest

    def contract(self) -> Contract:
        """Return the contract."""
        fields = self._fields
        fields.text("schema", (SCHEMA,))
        kind = cast("Kind", fields.text("kind", KINDS))
        grade = fields.child("grade").only(_GRADE, ("site",))
        found = Contract(
            id=self._identifier(),
            kind=kind,
            agreed_on=day(fields, "agreed_on"),
            exercised_on=self._exercised(kind),
            buyer=party(fields, "buyer"),
            seller=party(fields, "seller"),
            device=self._catalogue.find(fields.text("device")).id,
            precision=grade.text("precision", get_args(Precision)),
            sparsity=grade.text("sparsity", get_args(Sparsity)),
            interconnect=self._interconnect(grade),
            links=links(grade),
            accelerators=whole(grade, "accelerators"),
            site=optional(grade, "site"),
            deliveries=self._deliveries(),
            utilisation=self._utilisation(),
            firmness="firm"
            if self._word("firmness", ("firm", "conditional")) == "firm"
            else "conditional",
            acceptance=optional(fields, "acceptance"),
            tolerance_ppm=share(fields, "tolerance"),
            take_or_pay_ppm=share(fields, "take_or_pay"),
            substitutes=self._substitutes(),
            destination=self._country("destination"),
            resale=optional(fields, "resale"),
            price=self._price(),
            model=optional(fields, "model"),
            developer=optional(fields, "developer"),
            activity=fields.text("activity", get_args(Activity)),
            operation_kind="float"
            if self._word("operation_kind", ("float", "integer")) == "float"
            else "integer",
            customer=optional(fields, "customer"),
            ultimate_parent=optional(fields, "ultimate_parent"),
            notes=optional(fields, "notes"),
            file_sha256=self._digest,
        )
        self._check(found)
        return found

    def _check(self, found: Contract) -> None:
        """Refuse days out of order, and a contract with oneself."""
        last, exercised = found.deliveries[-1].end, found.exercised_on
        if found.agreed_on >= last:
            self._refuse_days(f"agreed_on is {found.agreed_on}, delivery ends before {last}")
        if exercised is not None and exercised < found.agreed_on:
            self._refuse_days(f"exercised_on is {exercised}, agreed_on is {found.agreed_on}")
        if found.buyer == found.seller:
            raise InputError(
                "buyer and seller are the same",
                where=self._fields.where,
                remedy="write kind: plan for capacity that you deliver to yourself"
                if found.kind != "plan"
                else "name the part of the firm that delivers",
            )

    def _refuse_days(self, what: str) -> NoReturn:
        """Refuse days that are out of order."""
        raise InputError(
            what,
            where=self._fields.where,
            why="a contract is agreed, then exercised if it is an option, then delivered",
            remedy="check the days",
        )

    def _identifier(self) -> str:
        """Return the identifier, which commands must be able to name."""
        text = contract_name(self._fields.text("contract"), self._fields.where)
        if "=" in text or text.endswith(RESERVED):
            raise InputError(
                f"contract is {text!r}",
                where=self._fields.where,
                why="commands write CONTRACT=VALUE, and scenarios name contracts so themselves",
                remedy=f"write an identifier without = that does not end with {RESERVED.strip()}",
            )
        return text

    def _word(self, key: str, choices: tuple[str, ...]) -> str:
        """Return one of a few words."""
        return self._fields.text(key, choices)

    def _exercised(self, kind: Kind) -> date | None:
        """Return the day an option was exercised."""
        text = optional(self._fields, "exercised_on")
        if text is not None and kind != "option":
            raise InputError(
                f"a {kind} is not exercised",
                where=self._fields.where,
                remedy="leave exercised_on out, or write kind: option",
            )
        return None if text is None else day(self._fields, "exercised_on")

    def _interconnect(self, grade: Fields) -> str:
        """Return the grade promised, which must follow from its numbers."""
        name = grade.text("interconnect", tuple(self._grades.titles))
        derived = self._grades.grade(links(grade))
        if derived.possible != (name,):
            shown = " or ".join(derived.possible)
            missing = f"; not known: {', '.join(derived.missing)}" if derived.missing else ""
            raise InputError(
                f"the numbers give interconnect grade {shown}, not {name}{missing}",
                where=grade.where,
                why="a grade follows from measured links and is never a label",
                remedy=f"write interconnect: {derived.possible[0]}, or the numbers of {name}",
            )
        return name

    def _deliveries(self) -> tuple[Window, ...]:
        """Return the profile of delivery."""
        children = self._fields.children("delivery", ("from", "until", "devices"))
        if not children or len(children) > _DELIVERIES_MAX:
            raise InputError(
                f"delivery has {len(children):,} lines",
                where=self._fields.where,
                remedy=f"write 1 to {_DELIVERIES_MAX:,} lines of from, until and devices",
            )
        found = sorted((delivery(child) for child in children), key=lambda each: each.start)
        for before, after in pairwise(found):
            if after.start < before.end:
                raise InputError(
                    f"deliveries overlap: one ends on {before.end}, the next begins on "
                    f"{after.start}",
                    where=self._fields.where,
                    why="the same capacity would count twice",
                    remedy="cut the earlier one at the day on which the later begins, and write "
                    "the devices of both there",
                )
        if found[-1].end.year - found[0].start.year > _YEARS_MAX:
            raise InputError(
                f"delivery runs from {found[0].start} to {found[-1].end}",
                where=self._fields.where,
                remedy=f"a contract runs for at most {_YEARS_MAX} years: check the years",
            )
        return tuple(found)

    def _utilisation(self) -> Utilisation | None:
        """Return the utilisation expected."""
        if self._fields.tree.get("utilisation", NONE) == NONE:
            return None
        child = self._fields.child("utilisation").only(("low", "point", "high"))
        low, point, high = (share(child, name) for name in ("low", "point", "high"))
        if not low <= point <= high:
            raise InputError(
                "utilisation must not decrease from low to point to high", where=child.where
            )
        return Utilisation(low, point, high)

    def _substitutes(self) -> tuple[Substitute, ...]:
        """Return the devices that may be delivered instead."""
        if self._fields.tree.get("substitutes", NONE) == NONE:
            return ()
        found, own = [], self._catalogue.find(self._fields.text("device")).id
        for child in self._fields.children("substitutes", ("device", "ratio")):
            ratio = number(child, "ratio")
            if not ratio > 0 or max(ratio.as_integer_ratio()) > _RATIO_MAX:
                raise InputError(
                    "ratio must be more than zero, and of two numbers that people write",
                    where=child.where,
                    remedy="write how many of it stand for one agreed, such as 1/2",
                )
            device = self._catalogue.find(child.text("device")).id
            if device == own:
                raise InputError(
                    f"{device} is the device agreed, and no substitute of itself",
                    where=child.where,
                    remedy="leave it out",
                )
            found.append(Substitute(device, ratio))
        names = [each.device for each in found]
        if len(set(names)) < len(names):
            raise InputError("a substitute stands twice", where=self._fields.where)
        return tuple(found)

    def _country(self, key: str) -> str | None:
        """Return a country."""
        text = optional(self._fields, key)
        if text is not None and not _COUNTRY.fullmatch(text):
            raise InputError(
                f"{key} is {text!r}",
                where=self._fields.where,
                remedy="write its ISO 3166 code of two letters",
            )
        return text

    def _price(self) -> Price | None:
        """Return the price."""
        if self._fields.tree.get("price") == NONE:
            return None
        child = self._fields.child("price").only(
            ("amount", "currency", "per", "interconnect", "schedule"), ("unit",)
        )
        currency = child.text("currency")
        if currency not in CURRENCIES:
            raise InputError(
                f"currency is {currency!r}",
                where=child.where,
                remedy="write its ISO 4217 code of three letters, such as USD",
            )
        per = cast("Per", child.text("per", PER))
        unit = child.text("unit", tuple(self._units)) if "unit" in child.tree else None
        if (unit is None) == (per == "reference_unit"):
            raise InputError(
                "a price per reference unit names the unit, and no other does",
                where=child.where,
                remedy="write per: reference_unit with unit: one of " + ", ".join(self._units),
            )
        apart = child.text("interconnect", ("included", "apart")) == "apart"
        schedule = tuple(self._worth(each, apart=apart) for each in child.children("schedule"))
        return Price(
            amount=number(child, "amount"),
            currency=currency,
            per=per,
            unit=unit,
            interconnect="apart" if apart else "included",
            schedule=self._complete(schedule, child),
        )

    def _worth(self, fields: Fields, *, apart: bool) -> Worth:
        """Return what one grade is worth."""
        fields.only(("grade", "share", "surcharge") if apart else ("grade", "share"))
        return Worth(
            grade=fields.text("grade", tuple(self._grades.titles)),
            share_ppm=share(fields, "share", most=10),
            surcharge=number(fields, "surcharge") if apart else None,
        )

    def _complete(self, schedule: tuple[Worth, ...], fields: Fields) -> tuple[Worth, ...]:
        """Return a schedule that names its own grade at full worth, and each grade once."""
        own = self._fields.child("grade").text("interconnect")
        full = [each for each in schedule if each.grade == own and each.share_ppm == _MILLION]
        names = [each.grade for each in schedule]
        if len(full) != 1 or len(set(names)) < len(names):
            raise InputError(
                "the schedule must name each grade once, and the grade agreed at 100 %",
                where=fields.where,
                remedy=f"write {{ grade: {own}, share: 100 % }} among its lines",
            )
        return schedule
