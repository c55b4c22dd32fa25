"""An edition is law as somebody hands it over: a whole set of rules, or some regimes of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Final

from ledger.errors import MissingError, RuleError
from ledger.pack import Pack, read_pack
from ledger.regime.diagnosis import flawed
from ledger.regime.load import REGIMES_FOLDER
from ledger.regime.vocabulary import ACTIVITIES_PATH, FACTS_PATH, Vocabulary, load_vocabulary
from ledger.yamltree import Tree, parse_tree

if TYPE_CHECKING:
    from ledger.regime.cased import CasedRegimes

__all__ = ["Edition", "Lawbook", "lawbook", "read_edition", "without"]

_SCHEMA: Final = "regime/1"
_YAML: Final = (".yaml", ".yml")
_REMEDY: Final = "name a folder of rules, a file written by rules pack, or one regime file (.yaml)"


@dataclass(frozen=True, slots=True)
class Lawbook:
    """A set of rules that was read.

    Attributes:
        pack: All its files.
        words: Its vocabulary.
        regimes: Its regimes, by id in order.
    """

    pack: Pack
    words: Vocabulary
    regimes: CasedRegimes


@dataclass(frozen=True, slots=True)
class Edition:
    """Rule files as they were given.

    Attributes:
        given: What the user named.
        files: Path below the folder given, or the file given, to its tree.
        single: Whether one regime file was given.
    """

    given: str
    files: Mapping[str, Tree]
    single: bool = False

    @property
    def whole(self) -> bool:
        """Whether it can stand alone: it has a vocabulary of its own."""
        return FACTS_PATH in self.files and ACTIVITIES_PATH in self.files

    def ids(self) -> frozenset[str]:
        """Return the ids of its regimes."""
        return frozenset(_id(path, self.files[path]) for path in self._regimes())

    def over(self, base: Pack) -> tuple[Pack, Mapping[str, str]]:
        """Lay the edition over other rules.

        A regime takes the place of the one with its id, any other file that of the file with its
        path.

        Args:
            base: The rules below.

        Returns:
            The rules, and by path in them where each file of the edition was given.

        Raises:
            RuleError: If the edition holds a file that is no regime and has no place in the rules.
        """
        regimes = self._regimes()
        held = {_id(path, tree): path for path, tree in base.under(REGIMES_FOLDER).items()}
        files, given = dict(base.files), dict[str, str]()
        for path, tree in self.files.items():
            if path in regimes:
                free = REGIMES_FOLDER + path.rpartition("/")[2]
                place = held.setdefault(_id(path, tree), free)
            elif self.whole or path in base.files:
                place = path
            else:
                raise RuleError(
                    "it is no regime file, and the rules have no file of that name",
                    where=self.where(path),
                    remedy="begin a regime file with schema: regime/1, or take the file away",
                )
            if place in given:
                raise RuleError(
                    f"{given[place]} holds the same regime",
                    where=self.where(path),
                    remedy="keep one of them, or give one another id",
                )
            files[place], given[place] = tree, self.where(path)
        return Pack.of(files), given

    def read(self, base: Pack) -> Lawbook:
        """Read the edition: alone if it is whole, else over other rules.

        Raises:
            RuleError: If a file is wrong; names it as it was given.
            MissingError: If there is no vocabulary.
        """
        if self.whole:
            return lawbook(Pack.of(self.files), {p: self.where(p) for p in self.files})
        return lawbook(*self.over(base))

    def where(self, path: str) -> str:
        """Return where a file of the edition was given."""
        return self.given if self.single else f"{self.given}: {path}"

    def _regimes(self) -> frozenset[str]:
        """Return the paths of its regime files; outside their folder they say what they are."""
        return frozenset(
            path
            for path, tree in self.files.items()
            if self.single
            or path.startswith(REGIMES_FOLDER)
            or (isinstance(tree, dict) and tree.get("schema") == _SCHEMA)
        )


def read_edition(root: Traversable, given: str) -> Edition:
    """Read what somebody names: a folder of rules, a pack file, or one regime file.

    Args:
        root: The folder or file.
        given: What the user named.

    Raises:
        MissingError: If there is nothing of that name, or no rule file in it.
        RuleError: If a file cannot be read.
    """
    if root.is_file() and root.name.endswith(_YAML):
        try:
            tree = parse_tree(root.read_text("utf-8"), where=given)
        except UnicodeError as error:
            raise RuleError("the file is not UTF-8 text", where=given, remedy=_REMEDY) from error
        return Edition(given, {root.name: tree}, single=True)
    if not root.is_dir() and not root.is_file():
        raise MissingError(f"there is no {given}", remedy=_REMEDY)
    return Edition(given, read_pack(root).files)


def lawbook(pack: Pack, given: Mapping[str, str]) -> Lawbook:
    """Read every regime of a pack.

    Args:
        pack: The files.
        given: By path, where a file was given by the user; others are named by their path.

    Raises:
        RuleError: If a file is wrong; names the place.
        MissingError: If the pack has no vocabulary.
    """
    # Who only asks the law loads no cases.
    from ledger.regime.cased import load_cased, read_regimes  # noqa: PLC0415

    words = load_vocabulary(pack)
    if not given:
        return Lawbook(pack, words, load_cased(pack))
    regimes, flaws = read_regimes(pack, words)
    if flaws:
        raise flawed([replace(flaw, file=given.get(flaw.file, flaw.file)) for flaw in flaws])
    return Lawbook(pack, words, regimes)


def without(pack: Pack, ids: Collection[str]) -> Pack:
    """Return a pack without the regimes of these ids."""
    gone = {path for path, tree in pack.under(REGIMES_FOLDER).items() if _id(path, tree) in ids}
    return Pack.of({path: tree for path, tree in pack.files.items() if path not in gone})


def _id(path: str, tree: Tree) -> str:
    """Return the id of a regime; a file that states none is known by its path."""
    stated = tree.get("id") if isinstance(tree, dict) else None
    return stated if isinstance(stated, str) else path
