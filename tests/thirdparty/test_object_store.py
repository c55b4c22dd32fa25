"""Segments stand in a bucket behind a real S3 API, and the workers of a cluster read them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from clustered import Workers, clustered, environment, learn, listed, unlearn
from recorded import work
from supplied import supplied

from ledger.engines import leaves, polars
from ledger.engines.partials import Batch
from ledger.engines.shelf import Shelf

pytestmark = [pytest.mark.thirdparty, pytest.mark.slow]

Run = Callable[..., Any]
SERVER = """
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
input()
"""
KEYS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True, slots=True)
class Store:
    """A server, and a client of another make than the one that the program uses."""

    url: str
    client: Any

    def allow(self, calls: str) -> None:
        """Answer so many calls more without asking who it is."""
        kind = {"Content-Type": "text/plain"}
        with urlopen(Request(f"{self.url}/moto-api/reset-auth", calls.encode(), kind)) as answer:
            assert answer.status == 200


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that keeps every version of an object, so that each upload can be counted."""

    store: Store
    name: str

    @property
    def segments(self) -> str:
        """The place that the command is told."""
        return f"s3://{self.name}/segments"

    def names(self) -> list[str]:
        """Return the keys of the objects that stand in the bucket."""
        found = self.store.client.list_objects_v2(Bucket=self.name)
        return [each["Key"] for each in found.get("Contents", ())]

    def uploads(self) -> int:
        """Return how often anything was put."""
        found = self.store.client.list_object_versions(Bucket=self.name)
        assert not found["IsTruncated"]
        return len(found.get("Versions", ()))

    def read(self, name: str) -> bytes:
        """Return the bytes of an object."""
        data: bytes = self.store.client.get_object(Bucket=self.name, Key=name)["Body"].read()
        return data

    def put(self, name: str, data: bytes) -> None:
        """Put other bytes in the place of an object."""
        self.store.client.put_object(Bucket=self.name, Key=name, Body=data)

    def delete(self, name: str) -> None:
        """Take an object away."""
        self.store.client.delete_object(Bucket=self.name, Key=name)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """Start a server in a process of its own, and name it in the environment."""
    supplied("moto.server", "'moto[s3]' flask flask-cors")
    supplied("s3fs", "s3fs")
    boto3 = supplied("boto3", "boto3")
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server, pytest.MonkeyPatch.context() as patch:
        assert server.stdin is not None
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": url}.items():
            patch.setenv(name, value)
        yield Store(url, boto3.client("s3"))
        server.stdin.close()


@pytest.fixture(scope="module")
def workers(store: Store) -> Iterator[Workers]:
    """Start workers, which find the store in their environment."""
    assert os.environ["AWS_ENDPOINT_URL"] == store.url
    with clustered() as made:
        yield made


@pytest.fixture
def bucket(store: Store, tmp_path: Path) -> Bucket:
    name = f"b{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:20]}"
    store.client.create_bucket(Bucket=name)
    store.client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return Bucket(store, name)


