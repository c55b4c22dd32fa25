"""Windows of time from outside evidence: cosigned checkpoints and RFC 3161 timestamps."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from stamping import authority

from ledger.anchoring import Anchored, Seen, Silence, Written, outside_of, silences, wide, windows
from ledger.checkpoint import Checkpoint, Note, NoteSignature
from ledger.cosignature import TIME_MAX, cosign
from ledger.errors import InputError, IntegrityError, MissingError
from ledger.journeys.anchoring import cosigned
from ledger.keys import FileSigner
from ledger.timestamp import parse_roots, read_timestamp, verify_timestamp

DAY_0 = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = "ledger.example/lab-a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


def day(number: int) -> datetime:
    return DAY_0 + timedelta(days=number)


def seen(size: int, number: int) -> Seen:
    return Seen(size, day(number), day(number), digest(size))


def digest(size: int) -> str:
    return hashlib.sha256(str(size).encode()).hexdigest()


def anchored(seq: int, size: int) -> Anchored:
    return Anchored(seq, size, digest(size))


def test_threat_6_back_dated_entry_lies_in_a_window_from_outside() -> None:
    # Seen at sizes 10 and 20; entry 12 anchors the first sight.
    found = windows(25, [anchored(12, 10)], [seen(10, 10), seen(20, 40)])
    assert found == (
        Written(0, 10, None, day(10)),
        Written(10, 12, None, day(40)),
        Written(12, 20, day(10), day(40)),
        Written(20, 25, day(10), None),
    )
    assert [each.width for each in found] == [None, None, timedelta(days=30), None]
    assert wide(found, 30) == (found[0], found[1], found[3])
    assert wide(found, 29) == found


def test_threat_6_claimed_evidence_that_nobody_shows_bounds_nothing() -> None:
    unknown = Anchored(12, 10, "ab" * 32)
    assert windows(25, [unknown], [seen(20, 40)]) == (
        Written(0, 20, None, day(40)),
        Written(20, 25, None, None),
    )
    assert windows(3, [], []) == (Written(0, 3, None, None),)
    assert windows(0, [], []) == ()


def test_threat_6_smaller_checkpoint_seen_later_bounds_through_the_larger() -> None:
    # A larger checkpoint seen earlier covers the smaller one's entries too.
    found = windows(20, [], [seen(10, 40), seen(20, 30)])
    assert found == (Written(0, 20, None, day(30)),)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (10, 40, None),
        (9, 40, "cannot have been written before 2026-01-11"),
        (10, 41, "were there by 2026-02-10"),
    ],
)
def test_threat_7_claimed_time_outside_of_its_window_is_told(
    first: int, last: int, words: str | None
) -> None:
    window = Written(12, 20, day(10), day(40))
    said = outside_of(window, day(first), day(last))
    assert said is None if words is None else words in str(said)
    assert outside_of(window, day(first), day(last), timedelta(days=1)) is None
    assert outside_of(Written(0, 9, None, None), day(-900), day(900)) is None


def test_threat_7_evidence_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(IntegrityError, match="hold the digest"):
        windows(20, [anchored(12, 10)], [seen(10, 50), seen(20, 40)])
    with pytest.raises(IntegrityError, match="holds the digest of a checkpoint over 10"):
        windows(20, [anchored(9, 10)], [seen(10, 10)])
    with pytest.raises(IntegrityError, match="over 11 entries, its evidence of one over 10"):
        windows(20, [Anchored(12, 11, digest(10))], [seen(10, 10)])


@given(
    st.integers(0, 30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=5),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 29)), max_size=5),
)
def test_windows_are_those_of_each_entry_by_itself(
    size: int, sights: list[tuple[int, int]], anchors: list[tuple[int, int]]
) -> None:
    # Sights in the order of their sizes, so that no two contradict each other.
    sights = [(s, place * 10 + d) for place, (s, d) in enumerate(sorted(dict(sights).items()))]
    shown = [seen(s, d) for s, d in sights]
    sizes = {each.size for each in shown}
    held = [anchored(seq, s) for seq, s in sorted(anchors) if s <= seq < size and s in sizes]
    found = windows(size, held, shown)
    assert [each.start for each in found] == [0, *(each.stop for each in found[:-1])][: len(found)]
    assert (found[-1].stop if found else 0) == size
    for window in found:
        for entry in range(window.start, window.stop):
            after = [s.after for s in shown for a in held if a.size == s.size and a.seq <= entry]
            by = [s.by for s in shown if s.size > entry]
            assert window.after == max(after, default=None)
            assert window.by == min(by, default=None)


def test_silence_is_visible() -> None:
    times = [day(0), day(30), day(90)]
    assert silences(times, day(100), 30) == (Silence(day(30), day(90)),)
    assert silences(times, day(130), 60) == ()
    assert silences(times, day(151), 60) == (Silence(day(90), day(151)),)
    assert silences([], day(1), 30) == ()


def test_anchor_claims_the_earliest_time_in_its_file() -> None:
    log, ahead = FileSigner.from_seed("ledger.example/lab-a", bytes(32)), bytes(range(32))
    ours = Checkpoint("ledger.example/lab-a", 1, bytes(32))
    note = Note.parse(ours.sign(log))
    with pytest.raises(InputError, match="no cosignature"):
        cosigned(note.encode(), ours)
    witnesses = [FileSigner.from_seed(f"w{n}.example/w", ahead) for n in range(3)]
    for times in ((1_790_000_000, 1_780_000_000, TIME_MAX), (TIME_MAX, TIME_MAX - 1)):
        lines = [cosign(note.text, t, w).line() for t, w in zip(times, witnesses, strict=False)]
        found = cosigned(Note(note.text, (*note.signatures, *lines)).encode(), ours)
        told = {3: "2026-05-28T20:26:40Z", 2: "9999-12-31T23:59:59Z"}
        assert found.stated_time == told[len(times)]


# Timestamps, with an authority made for the test.


@pytest.mark.thirdparty
def test_timestamp_of_openssl_verifies(tmp_path: Path) -> None:
    tsa = authority(tmp_path)
    token = tsa.stamp(TEXT)
    stamp = verify_timestamp(token, TEXT, [tsa.root])
    assert stamp.checked
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=5)
    assert stamp.sha256 == hashlib.sha256(token).hexdigest()
    assert not read_timestamp(token, TEXT).checked
    ran = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "r.txt", "-in", "r.tsr", "-CAfile", "ca.pem"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.thirdparty
def test_threat_7_timestamp_that_proves_nothing_is_refused(tmp_path: Path) -> None:
    tsa = authority(tmp_path)
    token = tsa.stamp(TEXT)
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    other = authority(other_folder)
    with pytest.raises(IntegrityError, match="does not verify"):
        verify_timestamp(token, TEXT, [other.root])
    with pytest.raises(IntegrityError, match="over something else"):
        verify_timestamp(token, TEXT.replace("\n0\n", "\n1\n"), [tsa.root])
    with pytest.raises(IntegrityError, match="another kind of digest"):
        verify_timestamp(tsa.stamp(TEXT, "long", "sha512"), TEXT, [tsa.root])
    with pytest.raises(InputError, match="no root"):
        verify_timestamp(token, TEXT, [])
    broken = bytearray(token)
    broken[-1] ^= 1
    with pytest.raises(IntegrityError, match="does not verify"):
        verify_timestamp(bytes(broken), TEXT, [tsa.root])
    with pytest.raises(InputError, match="no RFC 3161"):
        read_timestamp(b"\x30\x00", TEXT)
    with pytest.raises(InputError, match="more than 65,536"):
        read_timestamp(bytes(70_000), TEXT)


@pytest.mark.thirdparty
def test_timestamp_by_a_certificate_for_another_purpose_is_refused(tmp_path: Path) -> None:
    for purpose in (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING):
        tsa = authority(tmp_path, purpose=purpose)
        token = tsa.stamp_at(TEXT, tsa.made)
        assert not read_timestamp(token, TEXT).checked
        if purpose == ExtendedKeyUsageOID.TIME_STAMPING:
            assert verify_timestamp(token, TEXT, [tsa.root]).checked
            continue
        with pytest.raises(IntegrityError, match="unsuitable certificate purpose"):
            verify_timestamp(token, TEXT, [tsa.root])


@pytest.mark.thirdparty
def test_timestamp_chain_is_verified_at_its_time_and_not_now(tmp_path: Path) -> None:
    tsa = authority(tmp_path, starts=timedelta(days=-9), lasts=timedelta(days=-3))
    # The certificate has expired since; at the time of the stamp it had not.
    within = tsa.stamp_at(TEXT, tsa.made - timedelta(days=6))
    stamped = verify_timestamp(within, TEXT, [tsa.root])
    assert (stamped.checked, (tsa.made - stamped.at).days) == (True, 6)
    # A stamp of a time before or after its certificate is worth nothing.
    for days, why in ((1, "has expired"), (12, "is not yet valid")):
        outside = tsa.stamp_at(TEXT, tsa.made - timedelta(days=days))
        with pytest.raises(IntegrityError, match=f"does not verify.*certificate {why}"):
            verify_timestamp(outside, TEXT, [tsa.root])


def test_timestamp_without_the_extra_is_said_and_never_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(MissingError, match="was not checked") as error:
        read_timestamp(b"0", TEXT)
    assert "flopledger[timestamps]" in error.value.remedy


def test_roots_are_certificates() -> None:
    with pytest.raises(InputError, match="no certificate"):
        parse_roots(b"nothing")


def cosignature(text: str, at: int) -> NoteSignature:
    """Return a line in the form of a cosignature; nobody checks it when it is recorded."""
    witness = FileSigner.generate("witness.example/w1")
    message = f"cosignature/v1\ntime {at}\n{text}".encode()
    data = at.to_bytes(8, "big") + witness.sign(message)
    return NoteSignature("witness.example/w1", b"wxyz", data)


def test_anchor_commands_keep_the_evidence_and_record_it(
    flopledger: Callable[..., Any], tmp_path: Path
) -> None:
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    note = Note.parse(flopledger("checkpoint", "show").out.encode())
    plain, cosigned = tmp_path / "plain.txt", tmp_path / "cosigned.txt"
    plain.write_bytes(note.encode())
    refused = flopledger("anchor", "add", "plain.txt")
    assert refused.code == 2
    assert "carries no cosignature" in refused.err
    (tmp_path / "rubbish.txt").write_text("rubbish\n")
    rubbish = flopledger("anchor", "add", "rubbish.txt")
    assert rubbish.code == 2
    assert "neither a cosigned checkpoint" in rubbish.err
    assert "where: rubbish.txt" in rubbish.err
    line = cosignature(note.text, 1_800_000_000)
    cosigned.write_bytes(Note(note.text, (*note.signatures, line)).encode())
    ran = flopledger("anchor", "add", "cosigned.txt")
    assert ran.code == 0, ran.err
    assert "seen at 2027-01-15T08:00:00Z" in ran.err
    again = flopledger("anchor", "add", "cosigned.txt")
    assert again.code == 2
    assert "recorded already" in again.err
    listed = flopledger("anchor", "list", "-f", "json").out
    name = hashlib.sha256(cosigned.read_bytes()).hexdigest()
    assert name in listed
    assert (tmp_path / "ledger.db.anchors" / f"{name}.note").read_bytes() == cosigned.read_bytes()
    # The checkpoint of another ledger, or of another state, is no anchor.
    assert flopledger("--ledger", "b.db", "init", "--origin", "ledger.example/lab-a").code == 0
    foreign = flopledger("--ledger", "b.db", "anchor", "add", "cosigned.txt")
    assert foreign.code == 4
    assert flopledger("verify").code == 0


@pytest.mark.thirdparty
def test_anchor_of_a_timestamp_is_checked_with_a_root(
    flopledger: Callable[..., Any], tmp_path: Path
) -> None:
    tsa = authority(tmp_path)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    text = Note.parse(flopledger("checkpoint", "show").out.encode()).text
    tsa.stamp(text, "stamp")
    ran = flopledger("anchor", "add", "stamp.tsr", "--root", "ca.pem")
    assert ran.code == 0, ran.err
    assert "warning" not in ran.err
    kept = tmp_path / "ledger.db.timestamps" / "000000000000.tsr"
    assert kept.read_bytes() == (tmp_path / "stamp.tsr").read_bytes()
    unchecked = flopledger("anchor", "add", "stamp.tsr", "--size", "0")
    assert "read and not checked" in unchecked.err
    tsa.stamp(text + "x", "other")
    refused = flopledger("anchor", "add", "other.tsr", "--size", "0", "--root", "ca.pem")
    assert refused.code == 4
    assert "over something else" in refused.err
