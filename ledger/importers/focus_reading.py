"""A FOCUS reading goes over a bill row by row: to check it, to net it, and for its records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from ledger.canonical import JSON
from ledger.errors import HardwareError, InputError, LedgerError
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.focus_account import FocusAccount
from ledger.importers.focus_charge import Aside, Charge, read_charge
from ledger.importers.focus_legs import NAME, VERSION, legs
from ledger.importers.focus_parquet import MAGIC, parquet_records
from ledger.importers.focus_places import Net, PlaceCount, Places, net_of
from ledger.importers.focus_table import Misfit, Record, records
from ledger.importers.focus_type import Rented, TypeReader
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Given, Map, given_to
from ledger.importers.promised import Promised
from ledger.importers.stored import read_head
from ledger.journeys.importing import Reading
from ledger.record.draft import Draft
from ledger.record.whole import Series, Whole

__all__ = ["NAME", "VERSION", "FocusReader", "Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller says of a bill.

    Attributes:
        model: Model of every charge that no map is about, or None.
        role: ``corroborating``, or ``primary`` for a customer who has only bills.
        idle: Whether capacity that was paid for and not used is recorded as idle.
    """

    model: str | None
    role: str
    idle: bool

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Said:
        """Read the settings.

        Raises:
            InputError: If one has a value that means nothing.
        """
        role = held_time.word_setting(settings, "role", ("corroborating", "primary"))
        unused = settings.get("unused", "count")
        if unused not in {"count", "idle"}:
            raise InputError(
                f"{unused!r} is nothing to do with unused capacity",
                where="--set unused=…",
                remedy="count, or idle to record it",
            )
        return cls(settings.get("model"), role, unused == "idle")


class FocusReader:
    """Reads one bill."""

    def __init__(
        self, stream: LineStream, said: Said, catalogue: Catalogue, mapping: Map | None
    ) -> None:
        """Name what is read, and how."""
        self._stream = stream
        self._said = said
        self._catalogue = catalogue
        self._map = mapping
        self._types = TypeReader(catalogue.instances, mapping)
        self._account = FocusAccount(str(stream.path), mapping)
        self._places = Places(())
        path = stream.path
        self._is_parquet = path.is_file() and read_head(path, len(MAGIC)) == MAGIC

    def reading(self) -> Reading:
        """Check the bill whole, and promise its records."""
        account = self._account
        try:
            count = PlaceCount()
            for charge, rented in self._held(account):
                count.add(charge)
                self._check(charge, rented)
            self._places = Places(count.several())
            if self._places:
                for charge, _ in self._held(None):
                    if self._places.has(charge):
                        self._places.add(charge, _meaning(self._given(charge)))
            for nets in self._places.each():
                self._check_place(nets)
        except LedgerError as error:
            account.refuse(error)
            return Reading((), account.problems.all(), 0, refused=account.problems.refused)
        account.tell()
        promised, problems = Promised(self.drafts), account.problems
        return Reading(promised, problems.all(), len(account.runs), refused=problems.refused)

    def drafts(self) -> Iterator[Draft]:
        """Yield the records of every place that a model is known for."""
        for charge, rented in self._held(None):
            if not self._places.has(charge):
                yield from self._records(0, net_of(charge), rented)
        for number, net in self._places.numbered():
            if not net.alone and net.quantity > 0:
                cells = self._types.columns(net.first.cells)
                yield from self._records(number, net, self._types.rented(cells))

    def _held(self, account: FocusAccount | None) -> Iterator[tuple[Charge, Rented]]:
        """Yield the charges that hold accelerators, counting the others on the first pass."""
        for record in self._rows():
            try:
                charge, rented = self._read(record)
            except InputError as error:
                if account is not None:
                    account.refuse(error, record.line)
                continue
            if account is not None:
                account.count(record.line, charge, rented)
            if isinstance(charge, Aside) or not rented.holds_devices_in(charge.unit):
                continue
            if not charge.unused or self._said.idle:
                yield charge, rented

    def _rows(self) -> Iterator[Record | Misfit]:
        """Yield the rows of the bill, whatever its form."""
        if self._is_parquet:
            return parquet_records(self._stream, self._renamed())
        return records(self._stream.lines(), self._renamed())

    def _read(self, record: Record | Misfit) -> tuple[Charge | Aside, Rented]:
        """Read one row."""
        if isinstance(record, Misfit):
            raise InputError(record.message, remedy="export the bill again")
        return read_charge(record), self._types.rented(self._types.columns(record.cells))

    def _renamed(self) -> dict[str, str]:
        """Return their columns to ours."""
        theirs = {} if self._map is None else self._map.file.columns
        return {name.lower(): ours for name, ours in theirs.items()}

    def _check(self, charge: Charge, rented: Rented) -> None:
        """Count one charge, and tell what is odd about it alone."""
        account = self._account
        try:
            given = self._given(charge)
            if given is None:
                account.unmapped(charge, rented, self._types.columns(charge.cells))
            for leg in self._legs(net_of(charge), rented, given or Given(model="unmapped")):
                if given is not None:
                    account.runs.add(str(leg.body["run"]))
        except (InputError, HardwareError) as error:
            account.refuse(error, charge.line)
            return
        account.look_at(charge, rented)

    def _check_place(self, nets: tuple[Net, ...]) -> None:
        """Tell what is odd about the charges of one resource and period together."""
        for net in nets:
            self._account.look_at_net(net)
        self._account.look_at_place(nets)

    def _given(self, charge: Charge) -> Given | None:
        """Return what a charge is recorded as, or None if nobody said which model it served."""
        return given_to(self._map, self._types.columns(charge.cells), self._said.model)

    def _records(self, number: int, net: Net, rented: Rented) -> Iterator[Draft]:
        """Yield the records of charges of one key, if it is known which model they served."""
        given = self._given(net.first)
        if given is not None:
            for leg in self._legs(net, rented, given):
                evidence = cast("Mapping[str, JSON]", leg.body["evidence"])
                whole = Whole(
                    (*leg.key[1:-1], str(number)), (Series(leg.key[:-1], (str(number),)),), evidence
                )
                yield replace(leg, key=(*leg.key, str(number)), whole=whole)

    def _legs(self, net: Net, rented: Rented, given: Given) -> Iterator[Draft]:
        """Yield one record a UTC day."""
        if net.quantity <= 0:
            return
        fields: dict[str, JSON] = {
            "role": self._said.role,
            "evidence": {
                "source_kind": "invoice",
                "file_sha256": self._stream.sha256,
                "locator": _locator(net, "row" if self._is_parquet else "line"),
                "importer": NAME,
                "importer_version": VERSION,
            },
        }
        yield from legs(net, rented, given, self._catalogue, fields)


def _meaning(given: Given | None) -> tuple[str, ...]:
    """Return what charges are recorded as, to tell those of one model from those of another."""
    return () if given is None else (given.model, given.run or "", given.activity, given.precision)


def _locator(net: Net, word: str) -> str:
    """Return where in the file the charges stand."""
    shown = ", ".join(str(line) for line in net.lines)
    rest = net.charges - len(net.lines)
    return f"{word} {shown}" + (f" and {rest} more" if rest else "")
