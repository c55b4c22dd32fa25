"""Make the published vectors once: ``python tests/make_vectors.py``; released ones never change."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from ledger.canonical import encode
from ledger.entry import Entry, Opening, digest_of_opening, genesis_prev, opening_bytes
from ledger.merkle import root_of

FOLDER = Path(__file__).resolve().parent / "vectors"
ORIGIN = "ledger.example/vectors"


def salt(name: str) -> str:
    """Return a fixed salt; real ones come from a secure random source."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()[:16]).decode()[:22]


def entries() -> tuple[list[dict[str, Any]], list[bytes]]:
    """Return three chained entries and their hashes."""
    bodies: list[tuple[str, dict[str, Any], dict[str, str]]] = [
        ("adoption", {"by": "officer", "on": "2026-11-22", "pack_digest": "00" * 32}, {}),
        (
            "filing",
            {
                "obligation": "notify",
                "receipt": None,
                "regime": "eu.aia",
                "rule": "gpaisr-presumption",
                "sent": "é — 10 000 000 000 000 000 000 000 000",
                "sent_at": "2026-11-22T10:00:00Z",
                "subject": "model:m",
            },
            {"notes": "sent by courier"},
        ),
        (
            "anchor",
            {"evidence_sha256": "11" * 32, "kind": "timestamp", "size": 2, "stated_time": None},
            {"notes": "\u2028 and \U0001f600"},
        ),
    ]
    made, hashes, prev = [], [], genesis_prev(ORIGIN)
    for seq, (kind, body, hidden) in enumerate(bodies):
        openings = [
            opening_bytes(salt(f"{seq}{name}"), name, text) for name, text in hidden.items()
        ]
        entry = Entry(
            seq=seq,
            id=f"00000000-0000-4000-8000-{seq:012d}",
            type=kind,
            recorded_at=f"2026-11-22T10:00:{seq:02d}Z",
            origin=ORIGIN,
            prev=prev,
            salt=salt(str(seq)),
            sd=tuple(sorted(digest_of_opening(opening) for opening in openings)),
            body=body,
        )
        made.append(
            {
                "canonical": entry.encode().decode(),
                "hash": entry.hash().hex(),
                "openings": [opening.decode() for opening in openings],
                "opened": [dataclasses.asdict(Opening.parse(opening)) for opening in openings],
            }
        )
        hashes.append(entry.hash())
        prev = entry.hash().hex()
    return made, hashes


def entry_vectors() -> dict[str, Any]:
    """Return the vectors of ``schemas/entry.v1.md``."""
    made, hashes = entries()
    first = made[0]["canonical"]
    refused = {
        "seq with a leading zero": first.replace('"seq":0', '"seq":00'),
        "seq as a text": first.replace('"seq":0', '"seq":"0"'),
        "unknown record type": first.replace("adoption", "payment"),
        "another version": first.replace('"v":1', '"v":2'),
        "space after a colon": first.replace('"v":1', '"v": 1'),
        "members out of order": '{"v":1,' + first[1:].replace(',"v":1', ""),
        "a member twice": first.replace('"v":1', '"v":1,"v":1'),
        "line end at the end": first + "\n",
        "local time": first.replace("10:00:00Z", "10:00:00+01:00"),
        "upper-case hash": first.replace(
            json.loads(first)["prev"], json.loads(first)["prev"].upper()
        ),
    }
    return {
        "about": "Entries, their chain and roots as schemas/entry.v1.md defines them",
        "source": "made by tests/make_vectors.py with fixed salts; real salts are random",
        "origin": ORIGIN,
        "genesis_prev": genesis_prev(ORIGIN),
        "entries": made,
        "roots": {str(size): root_of(hashes[:size]).hex() for size in range(len(hashes) + 1)},
        "must_refuse": [{"what": what, "text": text} for what, text in refused.items()],
    }


def canonical_vectors() -> dict[str, Any]:
    """Return the vectors of ``schemas/canonical-json.v1.md``."""
    values: dict[str, Any] = {
        "empty object": {},
        "sorted keys": {"b": 1, "a": 2, "A": 3, "_": 4, "10": 5, "9": 6},
        "integers at the ends": [-(2**53) + 1, 0, 2**53 - 1],
        "a quantity as digits": {"operations": str(10**25 + 1)},
        "escapes": '"\\/\b\f\n\r\t\x00\x1f\x7f',
        "beyond ASCII": ["é", "e\u0301", "\u2028", "\U0001f600", "10²⁵"],
        "literals": [None, True, False],
    }
    return {
        "about": "Values and their one text, as schemas/canonical-json.v1.md defines it",
        "source": "made by tests/make_vectors.py; the bytes agree with the rfc8785 package",
        "documents": [
            {"title": title, "value": value, "canonical_hex": encode(value).hex()}
            for title, value in values.items()
        ],
    }


def main() -> None:
    """Write vectors that are not there yet."""
    for name, vectors in (
        ("entry.v1.json", entry_vectors()),
        ("canonical-json.v1.json", canonical_vectors()),
    ):
        path = FOLDER / name
        if not path.exists():
            path.write_text(json.dumps(vectors, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
