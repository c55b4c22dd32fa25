"""Write every generated file again: ``python tests/regenerate.py``; tests fail on drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ledger.pack import PACK_NAME, packed_bytes
from ledger.record.schema import record_schemas

ROOT = Path(__file__).resolve().parent.parent


def schema_files() -> dict[str, str]:
    """Return the text of every generated schema by file name."""
    documents: dict[str, Any] = {**record_schemas()}
    return {
        name: json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in documents.items()
    }


def main() -> None:
    """Write the schemas and the canonical rule pack."""
    for name, text in schema_files().items():
        (ROOT / "schemas" / name).write_text(text, encoding="utf-8")
    (ROOT / "rules" / PACK_NAME).write_bytes(packed_bytes(ROOT / "rules"))


if __name__ == "__main__":
    main()
