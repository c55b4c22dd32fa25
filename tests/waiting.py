"""Writers that wait for each other in tests, in threads, with barriers where they would race."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sealed import identity, opened

from ledger.cli.context import Context
from ledger.cli.opening import files_of, location_of
from ledger.log import Appended, Batch, Head, Identity, Log
from ledger.log.request import encode_request, parse_reply
from ledger.record import Draft
from ledger.stores.notes import NotesFile
from ledger.stores.queue import QueueFolder, Request
from ledger.stores.sqlite import SqliteStore

SECONDS = 60.0  # a writer that never comes fails a test instead of stopping all


class Announcing(QueueFolder):
    """A queue that says when a request was left."""

    def __init__(self, path: Path, left: threading.Semaphore) -> None:
        super().__init__(path)
        self._left = left

    def ask(self, data: bytes) -> Request | None:
        try:
            return super().ask(data)
        finally:
            self._left.release()


class Writer(threading.Thread):
    """Appends once, in a thread with a store of its own; keeps what came of it."""

    def __init__(
        self, context: Context, drafts: Sequence[Draft], left: threading.Semaphore, who: Identity
    ) -> None:
        super().__init__()
        self._given = context, drafts, left, who
        self.outcome: Appended | BaseException | None = None

    def run(self) -> None:
        context, drafts, left, who = self._given
        files = files_of(context)
        try:
            with location_of(context).open(writable=True) as store:
                queue = Announcing(files.queue, left)
                self.outcome = Log(store, NotesFile(files.checkpoints), who, queue).append(drafts)
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.outcome = error
            left.release()


def together(context: Context, *requests: Sequence[Draft], **changes: Any) -> list[Any]:
    """Append each request by a writer of its own, all of them waiting at one moment.

    They leave their requests in this order. Returns what came of each.
    """
    writers = []
    left = threading.Semaphore(0)
    with NotesFile(files_of(context).checkpoints).exclusive():
        for number, drafts in enumerate(requests):
            who = changes.get("who") or identity(seed=f"writer {number}")
            writer = Writer(context, drafts, left, who)
            writer.start()
            assert left.acquire(timeout=SECONDS)
            writers.append(writer)
    for writer in writers:
        writer.join(SECONDS)
        assert not writer.is_alive()
    return [writer.outcome for writer in writers]


def served(
    context: Context,
    leader: Sequence[Draft],
    *requests: Sequence[Draft],
    append: Callable[[Sequence[Draft]], object] | None = None,
) -> list[Any]:
    """Let one writer append while these requests wait, in this order; return their outcomes.

    The writers live and do nothing. What has no reply is None.
    """
    who, queue, left = identity(), QueueFolder(files_of(context).queue), []
    for drafts in requests:
        data = encode_request(who, drafts)
        assert data is not None
        request = queue.ask(data)
        assert request is not None
        left.append((data, request))
    if append is not None:
        append(leader)
    else:
        with opened(context) as log:
            log.append(leader)
    outcomes = []
    for data, request in left:
        reply = parse_reply(who.secret, data, request.wait(0))
        request.withdraw()
        outcomes.append(None if reply is None else reply.outcome)
    return outcomes


def left_in(context: Context) -> list[str]:
    """Return what is in the queue."""
    folder = files_of(context).queue
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count commits: gives the list of how many entries each had."""
    commits: list[int] = []
    append = SqliteStore.append

    def counting(store: SqliteStore, expected: Head, batch: Batch) -> None:
        append(store, expected, batch)
        commits.append(len(batch.entries))

    SqliteStore.append = counting  # type: ignore[method-assign]
    try:
        yield commits
    finally:
        SqliteStore.append = append  # type: ignore[method-assign]
