"""What runs first in the standalone verifier: it makes sure of Python, and of what is not needed.

What is barred here may be installed and is not used all the same, so that the answer is the same
on every machine. The archive holds this file twice: under its own name, and as what is run.
"""

import sys
from typing import Any

BARRED = (
    *("annotated_types", "click", "holidays", "icalendar", "msgspec", "polars", "pydantic"),
    *("pydantic_core", "rich"),
    *("sqlalchemy", "sqlmodel", "yaml"),
)
PYTHON_MIN = (3, 11)


def start(arguments: "list[str]") -> int:
    """Run the verifier and return its exit status."""
    if sys.version_info < PYTHON_MIN:
        sys.stderr.write("error[missing]: this needs Python 3.11 or later\n")
        return 2
    loaded: dict[str, Any] = sys.modules
    loaded.update(dict.fromkeys(BARRED))  # None bars an import
    try:
        import cryptography  # noqa: F401, PLC0415 - a missing one is told in words
    except ImportError:
        sys.stderr.write(
            "error[missing]: the package cryptography is not installed\n"
            "  next: python -m pip install cryptography\n"
        )
        return 2
    from ledger.standalone.front import main  # noqa: PLC0415 - once it is barred

    return main(arguments)


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
