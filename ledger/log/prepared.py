"""A prepared record is a draft with its keyed digests, spelt once for all that is hashed of it.

The keyed digest of the content and the leaf hold the same canonical bytes of the body; the leaf has
the key besides, spliced in where it is sorted. A draft of a sheet is built only where somebody asks
what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

import msgspec

from ledger.canonical import JSON
from ledger.entry import TYPES
from ledger.errors import InputError
from ledger.log.identity import Identity
from ledger.log.kept import reversal_key
from ledger.log.profile import check_hidden, check_profile
from ledger.record.draft import MODELS, Draft
from ledger.record.sheet import Sheet, Spelling
from ledger.record.whole import Whole

__all__ = ["Preparation", "Prepared", "PreparedSheet", "spelt"]

_KEY = "idempotency_key"
_MARK = b'"idempotency_key":""'

_encode = msgspec.json.Encoder(order="deterministic").encode


_Columns: TypeAlias = tuple[
    tuple[bytes, ...],
    tuple[bytes, ...],
    tuple[bytes, ...],
    tuple[Mapping[str, str], ...],
    tuple[Whole | None, ...],
]
"""What spellings hold, field by field."""


class Prepared:
    """A draft with its keyed digests.

    Attributes:
        before: Canonical bytes of the body up to the place of its key.
        behind: The rest of them.
        key: Keyed digest of the natural key, 32 bytes.
        content: Keyed digest of what the record says, 32 bytes.
        hidden: Confidential fields.
        whole: What the record is a leg of, or None.
    """

    __slots__ = (
        "_body",
        "_place",
        "_source",
        "before",
        "behind",
        "content",
        "hidden",
        "key",
        "type",
        "whole",
    )

    def __init__(
        self,
        kind: str,
        spelling: Spelling,
        digests: tuple[bytes, bytes],
        source: tuple[Sequence[Draft], int],
        body: dict[str, JSON] | None = None,
    ) -> None:
        """Keep the bytes, and where the draft is.

        Args:
            kind: Record type.
            spelling: The draft as bytes.
            digests: Those of its key and of its content.
            source: The drafts, and its place among them.
            body: Its body with the pseudonyms, or None to read it from the bytes when asked.
        """
        self.type = kind
        self.before, self.behind, self.hidden = spelling.before, spelling.behind, spelling.hidden
        self.whole: Whole | None = spelling.whole
        self.key, self.content = digests
        self._source, self._place = source
        self._body = body

    @property
    def draft(self) -> Draft:
        """The draft."""
        return self._source[self._place]

    @property
    def body(self) -> dict[str, JSON]:
        """The body with its pseudonyms and without its key."""
        if self._body is None:
            self._body = cast("dict[str, JSON]", msgspec.json.decode(self.before + self.behind))
        return self._body


class PreparedSheet:
    """The drafts of a sheet with their keyed digests, a column each.

    Attributes:
        type: Record type of them all.
        before: Canonical bytes of each body up to the place of its key.
        behind: The rest of them.
        hidden: Confidential fields.
        keys: Keyed digests of the natural keys.
        contents: Keyed digests of what the records say.
        wholes: What each is a leg of, or None.
    """

    __slots__ = (
        "_sheet",
        "_spellings",
        "before",
        "behind",
        "contents",
        "hidden",
        "keys",
        "type",
        "wholes",
    )

    def __init__(self, sheet: Sheet, spellings: Sequence[Spelling], identity: Identity) -> None:
        """Compute the keyed digests.

        Raises:
            InputError: If a confidential field is no text.
        """
        self._sheet, self._spellings, self.type = sheet, spellings, sheet.type
        columns = cast("_Columns", zip(*spellings, strict=True) if spellings else ((),) * 5)
        self.before, self.behind, keys, self.hidden, self.wholes = columns
        for fields in filter(None, self.hidden):
            check_hidden(fields)
        self.contents = identity.contents_of(self.type, self.before, self.behind, self.hidden)
        self.keys = identity.keys_of(keys)

    def items(self) -> list[Prepared]:
        """Return each as a prepared record."""
        rows = enumerate(zip(self._spellings, self.keys, self.contents, strict=True))
        source = self._sheet
        return [
            Prepared(self.type, said, (key, content), (source, place))
            for place, (said, key, content) in rows
        ]


class Preparation:
    """What turns drafts into prepared records, under one secret."""

    def __init__(self, identity: Identity, key: Callable[[Sequence[str]], bytes]) -> None:
        """Prepare for an identity.

        Args:
            identity: Who seals.
            key: Gives the keyed digest of a natural key.
        """
        self._identity = identity
        self._key = key
        self._pseudonyms: dict[tuple[str, str], str] = {}

    def _pseudonym(self, name: str, value: str) -> str:
        """Return the stand-in of a confidential value; the same few come again and again."""
        said = name, value
        found = self._pseudonyms.get(said)
        if found is None:
            found = self._pseudonyms[said] = self._identity.pseudonym(name, value)
        return found

    def prepare_all(self, drafts: Sequence[Draft]) -> list[Prepared]:
        """Compute the pseudonyms and the keyed digests of some drafts.

        Raises:
            InputError: If one has no canonical form.
        """
        return [self.prepare(draft, (drafts, place)) for place, draft in enumerate(drafts)]

    def prepare(self, draft: Draft, source: tuple[Sequence[Draft], int] | None = None) -> Prepared:
        """Compute the pseudonyms and the keyed digests of a draft.

        Args:
            draft: The draft.
            source: Where it stands, if it stands among others.

        Raises:
            InputError: If it has no canonical form.
        """
        if draft.type not in TYPES:
            raise InputError(f"record type {draft.type!r} is unknown")
        body, hidden = dict(draft.body), draft.hidden
        check_profile(body)
        check_hidden(hidden)
        # A reversal's key is what it reverses, so that a second one meets the first.
        parts = reversal_key(body["reverses"]) if draft.type == "reversal" else draft.key
        try:
            for name in MODELS[draft.type].PSEUDONYMS:
                value = hidden.get(name)
                body[name + "_pseudonym"] = None if value is None else self._pseudonym(name, value)
            before, behind = spelt(body)
            content = self._identity.content_of(draft.type, before + behind, hidden)
            digests = self._key(parts), content
        except UnicodeEncodeError as error:
            raise InputError(
                f"a text of the {draft.type} holds half a character",
                why="a lone surrogate has no UTF-8 form",
                remedy="write the file anew as UTF-8",
            ) from error
        spelling = Spelling(before, behind, b"", hidden, draft.whole)
        return Prepared(draft.type, spelling, digests, source or ((draft,), 0), body)

    def prepare_sheet(self, sheet: Sheet) -> PreparedSheet:
        """Compute the keyed digests of the drafts of a sheet, and build none of them.

        Raises:
            InputError: If a confidential field is no text.
        """
        return PreparedSheet(sheet, list(sheet.spellings(self._pseudonym)), self._identity)


def spelt(body: Mapping[str, JSON]) -> tuple[bytes, bytes]:
    """Return the canonical bytes of a body before and behind the place of its key.

    Args:
        body: Public fields within the profile, pseudonyms among them, and no key.
    """
    data = _encode({**body, _KEY: ""})
    before, mark, behind = data.partition(_MARK)
    # No text holds the mark, for its quotes would be escaped; a field within a field may.
    if behind.startswith(b",") and _MARK not in behind:
        return before, behind[1:]
    first = _encode({name: value for name, value in body.items() if name < _KEY})
    rest = _encode({name: value for name, value in body.items() if name > _KEY})
    assert mark, "the key is a field of every body"
    assert rest != b"{}", "every type of record has a field behind the key"
    return (first[:-1] + b"," if first != b"{}" else b"{"), rest[1:]
