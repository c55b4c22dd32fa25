"""Merkle trees: RFC 6962 roots and proofs, and ranges that merge in any grouping."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle
from ledger.errors import IntegrityError
from ledger.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    earlier_roots,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(index.to_bytes(2, "big")) for index in range(300)]


def recursive_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, word for word and slow."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(recursive_root(leaves[:split]), recursive_root(leaves[split:]))


@pytest.fixture
def vectors(shared_path: Callable[[str], Path]) -> Any:
    return json.loads(shared_path("vectors/rfc6962-merkle.json").read_text())


def test_merkle_roots_match_the_published_ones(vectors: Any) -> None:
    hashes = [leaf_hash(bytes.fromhex(leaf)) for leaf in vectors["leaves"]]
    assert [h.hex() for h in hashes] == vectors["leaf_hashes"]
    for size, root in vectors["roots"].items():
        assert root_of(hashes[: int(size)]).hex() == root


def test_merkle_proofs_match_the_published_ones(vectors: Any) -> None:
    hashes = [bytes.fromhex(leaf) for leaf in vectors["leaf_hashes"]]
    for case in vectors["inclusion"]:
        proof = inclusion_proof(hashes[: case["size"]], case["index"])
        assert [h.hex() for h in proof] == case["proof"]
        root = bytes.fromhex(case["root"])
        verify_inclusion(hashes[case["index"]], case["index"], case["size"], proof, root)
    for case in vectors["consistency"]:
        proof = consistency_proof(hashes[: case["size2"]], case["size1"])
        assert [h.hex() for h in proof] == case["proof"]
        roots = (bytes.fromhex(case["root1"]), bytes.fromhex(case["root2"]))
        verify_consistency(case["size1"], roots[0], case["size2"], roots[1], proof)


def refuse(case: Any) -> None:
    """Verify a published bad proof."""
    proof = [bytes.fromhex(h) for h in case["proof"]]
    if case["kind"] == "consistency":
        roots = (bytes.fromhex(case["root1"]), bytes.fromhex(case["root2"]))
        verify_consistency(case["size1"], roots[0], case["size2"], roots[1], proof)
        return
    data = case.get("leaf_data")
    leaf = bytes.fromhex(case["leaf_hash"]) if data is None else leaf_hash(bytes.fromhex(data))
    verify_inclusion(leaf, case["index"], case["size"], proof, bytes.fromhex(case["root"]))


def test_merkle_verifier_refuses_every_published_bad_proof(vectors: Any) -> None:
    assert len(vectors["must_refuse"]) == 10
    for case in vectors["must_refuse"]:
        with pytest.raises(IntegrityError):
            refuse(case)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 300])
def test_merkle_root_equals_the_recursive_definition(size: int) -> None:
    assert root_of(LEAVES[:size]) == recursive_root(LEAVES[:size])


@given(st.lists(st.integers(0, 300), min_size=1, max_size=6), st.randoms())
def test_compact_ranges_merge_in_any_grouping(cuts: list[int], random: Any) -> None:
    bounds = sorted({0, *cuts})
    ranges = [CompactRange.of(LEAVES[start:stop], start=start) for start, stop in pairwise(bounds)]
    for made in ranges:
        assert CompactRange.parse(made.encode()) == made
    while len(ranges) > 1:
        place = random.randrange(len(ranges) - 1)
        ranges[place : place + 2] = [ranges[place].merge(ranges[place + 1])]
    if ranges:
        assert ranges[0].root() == recursive_root(LEAVES[: bounds[-1]])


@given(st.integers(0, 70), st.integers(0, 300))
def test_compact_range_made_at_once_is_the_one_that_grew(start: int, size: int) -> None:
    grown = CompactRange(start, start)
    for leaf in LEAVES[:size]:
        grown = grown.extend([leaf])
    assert CompactRange.of(iter(LEAVES[:size]), start=start) == grown
    assert CompactRange(start, start).extend(LEAVES[:size]) == grown


@given(st.lists(st.integers(0, 300), max_size=4), st.integers(1, 40))
def test_compact_range_extended_in_blocks_has_the_root_of_its_leaves(
    cuts: list[int], block: int
) -> None:
    bounds = sorted({0, *cuts})
    grown = CompactRange()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merkle, "_BLOCK", block)
        for start, stop in pairwise(bounds):
            grown = grown.extend(iter(LEAVES[start:stop]))
    assert grown.stop == bounds[-1]
    assert grown.root() == recursive_root(LEAVES[: bounds[-1]])


def test_compact_range_takes_few_of_the_leaves_that_it_is_extended_by_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken, seen = count(), []
    original = CompactRange.of

    def counted(row: list[bytes], *, start: int = 0) -> CompactRange:
        seen.append((start, len(row), next(taken)))
        return original(row, start=start)

    monkeypatch.setattr(merkle, "_BLOCK", 8)
    monkeypatch.setattr(CompactRange, "of", staticmethod(counted))
    CompactRange().extend(leaf for leaf, _ in zip(LEAVES[:20], taken, strict=False))
    # Each call of ``counted`` takes a number as well.
    assert seen == [(0, 8, 8), (8, 8, 17), (16, 4, 22)]


def test_compact_range_counts_hashes_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def counted(left: bytes, right: bytes) -> bytes:
        nonlocal calls
        calls += 1
        return node_hash(left, right)

    monkeypatch.setattr("ledger.merkle.node_hash", counted)
    CompactRange.of(LEAVES)
    assert calls == 300 - (300).bit_count()


def test_compact_range_refuses_a_gap_and_a_root_of_a_part() -> None:
    left, right = CompactRange.of(LEAVES[:4]), CompactRange.of(LEAVES[5:8], start=5)
    with pytest.raises(IntegrityError, match="do not touch"):
        left.merge(right)
    with pytest.raises(IntegrityError, match="no root"):
        right.root()


@pytest.mark.parametrize("text", ["", "0-1:", "0-2:00", "01-2:" + "00" * 32, "0-1:" + "AA" * 32])
def test_compact_range_reader_refuses_other_forms(text: str) -> None:
    with pytest.raises(IntegrityError):
        CompactRange.parse(text)


@given(st.integers(1, 200), st.data())
def test_merkle_inclusion_fails_for_every_other_leaf(size: int, data: Any) -> None:
    index = data.draw(st.integers(0, size - 1))
    root = root_of(LEAVES[:size])
    proof = inclusion_proof(LEAVES[:size], index)
    assert len(proof) <= (size - 1).bit_length()
    verify_inclusion(LEAVES[index], index, size, proof, root)
    with pytest.raises(IntegrityError):
        verify_inclusion(LEAVES[index + 1], index, size, proof, root)


@given(st.integers(1, 200), st.integers(1, 200))
def test_merkle_consistency_holds_for_prefixes_only(first: int, second: int) -> None:
    first, second = sorted((first, second))
    proof = consistency_proof(LEAVES[:second], first)
    root = root_of(LEAVES[:second])
    verify_consistency(first, root_of(LEAVES[:first]), second, root, proof)
    with pytest.raises(IntegrityError):
        verify_consistency(first, leaf_hash(b"other"), second, root, proof)


def test_proof_of_inclusion_shows_the_roots_around_its_leaf() -> None:
    for size in range(1, 40):
        leaves = LEAVES[:size]
        for index in range(size):
            found = earlier_roots(leaves[index], index, size, inclusion_proof(leaves, index))
            assert found == (recursive_root(leaves[:index]), recursive_root(leaves[: index + 1]))
