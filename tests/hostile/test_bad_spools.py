"""Hostile spools: whatever a file holds, the reader names a problem and records nothing wrong."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from spools import head, mark, spooled
from tables import catalogue

from ledger.importers.spool import IMPORTER
from ledger.measure.contribution import Contribution

TOTAL = 10**17
WHOLE = head() + mark(1, 60_000, operations="1") + mark(2, 120_000, "end", operations=str(TOTAL))
FIRST = len(head())
NOW = {"now": "2026-03-09T00:00:00Z"}

REFUSED = {
    "empty": b"",
    "blank": b"\n\n\n",
    "zeros": bytes(4096),
    "UTF-16": WHOLE.decode().encode("utf-16"),
    "JSON lines without frames": b"\n".join(line[24:] for line in WHOLE.splitlines()),
    "a head that is none": mark(0, 0) + WHOLE[FIRST:],
    "half a head": head()[:200],
    "half a gzip": gzip.compress(WHOLE)[:-20],
    "gzip of noise": b"\x1f\x8b" + bytes(range(256)),
    "a line of two megabytes": WHOLE + b"x" * 2_000_000,
}
OPEN = {
    "zeros at the end": WHOLE + bytes(4096),
    "zeros in place of the end": WHOLE[: FIRST + 150] + bytes(4096),
    "another head": WHOLE[:FIRST] + WHOLE,
    "twice": WHOLE + WHOLE,
    "another spool behind": WHOLE + head(session="f" * 32) + WHOLE[FIRST:],
    "another order": b"".join(WHOLE.splitlines(keepends=True)[i] for i in (0, 2, 1)),
    "a line missing": head() + WHOLE[FIRST + len(mark(1, 60_000, operations="1")) :],
    "no end": WHOLE[: FIRST + len(mark(1, 60_000, operations="1"))],
}
SAME = {
    "CRLF": WHOLE.replace(b"\n", b"\r\n"),
    "BOM": b"\xef\xbb\xbf" + WHOLE,
    "gzip": gzip.compress(WHOLE),
    "blank lines": WHOLE.replace(b"\n", b"\n\n"),
    "no last line end": WHOLE[:-1],
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_spool_is_refused_with_a_reason(tmp_path: Path, name: str) -> None:
    reading = IMPORTER.read(spooled(tmp_path, REFUSED[name]), NOW, catalogue())
    (problem,) = reading.problems
    assert (tuple(reading.drafts), problem.severity) == ((), "refused")
    assert problem.remedy


@pytest.mark.parametrize("name", OPEN)
def test_bad_spool_leaves_the_total_open(tmp_path: Path, name: str) -> None:
    reading = IMPORTER.read(spooled(tmp_path, OPEN[name]), NOW, catalogue())
    parts = [Contribution.of(draft.body) for draft in reading.drafts]
    assert any(problem.severity == "finding" for problem in reading.problems)
    assert any(part.hi is None for part in parts)
    assert sum(part.lo for part in parts) <= TOTAL


@pytest.mark.parametrize("name", SAME)
def test_spool_that_was_copied_oddly_says_the_same(tmp_path: Path, name: str) -> None:
    reading = IMPORTER.read(spooled(tmp_path, SAME[name]), NOW, catalogue())
    assert reading.problems == ()
    assert [draft.body["operations"] for draft in reading.drafts] == [str(TOTAL)]
