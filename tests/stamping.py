"""A throw-away timestamp authority for tests, made with openssl."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Authority:
    """A throw-away timestamp authority."""

    folder: Path
    root: Any

    def stamp(self, text: str, name: str = "r", digest_name: str = "sha256") -> bytes:
        body = self.folder / f"{name}.txt"
        body.write_text(text)
        self._openssl("-query", "-data", body, f"-{digest_name}", "-cert", "-out", f"{name}.tsq")
        self._openssl(
            "-reply", "-config", "ts.cnf", "-queryfile", f"{name}.tsq", "-out", f"{name}.tsr"
        )
        return (self.folder / f"{name}.tsr").read_bytes()

    def _openssl(self, *words: object) -> None:
        command = ["openssl", "ts", *map(str, words)]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)


CONFIG = """\
[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
"""


def authority(
    folder: Path,
    *,
    purpose: Any = ExtendedKeyUsageOID.TIME_STAMPING,
    starts: timedelta = timedelta(days=-1),
    lasts: timedelta = timedelta(days=30),
) -> Authority:
    """Make an authority whose certificate is valid for a while."""
    if shutil.which("openssl") is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have openssl: apt-get install openssl")
        pytest.skip("needs openssl: apt-get install openssl")
    pytest.importorskip("rfc3161_client", reason='pip install "flopledger[timestamps]"')
    now = datetime.now(UTC)
    keys = {name: rsa.generate_private_key(65537, 2048) for name in ("ca", "tsa")}
    names = {n: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in keys}

    def certificate(name: str, not_before: datetime, not_after: datetime) -> Any:
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[name])
            .issuer_name(names["ca"])
            .public_key(keys[name].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(name == "ca", None), critical=True)
        )
        if name == "tsa":
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        return builder.sign(keys["ca"], hashes.SHA256())

    root = certificate("ca", now - timedelta(days=900), now + timedelta(days=900))
    leaf = certificate("tsa", now + starts, now + lasts)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(root.public_bytes(pem))
    (folder / "tsa.pem").write_bytes(leaf.public_bytes(pem))
    (folder / "tsa.key").write_bytes(
        keys["tsa"].private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "ts.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01\n")
    return Authority(folder, root)
