"""Records: a closed union, strict, with published schemas."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from regenerate import schema_files

from ledger.errors import InputError
from ledger.quantity import OPERATIONS_MAX
from ledger.record import MODELS, check_stored, draft_of, evidence_grade, parse_record
from ledger.resources import schemas_root

EVIDENCE = {
    "source_kind": "assertion",
    "file_sha256": None,
    "locator": "line 3",
    "importer": "hand",
    "importer_version": "1",
}
FABRIC = {
    "scale_up_gb_per_s": 900,
    "scale_up_domain": 8,
    "scale_out_gbit_per_s": 400,
    "topology": "non_blocking",
    "concurrent_devices": 8,
}
ALLOCATION: dict[str, Any] = {
    **FABRIC,
    "run": "r1",
    "model": "m",
    "developer": None,
    "activity": "pretrain",
    "extent": "own",
    "start": "2026-01-01T00:00:00Z",
    "start_ms": 0,
    "end": "2026-01-01T00:00:01Z",
    "end_ms": 500,
    "not_after": None,
    "device": "nvidia-h100-sxm5",
    "milli_devices": 8000,
    "device_us": "12000000",
    "precision": "bf16",
    "sparsity": "dense",
    "operation_kind": "float",
    "catalogue_digest": None,
    "peak_operations_per_s": "989400000000000",
    "ceiling_operations": "11872800000000000",
    "operations": "10000000000000000",
    "operations_low": None,
    "operations_high": None,
    "operations_executed": None,
    "method": "counter",
    "method_inputs": {"steps": 3},
    "evidence": EVIDENCE,
    "commitment": None,
    "status": "final",
    "role": "primary",
}
RECORDS: dict[str, dict[str, Any]] = {
    "allocation": ALLOCATION,
    "fact": {
        "subject": "model:m",
        "name": "model.is_foundation_model",
        "value": {"kind": "boolean", "value": True},
        "valid_from": None,
        "valid_until": None,
        "evidence": EVIDENCE,
    },
    "lineage": {
        "model": "m",
        "parent": None,
        "relation": "derived",
        "same_provider": "unknown",
        "on": None,
        "evidence": EVIDENCE,
    },
    "commitment": {
        **FABRIC,
        "contract": "c1",
        "kind": "forward",
        "window_start": "2027-01-01",
        "window_end": "2027-04-01",
        "device": None,
        "milli_devices": None,
        "device_us": None,
        "precision": "fp8",
        "sparsity": "dense",
        "operations_low": "1",
        "operations": "2",
        "operations_high": "3",
        "firmness": "firm",
        "agreed_on": "2026-11-01",
        "exercised_on": None,
        "model": "m",
        "developer": None,
        "activity": "pretrain",
        "operation_kind": "float",
        "evidence": EVIDENCE,
    },
    "holding": {
        "device": "nvidia-h20",
        "quantity": 8,
        "headquarters": "NO",
        "destination": None,
        "event": "received",
        "authorisation": None,
        "on": "2026-01-01",
        "evidence": EVIDENCE,
    },
    "reversal": {
        "reverses": 0,
        "hash": "00" * 32,
        "reversed_type": "fact",
        "reversed": {"a": 1},
        "reason": "duplicate",
        "root_cause": None,
        "discovered_on": None,
    },
    "adoption": {"pack_digest": "00" * 32, "by": "officer", "on": "2026-01-01"},
    "attestation": {"envelope_sha256": "00" * 32, "size": 3, "number": 1},
    "filing": {
        "regime": "eu.aia",
        "rule": "gpaisr-presumption",
        "obligation": "notify",
        "subject": "model:m",
        "sent": "notification",
        "sent_at": "2026-01-01T00:00:00Z",
        "receipt": None,
    },
    "key": {"event": "added", "vkey": "a+b+c", "replaces": None, "reason": "first"},
    "anchor": {
        "kind": "timestamp",
        "size": 1,
        "evidence_sha256": "00" * 32,
        "stated_time": None,
    },
}


def test_record_every_type_has_an_example_and_a_published_schema() -> None:
    assert set(RECORDS) == set(MODELS)
    for kind, body in RECORDS.items():
        assert draft_of(kind, body).body == body
        text = (schemas_root() / f"record-{kind}.v1.schema.json").read_text("utf-8")
        schema = json.loads(text)
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate({"type": kind, **body}, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"type": kind, **body, "surplus": 1}, schema)


def test_record_schemas_equal_the_models() -> None:
    for name, text in schema_files().items():
        published = (schemas_root() / name).read_text("utf-8")
        assert published == text, f"{name} drifted: python tests/regenerate.py"


@pytest.mark.parametrize("kind", sorted(RECORDS))
def test_record_without_one_of_its_fields_is_refused(kind: str) -> None:
    for name in RECORDS[kind]:
        body = {field: value for field, value in RECORDS[kind].items() if field != name}
        with pytest.raises(InputError, match=name):
            draft_of(kind, body)


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("operations", 10**16, "is no text: write it in quotes"),
        ("operations", "1e25", "'1e25' cannot be read: write digits only"),
        ("operations", "1.5", "write digits only"),
        ("operations", "-1", "write digits only"),
        ("operations", "007", "write digits only"),
        ("operations", str(OPERATIONS_MAX + 1), "10\\^28"),
        ("milli_devices", -8000, "at least 0"),
        ("milli_devices", 8000.0, "no whole number"),
        ("milli_devices", True, "no whole number"),
        ("milli_devices", 8001, "devices × time"),
        ("end", "2026-01-01T00:00:00Z", "devices × time"),
        ("end", "2025-12-31T00:00:00Z", "not after its start"),
        ("end", "2026-01-02T00:00:01Z", "one UTC day"),
        ("start", "2026-01-01 00:00:00", "2026-11-22T10:00:00Z"),
        ("start", None, "start and end"),
        ("not_after", "2026-01-01", "not_after alone"),
        ("activity", "training", "pretrain"),
        ("precision", "FP8", "fp64"),
        ("ceiling_operations", "1", "floor"),
        ("operations_low", "20000000000000000", "must not decrease"),
        ("run", "", "is no name"),
        ("run", "a\x1b[2Jb", "control character"),
        ("run", " r1", "no space at either end"),
        ("run", "r1\u202e", "U\\+202E, which does not show"),
        ("model", "a\u00a0b", "U\\+00A0"),
        ("model", "a\u200bb", "U\\+200B"),
        ("model", "b\u00a0", "no space at either end"),
        ("method_inputs", {"a\u00adb": 1}, "U\\+00AD"),
        ("evidence", None, "is no object"),
        ("surplus", 1, "surplus"),
    ],
)
def test_allocation_with_a_wrong_field_is_refused(field: str, value: Any, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        draft_of("allocation", {**ALLOCATION, field: value})


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        ("model: m", "ends with a space"),
        ("model:m\u2066", "U\\+2066"),
        ("modle:m", "write one of model, developer"),
        ("model:", "is no subject"),
    ],
)
def test_fact_of_a_subject_that_is_no_plain_name_is_refused(subject: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        draft_of("fact", {**RECORDS["fact"], "subject": subject})


@pytest.mark.parametrize("name", ["Modèle 7B", "模型-1", "Ñandú (größer)", "a'b/c"])
def test_record_names_of_every_script_are_taken(name: str) -> None:
    assert draft_of("allocation", {**ALLOCATION, "model": name}).body["model"] == name
    subject = f"model:{name}"
    assert draft_of("fact", {**RECORDS["fact"], "subject": subject}).body["subject"] == subject


def test_record_faults_are_said_in_our_words() -> None:
    oddities = (object(), -1, 1.5, "\x1b", [], {}, True, "x" * 5000, {"value": True})
    wrong: list[tuple[str, dict[str, Any]]] = [
        (kind, {**body, name: odd})
        for kind, body in RECORDS.items()
        for name in body
        for odd in oddities
    ]
    said = " ".join(filter(None, (refusal(kind, body) for kind, body in wrong)))
    for leak in ("Input should", "should match", "should be", "Field required", "valid "):
        assert leak not in said
    assert "lacks its kind" in said
    assert refusal("adoption", {}).startswith("not an adoption: pack_digest: is not there")


def refusal(kind: str, body: dict[str, Any]) -> str:
    """What is said against a record; nothing if it is taken."""
    try:
        draft_of(kind, body)
    except InputError as error:
        return error.message
    return ""


def test_allocation_at_the_largest_figure_is_taken() -> None:
    body = {**ALLOCATION, "operations": str(OPERATIONS_MAX)}
    assert draft_of("allocation", body).body["operations"] == str(OPERATIONS_MAX)


def test_allocation_undated_needs_its_latest_day() -> None:
    undated = {**ALLOCATION, "start": None, "end": None, "end_ms": 0}
    with pytest.raises(InputError, match="not_after"):
        draft_of("allocation", undated)
    assert draft_of("allocation", {**undated, "not_after": "2026-01-01"})


def test_record_confidential_fields_are_those_of_its_type() -> None:
    draft = draft_of("allocation", ALLOCATION, hidden={"site": "hall 3"})
    assert dict(draft.hidden) == {"site": "hall 3"}
    with pytest.raises(InputError, match="no confidential field price"):
        draft_of("allocation", ALLOCATION, hidden={"price": "3 USD"})


def test_record_identity_is_its_key_or_its_content() -> None:
    first = draft_of("allocation", ALLOCATION)
    assert first.key == draft_of("allocation", dict(ALLOCATION)).key
    assert first.key != draft_of("allocation", {**ALLOCATION, "run": "r2"}).key
    assert first.key != draft_of("allocation", ALLOCATION, hidden={"notes": "x"}).key
    assert draft_of("allocation", ALLOCATION, key=("a", "b")).key == ("allocation", "a", "b")


def test_record_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(InputError, match="unknown"):
        parse_record({"type": "payment"})
    with pytest.raises(InputError, match="needs a type"):
        parse_record(ALLOCATION)
    assert parse_record({"type": "allocation", **ALLOCATION, "key": ["k"]}).key[1] == "k"


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({"source_kind": "hardware_signed"}, "A"),
        ({"source_kind": "provider_countersigned"}, "B"),
        ({"source_kind": "invoice"}, "B"),
        ({"source_kind": "telemetry"}, "D"),
        ({"source_kind": "assertion"}, "D"),
    ],
)
def test_evidence_grade_follows_from_the_source(changes: dict[str, str], grade: str) -> None:
    assert evidence_grade({**ALLOCATION, "evidence": {**EVIDENCE, **changes}}) == grade


def test_evidence_without_a_documented_method_is_an_assertion() -> None:
    assert evidence_grade({**ALLOCATION, "method_inputs": {}}) == "E"
    assert evidence_grade({**ALLOCATION, "method": "third_party_estimate"}) == "E"
    assert evidence_grade({**ALLOCATION, "method": "provider_reported"}) == "E"


def test_record_confidential_text_is_bounded() -> None:
    assert draft_of("allocation", ALLOCATION, hidden={"notes": "x" * 4000})
    with pytest.raises(InputError, match="notes has 4,001 characters"):
        draft_of("allocation", ALLOCATION, hidden={"notes": "x" * 4001})


LATER: dict[str, Any] = {
    "allocated_on": "2026-12-01",
    "expired_on": "2027-04-01",
    "substitutes": [
        {"device": "nvidia-b200", "ratio": "1/2"},
        {"device": "nvidia-h200", "ratio": "3"},
    ],
}


def test_what_came_later_leaves_older_commitments_as_they_were() -> None:
    old = RECORDS["commitment"]
    assert draft_of("commitment", old).body == old
    # Null says the same as nothing, and is written as nothing.
    assert draft_of("commitment", {**old, **dict.fromkeys(LATER)}).body == old
    new = {**old, **LATER}
    assert draft_of("commitment", new).body == new
    added = {"idempotency_key": "0" * 64, "buyer_pseudonym": None, "seller_pseudonym": None}
    for body in (old, new):
        check_stored("commitment", {**body, **added})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"allocated_on": "2026-10-31"}, "before it is agreed"),
        ({"expired_on": "2027-03-31"}, "does not expire"),
        ({"substitutes": LATER["substitutes"][::-1]}, "substitutes are sorted"),
        ({"substitutes": LATER["substitutes"][:1] * 2}, "substitutes are sorted"),
        ({"device": "nvidia-b200"}, "not the device agreed"),
        ({"substitutes": [{"device": "nvidia-b200", "ratio": "2/4"}]}, "lowest terms"),
        ({"substitutes": [{"device": "nvidia-b200", "ratio": "0"}]}, "ratio"),
        ({"substitutes": [{"device": "nvidia-b200", "ratio": "1/0"}]}, "ratio"),
        ({"substitutes": [{"device": "nvidia-b200", "ratio": "-1"}]}, "ratio"),
    ],
)
def test_a_commitment_that_contradicts_itself_is_refused(
    changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        draft_of("commitment", {**RECORDS["commitment"], **LATER, **changes})
