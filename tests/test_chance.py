"""Chance: salts and ids from any bytes are those that the standard library writes."""

from __future__ import annotations

import base64
import uuid

from hypothesis import given
from hypothesis import strategies as st

from ledger.cli.chance import SYSTEM, Chance


@given(st.binary(min_size=16, max_size=16))
def test_chance_writes_ids_and_salts_as_the_standard_library(data: bytes) -> None:
    chance = Chance(lambda _: data, seeded=False)
    assert chance.id() == str(uuid.UUID(bytes=data, version=4))
    assert chance.salt() == base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_chance_of_the_system_is_new_at_each_call() -> None:
    drawn = {SYSTEM.id() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(uuid.UUID(one).version == 4 for one in drawn)
    assert len({SYSTEM.salt() for _ in range(1000)}) == 1000


def test_chance_from_a_seed_repeats() -> None:
    first, again, other = (Chance.from_seed(seed) for seed in ("a", "a", "b"))
    assert [first.id(), first.salt()] == [again.id(), again.salt()] != [other.id(), other.salt()]
