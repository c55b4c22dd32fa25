"""Names are the closed list of what a member of a bundle can be called."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.errors import IntegrityError

__all__ = [
    "DISCLOSURES",
    "ENTRIES",
    "MANIFEST",
    "PACK",
    "REDACTIONS",
    "Names",
    "anchor_name",
    "attestation_name",
    "numbered",
    "read_names",
    "sized",
]

MANIFEST: Final = "manifest.json"
ENTRIES: Final = "entries.jsonl"
DISCLOSURES: Final = "disclosures.jsonl"
PACK: Final = "pack.json"
REDACTIONS: Final = "redactions.json"

NAME_MAX: Final = 100  # characters; the longest of the list has 83
_DIGITS: Final = 12
_SINGLE: Final = frozenset({MANIFEST, ENTRIES, DISCLOSURES, PACK, REDACTIONS})
_NUMBERED: Final = re.compile(
    r"(checkpoints|timestamps|proofs|leaves)/([0-9]{12})(|\.tsr|\.tlog-proof|\.json)"
)
_ENDINGS: Final = {"checkpoints": "", "timestamps": ".tsr", "proofs": ".tlog-proof"} | {
    "leaves": ".json"
}
_ANCHOR: Final = re.compile(r"anchors/([0-9a-f]{64})\.note")
_ATTESTATION: Final = re.compile(r"attestations/([0-9a-f]{64})\.json")


@dataclass(frozen=True, slots=True)
class Names:
    """The members of a bundle, told apart by what they are.

    Attributes:
        all: Every name, sorted.
        checkpoints: Names of the signed notes by size.
        timestamps: Names of the tokens by size.
        proofs: Names of the receipts by number of the entry.
        leaves: Names of the entries that the receipts are for, by number.
        attestations: Names of the signed statements by their SHA-256.
        anchors: Names of the cosigned notes that anchor entries name, by their SHA-256.
    """

    all: tuple[str, ...]
    checkpoints: dict[int, str]
    timestamps: dict[int, str]
    proofs: dict[int, str]
    leaves: dict[int, str]
    attestations: dict[str, str]
    anchors: dict[str, str]

    def has(self, name: str) -> bool:
        """Whether there is a member of this name."""
        return name in self.all


def anchor_name(digest: str) -> str:
    """Return the name of a cosigned note with this SHA-256, 64 hex digits."""
    return f"anchors/{digest}.note"


def numbered(folder: str, number: int) -> str:
    """Return the name of a member that stands for a size or an entry.

    Raises:
        IntegrityError: If the number has more than twelve digits.
    """
    if not 0 <= number < 10**_DIGITS:
        raise IntegrityError(f"{number} has more than {_DIGITS} digits: no member can be named so")
    return f"{folder}/{number:0{_DIGITS}}{_ENDINGS[folder]}"


def attestation_name(digest: str) -> str:
    """Return the name of a signed statement with this SHA-256, 64 hex digits."""
    return f"attestations/{digest}.json"


def sized(name: str) -> int:
    """Return the number in the name of a checkpoint, token, receipt or leaf."""
    found = _NUMBERED.fullmatch(name)
    assert found is not None
    return int(found[2])


def read_names(names: Iterable[str]) -> Names:
    """Return the members, once every name is one of the list and the set makes a bundle.

    Raises:
        IntegrityError: Naming the member that has no place, or is missing.
    """
    found = Names((), {}, {}, {}, {}, {}, {})
    held: list[str] = []
    for name in names:
        held.append(_check_place(name, held))
        if name in _SINGLE:
            continue
        attestation, number = _ATTESTATION.fullmatch(name), _NUMBERED.fullmatch(name)
        anchor = _ANCHOR.fullmatch(name)
        if attestation is not None:
            found.attestations[attestation[1]] = name
        elif anchor is not None:
            found.anchors[anchor[1]] = name
        elif number is not None and _ENDINGS[number[1]] == number[3]:
            getattr(found, number[1])[int(number[2])] = name
        else:
            raise _refusal(name, "a bundle has no member of this name")
    names_ = Names(
        tuple(held),
        found.checkpoints,
        found.timestamps,
        found.proofs,
        found.leaves,
        found.attestations,
        found.anchors,
    )
    _check_set(names_)
    return names_


def _check_place(name: str, before: list[str]) -> str:
    """Refuse names that are no plain name, that come twice, or out of order."""
    if name.startswith(("/", "\\")) or name[1:2] == ":":
        raise _refusal(name, "the name is absolute: it would leave the bundle")
    if ".." in re.split(r"[/\\]", name):
        raise _refusal(name, "the name climbs out of the bundle with ..")
    if name.endswith("/"):
        raise _refusal(name, "the member is a folder")
    if len(name) > NAME_MAX:
        raise _refusal(name, f"the name has more than {NAME_MAX} characters")
    if before and name == before[-1]:
        raise _refusal(name, "the member is there twice")
    if before and name < before[-1]:
        twice = name in before
        raise _refusal(
            name, "the member is there twice" if twice else "the members are not sorted by name"
        )
    return name


def _check_set(names: Names) -> None:
    """Refuse a set of members that makes no bundle."""
    for name in (MANIFEST, REDACTIONS):
        if not names.has(name):
            raise _refusal(name, "the member is missing")
    if names.has(ENTRIES):
        wrong = next(iter((*names.proofs.values(), *names.leaves.values())), None)
        if wrong is not None:
            raise _refusal(wrong, "a bundle with all entries has no receipts")
        _check_signed(names)
        return
    if not names.proofs:
        raise _refusal(ENTRIES, "the bundle holds neither entries nor receipts")
    alone = names.proofs.keys() ^ names.leaves.keys()
    if alone:
        seq = min(alone)
        folder = "leaves" if seq in names.proofs else "proofs"
        raise _refusal(numbered(folder, seq), "a receipt and its entry go together")
    _check_signed(names)
    _check_alone(names)


def _check_alone(names: Names) -> None:
    """Refuse what a bundle of receipts does not need, since nothing would look at it."""
    held = (*names.anchors.values(), *names.attestations.values())
    stray = next(iter(held), PACK if names.has(PACK) else None)
    if stray is not None:
        raise _refusal(stray, "a bundle of receipts holds no evidence, statements or rules")
    if len(names.checkpoints) > 1:
        raise _refusal(
            min(names.checkpoints.values()),
            "a bundle of receipts has one checkpoint: nothing would show that two belong to one "
            "history",
        )


def _check_signed(names: Names) -> None:
    """Refuse a set in which nothing is signed."""
    if not names.checkpoints:
        raise _refusal("checkpoints/", "the bundle holds no signed checkpoint")


def _refusal(name: str, message: str) -> IntegrityError:
    """Return the error for one member."""
    return IntegrityError(
        message,
        where=f"member {name[:NAME_MAX]!r}",
        why="flopledger bundle writes no such archive",
        remedy="keep the file as evidence, and ask for the bundle again",
    )
