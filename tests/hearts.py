"""What commands write at their heart, without the law that they also ask, for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path


def migrate_all() -> None:
    from ledger.stores.keyfiles import Files  # noqa: PLC0415
    from ledger.stores.location import Location  # noqa: PLC0415
    from ledger.stores.migration import migrate, retire_key  # noqa: PLC0415

    source, target = (Location(Files(Path(name))) for name in ("ledger.db", "other.db"))
    done = migrate(source, target)
    retire_key(source, target, done.source.size)


def attest_all() -> None:
    from ledger.cli.context import Context  # noqa: PLC0415
    from ledger.cli.opening import open_log  # noqa: PLC0415
    from ledger.envelope import Envelope  # noqa: PLC0415
    from ledger.journeys.attesting import record_envelope  # noqa: PLC0415
    from ledger.stores.envelopes import EnvelopeFolder  # noqa: PLC0415
    from ledger.stores.keyfiles import Files  # noqa: PLC0415

    path = Path("ledger.db")
    log = open_log(Context(path, None, quiet=True, no_input=True, debug=False))
    envelope = Envelope.parse(Path("signed.json").read_bytes())
    EnvelopeFolder(Files(path).attestations).write(envelope)
    record_envelope(log, envelope, size=2, number=1)


def append_all() -> None:
    from ledgers import allocation  # noqa: PLC0415

    from ledger.cli.context import Context  # noqa: PLC0415
    from ledger.cli.opening import open_log  # noqa: PLC0415
    from ledger.record import draft_of  # noqa: PLC0415

    log = open_log(Context(Path("ledger.db"), None, quiet=True, no_input=True, debug=False))
    hidden = {"site": "hall 1", "notes": "more"}
    bodies = [allocation(run=f"more {n}", operations=10**20 + n) for n in range(2)]
    log.append([draft_of("allocation", b, hidden=hidden, key=(b["run"],)) for b in bodies])


HEARTS: Mapping[str, Callable[[], None]] = {
    "@append": append_all,
    "@migrate": migrate_all,
    "@attest": attest_all,
}
