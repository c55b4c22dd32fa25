"""``flopledger rules`` shows the law as data, tests it and packs it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from ledger.cli.bench import bench_of, pack_of
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.fmt import fmt
from ledger.cli.lint import lint
from ledger.cli.output import emit, emit_memo, output_options, output_options_with, write_text
from ledger.cli.progress import Progress
from ledger.cli.rules_adopt import adopt
from ledger.cli.rules_diff import diff
from ledger.cli.rules_explain import explain
from ledger.cli.rules_mutants import mutants
from ledger.cli.rules_pack import pack as pack_command
from ledger.cli.rules_sign import check_signatures, sign
from ledger.cli.rules_whatif import whatif
from ledger.engines import INLINE
from ledger.errors import InputError
from ledger.journeys.casework import Bench, CaseResult
from ledger.period import parse_day
from ledger.regime.boundary import Boundary
from ledger.regime.cased import CasedRegime, load_cased
from ledger.regime.index import load_index
from ledger.regime.load import find_regime, load_regimes
from ledger.regime.schema import SCHEMAS, schema_text
from ledger.regime.vocabulary import load_vocabulary
from ledger.report.cases import case_document, case_tables
from ledger.report.index import index_table
from ledger.report.junit import junit_text
from ledger.report.law import LawView, list_document, list_table
from ledger.report.law_document import law_document
from ledger.report.law_memo import law_memo

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


_OTHERS = (
    adopt,
    check_signatures,
    diff,
    explain,
    fmt,
    lint,
    mutants,
    pack_command,
    sign,
    whatif,
)
for _command in _OTHERS:
    rules.add_command(_command)


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
    regimes, entries = load_cased(pack), load_index(pack)
    on, known = _today(in_force_on), _day(law_known_on)
    shown = {} if index else regimes
    tables = [list_table(shown, on, known)] if shown else []
    tables += [index_table(entries)] if entries or index else []
    document = list_document(shown, entries, pack.digest, on, known)
    emit(document, tables, fmt=fmt, output=output)


@rules.command(epilog="Example: flopledger rules show eu.aia -f markdown -o memo.md")
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
    """Show one regime as a memo: each number beside the words of the law that decide."""
    pack = pack_of(context)
    vocabulary = load_vocabulary(pack)
    regime = find_regime(load_regimes(pack), regime_id)
    on, known = _today(in_force_on), _day(law_known_on)
    view = LawView.of(regime, on, known, _readings(reading))
    document = law_document(view, vocabulary, pack.digest)
    emit_memo(
        document.model_dump(mode="json", by_alias=True),
        law_memo(document),
        fmt=fmt,
        output=output,
    )


@rules.command(name="test", epilog="Example: flopledger rules test eu.aia --written")
@click.argument("regime_ids", nargs=-1, metavar="[REGIME]...")
@click.option("--written", is_flag=True, help="Leave out the cases generated around each line.")
@click.option(
    "--engine", type=click.Choice(INLINE), default="plain", show_default=True, help="What adds up."
)
@output_options_with("junit")
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
    regimes = load_cased(pack)
    asked = [find_regime(regimes, each) for each in regime_ids] or list(regimes.values())
    bench = bench_of(pack, vocabulary, engine)
    with Progress(context, "cases", "regime") as progress:
        results, silent = _run_cases(bench, asked, progress, written=written)
    _emit_cases(pack.digest, results, silent, fmt=fmt, output=output)
    return int(any(not result.passed for result in results))


def _run_cases(
    bench: Bench, regimes: Sequence[CasedRegime], progress: Progress, *, written: bool
) -> tuple[list[CaseResult], list[tuple[str, Boundary]]]:
    """Return how the cases went, and the lines around which none could be generated."""
    results: list[CaseResult] = []
    silent: list[tuple[str, Boundary]] = []
    for count, regime in enumerate(regimes, 1):
        results += bench.run_written(regime)
        if not written:
            generated, unreached = bench.run_generated(regime)
            results += generated
            silent += [(regime.id, boundary) for boundary in unreached]
        progress(count, len(results))
    return results, silent


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


def _emit_cases(
    digest: str,
    results: Sequence[CaseResult],
    silent: Sequence[tuple[str, Boundary]],
    *,
    fmt: str | None,
    output: str | None,
) -> None:
    """Write what became of the cases in the form asked for."""
    unreached = [boundary for _, boundary in silent]
    emit(
        case_document(digest, results, unreached),
        case_tables(results, unreached),
        fmt=fmt,
        output=output,
        others={"junit": lambda: junit_text(digest, results, silent)},
    )


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
