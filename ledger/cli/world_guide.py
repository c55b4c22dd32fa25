"""The guide of the world is its README.txt: what to try, and what every file is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ledger.cli.world_steps import FORGED, FORKED, LEDGERS
from ledger.errors import LedgerError

__all__ = ["GUIDE", "TRIALS", "Trial", "guide", "trials"]

GUIDE = Path("README.txt")


@dataclass(frozen=True, slots=True)
class Trial:
    """One command to try.

    Attributes:
        title: What it shows, one sentence.
        command: What stands after ``flopledger``; ``{h20}`` is the number of the wrong entry.
        status: The exit status, on the day on which the world was built.
    """

    title: str
    command: str
    status: int = 0


_A, _B, _C = LEDGERS
_RIGHT = "--with labs/lab-a/work/h200.jsonl"
_KEY_C = '--vkey "$(cat labs/lab-c/key.txt)"'

TRIALS = (
    Trial("Which legal lines are met?", f"{_A} check", 1),
    Trial("What was held and done, by grade and month?", f"{_A} position --by-month"),
    Trial("The forward book of a dozen contracts, one of which expired.", f"{_A} contract list"),
    Trial(
        "What a contract says, and what it is worth at each grade.",
        f"{_A} contract show fwd-2027-q2-apart",
    ),
    Trial("When are lines crossed if what is signed is delivered?", f"{_A} forecast", 1),
    Trial(
        "And if the contract served another model, or came a month late?",
        f"{_A} forecast --reallocate fwd-2027-q1=synth-a3 --slip opt-2027-q2-exercised=30",
        1,
    ),
    Trial("Which duties are due, and which are late?", f"{_A} deadlines", 1),
    Trial(
        "A run of H200 was booked as H20. What would change if it were corrected?",
        f"{_A} impact {{h20}} --regime eu.aia {_RIGHT}",
        1,
    ),
    Trial("What the provider signed gives a run the grade B.", f"{_A} reconcile", 1),
    Trial("A bill covers four days of a run of two years.", f"{_B} reconcile", 1),
    Trial("Every byte of a ledger is read again.", f"{_C} verify"),
    Trial("One entry of a copy was forged: the number is named.", f"--ledger {FORGED} verify", 4),
    Trial("A ledger was continued twice, and each copy verifies.", f"--ledger {FORKED} verify"),
    Trial(
        "Held against each other, the two are a fork.",
        "witness compare labs/lab-c/ledger.db.checkpoints broken/fork/ledger.db.checkpoints "
        f"{_KEY_C}",
        4,
    ),
    Trial("Anybody can check the proof of it.", f"witness check-fork pages/fork.txt {_KEY_C}"),
    Trial(
        "The law is amended: who leaves?",
        f"{_A} rules whatif --draft law/eu.aia.amended.yaml --in-force-on 2027-08-02",
    ),
    Trial(
        "An authority verifies what a lab handed over.",
        "verify authority/lab-a.zip --policy authority/policy.txt",
        0,
    ),
)

_FILES = (
    ("README.txt", "this guide"),
    ("authority/lab-?.zip", "bundle that a lab hands over to an authority"),
    ("authority/policy.txt", "whose keys the authority goes by"),
    ("broken/forged/ledger.db", "copy of the ledger of lab-b with one forged entry"),
    ("broken/fork/ledger.db", "copy of the ledger of lab-c that was continued otherwise"),
    ("clouds/cloud-1/cloud-1.pem", "key by which Cloud 1 signs receipts"),
    ("clouds/cloud-1/delivered-*.jsonl", "what Cloud 1 delivered under a contract so far"),
    ("clouds/cloud-1/receipt-*.json", "usage that Cloud 1 signed for lab-a"),
    ("clouds/cloud-2/bill-lab-b.csv", "bill of Cloud 2 to lab-b, in the form FOCUS"),
    ("clouds/cloud-2/bill.map.yaml", "which run of lab-b the bill is of"),
    ("clouds/cloud-2/pods-lab-c.json", "pods of lab-c on a cluster of Cloud 2"),
    ("clouds/cloud-2/pods.map.yaml", "which run of lab-c the pods are of"),
    ("*/contracts/*.yaml", "contract of lab-a with this party, as it was signed"),
    ("labs/*/ledger.db", "ledger of the lab"),
    ("*/key.txt", "public key, in C2SP form"),
    ("*/ledger.db.key.pem", "private key of the ledger; public here, since it is made up"),
    ("*/ledger.db.secret", "secret of the ledger, by which it gives pseudonyms"),
    ("*/ledger.db.checkpoints", "signed checkpoints of the ledger"),
    ("*/ledger.db.projection/*", "cache that can be deleted"),
    ("labs/*/work/20??-q?.csv", "work of a quarter, one row for each Monday and run"),
    ("labs/*/work/published-parents.csv", "published figures of the models built on; Epoch AI"),
    ("labs/*/work/models.jsonl", "what the lab states of its models"),
    ("labs/lab-a/work/h20.jsonl", "the run of H200 as it was booked: on H20"),
    ("labs/lab-a/work/h200.jsonl", "the same run as it should have been booked"),
    ("law/eu.aia.amended.yaml", "draft of the European rules with a line raised; not law"),
    ("pages/*-check.json", "which legal lines are met"),
    ("pages/*-position.*", "graded capacity held and operations done, by month"),
    ("pages/*-forecast.json", "when lines are crossed"),
    ("pages/*-deadlines.json", "when duties fall due"),
    ("pages/*-duties.ics", "the same as a calendar"),
    ("pages/*-reconcile.json", "sources side by side, and the grade of each run"),
    ("pages/*-report.*", "report to hand over"),
    ("pages/*-verify.json", "what verifying found"),
    ("pages/*-verdict.json", "what the authority finds in the bundle"),
    ("pages/*-verdict.html", "the same as a page to keep"),
    ("pages/lab-a-contracts.json", "the forward book"),
    ("pages/lab-a-impact.json", "everything that used the wrong entry"),
    ("pages/lab-a-restatement.json", "the correction, to be approved"),
    ("pages/lab-a-whatif.json", "what the draft of the law changes"),
    ("pages/fork.txt", "proof of the fork"),
)

_HEAD = """\
A made-up world: three labs, two clouds, a reseller, and an authority.

