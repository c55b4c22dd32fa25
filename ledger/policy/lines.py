"""The lines of a C2SP tlog-policy: which logs, which witnesses, which quorum.

Every line is read as octets: a name is the octets it is written with, whatever they look like.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from ledger.errors import InputError
from ledger.keys import COSIGNATURE, ED25519, ML_DSA, VerifierKey
from ledger.policy.terms import NO_QUORUM, Group, Log, Policy, Witness

__all__ = ["LINES_MAX", "near", "parse_lines"]

LINES_MAX = 4096  # C2SP asks for at least 32 logs, 32 witnesses and 32 groups
_WORDS = ("log", "witness", "group", "quorum")
_WORD = re.compile(r"[^ \t]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_COUNT = re.compile(r"[1-9][0-9]{0,3}")


def near(word: str, known: Iterable[str]) -> str:
    """Return the remedy for a word that is not known: the nearest ones, or all."""
    words = list(known)
    found = difflib.get_close_matches(word[:100], words, n=3) or words[:12]
    return f"write one of: {', '.join(found)}" if found else "define it on an earlier line"


def parse_lines(lines: Sequence[bytes], *, where: str) -> Policy:
    """Read the lines of a policy, each without its newline.

    Args:
        lines: Octets of each line; line n is named ``where:n`` in messages, from 1.
        where: Name of the file.

    Raises:
        InputError: If a line has another form, or what it says contradicts the others.
    """
    reading = _Reading()
    if len(lines) > LINES_MAX:
        raise InputError(f"a policy of {len(lines)} lines, more than {LINES_MAX}", where=where)
    for number, line in enumerate(lines, 1):
        place = f"{where}:{number}"
        bad = _CONTROL.search(line)
        if bad is not None:
            raise InputError(
                f"the line holds the control character 0x{bad[0][0]:02x}",
                where=place,
                remedy="a policy holds text, tabs and newlines only; lines end with one newline",
            )
        # Octets that are no UTF-8 show as \xNN, so that no name can hide in another.
        words = _WORD.findall(line.decode("utf-8", "backslashreplace"))
        if words and not words[0].startswith("#"):
            try:
                reading.take(words)
            except InputError as error:
                raise InputError(
                    error.message, where=place, why=error.why, remedy=error.remedy
                ) from error
    return reading.policy(where)


class _Reading:
    """What was read so far."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._logs: list[Log] = []
        self._witnesses: list[Witness] = []
        self._groups: list[Group] = []
        self._quorum: str | None = None
        self._named: dict[str, str | None] = {}  # each name, and the group that it is in
        self._public: dict[bytes, str] = {}
        self._hints: dict[str, str] = {}

    def take(self, words: list[str]) -> None:
        """Read the words of one line."""
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                key = VerifierKey.parse(vkey)
                self._claim(key, f"the log {key.name}")
                self._logs.append(Log(key, *url))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self._define(name)
                key = VerifierKey.parse(vkey, (COSIGNATURE, ML_DSA))
                self._claim(key, f"the witness {name}")
                self._witnesses.append(Witness(name, key, *url))
            case ["group", name, needed, *members]:
                self._group(name, needed, members)
            case ["quorum", name]:
                self._set_quorum(name)
            case [word, *_] if word in _WORDS:
                raise InputError(f"the line {word} has the wrong number of words", remedy=_FORMS)
            case _:
                word = words[0][:60]
                raise InputError(f"no line of a policy begins with {word!r}", remedy=_FORMS)

    def policy(self, where: str) -> Policy:
        """Return what all lines say."""
        if self._quorum is None:
            raise InputError(
                "the policy has no quorum line",
                where=where,
                why="it would not say whose cosignatures are needed",
                remedy="add: quorum NAME, or quorum none if no cosignature is asked",
            )
        return Policy(tuple(self._logs), tuple(self._witnesses), tuple(self._groups), self._quorum)

    def _group(self, name: str, needed: str, members: list[str]) -> None:
        """Read a group line."""
        if not members:
            raise InputError(f"the group {name} has no members", remedy=_FORMS)
        if name in members:
            raise InputError(
                f"the group {name} is its own member", remedy="name members of earlier lines"
            )
        for place, member in enumerate(members):
            self._check_member(name, member, members[:place])
        count = {"any": 1, "all": len(members)}.get(needed)
        if count is None:
            if not _COUNT.fullmatch(needed):
                raise InputError(
                    f"{needed[:40]!r} is no threshold",
                    remedy="write any, all, or a number without sign, point or leading zero",
                )
            count = int(needed)
        if count > len(members):
            raise InputError(
                f"the group {name} needs {count} of {len(members)} members",
                why="it could never be reached",
            )
        self._define(name)
        for member in members:
            self._named[member] = name
        self._groups.append(Group(name, count, tuple(members)))

    def _check_member(self, group: str, member: str, before: list[str]) -> None:
        """Refuse a member that is not there yet, or counts elsewhere already."""
        if member == NO_QUORUM:
            raise InputError(f"none cannot be a member of the group {group}")
        if member not in self._named:
            raise InputError(
                f"the group {group} names {member[:60]!r}, which no earlier line defines",
                why="a group of what comes later could contain itself",
                remedy=near(member, self._named),
            )
        other = group if member in before else self._named[member]
        if other is not None:
            raise InputError(
                f"{member} is a member of the group {other} already",
                why="one witness would count twice",
            )

    def _set_quorum(self, name: str) -> None:
        """Read the quorum line."""
        if self._quorum is not None:
            raise InputError("the policy has two quorum lines", remedy="keep one")
        if name != NO_QUORUM and name not in self._named:
            raise InputError(
                f"the quorum names {name[:60]!r}, which no earlier line defines",
                remedy=near(name, [*self._named, NO_QUORUM]),
            )
        self._quorum = name

    def _define(self, name: str) -> None:
        """Take a name that nothing else has."""
        if name == NO_QUORUM:
            raise InputError("none is no name for a witness or a group")
        if name in self._named:
            raise InputError(f"the name {name[:60]!r} is defined twice")
        self._named[name] = None

    def _claim(self, key: VerifierKey, whose: str) -> None:
        """Take a key that nobody else has."""
        other = self._public.setdefault(key.public, whose)
        if other != whose or self._hints.get(key.label) is not None:
            other = self._hints.get(key.label, other)
            raise InputError(
                f"the same key stands for {other} and for {whose}",
                why="one signature would count as two",
                remedy="give each its own key, and each key one line",
            )
        self._hints[key.label] = whose


_FORMS = (
    f"log VKEY [URL] | witness NAME VKEY [URL] | group NAME any|all|N NAME… | "
    f"quorum NAME|{NO_QUORUM}; VKEY of a log is of type {ED25519}, of a witness of type "
    f"{COSIGNATURE}"
)
