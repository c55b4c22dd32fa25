"""Resources are the rules and schemas that ship with the package."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ledger.errors import MissingError

__all__ = ["rules_root", "schemas_root"]


def rules_root(explicit: Path | None = None) -> Traversable:
    """Return the folder of rule files, or the pack file.

    Args:
        explicit: Folder or pack file given by the user, or None for the folder that ships.

    Returns:
        The folder, which may lie inside an archive, or the file.

    Raises:
        MissingError: If there is neither.
    """
    if explicit is not None:
        if not explicit.is_dir() and not explicit.is_file():
            raise MissingError(
                f"{explicit} is not a folder of rules, nor a pack file",
                remedy="pass --rules with a folder, or with what rules pack -o wrote",
            )
        return explicit
    return _shipped("rules")


def schemas_root() -> Traversable:
    """Return the folder of published schemas.

    Raises:
        MissingError: If the installation lacks it.
    """
    return _shipped("schemas")


def _shipped(name: str) -> Traversable:
    """Return a folder of the wheel, or of the checkout the package stands in."""
    package = files("ledger")
    installed = package / "_data" / name
    if installed.is_dir():
        return installed
    if isinstance(package, Path):
        checkout = package.parent
        # A stray folder beside site-packages is not ours: both must be there.
        if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
            return checkout / name
    raise MissingError(f"the {name} are missing", remedy="reinstall flopledger, or pass --rules")
