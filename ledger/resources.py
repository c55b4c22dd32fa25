"""Resources are the rules and schemas that ship with the package."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ledger.errors import MissingError

__all__ = ["rules_root", "schemas_root"]


def rules_root(explicit: Path | None = None) -> Traversable:
    """Return the folder of rule files.

    Args:
        explicit: Folder given by the user, or None for the one that ships.

    Returns:
        The folder; it may lie inside an archive.

    Raises:
        MissingError: If there is no such folder.
    """
    if explicit is not None:
        if not explicit.is_dir():
            raise MissingError(
                f"{explicit} is not a folder of rules", remedy="pass --rules DIR with a folder"
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
