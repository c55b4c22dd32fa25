"""``flopledger verify`` re-reads every byte and checks every proof."""

from __future__ import annotations

import click

from ledger.cli.bundle_verdict import BundleOptions, verify_file
from ledger.cli.context import Context, pass_context
from ledger.cli.opening import location_of, open_evidence
from ledger.cli.output import emit, output_options
from ledger.errors import InputError, IntegrityError
from ledger.journeys.verifying import failure_document, verdict_document
from ledger.report.table import Column, Table
from ledger.verify import Evidence, Verdict
from ledger.verify import verify as verify_evidence

__all__ = ["verify"]

EPILOG = """\b
Examples:
  flopledger verify
  flopledger verify --vkey "$(cat key-of-lab-a.txt)"
  flopledger verify -f json -o verdict.json
  flopledger verify lab-a.zip --policy policy.txt
  flopledger verify lab-a.zip --policy policy.json --rules my-rules --transcript verdict.html
"""


@click.command(epilog=EPILOG)
@click.argument("bundle", required=False)
@click.option("--policy", metavar="FILE", help="Whose keys count, and what a bundle must show.")
@click.option("--rules", metavar="PACK", help="Your own rules: a folder or pack file.")
@click.option(
    "--cap",
    "caps",
    multiple=True,
    metavar="NAME=N",
    help="Lower a limit: members, bytes, entry, ratio or depth.",
)
@click.option("--transcript", metavar="FILE.html", help="Write the verdict as a page to keep.")
@click.option(
    "--vkey",
    metavar="TEXT",
    help="The key to trust; without it the ledger's own statement of its key is used.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    metavar="N",
    help="How many processes verify the ledger, this one among them: one a core if it is large, "
    "or else 1.",
)
@output_options
@pass_context
def verify(
    context: Context,
    *,
    bundle: str | None,
    policy: str | None,
    rules: str | None,
    caps: tuple[str, ...],
    transcript: str | None,
    vkey: str | None,
    processes: int | None,
    fmt: str | None,
    output: str | None,
) -> int:
    """Re-read every stored byte of the ledger, or of a BUNDLE, and check every signature.

    A bundle is verified under a policy, offline, and what was attested is worked out again under
    your own rules. Exit status 4 names the part at fault, 1 says that there is something to look
    at, 3 that something could not be checked.
    """
    if bundle is not None:
        _refuse(vkey=vkey, processes=processes)
        options = BundleOptions(bundle, policy, rules, caps, transcript, fmt, output)
        return verify_file(context, options)
    _refuse(policy=policy, rules=rules, cap=caps, transcript=transcript)
    _verify_ledger(context, vkey, processes, fmt, output)
    return 0


def _refuse(**given: object) -> None:
    """Refuse options that belong to the other kind of thing to verify."""
    wrong = [f"--{name}" for name, value in given.items() if value]
    if wrong:
        raise InputError(
            f"{', '.join(wrong)} cannot be given here",
            why="--vkey and --processes are for the ledger in use, the others for a bundle",
            remedy="flopledger verify BUNDLE --policy FILE, or flopledger verify --vkey TEXT",
        )


def _verify_ledger(
    context: Context, vkey: str | None, processes: int | None, fmt: str | None, output: str | None
) -> None:
    """Verify the ledger in use."""
    try:
        with open_evidence(context, vkey) as evidence:
            verdict = _verified(context, evidence, processes)
    except IntegrityError as error:
        # The words for people go to stderr, once; a form asked for is still written.
        if output not in {None, "-"} or fmt not in {None, "table"}:
            emit(failure_document(error), _failure_table(error), fmt=fmt, output=output)
        raise
    emit(verdict_document(verdict), _table(verdict), fmt=fmt, output=output)


def _verified(context: Context, evidence: Evidence, processes: int | None) -> Verdict:
    """Verify in so many processes; None for one a core where that is worth it."""
    if processes == 1 or (processes is None and not evidence.is_large()):
        return verify_evidence(evidence)
    # Processes take a while to load, and more to begin.
    from ledger.verify.crew import Crew  # noqa: PLC0415
    from ledger.verify.split import verify_split  # noqa: PLC0415

    crew = Crew(processes)
    if crew.processes == 1:
        return verify_evidence(evidence)
    return verify_split(evidence, location_of(context).open, crew, parts=crew.parts)


def _table(verdict: Verdict) -> Table:
    """Return the steps that held."""
    source = (
        "given with --vkey" if verdict.vkey_source == "given" else "stated by the ledger itself"
    )
    unsigned = verdict.size - verdict.signed_size
    tail = (f"unsigned: the last {_entries(unsigned)}, after checkpoint {verdict.signed_size}",)
    return Table(
        f"{verdict.origin}: verified, {_entries(verdict.size)}{_unsigned(verdict)}",
        (Column("step", "right"), Column("check"), Column("count", "right"), Column("note")),
        tuple((str(c.step), c.name, str(c.count), c.note) for c in verdict.checks),
        (
            f"root {verdict.root.hex()}",
            f"key {verdict.vkey}, {source}",
            *(tail if unsigned else ()),
            "not shown here: that every run was recorded, or that the stated figures are right",
        ),
    )


def _unsigned(verdict: Verdict) -> str:
    """Return how much of the ledger nobody signed, where that is anything."""
    return "" if verdict.signed_size == verdict.size else f", only {verdict.signed_size} signed"


def _entries(number: int) -> str:
    """Return a number of entries."""
    return "1 entry" if number == 1 else f"{number} entries"


def _failure_table(error: IntegrityError) -> Table:
    """Return the fault."""
    rows = (("fault", error.message), ("where", error.where), ("why", error.why))
    return Table("verification failed", (Column("part"), Column("text", wide=True)), rows)
