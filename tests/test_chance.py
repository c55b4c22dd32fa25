"""Chance: salts and ids from any bytes are those that the standard library writes."""

from __future__ import annotations

import base64
import os
import uuid
from hashlib import sha256

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
        start = sum(map(len, drawn)) // 16
        pieces = (sha256(str(n).encode()).digest()[:16] for n in range(start, start + 10**3))
        drawn.append(b"".join(pieces)[:length])
        return drawn[-1]

    chance = Chance(draw, seeded=False).bound("ledger.example/lab-a")
    salts = [chance.salt() for _ in range(600)]
    ids = [chance.id() for _ in range(600)]
    assert [len(block) for block in drawn] == [16 * 256] * 6
    pieces = [block[at : at + 16] for block in drawn for at in range(0, len(block), 16)]
    of_salts = {base64.urlsafe_b64encode(piece).decode().rstrip("="): piece for piece in pieces}
    of_ids = {str(uuid.UUID(bytes=piece, version=4)): piece for piece in pieces}
    given_ = {of_salts[salt] for salt in salts} | {of_ids[one] for one in ids}
    assert len(given_) == 1200
    assert len(chance.draw(32)) == 32


def test_chance_of_a_ledger_is_not_shared_with_a_process_forked_off() -> None:
    chance = SYSTEM.bound("ledger.example/lab-a")
    chance.salt()
    chance.id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, f"{chance.salt()} {chance.id()}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    salt, one = os.read(reading, 100).decode().split()
    os.close(reading)
    os.close(writing)
    assert (len(salt), len(one)) == (22, 36)
    assert salt not in {chance.salt() for _ in range(256)}
    assert one not in {chance.id() for _ in range(256)}


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
