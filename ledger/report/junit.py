"""A JUnit report is what became of each case of the law, in the form that build servers read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from ledger.journeys.casework import CaseResult, Mismatch
from ledger.regime.boundary import Boundary
from ledger.report.cases import line_of

__all__ = ["junit_text"]

# XML 1.0 has no way to write these, not even escaped.
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_text(
    digest: str, results: Sequence[CaseResult], silent: Sequence[tuple[str, Boundary]]
) -> str:
    """Return what became of the cases as JUnit XML: a suite a regime, a test case a case.

    Args:
        digest: Digest of the rule pack.
        results: What became of the cases.
        silent: Regime and line around which no case could be generated: skipped test cases.
    """
    root = ET.Element("testsuites", name="flopledger rules test")
    names = [*(result.regime for result in results), *(regime for regime, _ in silent)]
    for regime in dict.fromkeys(names):
        suite = ET.SubElement(root, "testsuite", name=_writable(regime))
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", name="pack", value=digest)
        own = [result for result in results if result.regime == regime]
        for result in own:
            _test_case(suite, result)
        lines = [boundary for name, boundary in silent if name == regime]
        for boundary in lines:
            _skipped(suite, regime, boundary)
        _count(suite, len(own) + len(lines), sum(not each.passed for each in own), len(lines))
    suites = list(root)
    totals = [sum(int(each.attrib[key]) for each in suites) for key in _COUNTED]
    _count(root, *totals)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


_COUNTED: Final = ("tests", "failures", "skipped")


def _count(element: ET.Element, tests: int, failures: int, skipped: int) -> None:
    """Write how many test cases there are and what became of them."""
    counts = dict(zip(_COUNTED, (tests, failures, skipped), strict=True))
    element.attrib |= {key: str(number) for key, number in counts.items()} | {"errors": "0"}


def _test_case(suite: ET.Element, result: CaseResult) -> None:
    """Write one case; one that was generated says so."""
    kind = "generated" if result.generated else "written"
    element = ET.SubElement(
        suite,
        "testcase",
        classname=_writable(f"{result.regime}.{kind}"),
        name=_writable(result.case.name),
    )
    properties = ET.SubElement(element, "properties")
    ET.SubElement(properties, "property", name="generated", value=str(result.generated).lower())
    if not result.passed:
        told = list(_told(result.mismatches))
        failure = ET.SubElement(element, "failure", type="mismatch", message=told[0])
        failure.text = "\n".join(told)


def _told(mismatches: Sequence[Mismatch]) -> Iterator[str]:
    """Yield one line for each field that came out otherwise."""
    for wrong in mismatches:
        place = f"{wrong.rule} {wrong.subject} {wrong.field}"
        yield _writable(f"{place}: expected {wrong.expected}, found {wrong.found}")


def _skipped(suite: ET.Element, regime: str, boundary: Boundary) -> None:
    """Write a line of the law that no generated case reaches."""
    name = f"generated: around {line_of(boundary)}"
    element = ET.SubElement(
        suite, "testcase", classname=_writable(f"{regime}.generated"), name=_writable(name)
    )
    message = "no case could be generated around this line; write one by hand"
    ET.SubElement(element, "skipped", message=message)


def _writable(text: str) -> str:
    """Return a text with what XML cannot hold written out."""
    return _UNWRITABLE.sub(lambda found: f"\\x{ord(found.group()):02x}", text)
