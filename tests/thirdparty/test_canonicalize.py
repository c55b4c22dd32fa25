"""The npm package canonicalize, by the first author of RFC 8785, writes the bytes that we write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from attested import attestation
from bundled import filled, members_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.canonical import INTEGER_MAX, JSON, encode

pytestmark = pytest.mark.thirdparty

WANTED = "npm install --prefix FOLDER canonicalize@4, with FOLDER in FLOPLEDGER_NODE"
PROGRAM = """
const {default: canonicalize} = await import(process.argv[2]);
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const values = JSON.parse(Buffer.concat(chunks).toString('utf8'));
process.stdout.write(JSON.stringify(values.map((value) => canonicalize(value))));
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """Return the command that canonicalizes a list of values, or skip."""
    node, folder = shutil.which("node"), os.environ.get("FLOPLEDGER_NODE")
    found = Path(folder or ".") / "node_modules" / "canonicalize"
    if node is None or not found.is_dir():
        if folder:
            pytest.fail(f"FLOPLEDGER_NODE is set, and there is no canonicalize: {WANTED}")
        pytest.skip(f"needs node and its package canonicalize: {WANTED}")
    package = json.loads((found / "package.json").read_text())
    entry = found / str(package.get("module") or package.get("main") or "index.js")
    script = tmp_path_factory.mktemp("node") / "canonical.mjs"
    script.write_text(PROGRAM)
    return node, str(script), entry.resolve().as_uri()


def theirs(program: Sequence[str], values: Sequence[JSON]) -> list[bytes]:
    """Return what the package writes for each value."""
    given_ = json.dumps(values).encode()
    done = subprocess.run(program, input=given_, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [str(text).encode() for text in json.loads(done.stdout)]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(values, min_size=40, max_size=40))
@settings(
    max_examples=5, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example]
)
def test_canonicalize_writes_the_bytes_that_we_write(
    program: Sequence[str], some: Sequence[JSON]
) -> None:
    assert theirs(program, some) == [encode(value) for value in some]


def test_canonicalize_writes_our_entries_statements_and_manifests(
    program: Sequence[str], tmp_path: Path
) -> None:
    members = members_of(filled(tmp_path))
    held = members["entries.jsonl"].split(b"\n")[:-1]
    held += [members["manifest.json"], members["redactions.json"]]
    held.append(attestation().statement().encode())
    assert theirs(program, [json.loads(data) for data in held]) == held
    # A byte that differs is seen.
    assert theirs(program, [{"b": 1, "a": 2}]) != [b'{"b":1,"a":2}']
