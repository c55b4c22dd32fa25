"""A leaf is the bytes of one entry as a verifier reads them: by its form, or the slow way.

Canonical bytes, the fields of an entry and the published shape of its body are seen at one glance
where a leaf matches the form of its type (``ledger.form``). Any other leaf is parsed, compared with
what would be written, and held to the model of its type: what is accepted is the same, and so is
what is said of a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache
from operator import lt
from typing import Any, Final, Self, TypeAlias

from ledger.canonical import BYTES_MAX
from ledger.entry import DIGEST_PATTERN, ID_PATTERN, SALT_PATTERN, SD_MAX, TYPES, Entry
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.form import BodyForm, form_of
from ledger.form.agreement import AGREEMENTS
from ledger.form.plain import is_plain
from ledger.form.rules import Rule
from ledger.form.spelling import COUNT, HASH, INSTANT
from ledger.keys import NAME_MAX

__all__ = ["BODY", "Leaf", "bad_body", "picker", "read_leaf", "require_body"]

Picked: TypeAlias = tuple[str | None, ...]

_KINDS: Final = {kind.encode(): kind for kind in TYPES}
_PAIR: Final = 2
_END: Final = len(b'","v":1}')  # what stands after the type, last of a canonical leaf
_KEY: Final = "idempotency_key"
_BEFORE_KEY: Final = len(f'"{_KEY}":"')
_BEFORE_ID: Final = len(',"id":"')
BODY: Final = len(b'{"body":')
"""Where the body of a canonical leaf begins."""
_FIELDS: Final = ("seq", "id", "recorded_at", "origin", "prev", "sd")
_ORIGIN: Final = rf"[!#-*,-\[\]-~]{{1,{NAME_MAX}}}"  # as `keys.check_name` has it, without escapes


class Leaf:
    """One entry, read.

    Attributes:
        data: Its bytes.
        type: Record type.
        seq: Number that it says it has.
        id: UUID.
        recorded_at: When it was sealed, ``YYYY-MM-DDTHH:MM:SSZ``.
        origin: Name of the ledger.
        prev: Hash of the entry before, 64 hex digits.
        sd: Digests of the openings, sorted.
        seen: Whether all of it was seen at one glance, the shape of its body too.
    """

    __slots__ = (
        *("_entry", "_found", "_key", "_names", "_spans"),
        *("data", "id", "origin", "prev", "recorded_at", "sd", "seen", "seq", "type"),
    )

    seq: int
    id: str
    recorded_at: str
    origin: str
    prev: str
    sd: tuple[str, ...]
    data: bytes
    type: str
    seen: bool
    _key: str | None
    _names: frozenset[str] | None
    _entry: Entry | None
    _found: re.Match[str] | None
    _spans: tuple[int, int]

    @classmethod
    def matched(
        cls, data: bytes, form: _Form, found: re.Match[str], fields: tuple[str, ...]
    ) -> Self:
        """Return a leaf that matched a form; the order of its digests is still to be checked.

        Args:
            data: Its bytes.
            form: The form.
            found: What the form caught.
            fields: What it caught of each of ``_FIELDS``, and the key.
        """
        leaf = cls()
        leaf.data, leaf.type, leaf.seen = data, form.kind, True
        leaf._names, leaf._entry, leaf._found, leaf._spans = form.names, None, found, form.spans
        seq, leaf.id, leaf.recorded_at, leaf.origin, leaf.prev, digests, leaf._key = fields
        leaf.seq = int(seq)
        leaf.sd = tuple(digests[1:-1].split('","')) if digests else ()
        return leaf

    @classmethod
    def parsed(cls, data: bytes) -> Self:
        """Return a leaf, read the slow way; see `read_leaf`."""
        entry = Entry.parse(data)
        leaf = cls()
        leaf.data, leaf.type, leaf.seen = data, entry.type, False
        leaf._names = leaf._found = leaf._key = None
        leaf.seq, leaf.id, leaf.recorded_at = entry.seq, entry.id, entry.recorded_at
        leaf.origin, leaf.prev, leaf.sd = entry.origin, entry.prev, entry.sd
        leaf._entry = entry
        return leaf

    @property
    def key(self) -> str | None:
        """The keyed digest of the record, 64 hex digits; None if the body has none."""
        if self._names is not None:
            return self._key
        key = self.entry.body.get("idempotency_key")
        return key if isinstance(key, str) else None

    @property
    def entry(self) -> Entry:
        """All of it; a leaf that was seen at one glance is parsed when this is asked for."""
        if self._entry is None:
            self._entry = Entry.parse(self.data)
        return self._entry

    def holds(self, name: str) -> bool:
        """Return whether the body has a field of this name."""
        return name in (self.entry.body if self._names is None else self._names)

    def parts(self) -> tuple[int, int, int]:
        """Return where in the bytes the key of the body begins and ends, and the body ends.

        Canonical bytes have only one form: the member ``id`` follows the body, and a quote inside
        a text is escaped.
        """
        if self._found is not None and self.data.isascii():
            key, name = self._spans
            start, end = self._found.span(key)
            return start - _BEFORE_KEY, end + 1, self._found.start(name) - _BEFORE_ID
        stop = self.data.rindex(f',"id":"{self.id}","origin":"'.encode())
        member = f'"{_KEY}":"{self.key}"'.encode()
        start = self.data.index(member, BODY, stop)
        return start, start + len(member), stop

    def require_shape(self) -> None:
        """Do nothing if the body has the published shape of its type.

        Raises:
            InputError: If it has not; all faults are named.
        """
        if self._names is None:
            from ledger.record.stored import check_stored  # noqa: PLC0415 - models load slowly

            check_stored(self.type, self.entry.body)


def read_leaf(data: bytes) -> Leaf:
    """Read a leaf strictly; whether its body has its shape is asked of ``Leaf.require_shape``.

    Raises:
        CanonicalError: If the bytes are not canonical.
        InputError: If a field is missing, unknown or malformed, or the type is unknown.
    """
    form = _form_at(data)
    seen = None if form is None else form.read(data)
    if seen is not None:
        return seen
    return Leaf.parsed(data)


def picker(kind: str, names: Sequence[str]) -> Callable[[bytes | Leaf], Picked | None]:
    """Return what picks values out of the leaves of one type.

    Args:
        kind: A type that has a form.
        names: Groups of its form.

    Returns:
        A function from a leaf, or from the bytes of one that was read before, to the texts of these
        values, None for null; or to None if the leaf does not match the form.
    """
    form = _form(kind)
    assert form is not None
    groups = [form.pattern.groupindex[name] for name in names]

    def pick(leaf: bytes | Leaf) -> Picked | None:
        if isinstance(leaf, Leaf):
            found = leaf._found if leaf.type == kind else None  # noqa: SLF001 - of this module
        else:
            found = form.pattern.fullmatch(leaf.decode())
        return None if found is None else found.group(*groups)

    return pick


def bad_body(seq: int, error: InputError) -> IntegrityError:
    """Return the error for an entry whose body is not of its published shape."""
    return IntegrityError(
        f"entry {seq}: {error.message}",
        seq=seq,
        where=f"entry {seq}",
        why="it was sealed as it stands, and no program of this kind records such an entry",
        remedy="ask the owner of the ledger how it came to be signed",
    )


def require_body(leaf: Leaf) -> None:
    """Do nothing if the body of an entry has the published shape of its type.

    Raises:
        IntegrityError: Naming the entry.
    """
    try:
        leaf.require_shape()
    except InputError as error:
        raise bad_body(leaf.seq, error) from error


class _Form:
    """The pattern of whole leaves of one type, compiled."""

    def __init__(self, kind: str, body: BodyForm) -> None:
        """Compile the pattern."""
        self.kind = kind
        self.names = body.names
        self.pattern = re.compile(_leaf_source(kind, body))
        index = self.pattern.groupindex
        names = [*map("leaf_{}".format, _FIELDS), _KEY]
        self._fields = len(names)
        self._asked: list[tuple[slice, Callable[..., bool], Callable[..., bool]]] = []
        for rule in body.rules:
            at = slice(len(names), len(names) + len(rule._fields))
            ask = _asking(rule, body.numbers)
            self._asked.append((at, AGREEMENTS.get(rule, ask), ask))
            names += rule._fields
        self.spans = index[_KEY], index["leaf_id"]
        self._caught = [index[name] for name in names]

    def read(self, data: bytes) -> Leaf | None:
        """Return the leaf, or None if it does not match or breaks a rule."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return None
        found = self.pattern.fullmatch(text)
        if found is None or len(data) > BYTES_MAX or not (data.isascii() or is_plain(text)):
            return None
        caught: tuple[Any, ...] = found.group(*self._caught)
        for at, agree, ask in self._asked:
            if not agree(*caught[at]) and not ask(*caught[at]):
                return None
        leaf = Leaf.matched(data, self, found, caught[: self._fields])
        return leaf if len(leaf.sd) < _PAIR or all(map(lt, leaf.sd, leaf.sd[1:])) else None


