"""A body form is the pattern of the canonical body of one record type, with its rules.

Every type has one but ``reversal``, which holds the body of another entry: it is read the slow way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, get_args

from ledger.form.rules import Amounts, Descent, Exact, Inputs, Rule, SetOfNames, Times, Window
from ledger.form.spelling import (
    COUNT,
    DAY,
    DIGITS,
    HASH,
    IDENTIFIER,
    INPUTS,
    INSTANT,
    MILLISECONDS,
    OPERATIONS,
    PSEUDONYM,
    SET,
    TEXT,
    YES_NO,
    Spelling,
    subject,
    whole,
    words,
)
from ledger.form.words import (
    Activity,
    Method,
    OperationKind,
    Precision,
    SourceKind,
    Sparsity,
    Topology,
)

__all__ = ["COUNTRY", "FIGURES", "SUBJECT", "SUMMED", "BodyForm", "form_of"]

FIGURES: Final = (
    *("operations", "operations_low", "operations_high", "ceiling_operations", "device_us"),
)
"""What sums add up."""
SUMMED: Final = (
    *("model", "developer", "activity", "operation_kind", "extent", "role", "run", "commitment"),
    *("evidence_source_kind", "method", "method_inputs", "start", "not_after"),
    *("device", "precision", "sparsity", "topology", "peak_operations_per_s"),
    *("scale_up_gb_per_s", "scale_up_domain", "scale_out_gbit_per_s", "concurrent_devices"),
    *FIGURES,
)
"""What sums ask of an allocation, by the names of its groups."""


@dataclass(frozen=True, slots=True)
class BodyForm:
    """The form of one record type.

    Attributes:
        source: Pattern of the body; what rules and sums ask for is caught under its name, and the
            keyed digest under ``idempotency_key``.
        names: Keys of the body.
        rules: What must hold beside, of groups of these names.
        numbers: Names of groups that catch an integer.
    """

    source: str
    names: frozenset[str]
    rules: tuple[Rule, ...]
    numbers: frozenset[str]


@cache
def form_of(kind: str) -> BodyForm | None:
    """Return the form of a record type, or None if it has none."""
    members = _MEMBERS.get(kind)
    if members is None:
        return None
    rules = _RULES.get(kind, ())
    catch = {"idempotency_key", *(name for rule in rules for name in rule._fields)}
    catch.update(SUMMED if kind == "allocation" else ())
    numbers = frozenset(name for name in catch & members.keys() if members[name].number)
    return BodyForm(whole(members, catch=catch), frozenset(members), rules, numbers)


def _body(*pseudonyms: str, **members: Spelling) -> Mapping[str, Spelling]:
    """Return the members of a body: its fields, and what sealing adds."""
    added = {f"{name}_pseudonym": PSEUDONYM.or_null() for name in pseudonyms}
    return {**members, **added, "idempotency_key": HASH}


_EVIDENCE: Final = Spelling(
    whole(
        {
            "source_kind": words(get_args(SourceKind)),
            "file_sha256": HASH.or_null(),
            "locator": TEXT,
            "importer": IDENTIFIER,
            "importer_version": IDENTIFIER,
        },
        catch={"evidence_source_kind"},
        under="evidence_",
    ),
    quoted=False,
)
_FABRIC: Final = {
    "scale_up_gb_per_s": COUNT.or_null(),
    "scale_up_domain": COUNT.or_null(),
    "scale_out_gbit_per_s": COUNT.or_null(),
    "topology": words(get_args(Topology)),
    "concurrent_devices": COUNT.or_null(),
}
_WORK: Final = {
    **_FABRIC,
    "activity": words(get_args(Activity)),
    "device": IDENTIFIER.or_null(),
    "milli_devices": COUNT.or_null(),
    "device_us": DIGITS.or_null(),
    "precision": words(get_args(Precision)),
    "sparsity": words(get_args(Sparsity)),
    "operation_kind": words(get_args(OperationKind)),
    "operations_low": OPERATIONS.or_null(),
    "operations": OPERATIONS.or_null(),
    "operations_high": OPERATIONS.or_null(),
    "developer": IDENTIFIER.or_null(),
    "evidence": _EVIDENCE,
}
COUNTRY: Final = Spelling("[A-Z]{2}")
SUBJECT: Final = subject(
    (
        *("model", "developer", "group", "system", "run", "cluster", "device", "site"),
        *("transaction", "destination", "consignee", "company", "headquarters"),
    )
)
_VALUES: Final = {"boolean": YES_NO, "set": SET, "quantity": TEXT, "date": DAY, "text": TEXT}
_VALUE: Final = Spelling(
    "|".join(
        whole(
            {"kind": words([kind]), "value": value},
            catch={"set_value", "quantity_value"},
            under=f"{kind}_",
        )
        for kind, value in _VALUES.items()
    ),
    quoted=False,
)

_MEMBERS: Final[Mapping[str, Mapping[str, Spelling]]] = {
    "adoption": _body(pack_digest=HASH, by=IDENTIFIER, on=DAY),
    "allocation": _body(
        "site",
        "cluster",
        "operator",
        **_WORK,
        run=IDENTIFIER,
        model=IDENTIFIER,
        extent=words(["own", "cumulative"]),
        start=INSTANT.or_null(),
        start_ms=MILLISECONDS,
        end=INSTANT.or_null(),
        end_ms=MILLISECONDS,
        not_after=DAY.or_null(),
        catalogue_digest=HASH.or_null(),
        peak_operations_per_s=DIGITS.or_null(),
        ceiling_operations=DIGITS.or_null(),
        operations_executed=OPERATIONS.or_null(),
        method=words(get_args(Method)),
        method_inputs=INPUTS,
        commitment=IDENTIFIER.or_null(),
        status=words(["provisional", "final"]),
        role=words(["primary", "corroborating"]),
    ),
    "anchor": _body(
        kind=words(["cosigned_checkpoint", "timestamp"]),
        size=COUNT,
        evidence_sha256=HASH,
        stated_time=INSTANT.or_null(),
    ),
    "attestation": _body(envelope_sha256=HASH, size=COUNT, number=COUNT),
    "commitment": _body(
        "buyer",
        "seller",
        **_WORK,
        contract=IDENTIFIER,
        kind=words(["forward", "option", "reservation", "plan"]),
        window_start=DAY,
        window_end=DAY,
        firmness=words(["firm", "conditional"]),
        agreed_on=DAY,
        exercised_on=DAY.or_null(),
        model=IDENTIFIER.or_null(),
    ),
    "fact": _body(
        subject=SUBJECT,
        name=IDENTIFIER,
        value=_VALUE,
        valid_from=DAY.or_null(),
        valid_until=DAY.or_null(),
        evidence=_EVIDENCE,
    ),
    "filing": _body(
        regime=IDENTIFIER,
        rule=IDENTIFIER,
        obligation=IDENTIFIER,
        subject=TEXT,
        sent=TEXT,
        sent_at=INSTANT,
        receipt=HASH.or_null(),
    ),
    "holding": _body(
        "consignee",
        "ultimate_parent",
        "site",
        device=IDENTIFIER,
        quantity=COUNT,
        headquarters=COUNTRY.or_null(),
        destination=COUNTRY.or_null(),
        event=words(["shipped", "received", "installed", "removed"]),
        authorisation=TEXT.or_null(),
        on=DAY,
        evidence=_EVIDENCE,
    ),
    "key": _body(
        event=words(["added", "rotated", "revoked"]),
        vkey=TEXT,
        replaces=TEXT.or_null(),
        reason=TEXT,
    ),
    "lineage": _body(
        model=IDENTIFIER,
        parent=IDENTIFIER.or_null(),
        relation=words(["derived", "merged", "initialised", "distilled"]),
        same_provider=words(["yes", "no", "unknown"]),
        on=DAY.or_null(),
        evidence=_EVIDENCE,
    ),
}

_RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "allocation": (Times, Amounts, Inputs),
    "commitment": (Window,),
    "fact": (SetOfNames, Exact),
    "lineage": (Descent,),
}
