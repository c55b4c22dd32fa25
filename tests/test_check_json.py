"""The JSON of a check is the same bytes whether it is written whole or part by part."""

from __future__ import annotations

from datetime import date

import pytest
from ledgers import allocation
from worlds import E24, determined

from ledger.determination import Determination, counted
from ledger.journeys.check_document import (
    SCHEMA,
    CheckDocument,
    Coordinates,
    LedgerState,
    Signed,
)
from ledger.report.check_json import check_json
from ledger.report.render import to_json

HOSTILE = 'model:"a\\b"\n\t\x00\x1f\x7f\x85\u2028\u2029é\U0001f5dd[]{}</script>'


def document(*found: Determination) -> CheckDocument:
    """Return a check that says no more than these."""
    day = date(2026, 11, 23)
    return CheckDocument(
        schema=SCHEMA,
        ledger=LedgerState(origin="ledger.example/[]", size=1, root="0" * 64, unsigned_tail=0),
        coordinates=Coordinates(
            pack="1" * 64,
            checkpoint=Signed(size=1, root="0" * 64),
            in_force_on=day,
            law_known_on=day,
            recorded_by=None,
            as_of=day,
            readings={},
            assumptions={},
            evaluated_at=f"{day}T00:00:00Z",
        ),
        counts=counted(()),
        determinations=found,
    )


def hostile() -> Determination:
    """Return a determination with every sign in it that JSON or the layout could trip over."""
    found = determined(allocation("m", 20 * E24))["above", "model:m"]
    return found.model_copy(update={"subject": HOSTILE, "notes": (HOSTILE, "")})


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_parts_are_the_bytes_of_the_whole(number: int) -> None:
    made = document(*[hostile()] * number)
    whole = to_json(made.model_dump(mode="json", by_alias=True))
    parts = list(check_json(made))
    assert "".join(parts) == whole
    assert len(parts) == number + 1
