"""Chance: salts and ids from any bytes are those that the standard library writes."""

from __future__ import annotations

import base64
import os
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.cli.chance import DEMONSTRATION, SYSTEM, Chance
from ledger.errors import InputError


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


def test_chance_of_a_ledger_gives_out_each_piece_once() -> None:
    drawn: list[bytes] = []

    def draw(length: int) -> bytes:
        drawn.append(b"".join(n.to_bytes(16) for n in range(len(drawn) * 256, 10**4))[:length])
        return drawn[-1]

    chance = Chance(draw, seeded=False).bound("ledger.example/lab-a")
    given_ = [chance.draw(16) for _ in range(600)]
    assert len(set(given_)) == 600
    assert len(drawn) == 3
    assert set(given_) < {n.to_bytes(16) for n in range(3 * 256)}
    assert len(chance.draw(32)) == 32


def test_chance_of_a_ledger_is_not_shared_with_a_process_forked_off() -> None:
    chance = SYSTEM.bound("ledger.example/lab-a")
    chance.salt()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, chance.draw(16))
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 16)
    os.close(reading)
    os.close(writing)
    assert len(theirs) == 16
    assert theirs not in {chance.draw(16) for _ in range(256)}


def test_chance_of_a_ledger_from_a_seed_is_drawn_as_it_was() -> None:
    origin = f"{DEMONSTRATION}lab"
    plain, bound = Chance.from_seed("a"), Chance.from_seed("a").bound(origin)
    assert [plain.salt(), plain.id(), plain.salt()] == [bound.salt(), bound.id(), bound.salt()]
    for chance, name in ((SYSTEM, origin), (Chance.from_seed("a"), "ledger.example/lab-a")):
        with pytest.raises(InputError):
            chance.bound(name).salt()


def test_chance_from_a_seed_repeats() -> None:
    first, again, other = (Chance.from_seed(seed) for seed in ("a", "a", "b"))
    assert [first.id(), first.salt()] == [again.id(), again.salt()] != [other.id(), other.salt()]
