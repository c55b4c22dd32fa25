"""A look-alike is a name that a reader takes for another, by case, width or letters of two scripts.

The idea is that of the skeletons of Unicode Technical Standard 39: names whose skeletons are equal
look alike. The table is a short one of our own and not the data of the standard: letters of
Cyrillic, Greek and Armenian, dashes and quotation marks. Nothing is refused for it, since honest
names can look alike too: whoever reads the totals is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from unicodedata import normalize

from ledger.form.plain import UNSHOWN

__all__ = ["alike", "skeleton", "told"]

# Letters as NFKC leaves them: the lunate sigma, which looks like c, becomes a final sigma there.
_PAIRS: Final = (
    # Cyrillic, small and capital.
    ("\u0430\u0441\u0435\u04bb\u0456\u0458\u043a\u043e\u0440\u0455\u0443\u0445", "acehijkopsyx"),
    ("\u051b\u051d\u04cf\u0501", "qwld"),
    ("\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420", "abcehijkmop"),
    ("\u0405\u0422\u0423\u0425\u051a\u051c\u04c0", "styxqwl"),
    # Greek, small and capital.
    ("\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c5\u03b3\u03c2\u03f3", "aikvopuycj"),
    ("\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f", "abezhikmno"),
    ("\u03a1\u03a4\u03a5\u03a7", "ptyx"),
    # Armenian, and Latin letters that are no ASCII.
    ("\u0585\u057d\u0578\u0570\u0581", "ounhg"),
    ("\u0131\u0261\u0251", "iga"),
    # Dashes and the minus sign, quotation marks.
    ("\u2010\u2012\u2013\u2014\u2015\u2212", "------"),
    ("\u2018\u2019\u02bc\u2032", "''''"),
)
_TABLE: Final = str.maketrans(
    "".join(letters for letters, _ in _PAIRS), "".join(latin for _, latin in _PAIRS)
)


def skeleton(name: str) -> str:
    """Return what all names that look like this one have in common."""
    if name.isascii():
        return " ".join(name.lower().split())
    wide = normalize("NFKC", UNSHOWN.sub("", name)).translate(_TABLE)
    return " ".join(normalize("NFKC", wide.casefold()).split())


def alike(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the names that look alike, in groups of two or more; groups and names are sorted."""
    groups: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        groups.setdefault(skeleton(name), []).append(name)
    return tuple(sorted(tuple(group) for group in groups.values() if len(group) > 1))


def told(names: Sequence[str]) -> str:
    """Return names of one group in words, with the characters that tell them apart."""
    return " and ".join(f"{name!r}{_codes(name)}" for name in names)


def _codes(name: str) -> str:
    """Return the characters of a name that are no ASCII, by number; empty if all are."""
    odd = dict.fromkeys(f"U+{ord(sign):04X}" for sign in name if not sign.isascii())
    return f" ({', '.join(odd)})" if odd else ""
