"""A throw-away timestamp authority for tests, made with openssl."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from supplied import lacking, supplied


@dataclass(frozen=True)
class Authority:
    """A throw-away timestamp authority."""

    folder: Path
    root: Any
    made: datetime

    def stamp(self, text: str, name: str = "r", digest_name: str = "sha256") -> bytes:
        """Stamp a text now, as `openssl ts` does."""
        body = self.folder / f"{name}.txt"
        body.write_text(text)
        query = ("-query", "-data", body, f"-{digest_name}", "-cert", "-out", f"{name}.tsq")
        self._openssl("ts", *query)
        reply = ("-reply", "-config", "ts.cnf", "-queryfile", f"{name}.tsq", "-out", f"{name}.tsr")
        self._openssl("ts", *reply)
        return (self.folder / f"{name}.tsr").read_bytes()

    def stamp_at(self, text: str, at: datetime) -> bytes:
        """Stamp a text at any time and with any certificate, as no honest authority would."""
        info = der(
            SEQUENCE,
            der(INTEGER, b"\1"),
            der(OBJECT, bytes.fromhex("2a040301")),  # the policy of the configuration
            der(
                SEQUENCE,
                der(SEQUENCE, der(OBJECT, bytes.fromhex("608648016503040201")), der(NULL)),
                der(OCTETS, hashlib.sha256(text.encode()).digest()),
            ),
            der(INTEGER, b"\1"),
            der(TIME, f"{at.astimezone(UTC):%Y%m%d%H%M%SZ}".encode()),
        )
        (self.folder / "info").write_bytes(info)
        form = ("-binary", "-nodetach", "-cades", "-econtent_type", "1.2.840.113549.1.9.16.1.4")
        files = ("-in", "info", "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "token")
        self._openssl("cms", "-sign", "-md", "sha256", "-outform", "DER", *form, *files)
        granted = der(SEQUENCE, der(INTEGER, b"\0"))
        return der(SEQUENCE, granted, (self.folder / "token").read_bytes())

    def _openssl(self, *words: object) -> None:
        command = ["openssl", *map(str, words)]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)


INTEGER, OCTETS, NULL, OBJECT, TIME, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x18, 0x30


def der(tag: int, *parts: bytes) -> bytes:
    """Return a value of DER with its tag and length."""
    body = b"".join(parts)
    size = len(body).to_bytes(2, "big").lstrip(b"\0") or b"\0"
    long = bytes([0x80 | len(size)]) if len(body) > 127 else b""
    return bytes([tag]) + long + size + body


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
        lacking("openssl: apt-get install openssl")
    supplied("rfc3161_client", '"flopledger[timestamps]"')
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
    return Authority(folder, root, now)
