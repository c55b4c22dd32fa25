"""Keys at hand: tokens in other processes, locked files, and a change of keys."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ledgers import fact
from sealed import ORIGIN, SIGNER, checked, found, identity, opened

from ledger.errors import LedgerError
from ledger.keys import FileSigner
from ledger.record import draft_of
from ledger.stores.keyfiles import Files
from ledger.stores.token import TokenSigner

FIRST = SIGNER
SECOND = FileSigner.from_seed(ORIGIN, bytes([2] * 32))


def said(number: int) -> Any:
    return draft_of("fact", fact(f"model:m{number}", "model.name", "text", str(number)))


TOKEN = """\
import base64, sys
from pathlib import Path
from ledger.keys import FileSigner
signer = FileSigner.from_seed("ledger.example/lab-a", bytes([2] * 32))
if sys.argv[1] == "vkey":
    print(signer.verifier.encode())
elif sys.argv[1] == "sign":
    print(base64.b64encode(signer.sign(sys.stdin.buffer.read())).decode())
"""


def token(tmp_path: Path, text: str = TOKEN) -> str:
    path = tmp_path / "card.py"
    path.write_text(text)
    return f"'{sys.executable}' '{path}'"


def test_token_in_another_process_signs_as_a_file_does(tmp_path: Path) -> None:
    signer = TokenSigner.ask(token(tmp_path))
    assert signer.verifier == SECOND.verifier
    assert signer.sign(b"message") == SECOND.sign(b"message")
    context = found(tmp_path)
    with opened(context, replace(identity(), heir=signer)) as log:
        record = {
            "event": "rotated",
            "vkey": SECOND.verifier.encode(),
            "replaces": FIRST.verifier.encode(),
            "reason": "to a card",
        }
        log.append([draft_of("key", record)])
        log.append([said(1)])
    assert checked(context).vkey == SECOND.verifier.encode()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("signer.sign(sys.stdin.buffer.read())", "bytes(64)", "does not verify"),
        ("print(base64", "print('a'); print(base64", "one line"),
        ('elif sys.argv[1] == "sign":', 'else:\n    sys.exit("the card is out")', "status 1"),
    ],
)
def test_token_that_answers_wrongly_is_not_believed(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in TOKEN
    text = TOKEN.replace(old, new)
    if "card" in new:
        text = text[: text.index(new) + len(new)] + "\n"
    signer = TokenSigner.ask(token(tmp_path, text))
    with pytest.raises(LedgerError, match=words) as error:
        signer.sign(b"message")
    assert "card" not in new or error.value.why == "the card is out"


def test_token_that_cannot_be_asked_is_told(tmp_path: Path) -> None:
    for command in ("", "'", str(tmp_path / "absent")):
        with pytest.raises(LedgerError, match="signer"):
            TokenSigner.ask(command)


def test_threat_12_key_files_are_the_owners_and_can_be_locked(
    flopledger: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pass.txt").write_text("correct horse\n")
    (tmp_path / "wrong.txt").write_text("battery staple\n")
    (tmp_path / "act.json").write_text('{"a":1}')
    ran = flopledger(
        "key", "new", "law.example/anna", "-o", "a.pem", "--passphrase-file", "pass.txt"
    )
    assert ran.code == 0
    pem = (tmp_path / "a.pem").read_bytes()
    assert b"ENCRYPTED PRIVATE KEY" in pem
    assert stat.S_IMODE((tmp_path / "a.pem").stat().st_mode) == 0o600
    sign = ("approve", "act.json", "--origin", ORIGIN, "--key", "a.pem", "-o", "b.json")
    refused = flopledger(*sign)
    assert refused.code == 2
    assert "locked with a passphrase" in refused.err
    wrong = flopledger(*sign, "--passphrase-file", "wrong.txt")
    assert wrong.code == 2
    assert "the passphrase does not open the key file" in wrong.err
    assert "Traceback" not in wrong.err
    assert flopledger(*sign, "--passphrase-file", "pass.txt").code == 0
    monkeypatch.setenv("FLOPLEDGER_KEY_PASSPHRASE", "correct horse")
    assert flopledger(*sign).code == 0
    # An open key file is read whatever passphrase is about.
    assert flopledger("key", "new", "law.example/ben", "-o", "b.pem").code == 0
    assert FileSigner.parse_pem("b", FIRST.pem(), b"any").private


def test_ledger_with_a_locked_key_is_appended_to_with_its_passphrase_only(
    flopledger: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pass.txt").write_text("correct horse\n")
    locked = ("--passphrase-file", "pass.txt")
    assert flopledger("init", "--origin", ORIGIN, *locked).code == 0
    files = Files(tmp_path / "ledger.db")
    assert b"ENCRYPTED PRIVATE KEY" in files.key.read_bytes()
    fact_set = ("fact", "set", "developer:acme", "developer.notified_bis", "no")
    refused = flopledger(*fact_set)
    assert refused.code == 2
    assert "FLOPLEDGER_KEY_PASSPHRASE" in refused.err
    # Reading and verifying need no private key.
    assert flopledger("verify").code == 0
    monkeypatch.setenv("FLOPLEDGER_KEY_PASSPHRASE", "battery staple")
    assert "does not open the key file" in flopledger(*fact_set).err
    monkeypatch.setenv("FLOPLEDGER_KEY_PASSPHRASE", "correct horse")
    assert flopledger(*fact_set).code == 0
    assert flopledger("key", "rotate", "--reason", "yearly").code == 0
    assert b"ENCRYPTED PRIVATE KEY" in files.key.read_bytes()
    assert flopledger("verify").code == 0


def test_journey_9_rotation_revocation_and_verification(
    flopledger: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retired = ("--from-size", "1", "--reason", "retired")
    assert flopledger("init", "--origin", ORIGIN).code == 0
    first = flopledger("key", "show").out.strip()
    assert flopledger("fact", "set", "developer:acme", "developer.notified_bis", "no").code == 0
    ran = flopledger("key", "rotate", "--reason", "end of life")
    assert ran.code == 0, ran.err
    second = ran.out.strip()
    assert flopledger("key", "show").out.strip() == second != first
    listed = flopledger("key", "list", "-f", "json").out
    assert first in listed
    assert '"joint_checkpoints": [\n    2' in listed
    assert flopledger("verify").code == 0
    assert flopledger("verify", "--vkey", first).code == 0
    assert flopledger("checkpoint", "show").code == 0
    assert flopledger("prove", "0").code == 0
    # The new key is to be on a card; its program holds it.
    monkeypatch.setenv("FLOPLEDGER_SIGNER_COMMAND", token(tmp_path))
    moved = flopledger("key", "rotate", "--reason", "card", "--signer-command", token(tmp_path))
    assert moved.code == 0, moved.err
    assert moved.out.strip() == SECOND.verifier.encode()
    assert not Files(tmp_path / "ledger.db").key.exists()
    current = flopledger(
        "key", "revoke", moved.out.strip(), "--from-size", "1", "--reason", "retired"
    )
    assert current.code == 2
    assert "hand over first" in current.err
    stolen = flopledger("key", "revoke", first, "--from-size", "1", "--reason", "compromised")
    assert stolen.code == 0, stolen.err
    assert flopledger("verify").code == 0
    refused = flopledger("verify", "--vkey", first)
    assert refused.code == 4
    assert "revoked as compromised" in refused.err
    stranger = FileSigner.generate(ORIGIN).verifier.encode()
    never = flopledger("key", "revoke", stranger, *retired)
    assert never.code == 2
    assert "never signed" in never.err
    (tmp_path / "key.jsonl").write_text('{"type":"key"}\n')
    assert flopledger("record", "key.jsonl").code == 2
