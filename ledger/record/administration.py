"""Records about the ledger itself: reversals, adoptions, attestations, filings, keys, anchors."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeAlias

from ledger.record.fields import Body, Count, Day, Identifier, Instant, Sha256, Text

__all__ = ["Adoption", "Anchor", "Attestation", "Filing", "Key", "Reversal", "ReversalReason"]


ReversalReason: TypeAlias = Literal[
    "source_restated",
    "duplicate",
    "wrong_device",
    "wrong_zone",
    "wrong_precision",
    "wrong_amount",
    "wrong_attribution",
    "method_change",
    "legal_reclassification",
    "superseded_provisional",
    "withdrawn",
]


class Reversal(Body):
    """That an entry no longer counts; its amounts are subtracted.

    Attributes:
        reverses: Number of the entry.
        hash: Its hash, 64 hex digits.
        reversed_type: Its record type.
        reversed: Its body, word for word.
        reason: Why.
        root_cause: What went wrong, in a word; null if not known yet.
        discovered_on: Day the error was found; null if not stated.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"notes"})

    reverses: Count
    hash: Sha256
    reversed_type: Literal[
        "adoption", "allocation", "commitment", "fact", "filing", "holding", "lineage"
    ]
    reversed: dict[str, Any]
    reason: ReversalReason
    root_cause: Text | None
    discovered_on: Day | None


class Adoption(Body):
    """That a rule pack was put in force for this ledger.

    Attributes:
        pack_digest: SHA-256 of the canonical pack.
        by: Who decided.
        on: First day it serves.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"notes"})

    pack_digest: Sha256
    by: Identifier
    on: Day


class Attestation(Body):
    """That a statement about the ledger was signed.

    Attributes:
        envelope_sha256: Digest of the envelope file.
        size: Number of entries the statement speaks of.
        number: Its number in the series.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"notes"})

    envelope_sha256: Sha256
    size: Count
    number: Count


class Filing(Body):
    """That an obligation was fulfilled.

    Attributes:
        regime: Regime id.
        rule: Rule id inside it.
        obligation: Obligation id inside the rule.
        subject: Whom it concerns.
        sent: What was sent.
        sent_at: When.
        receipt: Digest of the receipt; null if none.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"notes"})

    regime: Identifier
    rule: Identifier
    obligation: Identifier
    subject: Text
    sent: Text
    sent_at: Instant
    receipt: Sha256 | None


class Key(Body):
    """That a signing key was added, rotated or revoked.

    Attributes:
        event: What happened.
        vkey: The public key in C2SP text.
        replaces: The key it replaces; null if none.
        reason: Why.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"notes"})

    event: Literal["added", "rotated", "revoked"]
    vkey: Text
    replaces: Text | None
    reason: Text


class Anchor(Body):
    """That a checkpoint was seen outside: cosigned, or stamped with a time.

    Attributes:
        kind: What the outside evidence is.
        size: Number of entries of the checkpoint.
        evidence_sha256: Digest of the cosigned note or token.
        stated_time: Time that the outside party states; null if none.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"notes"})

    kind: Literal["cosigned_checkpoint", "timestamp"]
    size: Count
    evidence_sha256: Sha256
    stated_time: Instant | None
