"""A Kubernetes object is what the API server says of a thing at one moment: in lists or in logs.

Read are lists as `kubectl get -o json` and the API itself write them, and one object after the
other: JSON Lines, or what `kubectl get --watch` writes, bare or in events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ledger.errors import InputError
from ledger.importers.json_list import Member, json_members
from ledger.importers.line_stream import LineStream
from ledger.importers.stretch import Refusal

__all__ = ["KubeObject", "instant_of", "kube_objects", "list_of", "part_of", "text_of", "time_of"]

_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?P<fraction>\d{1,9}))?(?P<zone>Z|[+-]\d\d:\d\d)"
)
_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)  # Kubernetes is younger; zero times are older


@dataclass(frozen=True, slots=True)
class KubeObject:
    """One object.

    Attributes:
        number: Its line, or its place in the list, from 1.
        locator: The same in words.
        kind: Such as ``Pod``; empty if nothing says it.
        event: ``ADDED``, ``MODIFIED``, ``DELETED`` and so on; empty if it stands in no event.
        value: What it says.
    """

    number: int
    locator: str
    kind: str
    event: str
    value: Mapping[str, Any]


def kube_objects(stream: LineStream) -> Iterator[KubeObject | Refusal]:
    """Yield the objects of a file, one at a time; a bad line keeps out only itself.

    Raises:
        InputError: If the file is no JSON, or ends too early.
        MissingError: If there is no such file.
    """
    found = _lined(stream) if _is_lines(stream) else _listed(stream)
    # A bookmark says how far a watch has come, and nothing of any thing.
    return (o for o in found if isinstance(o, Refusal) or o.event != "BOOKMARK")


def part_of(value: object, *names: str) -> Mapping[str, Any]:
    """Return an object inside of another one; an empty one where it is not there."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def list_of(value: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    """Return the objects of a list; none where there is no list."""
    found = value.get(name)
    return tuple(i for i in found if isinstance(i, dict)) if isinstance(found, list) else ()


def text_of(value: Mapping[str, Any], name: str) -> str:
    """Return a text; an empty one where it is not there."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def time_of(value: Mapping[str, Any], name: str) -> datetime | None:
    """Return an instant; None where there is none, which Kubernetes also writes as year 1.

    Raises:
        InputError: If it is no time.
    """
    text = value.get(name)
    if text is None or text == "":
        return None
    found = instant_of(text if isinstance(text, str) else repr(text), name)
    return found if found >= _NEVER else None


def instant_of(text: str, name: str) -> datetime:
    """Return the instant of a time as RFC 3339 writes it, to the millisecond.

    Raises:
        InputError: If it is none; a time without its zone is none.
    """
    found = _TIME.fullmatch(text)
    try:
        zone = found["zone"].replace("Z", "+00:00") if found else "none"
        instant = datetime.fromisoformat(text[:19] + zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{name} is {text[:40]!r}, and no time with its zone",
            remedy="write it as 2026-03-01T10:00:00Z",
        ) from error
    thousandths = ((found and found["fraction"]) or "").ljust(3, "0")[:3]
    return instant.replace(microsecond=int(thousandths) * 1000)


def _is_lines(stream: LineStream) -> bool:
    """Return whether the first line is an object by itself, and the next begins another one."""
    blocks = stream.blocks()
    head = b""
    for block in blocks:
        head += block
        first, found, rest = head.lstrip().partition(b"\n")
        if found and rest.strip():
            break
        if len(head) > 1 << 20:
            return False
    else:
        return False
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        # A log of which the first line is damaged still begins every line with a brace.
        return first.startswith(b"{") and rest.lstrip(b" \t\r").startswith(b"{")
    return isinstance(value, dict)


def _listed(stream: LineStream) -> Iterator[KubeObject | Refusal]:
    """Yield the objects of lists of any layout."""
    for member in json_members(stream.blocks(), "items"):
        yield _object(member, member.number, f"item {member.number}")


def _lined(stream: LineStream) -> Iterator[KubeObject | Refusal]:
    """Yield the objects of a log that has each on a line."""
    for number, line in enumerate(stream.lines(), start=1):
        if not line.strip():
            continue
        try:
            members = list(json_members(iter([line]), "items"))
        except InputError as error:
            yield Refusal(number, error)
            continue
        for member in members:
            yield _object(member, number, f"line {number}")


def _object(member: Member, number: int, locator: str) -> KubeObject | Refusal:
    """Return what a member of a list or a log says."""
    value, event = member.value, ""
    if (
        isinstance(value, dict)
        and "metadata" not in value
        and isinstance(value.get("object"), dict)
    ):
        value, event = value["object"], text_of(value, "type")
    if not isinstance(value, dict):
        return Refusal(number, InputError("this is no object", remedy="export it again"))
    kind = text_of(value, "kind") or text_of(member.beside, "kind").removesuffix("List")
    if not kind and "containers" in part_of(value, "spec"):
        kind = "Pod"
    return KubeObject(number, locator, kind, event, value)