def _asking(rule: Rule, numbers: Collection[str]) -> Callable[..., bool]:
    """Return what says of the texts that were caught for a rule whether it holds."""
    integers = [place for place, name in enumerate(rule._fields) if name in numbers]

    def holds(*texts: str | None) -> bool:
        values: list[Any] = list(texts)
        for place in integers:
            if values[place] is not None:
                values[place] = int(values[place])
        try:
            rule._make(values).require()
        except (ValueError, LedgerError):
            return False
        return True

    return holds


def _form_at(data: bytes) -> _Form | None:
    """Return the form of the type that a leaf says it has, or None."""
    kind = _KINDS.get(data[data.rfind(b'"', 0, -_END) + 1 : -_END])
    return None if kind is None else _form(kind)


@cache
def _form(kind: str) -> _Form | None:
    """Return the form of a type, compiled when its first leaf is read."""
    body = form_of(kind)
    return None if body is None else _Form(kind, body)


def _leaf_source(kind: str, body: BodyForm) -> str:
    """Return the pattern of a canonical leaf: the fields of ``Entry``, sorted."""
    digest = f'"{DIGEST_PATTERN}"'
    return (
        rf'\{{"body":{body.source},"id":"(?P<leaf_id>{ID_PATTERN})"'
        rf',"origin":"(?P<leaf_origin>{_ORIGIN})","prev":{HASH.source("leaf_prev")}'
        rf',"recorded_at":{INSTANT.source("leaf_recorded_at")},"salt":"{SALT_PATTERN}"'
        rf',"sd":\[(?P<leaf_sd>(?:{digest}(?:,{digest}){{0,{SD_MAX - 1}}})?)\]'
        rf',"seq":{COUNT.source("leaf_seq")},"type":"{kind}","v":1\}}'
    )
