"""The account of a bill: what its rows are, what was left aside and why, and what to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

from ledger.errors import LedgerError
from ledger.importers import held_time
from ledger.importers.distinct import DistinctTexts
from ledger.importers.focus_charge import Aside, Charge
from ledger.importers.focus_legs import device_us
from ledger.importers.focus_places import Net
from ledger.importers.focus_type import Rented
from ledger.importers.mapping import Map
from ledger.importers.problem_list import ProblemList
from ledger.importers.stretch import Doubt
from ledger.importers.unmapped import Unmapped
from ledger.period import format_instant

__all__ = ["FocusAccount"]

_TYPES_KEPT: Final = 10_000  # types of which anything is told
_TYPES_SHOWN: Final = 20  # types without accelerators that are told one by one
_BY_HAND: Final = "look at the row; record its hours by hand"
_ASIDE: Final = {
    "purchase": "purchases, money only",
    "tax": "tax, money only",
    "credit": "credits, money only",
    "adjustment": "adjustments, money only",
    "no-time": "usage that is not billed by time",
    "no-quantity": "usage without a quantity",
    "unused-money": "unused commitments that are not counted in time",
    "no-devices": "time of what holds no accelerator that anybody knows of",
    "unused": "unused capacity with accelerators, no use",
    "held": "usage of accelerators by time",
}


class FocusAccount:
    """Counts the rows of one bill."""

    def __init__(self, path: str, mapping: Map | None) -> None:
        """Begin with none; the map tells by which columns charges of no model are told."""
        self._path = path
        self.problems = ProblemList(path)
        self.runs = DistinctTexts()
        self._rows: Counter[str] = Counter()
        self._corrections = 0
        self._unlisted: Counter[str] = Counter()
        self._unlisted_rest = 0
        self._units: Counter[tuple[str, str]] = Counter()
        self._unused: Fraction = Fraction(0)
        self._types: dict[tuple[str, str], Doubt] = {}
        self._types_rest = 0
        self._unmapped = Unmapped("charges", ("subaccountid", "skuid"), mapping)

    def refuse(self, error: LedgerError, line: int | None = None) -> None:
        """Tell that a row, or the whole bill, cannot be read."""
        self.problems.add(held_time.refusal(self._path, error, line))

    def count(self, line: int, charge: Charge | Aside, rented: Rented) -> None:
        """Count a row by what it is."""
        if isinstance(charge, Aside):
            self._rows[charge.why] += 1
            if charge.why in {"no-time", "no-quantity"} and rented.holds_devices:
                self._odd_unit(line, charge, rented)
            return
        if not rented.holds_devices_in(charge.unit):
            self._rows["no-devices"] += 1
            self._count_unlisted(rented.type)
            return
        self._corrections += charge.correction
        self._rows["unused" if charge.unused else "held"] += 1
        if charge.unused:
            self._unused += charge.quantity * charge.unit.seconds
        for doubt in _doubts(rented):
            told = (doubt.code, rented.type)
            if told not in self._types and len(self._types) >= _TYPES_KEPT:
                self._types_rest += 1
            else:
                self._types.setdefault(told, doubt)

    def _count_unlisted(self, word: str) -> None:
        """Count a row of a type that nobody knows; a row without a type has none to tell."""
        if word in self._unlisted or len(self._unlisted) < _TYPES_KEPT:
            self._unlisted[word] += bool(word)
        else:
            self._unlisted_rest += 1

    def unmapped(self, charge: Charge, rented: Rented, columns: Mapping[str, str]) -> None:
        """Count a charge of which nobody said which model it served."""
        held = device_us(charge, rented, max(charge.quantity, Fraction(0))) or 0
        self._unmapped.add(columns, charge.line, held)

    def look_at(self, charge: Charge, rented: Rented) -> None:
        """Tell what is odd about a charge by itself."""
        listed, counted = rented.instance, rented.counted
        if listed is not None and counted is not None and listed.count != counted:
            self.problems.finding(
                charge.line,
                "count-differs",
                f"the bill gives {rented.type!r} {counted} devices, the table of instance types "
                f"{listed.count}: the larger number counts",
                "name milli_devices in the map",
            )
        if not charge.correction:
            self._look_at_length((charge,), charge.quantity * charge.unit.seconds)

    def look_at_net(self, net: Net) -> None:
        """Tell what corrections leave of a charge."""
        charge = net.first
        start = format_instant(charge.period.start)
        resource = charge.cells.get("resourceid") or charge.cells.get("skuid", "")
        which = f"{resource[:80]!r} from {start}"
        if net.alone:
            self.problems.finding(
                charge.line,
                "changed",
                f"a correction changes the charge of {which} by {_number(net.quantity)} "
                f"{charge.unit_text}; the charge itself is not in this file",
                "correct the entry that was made of it with `flopledger restate`",
                why="the ledger is append-only: a restated figure is a reversal and a new record",
            )
        elif net.quantity < 0:
            self.problems.finding(
                charge.line,
                "below-zero",
                f"corrections take more of {which} than was charged: nothing is recorded of it",
                "ask the provider, and correct what was recorded with `flopledger restate`",
            )
        elif net.quantity == 0 and net.corrections:
            self.problems.finding(
                charge.line,
                "withdrawn",
                f"corrections take back all that was charged of {which}: nothing is recorded of it",
                "if the ledger holds it from an earlier bill: `flopledger restate`",
            )

    def look_at_place(self, nets: tuple[Net, ...]) -> None:
        """Tell when the charges of one resource are longer than their period."""
        used = tuple(net for net in nets if not net.alone and not net.first.unused)
        if used and not (len(used) == 1 and used[0].charges == 1):
            seconds = sum((n.quantity * n.first.unit.seconds for n in used), Fraction(0))
            self._look_at_length(tuple(net.first for net in used), seconds)

    def tell(self) -> None:
        """Tell what was counted."""
        for line, doubt in self._unmapped.findings():
            self.problems.finding(line, doubt.code, doubt.message, doubt.remedy)
        self._tell_types()
        self._tell_units()
        self._tell_unlisted()
        parts = [f"rows: {sum(self._rows.values()):,}"]
        parts += [f"{text}: {self._rows[why]:,}" for why, text in _ASIDE.items() if self._rows[why]]
        if self._unused:
            hours = _number(self._unused / 3600)
            parts.append(f"hours of unused capacity: {hours}")
        parts.append(f"corrections: {self._corrections:,}")
        self.problems.note("read", "; ".join(parts))

    def _tell_types(self) -> None:
        """Tell what is not known of a type, and what is known badly."""
        for (code, _), doubt in sorted(self._types.items(), key=lambda item: item[0][::-1]):
            if code == "secondary":
                self.problems.note(code, doubt.message)
            else:
                self.problems.finding(None, code, doubt.message, doubt.remedy)
        if self._types_rest:
            message = f"of {self._types_rest:,} rows more the type is not told: there are too many"
            self.problems.finding(None, "more-types", message, "cut the bill by month")

    def _tell_unlisted(self) -> None:
        """Tell the types of rows that hold no accelerator that anybody knows of."""
        known = [(word, n) for word, n in self._unlisted.most_common() if word]
        if not known:
            return
        shown = ", ".join(f"{word} ({n:,})" for word, n in known[:_TYPES_SHOWN])
        rest = sum(n for _, n in known[_TYPES_SHOWN:]) + self._unlisted_rest
        shown += f", and {rest:,} rows of other types" if rest else ""
        self.problems.note("unlisted", f"types that neither the table nor a map knows: {shown}")

    def _odd_unit(self, line: int, charge: Aside, rented: Rented) -> None:
        """Tell that an instance with accelerators is billed by something that is no time."""
        if charge.correction:
            self.problems.finding(
                line,
                "correction-unread",
                f"a correction of {rented.type!r}, which holds accelerators, states no time: what "
                "it changes is not known, and the charge counts as it was",
                "ask the provider, and correct what is recorded with `flopledger restate`",
            )
        elif rented.said_in == "SkuPriceDetails":
            message = f"{rented.type!r} holds accelerators and is not billed by time"
            self.problems.finding(line, "no-time", message, _BY_HAND)
        elif rented.type:
            # The bill names the machine beside traffic and disks as well: one finding a unit.
            unit = (rented.type, charge.unit)
            if unit in self._units or len(self._units) < _TYPES_KEPT:
                self._units[unit] += 1

    def _tell_units(self) -> None:
        """Tell in which units that are no time machines with accelerators are billed."""
        for (word, unit), rows in sorted(self._units.items()):
            billed = f"by {unit[:60]!r}" if unit else "without a quantity"
            message = f"{rows:,} rows of {word!r}, which holds accelerators, are billed {billed}: "
            message += "no device time is made of them"
            self.problems.finding(None, "no-time", message, "if it is time, record it by hand")

    def _look_at_length(self, charges: tuple[Charge, ...], seconds: Fraction) -> None:
        """Tell when one resource is billed for more time than has passed."""
        charge = charges[0]
        limit = Fraction(charge.period.milliseconds, 1000)
        if charge.cells.get("resourceid") and not charge.unit.of_devices and seconds > limit:
            skus = sorted({c.cells.get("skuid", "") for c in charges})
            message = f"{charge.cells['resourceid'][:80]!r} is billed for {_number(seconds / 3600)}"
            message += f" hours of {_number(limit / 3600)} that passed"
            if len(skus) > 1:
                message += f", under {len(skus)} SKUs: {', '.join(skus)[:120]}"
            remedy = "is a licence billed beside the machine, or a row twice? give its SKU "
            remedy += "milli_devices: 0 in the map"
            self.problems.finding(charge.line, "too-long", message, remedy)


def _doubts(rented: Rented) -> Iterator[Doubt]:
    """Yield what is not known of a type, and what is known badly."""
    word, remedy = rented.type or "charges without a type", "name milli_devices in the map"
    row = rented.instance if rented.given is None else None
    if rented.device is None:
        named = f", {row.named}," if row is not None else ""
        message = f"{word}{named} names no device of the catalogue"
        yield Doubt("unmapped-device", message, "add devices: to the map")
    if rented.milli_devices is None:
        message = f"how many devices {word} holds is not known: unless the bill counts devices, "
        yield Doubt("no-count", f"{message}its device time stays unknown", remedy)
    if row is not None and row.provenance == "memory":
        message = f"that {word} holds {row.count} of {row.named} nobody has looked up"
        yield Doubt("from-memory", message, "check it, and add devices: to the map")
    if row is not None and row.provenance == "secondary":
        message = f"that {word} holds {row.count} of {row.named} says {row.cite}"
        yield Doubt("secondary", message, "")


def _number(number: Fraction) -> str:
    """Return a number with up to six decimals, cut off."""
    whole, rest = divmod(abs(number), 1)
    decimals = f"{int(rest * 10**6):06d}".rstrip("0")
    sign = "-" if number < 0 else ""
    return f"{sign}{whole:,}" + (f".{decimals}" if decimals else "")
