"""The account of a bill: what its rows are, what was left aside and why, and what to look at."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Final

from ledger.errors import LedgerError, Problem
from ledger.importers import held_time
from ledger.importers.focus_charge import Aside, Charge
from ledger.importers.focus_legs import device_us
from ledger.importers.focus_places import Net
from ledger.importers.focus_type import Rented
from ledger.importers.mapping import Map
from ledger.importers.problem_list import ProblemList
from ledger.period import format_instant

__all__ = ["FocusAccount"]

_GROUPS_MAX: Final = 200
_TYPES_MAX: Final = 20
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
_MAP: Final = "say which with --map FILE, or --set model=NAME for all of them"


class FocusAccount:
    """Counts the rows of one bill."""

    def __init__(self, path: str) -> None:
        """Begin with none."""
        self._path = path
        self.problems = ProblemList(path)
        self.runs: set[int] = set()
        self._rows: Counter[str] = Counter()
        self._corrections = 0
        self._unlisted: Counter[str] = Counter()
        self._unused: Fraction = Fraction(0)
        self._types: dict[str, Rented] = {}
        self._unmapped: dict[tuple[tuple[str, str], ...], list[int]] = {}

    def refuse(self, error: LedgerError, line: int | None = None) -> None:
        """Tell that a row, or the whole bill, cannot be read."""
        self.problems.add(held_time.refusal(self._path, error, line))

    def count(self, line: int, charge: Charge | Aside, rented: Rented) -> None:
        """Count a row by what it is."""
        if isinstance(charge, Aside):
            self._rows[charge.why] += 1
            if charge.why in {"no-time", "no-quantity"} and rented.said_in == "SkuPriceDetails":
                self._odd_unit(line, rented)
            return
        if not rented.holds_devices_in(charge.unit):
            self._rows["no-devices"] += 1
            if rented.type and len(self._unlisted) < _GROUPS_MAX:
                self._unlisted[rented.type] += 1
            return
        self._corrections += charge.correction
        self._rows["unused" if charge.unused else "held"] += 1
        if charge.unused:
            self._unused += charge.quantity * charge.unit.seconds
        if rented.type not in self._types and len(self._types) < _GROUPS_MAX:
            self._types[rented.type] = rented

    def unmapped(self, charge: Charge, rented: Rented, mapping: Map | None) -> None:
        """Count a charge of which nobody said which model it served."""
        asked = () if mapping is None else mapping.asked_of_rows
        asked = asked or ("subaccountid", "skuid")
        words = tuple((name, charge.cells.get(name, "")) for name in asked)
        group = self._unmapped.setdefault(words, [charge.line, 0, 0])
        group[1] += 1
        group[2] += device_us(charge, rented, max(charge.quantity, Fraction(0))) or 0

    def look_at(self, charge: Charge, rented: Rented) -> None:
        """Tell what is odd about a charge by itself."""
        listed, counted = rented.instance, rented.counted
        if listed is not None and counted is not None and listed.count != counted:
            self._finding(
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
            self._finding(
                charge.line,
                "changed",
                f"a correction changes the charge of {which} by {_number(net.quantity)} "
                f"{charge.unit_text}; the charge itself is not in this file",
                "correct the entry that was made of it with `flopledger restate`",
                why="the ledger is append-only: a restated figure is a reversal and a new record",
            )
        elif net.quantity < 0:
            self._finding(
                charge.line,
                "below-zero",
                f"corrections take more of {which} than was charged: nothing is recorded of it",
                "ask the provider, and correct what was recorded with `flopledger restate`",
            )
        elif net.quantity == 0 and net.corrections:
            self._finding(
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
        self._tell_unmapped()
        for word, rented in sorted(self._types.items()):
            self._tell_type(word or "charges without a type", rented)
        if self._unlisted:
            shown = ", ".join(
                f"{word} ({n:,})" for word, n in self._unlisted.most_common(_TYPES_MAX)
            )
            self._note("unlisted", f"types that neither the table nor a map knows: {shown}")
        parts = [f"rows: {sum(self._rows.values()):,}"]
        parts += [f"{text}: {self._rows[why]:,}" for why, text in _ASIDE.items() if self._rows[why]]
        if self._unused:
            hours = _number(self._unused / 3600)
            parts.append(f"hours of unused capacity: {hours}")
        parts.append(f"corrections: {self._corrections:,}")
        self._note("read", "; ".join(parts))

    def _tell_unmapped(self) -> None:
        """Tell the charges of no model, the longest first."""
        groups = sorted(self._unmapped.items(), key=lambda item: -item[1][2])
        for words, (line, rows, held) in groups[:_GROUPS_MAX]:
            where = ", ".join(f"{name} {word or 'empty'}" for name, word in words)
            message = f"{rows:,} charges with {where} hold {_hours(held)} device-hours"
            message += " and are of no model: they were not recorded"
            self._finding(line, "unmapped", message, _MAP)
        if len(groups) > _GROUPS_MAX:
            rest = groups[_GROUPS_MAX:]
            hours = _hours(sum(group[2] for _, group in rest))
            message = f"{len(rest):,} more kinds of charges are of no model, {hours} device-hours"
            self._finding(None, "unmapped", message, _MAP)

    def _tell_type(self, word: str, rented: Rented) -> None:
        """Tell what is not known of a type, and what is known badly."""
        row = rented.instance if rented.given is None else None
        if rented.device is None:
            named = f", {row.named}," if row is not None else ""
            message = f"{word}{named} names no device of the catalogue"
            self._finding(None, "unmapped-device", message, "add devices: to the map")
        if rented.milli_devices is None:
            message = (
                f"how many devices {word} holds is not known: unless the bill counts devices, "
            )
            message += "its device time stays unknown"
            self._finding(None, "no-count", message, "name milli_devices in the map")
        if row is not None and row.provenance == "memory":
            message = f"that {word} holds {row.count} of {row.named} nobody has looked up"
            self._finding(None, "from-memory", message, "check it, and add devices: to the map")
        if row is not None and row.provenance == "secondary":
            self._note("secondary", f"that {word} holds {row.count} of {row.named} says {row.cite}")

    def _odd_unit(self, line: int, rented: Rented) -> None:
        """Tell that an instance with accelerators is billed by something that is no time."""
        if rented.holds_devices:
            message = f"{rented.type!r} holds accelerators and is not billed by time"
            self._finding(line, "no-time", message, "look at the row; record its hours by hand")

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
            self._finding(charge.line, "too-long", message, remedy + "milli_devices: 0 in the map")

    def _finding(
        self, line: int | None, code: str, message: str, remedy: str, *, why: str = ""
    ) -> None:
        """Tell something that somebody must look at."""
        problem = Problem(self._path, line, code, message, remedy, severity="finding", why=why)
        self.problems.add(problem)

    def _note(self, code: str, message: str) -> None:
        """Tell something that is as it should be."""
        self.problems.add(Problem(self._path, None, code, message, "", severity="note"))


def _number(number: Fraction) -> str:
    """Return a number with up to six decimals, cut off."""
    whole, rest = divmod(abs(number), 1)
    decimals = f"{int(rest * 10**6):06d}".rstrip("0")
    sign = "-" if number < 0 else ""
    return f"{sign}{whole:,}" + (f".{decimals}" if decimals else "")


def _hours(held: int) -> str:
    """Return device-hours with up to six decimals."""
    return _number(Fraction(held, 3_600_000_000))
