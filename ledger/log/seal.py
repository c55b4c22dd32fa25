"""Sealing turns drafts into entries: keys, pseudonyms, openings, bytes, hashes, links.

Keyed digests are HMAC-SHA256 under the ledger's secret, so that a leaf tells nobody which
records are the same thing. What is new is linked by ``ledger.log.chain``.
Specification: ``schemas/store.v1.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ledger.canonical import JSON
from ledger.entry import Entry
from ledger.errors import ConflictError
from ledger.log.chain import Chain
from ledger.log.identity import Identity
from ledger.log.kept import Kept, reversal_key
from ledger.log.outcome import Appended, Conflict
from ledger.log.prepared import Preparation, Prepared, PreparedSheet
from ledger.log.store import Batch, Head, KeyRow, Store
from ledger.log.wholes import (
    Verdict,
    alike,
    decide,
    decide_part,
    emptied,
    gather,
    is_empty,
    judge,
    meets,
)
from ledger.period import format_instant
from ledger.record.draft import Draft
from ledger.record.sheet import Sheet
from ledger.record.whole import Whole

__all__ = ["IRREVERSIBLE", "Sealing", "reversal_key"]

IRREVERSIBLE = frozenset({"anchor", "attestation", "key", "reversal"})
_TOLD_AGAIN = frozenset({"allocation", "lineage"})
"""Types that importers read from files; a file that grows is read again and again."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Sealing:
    """One transaction in the making: drafts go in, a batch comes out."""

    def __init__(self, identity: Identity, store: Store, head: Head) -> None:
        """Begin where the log ends."""
        self._identity = identity
        self._head = head
        recorded_at = max(format_instant(identity.clock()), head.recorded_at)
        self._chain = Chain(identity, head, recorded_at)
        self._kept = Kept(identity, store, head, self._chain)
        self._keys: list[tuple[bytes, int, bytes]] = []
        self._new: list[int] = []
        self._superseded: list[int] = []
        self._conflicts: list[Conflict] = []
        self._refuted: list[int] = []
        self._same = self._withheld = 0
        self._preparation = Preparation(identity, self._kept.key)

    def run(
        self, drafts: Sequence[Draft], vanished: Sequence[Whole] = ()
    ) -> tuple[Batch, Appended]:
        """Seal what is new.

        Args:
            drafts: What is to be appended.
            vanished: Things that hold nothing, and of which legs may have been recorded before.

        Raises:
            InputError: If a draft has no canonical form or is too large.
            ConflictError: If a reversal does not fit what it reverses.
        """
        if isinstance(drafts, Sheet):
            sheet = self._preparation.prepare_sheet(drafts)
            taken = not vanished and self._take_new(sheet)
            prepared = [] if taken else sheet.items()
        else:
            prepared = self._preparation.prepare_all(drafts)
        self._take_all(prepared, vanished)
        batch = Batch(self._chain.entries, self._chain.openings, self._keys, self._chain.head())
        appended = Appended(
            tuple(self._new),
            self._same,
            tuple(self._conflicts),
            tuple(self._superseded),
            self._withheld,
            tuple(self._refuted),
        )
        return batch, appended

    def _take_new(self, sheet: PreparedSheet) -> bool:
        """Add a whole sheet if nothing of it was ever told; return whether that was done."""
        keys = sheet.keys
        self._kept.look_up(keys)
        told = len(set(keys)) < len(keys) or self._kept.knows_any(keys)
        if told or sheet.type == "reversal" or not self._stand_alone(sheet):
            return False
        start = self._chain.size
        self._chain.link(
            sheet.type, zip(sheet.before, keys, sheet.behind, sheet.hidden, strict=True)
        )
        seqs = range(start, self._chain.size)
        self._keys += zip(keys, seqs, sheet.contents, strict=True)
        self._new += seqs
        return True

    def _stand_alone(self, sheet: PreparedSheet) -> bool:
        """Return whether the legs of each thing stand together, the first of them in front.

        Of a thing whose first leg nobody knows nothing was told before, so that it is taken whole.
        """
        last: Whole | None = None
        for key, whole in zip(sheet.keys, sheet.wholes, strict=True):
            if whole is not None and whole != last:
                if whole.parts or len(whole.series) != 1:
                    return False
                if self._kept.key(whole.series[0].key(0)) != key:
                    return False
            last = whole
        return True

    def _take_all(self, prepared: Sequence[Prepared], vanished: Sequence[Whole]) -> None:
        """Add what is new of some drafts, and empty what vanished."""
        self._kept.look_up({item.key for item in prepared})
        groups = list(gather(prepared))
        self._kept.look_up_all([*(w for w, _ in groups if w is not None), *vanished])
        for whole, places in groups:
            if whole is None:
                self._take(places[0], prepared[places[0]])
            else:
                self._take_whole(whole, [(place, prepared[place]) for place in places])
        for whole in vanished:
            self._take_vanished(whole)

    def _judge(self, item: Prepared) -> Verdict:
        """Say what a draft is to what the ledger holds under its key.

        What was only read at another place is the same.
        """
        live = self._kept.live.get(item.key)
        if live is None:
            return "new"
        if live.content == item.content:
            return "same"
        if item.type not in _TOLD_AGAIN:
            return "differs"
        held = self._kept.entry(live.seq).body
        verdict = judge(held, item.body) if item.type == "allocation" else "differs"
        if verdict == "differs" and alike(item.draft, held, self._kept.hidden(live.seq)):
            return "same"
        return verdict

    def _take(self, index: int, item: Prepared, verdict: Verdict | None = None) -> None:
        """Add a draft, or count why it is not added."""
        verdict = verdict or self._judge(item)
        if verdict == "new":
            if item.type == "reversal":
                self._check_reversal(item.body)
            self._new.append(self._add(item))
        elif verdict == "replaces":
            self._supersede(self._kept.live[item.key].seq)
            self._new.append(self._add(item))
        elif verdict == "differs":
            self._conflicts.append(Conflict(index, self._kept.live[item.key].seq, item.draft.key))
        else:
            self._same += 1

    def _supersede(self, seq: int) -> None:
        """Let a provisional record make room for its successor, which follows at once."""
        self._add(self._preparation.prepare(_superseding(self._kept.entry(seq))))
        self._superseded.append(seq)

    def _take_whole(self, whole: Whole, items: Sequence[tuple[int, Prepared]]) -> None:
        """Add the legs of one thing, and empty those that it no longer has; or add none."""
        if whole.parts:
            for index, item in items:
                self._take_part(whole, index, item)
            return
        verdicts = [self._judge(item) for _, item in items]
        rest = self._rest(whole, {item.key for _, item in items})
        final = all(item.body["status"] == "final" for _, item in items)
        decision = decide(
            verdicts, [entry.body for entry in rest], final=final, ended=lambda: self._ended(items)
        )
        if decision == "older":
            self._same += len(items)
        elif decision == "against":
            self._withhold(items, verdicts, rest)
        else:
            for (index, item), verdict in zip(items, verdicts, strict=True):
                self._take(index, item, verdict)
            for entry in rest:
                self._empty(entry, whole)

    def _take_part(self, whole: Whole, index: int, item: Prepared) -> None:
        """Add a part of one time under the number of a record that it meets, or a free one."""
        met = [entry for entry in self._rest(whole, set()) if meets(entry.body, item.body)]
        key = self._kept.free(whole.series[0])
        if met:
            key = bytes.fromhex(str(met[0].body["idempotency_key"]))
        item.key, rest = key, met[1:]
        verdict = self._judge(item)
        decision = decide_part(verdict, item.body, [entry.body for entry in rest])
        if decision == "against":
            self._withhold([(index, item)], [verdict], rest)
            return
        self._take(index, item, verdict)
        for entry in rest:
            self._empty(entry, whole)

    def _ended(self, items: Sequence[tuple[int, Prepared]]) -> bool:
        """Return whether one of these legs is held as a final record."""
        held = (self._kept.live[item.key].seq for _, item in items if item.key in self._kept.live)
        return any(self._kept.entry(seq).body["status"] == "final" for seq in held)

    def _withhold(
        self,
        items: Sequence[tuple[int, Prepared]],
        verdicts: Sequence[Verdict],
        rest: Sequence[Entry],
    ) -> None:
        """Add none of the legs of a thing, and name those that stand against the ledger."""
        word = "differs" if "differs" in verdicts else "older"
        odd = [pair for pair, each in zip(items, verdicts, strict=True) if each == word]
        blamed = odd or items[-1:]
        for index, item in blamed:
            seq = self._kept.live[item.key].seq if odd else rest[0].seq
            self._conflicts.append(Conflict(index, seq, item.draft.key))
        told = {index for index, _ in blamed}
        others = [v for (index, _), v in zip(items, verdicts, strict=True) if index not in told]
        self._same += others.count("same")
        self._withheld += len(others) - others.count("same")

    def _take_vanished(self, whole: Whole) -> None:
        """Empty what was recorded of a thing while it seemed to hold something; or tell it."""
        rest = [
            entry for entry in self._rest(whole, set()) if whole.role in {None, entry.body["role"]}
        ]
        stays = [e.seq for e in rest if whole.doubtful or e.body["status"] == "final"]
        self._refuted += stays
        for entry in () if stays else rest:
            self._empty(entry, whole)

    def _rest(self, whole: Whole, told: set[bytes]) -> list[Entry]:
        """Return the standing legs of a thing that are not told now and are not empty."""
        live = self._kept.live
        rows = (live[key] for key in self._kept.legs(whole) if key in live and key not in told)
        found = (self._kept.entry(row.seq) for row in rows)
        return [entry for entry in found if not is_empty(entry.body)]

    def _empty(self, entry: Entry, whole: Whole) -> None:
        """Replace a provisional leg by a final one that says that nothing was held."""
        draft = emptied(entry.body, self._kept.hidden(entry.seq), whole.evidence)
        key = bytes.fromhex(str(entry.body["idempotency_key"]))
        self._supersede(entry.seq)
        item = self._preparation.prepare(draft)
        item.key = key
        self._add(item)

    def _check_reversal(self, body: Mapping[str, JSON]) -> None:
        """Refuse a reversal that does not copy what it reverses word for word."""
        target = body["reverses"]
        assert isinstance(target, int)
        if not 0 <= target < self._chain.size:
            raise ConflictError(
                f"entry {target} cannot be reversed: it is not there",
                remedy="flopledger status shows how many entries there are",
            )
        held = self._kept.entry(target)
        if held.type in IRREVERSIBLE:
            raise ConflictError(
                f"entry {target} is a record of type {held.type}, which is never reversed",
                why="what the ledger says about itself is corrected by a further record",
            )
        copy = (body["hash"], body["reversed_type"], _encode(body["reversed"]))
        if copy != (held.hash().hex(), held.type, _encode(held.body)):
            raise ConflictError(
                f"the reversal does not copy entry {target} word for word",
                remedy=f"take hash and body from: flopledger show {target} -f json",
            )

    def _add(self, item: Prepared) -> int:
        """Link one entry to the last and return its number."""
        seq = self._chain.size
        self._chain.link(item.type, [(item.before, item.key, item.behind, item.hidden)])
        self._kept.add(item.key, KeyRow(seq, item.content))
        self._keys.append((item.key, seq, item.content))
        if item.type == "reversal":
            self._kept.release(item.body)
        return seq


def _superseding(held: Entry) -> Draft:
    """Return the reversal of a provisional entry whose final record has come."""
    body: dict[str, JSON] = {
        "reverses": held.seq,
        "hash": held.hash().hex(),
        "reversed_type": held.type,
        "reversed": held.body,
        "reason": "superseded_provisional",
        "root_cause": None,
        "discovered_on": None,
    }
    return Draft("reversal", body, {}, reversal_key(held.seq))