Nothing in it is real, except the figures of published models that the labs built on: they are
Epoch AI's (Data on AI Models, epoch.ai/data, CC BY 4.0). Models called synth-... do not exist.
The ledgers can be asked as often as you like. They cannot be continued: their keys are public.

Stand in this folder, and set the clock to the day on which the world was built:

  export SOURCE_DATE_EPOCH={seconds}

What to try
-----------
"""


def trials(numbers: Mapping[str, str]) -> tuple[Trial, ...]:
    """Return the commands to try, with the numbers of entries filled in."""
    return tuple(
        Trial(each.title, each.command.format_map(numbers), each.status) for each in TRIALS
    )


def guide(folder: Path, numbers: Mapping[str, str], seconds: int) -> str:
    """Return the guide to a world.

    Args:
        folder: Where the world is.
        numbers: Numbers of entries by their name: ``h20`` and ``forged``.
        seconds: The time of the world, in seconds since 1970.

    Raises:
        LedgerError: If a file is there that nobody described.
    """
    told = (
        f"{each.title}\n  flopledger {each.command}\n  exit status {each.status}\n"
        for each in trials(numbers)
    )
    here = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    listed = (f"{path}\n  {_what(path)}\n" for path in sorted({*here, str(GUIDE)}))
    where = f"Entry {numbers['forged']} of broken/forged is the forged one.\n"
    files = "What every file is\n------------------\n"
    return "\n".join((_HEAD.format(seconds=seconds), *told, where, files, *listed))


def _what(path: str) -> str:
    """Return what a file is."""
    for pattern, what in _FILES:
        if fnmatchcase(path, pattern):
            return what
    raise LedgerError(f"nobody described {path}", remedy="please report this")
