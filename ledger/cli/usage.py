"""The commands `receipt make` and `receipt book`: a provider signs usage, and a lab books it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.opening import open_log, open_reader
from ledger.cli.output import emit, output_options, write_text
from ledger.cli.record import read_input, tell
from ledger.cli.trusting import read_bytes
from ledger.envelope import ENVELOPE_MAX, Envelope
from ledger.errors import InputError
from ledger.hardware import Catalogue
from ledger.importers.receipt_lines import Booking, check_alone, receipt_lines
from ledger.journeys.figures import reversed_entries
from ledger.journeys.json_lines import Lines
from ledger.journeys.recording import record_lines
from ledger.keys import FileSigner, VerifierKey
from ledger.pack import Pack, read_pack
from ledger.period import Period, parse_day
from ledger.regime.vocabulary import load_vocabulary
from ledger.report.records import recorded_document, recorded_table
from ledger.resources import rules_root
from ledger.stores.keyfiles import name_in
from ledger.usage import UsageLine, UsageReceipt

__all__ = ["receipt"]

_THOUSANDTHS = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)

EPILOG = """\b
Examples:
  flopledger receipt make --key cloud.key.pem --customer lab.example/a --number 2026-03/17 \\
      --line 2026-03-10T00:00:00Z..2026-03-10T08:00:00Z,nvidia-h100-sxm5,8000 -o r.json
  flopledger receipt book r.json --vkey "$(cat cloud-key.txt)" --run r-1 --model m
"""

MAKE_EPILOG = """\b
Examples:
  flopledger key new cloud.example -o cloud.key.pem
  flopledger receipt make --key cloud.key.pem --customer lab.example/a --number 2026-03/17 \\
      --line 2026-03-10T00:00:00Z..2026-03-10T08:00:00Z,nvidia-h100-sxm5,8000 -o r.json

A line is START..END,DEVICE,THOUSANDTHS: the devices held all through that time. The customer is
the name of the lab's ledger, or what both sides call the lab.
"""

BOOK_EPILOG = """\b
Examples:
  flopledger receipt book r.json --vkey "$(cat cloud-key.txt)" --run r-1 --model m
  flopledger receipt book r.json --vkey "$(cat cloud-key.txt)" --run r-1 --model m --dry-run

