"""The legs of one thing are judged together, and a leg that is told no more becomes an empty one.

A provisional record may say more than the final telling of its thing: of a job that had long ended,
or that ended on an earlier day. Its successor is a final record under the same key that holds
nothing, so that nobody takes a record out without putting one in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, Protocol, TypeAlias, cast

from ledger.canonical import JSON
from ledger.record.draft import MODELS, Draft
from ledger.record.growth import precedes
from ledger.record.whole import Whole

__all__ = [
    "Decision",
    "Leg",
    "Verdict",
    "alike",
    "decide",
    "decide_part",
    "emptied",
    "gather",
    "is_empty",
    "judge",
    "meets",
]

Verdict: TypeAlias = Literal["new", "same", "replaces", "older", "differs"]
"""What a leg is to the record that the ledger holds under its key."""

Decision: TypeAlias = Literal["taken", "older", "against"]
"""What becomes of all legs of a thing."""

Body = Mapping[str, JSON]

_REPORTED: Final = frozenset({"counter", "framework_reported", "provider_reported"})


class Leg(Protocol):
    """What may be a leg of a thing."""

    whole: Whole | None
    key: bytes


def gather(legs: Sequence[Leg]) -> Iterator[tuple[Whole | None, list[int]]]:
    """Yield the places of the legs of each thing, which stand together; others one by one."""
    whole: Whole | None = None
    places: list[int] = []
    keys: set[bytes] = set()
    for place, leg in enumerate(legs):
        mine = leg.whole is not None and whole is not None and leg.whole.key == whole.key
        if places and not (mine and leg.key not in keys):
            yield whole, places
            places, keys = [], set()
        whole = leg.whole
        places.append(place)
        keys.add(leg.key)
    if places:
        yield whole, places


def judge(held: Body, told: Body) -> Verdict:
    """Say what an allocation is to the one that the ledger holds under its key, with other content.

    Args:
        held: Body of the record.
        told: Body of the draft.
    """
    if held["role"] != told["role"]:
        # Which of two sources adds is no matter of time: to turn it over would count both, or none.
        return "differs"
    before, after = held.get("status"), told.get("status")
    if (before, after) == ("provisional", "final"):
        return "replaces" if _reaches(told, held) else "differs"
    if (before, after) == ("final", "provisional"):
        # The final record has come before: an older export that is read again adds nothing.
        return "older" if _reaches(held, told) or is_empty(held) else "differs"
    if before == after == "provisional" and precedes(held, told):
        return "replaces"
    return "older" if before == after == "provisional" and precedes(told, held) else "differs"


def decide(
    verdicts: Sequence[Verdict], rest: Sequence[Body], *, final: bool, ended: Callable[[], bool]
) -> Decision:
    """Say what becomes of the legs of a thing.

    Args:
        verdicts: Of each leg that is told.
        rest: Bodies of the standing legs that are told no more.
        final: Whether the telling is final.
        ended: Says whether the ledger holds a final record of one of the legs that are told.
    """
    if "differs" in verdicts:
        return "against"
    if final:
        return "against" if any(body["status"] == "final" for body in rest) else "taken"
    if "older" not in verdicts and not rest:
        return "taken"
    # What goes on never shrinks: who tells less tells of an earlier day.
    newer = "new" in verdicts or "replaces" in verdicts
    closed = any(body["status"] == "final" for body in rest)
    return "older" if not newer or closed or ended() else "against"


def decide_part(verdict: Verdict, told: Body, rest: Sequence[Body]) -> Decision:
    """Say what becomes of a part of the time of a thing.

    Args:
        verdict: What it is to the first record that it meets.
        told: Its body.
        rest: Bodies of the further ones that it meets.
    """
    whole = all(body["status"] != "final" and _reaches(told, body) for body in rest)
    if verdict == "differs" or not whole or (rest and verdict in {"older", "same"}):
        return "against"
    return "older" if verdict == "older" else "taken"


def meets(one: Body, other: Body) -> bool:
    """Return whether two dated records share some time."""
    begins = max(_moment(one, "start"), _moment(other, "start"))
    return begins < min(_moment(one, "end"), _moment(other, "end"))


def alike(draft: Draft, held: Body, hidden: Mapping[str, str]) -> bool:
    """Whether a record says what a draft says, and was only read at another place or time.

    An export that grows has a new digest every day and may move its rows, and a new version of the
    importer may read it; what the old rows say stays the same, and the ledger keeps the place where
    it was read first, and by what.

    Args:
        draft: The draft.
        held: Body of the record.
        hidden: Its confidential fields.
    """
    body = {name: held.get(name) for name in draft.body}
    return hidden == dict(draft.hidden) and _placeless(body) == _placeless(draft.body)


def emptied(held: Body, hidden: Mapping[str, str], evidence: Body) -> Draft:
    """Return the final record of a leg of which nothing remained.

    Args:
        held: Body of the provisional one.
        hidden: Its confidential fields.
        evidence: Where the source tells of the thing without this leg.
    """
    added = {f"{name}_pseudonym" for name in MODELS["allocation"].PSEUDONYMS} | {"idempotency_key"}
    body = {name: value for name, value in held.items() if name not in added}
    method = held["method"] if held["method"] in _REPORTED else "none"
    body |= {
        "milli_devices": 0,
        "device_us": "0",
        "ceiling_operations": None if held["ceiling_operations"] is None else "0",
        "operations": "0",
        "operations_low": None,
        "operations_high": None,
        "operations_executed": None if held["operations_executed"] is None else "0",
        "method": method,
        "method_inputs": {"held": "nothing: the source no longer tells of this leg"},
        "status": "final",
        "evidence": dict(evidence),
    }
    return Draft("allocation", body, hidden, ())


def is_empty(body: Body) -> bool:
    """Whether a record says that nothing was held and nothing done."""
    return (body["status"], body["device_us"], body["operations"]) == ("final", "0", "0")


def _reaches(whole: Body, part: Body) -> bool:
    """Whether one record can take the place of another: it begins no later.

    What samples cover does not end earlier either, while a job may turn out to have ended before.
    """
    if whole["start"] is None or part["start"] is None:
        return True
    begins = _moment(whole, "start") <= _moment(part, "start")
    sampled = cast("Body", part["evidence"])["source_kind"] == "telemetry"
    return begins and (not sampled or _moment(whole, "end") >= _moment(part, "end"))


def _moment(body: Body, name: str) -> tuple[str, int]:
    """Return one end of a dated record, as it compares."""
    return str(body[name]), int(str(body[f"{name}_ms"]))


def _placeless(body: Body) -> dict[str, JSON]:
    """Return a body without the file, the place in it and the reader that its evidence names."""
    read = dict.fromkeys(("file_sha256", "locator", "importer_version"))
    return {**body, "evidence": {**cast("Body", body["evidence"] or {}), **read}}
