"""A draft is a validated record before it has a place in the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from ledger.canonical import JSON, encode
from ledger.errors import InputError, LedgerError
from ledger.form.plain import fault_of_text
from ledger.modelling import ValidationError
from ledger.record.administration import Adoption, Anchor, Attestation, Filing, Key, Reversal
from ledger.record.allocation import Allocation
from ledger.record.faults import faults
from ledger.record.fields import Body
from ledger.record.subject import Commitment, Fact, Holding, Lineage
from ledger.record.whole import Whole

__all__ = ["MODELS", "Draft", "draft_again", "draft_of", "parse_record"]

MODELS: Mapping[str, type[Body]] = {
    "adoption": Adoption,
    "allocation": Allocation,
    "anchor": Anchor,
    "attestation": Attestation,
    "commitment": Commitment,
    "fact": Fact,
    "filing": Filing,
    "holding": Holding,
    "key": Key,
    "lineage": Lineage,
    "reversal": Reversal,
}

HIDDEN_MAX = 4000  # characters of a confidential text, as of a public one


@dataclass(frozen=True, slots=True)
class Draft:
    """A validated record, ready to be sealed.

    Attributes:
        type: Record type.
        body: Public fields, all of them present; pseudonyms and key are added on sealing.
        hidden: Confidential fields that were given; they go into openings.
        key: Natural identity of the record; the same key is the same thing.
        whole: What the record is a leg of, if its source tells of several legs at once; they stand
            one behind the other, and are appended together or not at all.
    """

    type: str
    body: dict[str, JSON]
    hidden: Mapping[str, str]
    key: tuple[str, ...]
    whole: Whole | None = None


def draft_of(
    kind: str,
    body: Mapping[str, Any],
    *,
    hidden: Mapping[str, str] | None = None,
    key: tuple[str, ...] = (),
    whole: Whole | None = None,
) -> Draft:
    """Validate a record and make it ready for sealing.

    Args:
        kind: Record type.
        body: Every public field of the type.
        hidden: Confidential fields, any of those the type allows.
        key: Natural identity; if empty, the whole content is its own identity.
        whole: What the record is a leg of, or None.

    Raises:
        InputError: If a field is missing, unknown or wrong; all faults are named. Or the key is
            no text.
    """
    model = MODELS.get(kind)
    if model is None:
        raise InputError(f"record type {kind!r} is unknown", remedy="use: " + ", ".join(MODELS))
    article = "an" if kind[0] in "aeiou" else "a"
    try:
        parsed = model.model_validate(dict(body))
    except ValidationError as error:
        raise InputError(
            f"not {article} {kind}: {faults(error)}", remedy="mend these fields"
        ) from error
    except LedgerError as error:
        raise InputError(f"not {article} {kind}: {error.message}", remedy=error.remedy) from error
    secrets = _secrets_of(kind, hidden or {})
    try:
        "".join(key).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"what tells this {kind} from others holds a lone surrogate, which is no text",
            remedy="mend the name or identifier in the source",
        ) from error
    dumped = cast("dict[str, JSON]", parsed.model_dump(mode="json"))
    public = {n: value for n, value in dumped.items() if value is not None or n not in model.LATER}
    identity = key or (
        "content",
        encode({"body": public, "hidden": cast("JSON", secrets)}).decode(),
    )
    return Draft(kind, public, secrets, (kind, *identity), whole)


def _secrets_of(kind: str, hidden: Mapping[str, str]) -> dict[str, str]:
    """Return the confidential fields of a record, once each may stand in one.

    Raises:
        InputError: If one is unknown, too long, or shows what it is not.
    """
    model, secrets = MODELS[kind], dict(hidden)
    unknown = sorted(set(secrets) - model.HIDDEN)
    if unknown:
        raise InputError(
            f"{kind} has no confidential field {', '.join(unknown)}",
            remedy="use: " + ", ".join(sorted(model.HIDDEN)),
        )
    for name, text in secrets.items():
        if len(text) > HIDDEN_MAX:
            raise InputError(
                f"{name} has {len(text):,} characters, more than {HIDDEN_MAX:,}",
                remedy="shorten it, and keep the long text elsewhere with its digest here",
            )
        if fault := fault_of_text(text):
            raise InputError(f"{name}: {fault}", remedy="mend the field in the source")
    return secrets


def draft_again(
    kind: str,
    body: dict[str, JSON],
    *,
    hidden: Mapping[str, str],
    key: tuple[str, ...],
    whole: Whole | None = None,
) -> Draft:
    """Make ready what ``draft_of`` has made ready before, from the same fields, and check nothing.

    Args:
        kind: Record type.
        body: Every public field of the type; the draft keeps it.
        hidden: Confidential fields.
        key: Natural identity, not empty.
        whole: What the record is a leg of, or None.
    """
    return Draft(kind, body, hidden, (kind, *key), whole)


def parse_record(value: Mapping[str, Any]) -> Draft:
    """Validate one object ``{"type": …, …fields…, "hidden": {…}, "key": […]}``.

    Raises:
        InputError: If it is not a record.
    """
    fields = dict(value)
    kind, hidden, key = fields.pop("type", None), fields.pop("hidden", {}), fields.pop("key", [])
    if not isinstance(kind, str):
        raise InputError("a record needs a type", remedy="use: " + ", ".join(MODELS))
    if not isinstance(hidden, dict) or not all(isinstance(v, str) for v in hidden.values()):
        raise InputError("hidden holds confidential fields as texts", remedy='write {"notes": "…"}')
    if not isinstance(key, list) or not all(isinstance(part, str) for part in key):
        raise InputError("key is a list of texts", remedy='write ["cluster-1", "job-17"]')
    return draft_of(kind, fields, hidden=hidden, key=tuple(key))