Records of a receipt confirm and do not add; `reconcile` then gives the run the grade B where the
times agree. With --role primary they are the record itself, which is refused where another one
of the run is there. Booking again adds nothing. Keep the file: the entries name its digest.
Exit codes: 0 booked, 1 the ledger holds the receipt with other content, 2 refused, 4 the
signature does not hold.
"""


@click.group(epilog=EPILOG)
def receipt() -> None:
    """Sign a receipt of usage as a provider, or book one as its customer."""


@receipt.command(epilog=MAKE_EPILOG)
@click.option("--key", required=True, metavar="FILE", help="The provider's private key, PEM.")
@click.option("--customer", required=True, metavar="NAME", help="Whose usage it is.")
@click.option("--number", required=True, metavar="TEXT", help="Your own number, never used twice.")
@click.option("--line", "lines", required=True, multiple=True, metavar="LINE", help="May repeat.")
@click.option("--issued-on", metavar="D", help="Day of issue; today if not given.")
@click.option("-o", "--output", metavar="FILE", help="Envelope to write; - is stdout.")
@pass_context
def make(
    context: Context,
    *,
    key: str,
    customer: str,
    number: str,
    lines: tuple[str, ...],
    issued_on: str | None,
    output: str | None,
) -> None:
    """Sign what a customer held."""
    catalogue = Catalogue.from_pack(read_pack(rules_root(context.rules)))
    signer = _signer(key)
    day = now().date() if issued_on is None else parse_day(issued_on)
    usage = tuple(_line(text, catalogue) for text in lines)
    made = UsageReceipt(signer.verifier.name, customer, number, day, usage)
    _check_repeated(made)
    # Read again what will be read by others, so that nothing is signed that they refuse.
    envelope = Envelope(UsageReceipt.parse(made.statement()).statement().encode()).sign(signer)
    write_text(envelope.encode().decode() + "\n", output)
    context.say(f"receipt {number} for {customer}: {made.device_us} device-microseconds")


@receipt.command(epilog=BOOK_EPILOG)
@click.argument("file", metavar="FILE|-")
@click.option("--vkey", required=True, metavar="TEXT", help="The provider's public key.")
@click.option("--run", required=True, metavar="RUN", help="Run that used the devices.")
@click.option("--model", required=True, metavar="MODEL", help="Model that the run served.")
@click.option("--developer", metavar="NAME", help="Who develops it.")
@click.option("--customer", metavar="NAME", help="Your name in it, if not that of the ledger.")
@click.option(
    "--role",
    type=click.Choice(("corroborating", "primary")),
    default="corroborating",
    show_default=True,
    help="Whether the records confirm others, or are the record.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen; append nothing.")
@output_options
@pass_context
def book(
    context: Context,
    *,
    file: str,
    vkey: str,
    run: str,
    model: str,
    developer: str | None,
    customer: str | None,
    role: str,
    dry_run: bool,
    fmt: str | None,
    output: str | None,
) -> int:
    """Book a receipt that a provider signed."""
    envelope = _receipt_in(file)
    signer = VerifierKey.parse(vkey)
    found = UsageReceipt.open(envelope, signer)
    booking = Booking(run, model, developer, role, envelope.sha256(), signer.label)
    _check_booking(context, found, booking, customer)
    pack = read_pack(rules_root(context.rules))
    lines = Lines(receipt_lines(found, booking, Catalogue.from_pack(pack)), file)
    return _record(context, lines, pack, dry_run=dry_run, fmt=fmt, output=output)


def _receipt_in(file: str) -> Envelope:
    """Read the envelope of a receipt, or say which file holds none."""
    try:
        return Envelope.parse(read_bytes(file, ENVELOPE_MAX + 1).removesuffix(b"\n"))
    except InputError as error:
        raise InputError(
            f"no signed receipt: {error.message}",
            where=file,
            remedy="take the file as flopledger receipt make wrote it",
        ) from error


def _record(
    context: Context,
    lines: Lines,
    pack: Pack,
    *,
    dry_run: bool,
    fmt: str | None,
    output: str | None,
) -> int:
    """Append the records of a receipt, and say what became of them."""
    log = open_log(context, writable=not dry_run)
    recorded = record_lines(log, lines, (load_vocabulary(pack), now().date()), dry_run=dry_run)
    tell(context, recorded, dry_run=dry_run)
    document = recorded_document(recorded, dry_run=dry_run)
    emit(document, recorded_table(recorded), fmt=fmt, output=output)
    return 2 if recorded.refused else 1 if recorded.changed else 0


def _check_booking(
    context: Context, found: UsageReceipt, booking: Booking, customer: str | None
) -> None:
    """Refuse a receipt that is made out to somebody else, repeats a line, or would add twice."""
    store = open_reader(context)
    expected = customer or store.origin()
    if found.customer != expected:
        raise InputError(
            f"the receipt is made out to {found.customer}, not to {expected}",
            why="the usage of another customer confirms nothing of this ledger",
            remedy="if that is your name with the provider, write --customer",
        )
    _check_repeated(found)
    if booking.role == "primary":
        check_alone(store.find_run(booking.run), reversed_entries(store, booking.run), booking.run)


def _check_repeated(found: UsageReceipt) -> None:
    """Refuse a receipt in which a line stands twice."""
    for first, second in found.overlapping():
        raise InputError(
            f"the lines {first} and {second} of the receipt are the same",
            why="nobody can tell twice the devices from a line that came twice",
            remedy="add the devices up in one line",
        )


def _signer(path: str) -> FileSigner:
    """Return the provider's key; its file says its name."""
    pem = read_input(path)
    name = name_in(pem)
    if name is None:
        raise InputError(
            "the key file does not say the name of the key",
            where=path,
            remedy="make one with `flopledger key new NAME -o FILE`",
        )
    return FileSigner.parse_pem(name, pem)


def _line(text: str, catalogue: Catalogue) -> UsageLine:
    """Read START..END,DEVICE,THOUSANDTHS."""
    parts: Sequence[str] = text.split(",")
    start, dots, end = parts[0].partition("..")
    digits = parts[-1]
    if len(parts) != 3 or not dots or not _THOUSANDTHS.fullmatch(digits):  # noqa: PLR2004
        raise InputError(
            f"the line {text[:80]!r} is not START..END,DEVICE,THOUSANDTHS",
            where="--line",
            remedy="write 2026-03-10T00:00:00Z..2026-03-10T08:00:00Z,nvidia-h100-sxm5,8000",
        )
    return UsageLine(Period.parse(start, end), catalogue.find(parts[1]).id, int(digits))