@pytest.fixture
def ledger(flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Record a ledger of many short segments, and return its folder."""
    monkeypatch.setattr(leaves, "SEGMENT", 4)
    monkeypatch.setattr(polars, "FAR_BATCH", 2)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795435200")
    assert flopledger("init", "--origin", "ledger.example/t").code == 0
    rows = [
        work(f"m{n % 3}", 10**24 + n, f"2026-03-{n % 28 + 1:02}", run=f"r{n}") for n in range(30)
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    assert flopledger("record", str(path)).code == 0
    return tmp_path


@dataclass(frozen=True, slots=True)
class Checking:
    """Checks over the cluster, and holds each against one of this process alone."""

    flopledger: Run
    workers: Workers
    bucket: Bucket

    def __call__(self) -> str:
        """Check; return the warnings."""
        command = ("check", "-f", "json", "--engine")
        told = ("--scheduler", self.workers.address, "--segments", self.bucket.segments)
        alone = self.flopledger(*command, "plain")
        ran = self.flopledger(*command, "dask", *told)
        assert '"model:m2"' in alone.out
        assert (ran.code, ran.out) == (alone.code, alone.out), ran.err
        return str(ran.err)


@pytest.fixture
def check(ledger: Path, flopledger: Run, workers: Workers, bucket: Bucket) -> Checking:
    assert ledger.is_dir()
    return Checking(flopledger, workers, bucket)


def test_check_over_a_bucket_says_the_same_to_the_byte(
    check: Checking, ledger: Path, bucket: Bucket
) -> None:
    assert check() == ""
    held = {name: bucket.read(name) for name in bucket.names()}
    built = [path.read_bytes() for path in (ledger / "ledger.db.projection").glob("*.parquet")]
    assert sorted(held.values()) == sorted(built)
    assert len(held) == 8
    for name, data in held.items():
        assert name == f"segments/{hashlib.sha256(data).hexdigest()}.parquet"
    # What stands there is not put again.
    assert bucket.uploads() == 8
    assert check() == ""
    assert bucket.uploads() == 8


def test_object_of_other_bytes_is_told_and_put_right(check: Checking, bucket: Bucket) -> None:
    assert check() == ""
    bad = bucket.names()[3]
    sound = bucket.read(bad)
    bucket.put(bad, sound[:99] + bytes([sound[99] ^ 1]) + sound[100:])
    lines = check().splitlines()
    digest = bad.removeprefix("segments/").removesuffix(".parquet")
    assert lines
    for line in lines:
        assert line.startswith("warning: worker ")
        assert "could not add up, it is done here" in line
        assert f"s3://{bucket.name}/{bad}; its SHA-256 is " in line
        assert f"the manifest states {digest}" in line
    assert bucket.read(bad) == sound
    uploads = bucket.uploads()
    assert check() == ""
    assert bucket.uploads() == uploads


def test_object_that_was_deleted_is_put_again(check: Checking, bucket: Bucket) -> None:
    assert check() == ""
    names = bucket.names()
    bucket.delete(names[2])
    assert check() == ""
    assert bucket.names() == names
    assert bucket.uploads() == len(names) + 1


def test_object_that_goes_before_it_is_read_is_survived(
    check: Checking, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check() == ""
    names, offer, lost = bucket.names(), Shelf.offer, list[str]()

    def offered(shelf: Shelf, batch: Batch, *, again: bool = False) -> Batch:
        made = offer(shelf, batch, again=again)
        if not lost:
            lost.append(str(made.paths[1]))
            bucket.delete(lost[0].removeprefix(f"s3://{bucket.name}/"))
        return made

    monkeypatch.setattr(Shelf, "offer", offered)
    said = check()
    assert f"it does not find {lost[0]}" in said
    assert bucket.names() == names


def test_listing_that_this_process_kept_is_not_believed(check: Checking, bucket: Bucket) -> None:
    assert check() == ""
    names = bucket.names()
    assert listed(bucket.segments) == [f"{bucket.name}/{name}" for name in names]
    bucket.delete(names[2])
    assert check() == ""
    assert bucket.names() == names
    bucket.put(names[3], b"short")
    assert check() == ""
    assert len(bucket.read(names[3])) > 5


def test_listing_that_a_worker_kept_is_not_believed(
    check: Checking, bucket: Bucket, workers: Workers
) -> None:
    assert check() == ""
    names = bucket.names()
    bucket.delete(names[2])
    bucket.put(names[3], b"short")
    for found in workers.client.run(listed, bucket.segments).values():
        assert f"{bucket.name}/{names[2]}" not in found
    assert check() == ""
    assert bucket.names() == names


def test_worker_without_the_package_is_told_and_nothing_put_again(
    check: Checking, bucket: Bucket, workers: Workers
) -> None:
    assert check() == ""
    uploads, worker = bucket.uploads(), workers.live()[0]
    workers.client.run(unlearn, workers=[worker])
    try:
        said = check()
    finally:
        workers.client.run(learn, workers=[worker])
    assert said.startswith(f"warning: worker {worker} could not add up, it is done here")
    assert "ImportError: Install s3fs" in said
    assert bucket.uploads() == uploads
    assert check() == ""


@pytest.fixture
def refused(
    ledger: Path, workers: Workers, bucket: Bucket
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Check in a process of its own, which must end without a result."""

    def ran(segments: str = bucket.segments, **changed: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ledger", "check", "--engine", "dask"]
        done = subprocess.run(
            [*command, "--scheduler", workers.address, "--segments", segments],
            cwd=ledger,
            env={**environment(), **changed},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        first, *rest = done.stderr.splitlines()
        assert first.startswith(
            "error[missing]: a segment cannot be copied to where workers find it: "
        )
        assert [line.partition(": ")[0] for line in rest] == ["  where", "  why", "  next"]
        assert rest[0] == f"  where: {segments}"
        return done

    return ran


@pytest.mark.parametrize("folder", ["", "/segments"])
def test_bucket_that_is_not_there_is_an_error_and_not_made(
    refused: Run, store: Store, folder: str
) -> None:
    done = refused(f"s3://misspelled{folder}")
    assert "The specified bucket does not exist" in done.stderr
    assert "name a bucket or folder that is there" in done.stderr
    assert "misspelled" not in {each["Name"] for each in store.client.list_buckets()["Buckets"]}


def test_bucket_with_a_name_that_none_may_have_is_an_error(refused: Run) -> None:
    done = refused("s3://no bucket!/segments")
    assert "Parameter validation failed: Invalid bucket name" in done.stderr
    assert "\\x0a" not in done.stderr


def test_credentials_that_are_wrong_are_an_error(refused: Run, store: Store) -> None:
    store.allow("0")
    try:
        done = refused(AWS_ACCESS_KEY_ID="nobody")
    finally:
        store.allow("inf")
    assert "The AWS Access Key Id you provided does not exist" in done.stderr


def test_store_that_refuses_connections_is_an_error(refused: Run, bucket: Bucket) -> None:
    done = refused(AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:9/' in done.stderr
    assert bucket.names() == []
