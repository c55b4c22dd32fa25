"""A check as JSON is written one determination at a time, so that a long one fits any memory."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.journeys.check_document import CheckDocument
from ledger.report.render import to_json

__all__ = ["check_json"]


def check_json(document: CheckDocument) -> Iterator[str]:
    """Yield the JSON of a check in parts; joined they are what ``to_json`` makes of the whole."""
    import msgspec  # noqa: PLC0415 - who verifies loads the standard library and no more

    bare = document.model_copy(update={"determinations": ()})
    # The determinations stand last, so that the last empty list is theirs.
    head, tail = to_json(bare.model_dump(mode="json", by_alias=True)).rsplit("[]", 1)
    before = f"{head}["
    for determination in document.determinations:
        text = msgspec.json.format(determination.model_dump_json(by_alias=True), indent=2)
        # A line break inside a text is escaped: every line is a line of the layout.
        yield f"{before}\n    " + text.replace("\n", "\n    ")
        before = ","
    yield f"\n  ]{tail}" if document.determinations else f"{head}[]{tail}"
