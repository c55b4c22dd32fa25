"""``flopledger rules`` shows the law as data, tests it and packs it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ledger.cli.bench import bench_of, pack_of
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options, write_text
from ledger.cli.rules_mutants import mutants
from ledger.engines import ENGINES
from ledger.errors import InputError
from ledger.pack import PACK_NAME, packed_bytes
from ledger.period import parse_day
from ledger.regime.index import load_index
from ledger.regime.lint import lint_pack
from ledger.regime.load import find_regime, load_regimes, read_regimes
from ledger.regime.schema import SCHEMAS, schema_text
from ledger.regime.vocabulary import load_vocabulary
from ledger.report.cases import case_document, case_tables
from ledger.report.flaws import flaw_document, flaw_table
from ledger.report.law import LawView, index_table, law_tables, list_table
from ledger.report.law_document import law_document, list_document
from ledger.resources import rules_root

__all__ = ["rules"]

_in_force_on = click.option(
    "--in-force-on", metavar="DATE", help="Ask the law of that day; default today."
)
_law_known_on = click.option(
    "--law-known-on", metavar="DATE", help="Hide what was published after that day."
)


EPILOG = """\b
Examples:
  flopledger rules list
  flopledger rules show eu.aia
  flopledger --rules ./rules rules lint
"""


@click.group(epilog=EPILOG)
def rules() -> None:
    """Show the law as data, check the files that hold it, and pack them."""


rules.add_command(mutants)


@rules.command(name="list", epilog="Example: flopledger rules list --in-force-on 2024-06-01")
@_in_force_on
@_law_known_on
@click.option("--index", is_flag=True, help="Show only what was looked at and has no rule.")
@output_options
@pass_context
def list_(
    context: Context,
    *,
    in_force_on: str | None,
    law_known_on: str | None,
    index: bool,
    fmt: str | None,
    output: str | None,
) -> None:
    """List every regime with its status on a day, and what has no rule with the reason."""
    pack = pack_of(context)
    regimes, entries = load_regimes(pack), load_index(pack)
    on, known = _today(in_force_on), _day(law_known_on)
    shown = {} if index else regimes
    tables = [list_table(shown, on, known)] if shown else []
    tables += [index_table(entries)] if entries or index else []
    emit(list_document(shown, entries, pack.digest, on, known), tables, fmt=fmt, output=output)


@rules.command(epilog="Example: flopledger rules show eu.aia --reading rl-rollout=not-named")
@click.argument("regime_id", metavar="REGIME")
@_in_force_on
@_law_known_on
@click.option("--reading", multiple=True, metavar="ID=ALT", help="Answer an open question.")
@output_options
@pass_context
def show(
    context: Context,
    *,
    regime_id: str,
    in_force_on: str | None,
    law_known_on: str | None,
    reading: tuple[str, ...],
    fmt: str | None,
    output: str | None,
) -> None:
    """Show one regime for a lawyer: each number beside the words of the law that decide."""
    pack = pack_of(context)
    vocabulary = load_vocabulary(pack)
    regime = find_regime(load_regimes(pack, vocabulary), regime_id)
    on, known = _today(in_force_on), _day(law_known_on)
    view = LawView.of(regime, on, known, _readings(reading))
    emit(law_document(view, pack.digest), law_tables(view, vocabulary), fmt=fmt, output=output)


@rules.command(epilog="Example: flopledger --rules ./rules rules lint")
@output_options
@pass_context
def lint(context: Context, *, fmt: str | None, output: str | None) -> int:
    """Look for what is wrong in rule files: exit 1 with findings, 2 if one cannot be loaded."""
    pack = pack_of(context)
    vocabulary = load_vocabulary(pack)
    regimes, flaws = read_regimes(pack, vocabulary)
    found = flaws or lint_pack(pack, vocabulary)
    count = f"{_counted(len(found), 'finding')} in {_counted(len(regimes), 'regime')}"
    kept = f"kept from loading by {_counted(len(flaws), 'mistake')}"
    table = flaw_table(kept if flaws else count, found)
    emit(flaw_document(pack.digest, len(regimes), found), table, fmt=fmt, output=output)
    return 2 if flaws else int(bool(found))


@rules.command(name="test", epilog="Example: flopledger rules test eu.aia --written")
@click.argument("regime_ids", nargs=-1, metavar="[REGIME]...")
@click.option("--written", is_flag=True, help="Leave out the cases generated around each line.")
@click.option(
    "--engine", type=click.Choice(ENGINES), default="plain", show_default=True, help="What adds up."
)
@output_options
@pass_context
def test_(
    context: Context,
    *,
    regime_ids: tuple[str, ...],
    written: bool,
    engine: str,
    fmt: str | None,
    output: str | None,
) -> int:
    """Run the cases of the law, written and generated: exit 1 when one fails."""
    pack = pack_of(context)
    vocabulary = load_vocabulary(pack)
    regimes = load_regimes(pack, vocabulary)
    asked = [find_regime(regimes, each) for each in regime_ids] or list(regimes.values())
    bench = bench_of(pack, vocabulary, engine)
    results = [result for regime in asked for result in bench.run_written(regime)]
    around = [] if written else [bench.run_generated(regime) for regime in asked]
    results += [result for generated, _ in around for result in generated]
    silent = [boundary for _, unreached in around for boundary in unreached]
    tables = case_tables(results, silent)
    emit(case_document(pack.digest, results, silent), tables, fmt=fmt, output=output)
    return int(any(not result.passed for result in results))


@rules.command(epilog="Example: flopledger rules schema -o schemas")
@click.argument("name", required=False, type=click.Choice(sorted(SCHEMAS)))
@click.option("-o", "--output", metavar="DIR", help="Write into that folder, made if need be.")
@pass_context
def schema(context: Context, *, name: str | None, output: str | None) -> None:
    """Print the JSON Schema of rule files, for an editor, or write all of them."""
    if output is None:
        write_text(schema_text(name or "regime.v1.schema.json"), None)
        return
    try:
        Path(output).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot make the folder {output}: {error.strerror}",
            remedy="choose another folder with -o",
        ) from error
    for each in [name] if name else SCHEMAS:
        write_text(schema_text(each), str(Path(output) / each))
        context.say(f"wrote {Path(output) / each}")


@rules.command(epilog="Example: flopledger --rules ./rules rules pack -o pack.v1.json")
@click.option("-o", "--output", metavar="FILE", help="Write there instead of into the folder.")
@pass_context
def pack(context: Context, *, output: str | None) -> None:
    """Write the rule files as one canonical JSON file, which names the law by one digest."""
    root = rules_root(context.rules)
    load_regimes(pack_of(context))
    target = output or (str(root / PACK_NAME) if isinstance(root, Path) else "-")
    write_text(packed_bytes(root).decode(), target)
    context.say(f"pack {pack_of(context).digest}")


def _counted(number: int, what: str) -> str:
    """Return a number of things."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _today(text: str | None) -> date:
    """Return the day given, or today."""
    return now().date() if text is None else parse_day(text)


def _day(text: str | None) -> date | None:
    """Return the day given, if any."""
    return None if text is None else parse_day(text)


def _readings(given: tuple[str, ...]) -> dict[str, str]:
    """Return the readings chosen by id.

    Raises:
        InputError: If one is not ID=ALT.
    """
    chosen = {}
    for text in given:
        name, sign, alternative = text.partition("=")
        if not sign or not name or not alternative:
            raise InputError(f"{text!r} chooses no reading", remedy="write --reading ID=ALT")
        chosen[name] = alternative
    return chosen
