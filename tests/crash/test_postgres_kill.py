"""Cut off in the middle of an append, a ledger on a server has all of it or nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sealed import checked, fill, identity, opened, said
from servers import Server, found_on

from ledger.cli.opening import location_of
from ledger.errors import LedgerError
from ledger.log.seal import Sealing
from ledger.log.store import Batch
from ledger.stores.postgres import PostgresStore

TESTS = Path(__file__).resolve().parent.parent
TABLES = ("entries", "openings", "keys", "after")
CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from sealed import identity, opened, said
from ledger.cli.context import Context
from ledger.stores.address import Address
from ledger.stores import postgres
server = Address.parse(sys.argv[3])
context = Context(Path(sys.argv[2]), None, True, True, False, server=server)
step = int(sys.argv[4])
def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if step == 0:
    postgres.check_head = killed
with opened(context, identity(seed="child")) as log:
    store = log._store
    if step == 1:
        append = store.append
        class Dying(list):
            def __iter__(self):
                for n, row in enumerate(super().__iter__()):
                    if n == 900:
                        killed()
                    yield row
        from dataclasses import replace
        dying = lambda batch: replace(batch, entries=Dying(batch.entries))
        store.append = lambda head, batch: append(head, dying(batch))
    if step == 2:
        log._sign = killed
    log.append([said(n) for n in range(1000)])
"""


class Cutting(list[Any]):
    """Rows whose reader loses its connection after half of them."""

    def __init__(self, rows: Sequence[Any], cut: Any) -> None:
        super().__init__(rows)
        self._cut = cut

    def __iter__(self) -> Iterator[Any]:
        for n, row in enumerate(super().__iter__()):
            if n == len(self) // 2:
                self._cut()
            yield row


@pytest.mark.parametrize("table", TABLES[:3])
def test_connection_that_breaks_within_an_append_leaves_nothing(
    server: Server, tmp_path: Path, table: str
) -> None:
    context = found_on(server, tmp_path)
    fill(context, [said(0)])
    with location_of(context).open(writable=True) as store:
        assert isinstance(store, PostgresStore)
        (pid,) = store._all("SELECT pg_backend_pid()")[0]

        def cut() -> None:
            with server.connected("postgres") as connection:
                connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

        head = store.head()
        batch, _ = Sealing(identity(), store, head).run([said(n) for n in range(1, 3000)])
        rows = {name: getattr(batch, name) for name in TABLES[:3]}
        rows[table] = Cutting(rows[table], cut)
        with pytest.raises(LedgerError, match="the connection to the server broke") as caught:
            store.append(head, Batch(**rows, head=batch.head))
        assert caught.value.exit_code == 2
        assert "run the same command again" in caught.value.remedy
    assert checked(context).size == 1
    with opened(context) as log:
        assert len(log.append([said(n) for n in range(3000)]).new) == 2999
    assert checked(context).signed_size == 3000


@pytest.mark.parametrize(("step", "size", "signed"), [(0, 1, 1), (1, 1, 1), (2, 1001, 1)])
def test_kill_of_a_writer_leaves_all_or_nothing(
    server: Server, tmp_path: Path, step: int, size: int, signed: int
) -> None:
    context = found_on(server, tmp_path)
    fill(context, [said(5000)])
    assert context.server is not None
    arguments = [str(TESTS), str(context.ledger), context.server.url, str(step)]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    verdict = checked(context)
    assert (verdict.size, verdict.signed_size) == (size, signed)
    with opened(context) as log:
        assert len(log.append([said(n) for n in range(1000)]).new) == 1001 - size
    verdict = checked(context)
    assert (verdict.size, verdict.signed_size) == (1001, 1001)
