"""The stamp of a page: what the report was made from, so that anybody can make it again."""

from __future__ import annotations

from ledger.journeys.briefing import Briefing
from ledger.quantity import Interval
from ledger.report.briefing_words import amount
from ledger.report.page_table import code, noted, pairs, text

__all__ = ["counts_words", "stamp_html", "types_words"]


def counts_words(briefing: Briefing) -> str:
    """Return how the findings add up."""
    counts = briefing.checked.document.counts
    return (
        f"{counts.met:,} met + {counts.not_met:,} not met + {counts.undetermined:,} undetermined + "
        f"{counts.excepted:,} excepted + {counts.out_of_scope:,} out of scope = "
        f"{counts.determinations:,} findings"
    )


def types_words(briefing: Briefing) -> str:
    """Return how the entries counted add up."""
    types = briefing.stamp.types
    held = " + ".join(f"{count:,} {name}" for name, count in types.items()) or "0"
    return f"{held} = {sum(types.values()):,} entries counted"


def stamp_html(briefing: Briefing) -> str:
    """Return the stamp."""
    document, stamp = briefing.checked.document, briefing.stamp
    at, control = document.coordinates, briefing.stamp.control
    span = Interval(control.lo, max(control.hi, control.lo))
    unbounded = f"; {control.unbounded:,} without an upper end" if control.unbounded else ""
    readings = ", ".join(
        f"{regime}/{name}={taken}"
        for regime, held in sorted(at.readings.items())
        for name, taken in sorted(held.items())
    )
    rows = [
        ("command", code(stamp.command)),
        ("program", text(f"flopledger {stamp.program}")),
        ("ledger", text(document.ledger.origin)),
        ("entries", text(f"{document.ledger.size:,} under the newest checkpoint")),
        ("root", code(document.ledger.root)),
        ("head", code(stamp.head) if stamp.head else "no entry yet"),
        ("signed by", code(stamp.vkey)),
        ("rule pack", code(at.pack)),
        ("readings chosen", text(readings or "each takes its default")),
        ("evaluated at", text(at.evaluated_at)),
        ("recorded by", text(at.recorded_by or "nothing recorded")),
        ("counts", text(counts_words(briefing))),
        ("entries by type", text(types_words(briefing))),
        (
            "control total",
            text(
                f"{span.lo:,} to {span.hi:,} operations in {control.rows:,} primary allocations, "
                f"whatever a law counts{unbounded} ({amount(str(span.lo))} to "
                f"{amount(str(span.hi), up=True)})"
            ),
        ),
    ]
    return pairs(rows) + noted(
        ("Whoever has the ledger and the rule pack makes the same findings with this command.",)
    )
