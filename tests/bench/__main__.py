"""The command: ``python -m tests.bench [ID…]``, all benchmarks and scaling laws by default."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent.parent
# Sides stand beside the generators of the tests, whichever way this was started.
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from bench import results, scaling, summary  # noqa: E402
from bench.benchmark import Bench, Benchmark  # noqa: E402
from bench.catalogue import benchmarks  # noqa: E402
from bench.machine import described  # noqa: E402
from bench.session import COMMAND, ROUNDS_MAX, Outcome, Settings, measure  # noqa: E402

SCALING = "scaling"
SIZES = ",".join(map(str, scaling.SIZES))


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--list", "listed", is_flag=True, help="Show what there is.")
@click.option("--scale", default=1.0, show_default=True, help="Share of the full sizes.")
@click.option("--repetitions", default=5, show_default=True, help="Pairs of runs.")
@click.option("--rounds", default=ROUNDS_MAX, show_default=True, help="Tries of an unsteady one.")
@click.option(
    "--sizes",
    default=SIZES,
    show_default=True,
    help="Entries of the scaling laws, before the scale.",
)
@click.option(
    "--law",
    "named",
    multiple=True,
    type=click.Choice([law.name for law in scaling.LAWS]),
    help="Measure this scaling law, and of the others none; may be repeated.",
)
@click.option("--work", type=click.Path(path_type=Path), help="Keep inputs here for the next time.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the results.")
@click.option("--into", type=click.Path(path_type=Path), help="Folder of results to put it in.")
@click.option("--readme", is_flag=True, help="Put the results of tests/bench into the README.")
def main(
    ids: tuple[str, ...],
    *,
    listed: bool,
    scale: float,
    repetitions: int,
    rounds: int,
    sizes: str,
    named: tuple[str, ...],
    work: Path | None,
    output: Path | None,
    into: Path | None,
    readme: bool,
) -> None:
    """Compare the program with plain baselines: IDs as `--list` shows them, and `scaling`."""
    if listed:
        for one in benchmarks().values():
            click.echo(
                f"{one.id:5} {one.title}" + (f" (not run: {one.lacks()})" * bool(one.lacks()))
            )
        click.echo(f"{SCALING} time and memory as the ledger grows")
        return
    wanted, laws = chosen(ids, named)
    settings = Settings(scale, repetitions, rounds, repeated(ids, scale, rounds, sizes, named))
    numbers = scaling.scaled(map(int, sizes.split(",")), scale)
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = work or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        bench, machine = Bench(folder.resolve()), described(folder)
        held = (
            None
            if into is None
            else held_in(into, machine, settings, output, laws=laws, sizes=numbers)
        )
        outcomes: list[Outcome] = []
        for one in wanted:
            outcomes.append(measure(bench, one, settings, say))
            # What was measured is kept, whatever comes after.
            if output is not None:
                results.write(output, results.document(machine, settings, outcomes, ()))
        curves = scaling.draw(bench, numbers, min(3, repetitions), say, laws) if laws else []
    found = results.document(machine, settings, outcomes, curves)
    tell(found, output)
    if into is not None and held is not None:
        results.write(into, results.merged(held, found))
    if readme:
        summary.rewrite(ROOT / "README.md", ROOT / "tests" / "bench" / "results.json")
    if results.failed(found):
        sys.exit(1)


def held_in(
    into: Path,
    machine: dict[str, str],
    settings: Settings,
    output: Path | None,
    *,
    laws: Sequence[scaling.Law] = (),
    sizes: Sequence[int] = (),
) -> dict[str, object]:
    """Return the whole run that rows are to be put into, before anything is measured.

    Raises:
        click.BadParameter: If they could not be.
    """
    if len(laws) == len(scaling.LAWS) or (
        output is not None and output.resolve() == into.resolve()
    ):
        raise click.BadParameter("name benchmarks or laws, and another folder than that of -o")
    path = into / "results.json"
    if not path.is_file():
        raise click.BadParameter(f"{into} holds no results; name the folder of a whole run")
    held: dict[str, object] = json.loads(path.read_text("utf-8"))
    told = results.document(machine, settings, (), ())
    asked = {law.name: scaling.sizes_of(law, sizes) for law in laws}
    other = results.difference(held, told) or results.other_sizes(held, asked)
    if other:
        raise click.BadParameter(f"{into} has {other}")
    return held


def chosen(
    ids: Sequence[str], named: Sequence[str]
) -> tuple[list[Benchmark], tuple[scaling.Law, ...]]:
    """Return the benchmarks and the scaling laws that are asked for; all of them by default."""
    held = benchmarks()
    unknown = sorted(set(ids) - set(held) - {SCALING})
    if unknown:
        raise click.BadParameter(f"no benchmark {', '.join(unknown)}; --list shows them")
    wanted = [held[name] for name in ids if name != SCALING]
    if named:
        return wanted, tuple(law for law in scaling.LAWS if law.name in named)
    every = not ids
    laws = scaling.LAWS if every or SCALING in ids else ()
    return list(held.values()) if every else wanted, laws


def repeated(
    ids: Sequence[str], scale: float, rounds: int, sizes: str, named: Sequence[str] = ()
) -> str:
    """Return the command that measures the same again; where inputs are kept is no part of it."""
    told = {"--scale": (scale, 1.0), "--rounds": (rounds, ROUNDS_MAX), "--sizes": (sizes, SIZES)}
    given = [
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, (value, usual) in told.items()
        if value != usual
    ]
    given += [f'--law "{name}"' for name in named]
    return " ".join((COMMAND, *ids, *given))


def tell(found: dict[str, object], output: Path | None) -> None:
    """Print the page, and write it where it is wanted."""
    click.echo(results.page(found))
    for path in results.write(output, found) if output else ():
        say(f"wrote {path}")


def say(text: str) -> None:
    """Say how far it is."""
    click.echo(text, err=True)


__all__ = ["Outcome", "main"]

if __name__ == "__main__":
    main()
