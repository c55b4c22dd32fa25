"""``rules pack --release``, ``rules sign`` and ``rules check-signatures``, as people type them."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from regimes import ROOT, SMALL, changed

from ledger.keys import FileSigner
from ledger.pack import packed_bytes
from ledger.regime.endorsement import encode_signed, parse_signed
from ledger.report.quorum import quorum_schema

Run = Callable[..., Any]
CLOCK = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def law(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of rules with the shipped vocabulary and the small regime, and its pack."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(CLOCK.timestamp())))
    rules = tmp_path / "rules"
    (rules / "vocabulary").mkdir(parents=True)
    for path in (ROOT / "rules" / "vocabulary").glob("*.yaml"):
        (rules / "vocabulary" / path.name).write_bytes(path.read_bytes())
    (rules / "regimes" / "xx").mkdir(parents=True)
    write(rules, SMALL)
    (tmp_path / "law.json").write_bytes(packed_bytes(rules))
    return rules


def write(rules: Path, text: str) -> None:
    """Write the one regime of a folder."""
    (rules / "regimes" / "xx" / "xx.small.yaml").write_text(text, encoding="utf-8")


def key(flopledger: Run, name: str) -> str:
    """Make a key in ``<name>.pem`` and return its public half."""
    ran = flopledger("key", "new", f"law.example/{name}", "-o", f"{name}.pem")
    assert ran.code == 0, ran.err
    return str(ran.out).strip()


def trusting(threshold: str, **keys: str) -> None:
    """Write ``trust.json`` in which each person holds the role before the stroke."""
    signers = {
        place.partition("_")[2]: {
            "name": place,
            "roles": [place.partition("_")[0]],
            "keys": [{"vkey": vkey, "from": "2026-01-01"}],
        }
        for place, vkey in keys.items()
    }
    text = json.dumps({"schema": "flopledger/pack-trust.v1", "signers": signers})
    Path("trust.json").write_text(f'{text[:-1]}, "threshold": {threshold}}}')


def test_key_new_keeps_a_key_that_says_its_name(flopledger: Run, tmp_path: Path) -> None:
    vkey = key(flopledger, "anna")
    path = tmp_path / "anna.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("name: law.example/anna\n-----BEGIN PRIVATE KEY-----\n")
    held = FileSigner.parse_pem("law.example/anna", path.read_bytes())
    assert held.verifier.encode() == vkey
    again = flopledger("key", "new", "law.example/anna", "-o", "anna.pem")
    assert again.code == 2
    assert held.verifier.encode() == vkey
    for name in ("https://law.example/anna", "a b", ""):
        assert flopledger("key", "new", name, "-o", "other.pem").code == 2
    assert not (tmp_path / "other.pem").exists()


def test_signatures_of_two_people_are_enough(flopledger: Run, law: Path) -> None:
    anna, ben = key(flopledger, "anna"), key(flopledger, "ben")
    trusting('{"encoder": 1, "reviewer": 1}', encoder_anna=anna, reviewer_ben=ben)
    checking = ("rules", "check-signatures", "law.json", "--trust", "trust.json")
    ran = flopledger("rules", "sign", "law.json", "--key", "anna.pem", "--role", "encoder")
    assert (ran.code, ran.out) == (0, ""), ran.err
    short = flopledger(*checking)
    assert short.code == 1
    assert "not enough signatures" in short.out
    rows = {line.split()[0]: line.split()[1:] for line in short.out.splitlines() if line}
    assert rows["encoder"] == ["1", "1", "anna"]
    assert rows["reviewer"] == ["1", "0", "nobody"]
    signed = Path("law.json.sig").read_bytes()
    again = flopledger("rules", "sign", "law.json", "--key", "anna.pem", "--role", "encoder")
    assert (again.code, Path("law.json.sig").read_bytes()) == (0, signed)
    ran = flopledger("rules", "sign", "law.json", "--key", "ben.pem", "--role", "reviewer")
    assert ran.code == 0
    assert Path("law.json.sig").read_bytes().startswith(signed)
    enough = flopledger(*checking, "-f", "json")
    assert enough.code == 0, enough.out
    document = json.loads(enough.out)
    jsonschema.Draft202012Validator(quorum_schema()).validate(document)
    assert [(r["role"], r["needed"], r["valid"]) for r in document["roles"]] == [
        ("encoder", 1, 1),
        ("reviewer", 1, 1),
    ]
    assert document["pack"] in ran.err
    # The folder that the pack was made of is the same law.
    folder = ("rules", "check-signatures", str(law), "--trust", "trust.json")
    assert flopledger(*folder, "--signatures", "law.json.sig").code == 0


def test_signatures_under_other_bytes_are_an_integrity_failure(flopledger: Run, law: Path) -> None:
    trusting('{"encoder": 1}', encoder_anna=key(flopledger, "anna"))
    sign = ("rules", "sign", "law.json", "--key", "anna.pem", "--role", "encoder")
    assert flopledger(*sign).code == 0
    write(law, changed("10^25 FLOP\n        cite", "10^24 FLOP\n        cite"))
    Path("law.json").write_bytes(packed_bytes(law))
    ran = flopledger("rules", "check-signatures", "law.json", "--trust", "trust.json")
    assert ran.code == 4
    assert "it is under another pack" in " ".join(ran.out.split())
    refused = flopledger(*sign)
    assert refused.code == 2
    assert "holds signatures under another pack" in refused.err
    (held,) = parse_signed(Path("law.json.sig").read_bytes())
    (line,) = held.note.signatures
    flipped = replace(line, signature=bytes([line.signature[0] ^ 1]) + line.signature[1:])
    forged = replace(held, note=replace(held.note, signatures=(flipped,)))
    Path("law.json.sig").write_bytes(encode_signed([forged]))
    ran = flopledger("rules", "check-signatures", "law.json", "--trust", "trust.json")
    assert ran.code == 4
    assert "does not verify" in " ".join(ran.out.split())


def test_signatures_by_strangers_are_shown_and_not_counted(flopledger: Run, law: Path) -> None:
    del law
    key(flopledger, "carl")
    trusting('{"encoder": 1}', encoder_anna=key(flopledger, "anna"))
    ran = flopledger("rules", "sign", "law.json", "--key", "carl.pem", "--role", "encoder")
    assert ran.code == 0
    ran = flopledger("rules", "check-signatures", "law.json", "--trust", "trust.json")
    assert ran.code == 1
    assert "law.example/carl+" in ran.out
    assert "not in the trust file" in " ".join(ran.out.split())
    ran = flopledger("rules", "check-signatures", "law.json")
    assert ran.code == 1
    assert "--trust FILE" in ran.out


def test_signatures_that_cannot_be_read_are_two(flopledger: Run, law: Path) -> None:
    del law
    trusting('{"encoder": 1}', encoder_anna=key(flopledger, "anna"))
    checking = ("rules", "check-signatures", "law.json", "--trust", "trust.json")
    missing = flopledger(*checking)
    assert missing.code == 2
    assert "law.json.sig" in missing.err
    for data in (b"", b"\xff\n\n\xff\n\n", b"a\n\nb\n\n"):
        Path("law.json.sig").write_bytes(data)
        ran = flopledger(*checking)
        assert (ran.code, ran.out) == (2, "")
        assert "not a file of signatures" in ran.err
    sign = ("rules", "sign", "law.json", "--key", "anna.pem", "--role", "encoder")
    assert flopledger(*sign).code == 2, "what is there and no file of signatures is kept"
    assert flopledger(*sign, "-o", "other.sig").code == 0
    assert flopledger(*checking, "--signatures", "other.sig").code == 0
    Path("trust.json").write_bytes(b"\xff")
    assert flopledger(*checking, "--signatures", "other.sig").code == 2
    Path("law.json").write_text("{}")
    assert flopledger(*checking, "--signatures", "other.sig").code == 2


def test_sign_needs_a_name_a_role_and_law_that_loads(flopledger: Run, law: Path) -> None:
    key(flopledger, "anna")
    pem = Path("anna.pem").read_text()
    Path("bare.pem").write_text(pem.partition("\n")[2])
    sign = ("rules", "sign", "law.json", "--role", "encoder")
    ran = flopledger(*sign, "--key", "bare.pem")
    assert ran.code == 2
    assert "does not say the name" in ran.err
    ran = flopledger(*sign, "--key", "bare.pem", "--name", "law.example/anna", "-o", "-")
    assert ran.code == 0
    named = flopledger(*sign, "--key", "anna.pem", "-o", "-")
    assert named.out == ran.out
    assert named.out.startswith("flopledger/pack-signature.v1\npack ")
    assert "\non 2026-11-23\nas encoder\n\n— law.example/anna " in named.out
    for given in (("--role", "Encoder", "--key", "anna.pem"), ("--key", "none.pem"), ()):
        assert flopledger("rules", "sign", "law.json", *given).code == 2
    write(law, changed("10^25 FLOP\n        cite", "10^25\n        cite"))
    assert flopledger("rules", "sign", str(law), "--key", "anna.pem", "--role", "r").code == 2
    assert not list(law.rglob("*.sig"))


def test_pack_release_refuses_what_is_from_memory_and_names_each(
    flopledger: Run, law: Path
) -> None:
    packing = ("--rules", str(law), "rules", "pack", "-o", "release.json", "--release")
    refused = flopledger(*packing)
    assert refused.code == 2
    assert "unverified: xx.small: parameters.notice.values[0]: 14 day is from memory" in refused.err
    assert "1 part of the law in this pack is from memory" in refused.err
    assert "compared with the text of the law by nobody yet: xx.small" in refused.err
    assert not Path("release.json").exists()
    allowed = flopledger(*packing, "--allow-unverified")
    assert allowed.code == 0
    assert "14 day is from memory" in allowed.err
    assert Path("release.json").read_bytes() == Path("law.json").read_bytes()
    text = SMALL.replace("provenance: memory", "provenance: verified").replace(
        "cases:\n",
        "penalties: [{ text: { en: A fine }, cite: { source: act }, provenance: memory }]\n"
        "cases:\n",
    )
    write(law, text)
    refused = flopledger(*packing)
    assert "penalties[0]: A fine is from memory" in refused.err
    write(law, text.replace("provenance: memory", "provenance: secondary"))
    done = flopledger(*packing)
    assert done.code == 0
    assert "unverified" not in done.err
    assert flopledger("--rules", str(law), "rules", "pack", "-o", "plain.json").code == 0


def test_pack_is_not_made_of_a_pack(flopledger: Run, law: Path) -> None:
    del law
    ran = flopledger("--rules", "law.json", "rules", "pack", "-o", "again.json")
    assert ran.code == 2
    assert "is a pack already" in ran.err


@pytest.mark.parametrize("asked", [("list",), ("show", "xx.small"), ("test",), ("lint",)])
def test_pack_file_serves_every_command_of_the_law(
    flopledger: Run, law: Path, asked: tuple[str, ...]
) -> None:
    packed = flopledger("--rules", "law.json", "rules", *asked)
    assert packed.code == flopledger("--rules", str(law), "rules", *asked).code == 0
    assert packed.out == flopledger("--rules", str(law), "rules", *asked).out


def test_signatures_published_schema_is_the_one_the_models_give() -> None:
    path = ROOT / "schemas" / "pack-signatures.v1.schema.json"
    text = json.dumps(quorum_schema(), indent=2, ensure_ascii=False) + "\n"
    assert path.read_text("utf-8") == text, "write it again: python tests/regenerate.py"
