"""A graph is the modules that a program loads, found by reading its import statements.

Nothing is run, so what happens to be installed changes nothing. What stands at the top of a module
counts, in its conditions and classes too; what a function imports, and what is meant for a type
checker, does not. An import whose absence is caught may be missing.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Final

from ledger.errors import LedgerError

__all__ = ["Graph", "graph_of"]

_ABSENCE: Final = {"ImportError", "ModuleNotFoundError"}
_REMEDY: Final = "import it from the module that defines it, or load it where it is used"


@dataclass(frozen=True, slots=True)
class Graph:
    """The modules of a program.

    Attributes:
        sources: Bytes of each file by its path, such as ``ledger/errors.py``, sorted.
        foreign: Packages from outside of the standard library that the program needs, sorted.
    """

    sources: Mapping[str, bytes]
    foreign: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Module:
    """One module.

    Attributes:
        path: Path of its file.
        data: Bytes of it.
        tree: What they say.
    """

    path: str
    data: bytes
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class _Import:
    """One import statement of one module.

    Attributes:
        module: What is imported, or imported from.
        names: Names taken from it.
        optional: Whether it may be missing.
    """

    module: str
    names: tuple[str, ...]
    optional: bool


def graph_of(entries: Sequence[str], package: Traversable, *, allowed: Sequence[str] = ()) -> Graph:
    """Return the modules that some modules of a package load.

    Args:
        entries: Names of modules of the package.
        package: Folder of the package, named like it.
        allowed: Packages from outside of the standard library that may be needed.

    Raises:
        LedgerError: If another one would be loaded, or a name that its package loads only when
            it is asked for.
    """
    inside = _Package(package)
    found: dict[str, _Module] = {}
    foreign = set[str]()
    todo = list(entries)
    while todo:
        name = todo.pop()
        module = None if name in found else inside.read(name)
        if module is None:
            continue
        found[name] = module
        todo += [name.rpartition(".")[0]] if "." in name else []
        for each in _imports(module.tree.body, optional=False):
            if each.module.partition(".")[0] != package.name:
                foreign |= _foreign(name, each, allowed)
                continue
            _refuse_lazy(name, each, inside)
            todo += [each.module, *(f"{each.module}.{part}" for part in each.names)]
    ordered = sorted(found.values(), key=lambda module: module.path)
    return Graph({module.path: module.data for module in ordered}, tuple(sorted(foreign)))


class _Package:
    """Modules of a package, each read once."""

    def __init__(self, folder: Traversable) -> None:
        """Read nothing yet."""
        self._folder = folder
        self._held: dict[str, _Module | None] = {}

    def read(self, name: str) -> _Module | None:
        """Return a module by its full name, or None for a name that is none."""
        if name not in self._held:
            self._held[name] = self._found(name)
        return self._held[name]

    def _found(self, name: str) -> _Module | None:
        """Look for the file of a module: a folder comes before a file, as for Python."""
        parts = name.split(".")
        for path in ([*parts, "__init__.py"], [*parts[:-1], f"{parts[-1]}.py"]):
            file = self._folder
            for part in path[1:]:
                file /= part
            if file.is_file():
                data = file.read_bytes()
                return _Module("/".join(path), data, ast.parse(data))
        return None


def _imports(body: Sequence[ast.stmt], *, optional: bool) -> Iterator[_Import]:
    """Yield what a body imports when it is run."""
    for each in body:
        match each:
            case ast.Import(names=names):
                yield from (_Import(alias.name, (), optional) for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield _Import(module, tuple(alias.name for alias in names), optional)
            case ast.ImportFrom():
                raise LedgerError("a relative import is not followed", remedy="name the module")
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=rest):
                yield from _imports(rest, optional=optional)
            case ast.Try(body=inner, handlers=handlers, orelse=rest, finalbody=last):
                may_fail = optional or any(map(_catches_absence, handlers))
                yield from _imports(inner, optional=may_fail)
                for held in (*(handler.body for handler in handlers), rest, last):
                    yield from _imports(held, optional=optional)
            case ast.If(body=inner, orelse=rest):
                yield from _imports([*inner, *rest], optional=optional)
            case ast.ClassDef(body=inner) | ast.With(body=inner):
                yield from _imports(inner, optional=optional)


def _catches_absence(handler: ast.ExceptHandler) -> bool:
    """Return whether a handler is for a module that is not there."""
    return isinstance(handler.type, ast.Name) and handler.type.id in _ABSENCE


def _foreign(name: str, each: _Import, allowed: Sequence[str]) -> set[str]:
    """Return the package that an import needs from outside, if any.

    Raises:
        LedgerError: If it is not allowed.
    """
    top = each.module.partition(".")[0]
    if top in sys.stdlib_module_names or (each.optional and top not in allowed):
        return set()
    if top not in allowed:
        raise LedgerError(
            f"{name} loads {top}",
            why=f"the program must run with {' and '.join(('Python', *allowed))} alone",
            remedy="load it where it is used, away from what is verified",
        )
    return {top}


def _refuse_lazy(name: str, each: _Import, package: _Package) -> None:
    """Refuse a name that its package loads only when it is asked for: what it needs is not seen.

    Raises:
        LedgerError: If an import asks for one.
    """
    source = package.read(each.module)
    if source is None:
        raise LedgerError(f"{name} imports {each.module}, which is not there", remedy=_REMEDY)
    bound = set(_bound(source.tree.body))
    for part in each.names:
        if part not in bound and package.read(f"{each.module}.{part}") is None:
            raise LedgerError(f"{name} takes {part} from {each.module}", remedy=_REMEDY)


def _bound(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield the names that a body binds when it is run."""
    for each in body:
        match each:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name.partition(".")[0] for alias in names)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                yield from (part.id for part in ast.walk(each) if isinstance(part, ast.Name))
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=rest):
                yield from _bound(rest)
            case ast.If(body=inner, orelse=rest):
                yield from _bound([*inner, *rest])
            case ast.Try(body=inner, handlers=handlers, orelse=rest):
                yield from _bound([*inner, *rest])
                for handler in handlers:
                    yield from _bound(handler.body)
