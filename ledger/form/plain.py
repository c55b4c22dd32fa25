"""A plain text shows what it is: in one normal form, and without characters that do not show.

Unicode can write one letter in several ways, and has characters that take no room or turn the
direction of what follows. Two texts that look the same would be two names in every total. Letters
of different scripts that look alike are another question: ``ledger.form.lookalike``.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import is_normalized

__all__ = ["UNSHOWN", "fault_of_name", "fault_of_text", "is_plain", "visible"]

# Letters, marks and signs that take no room or are blank, though Python calls them printable: the
# grapheme joiner, Hangul fillers, inherent vowels of Khmer, selectors of variation, the blank of
# Braille, of Khitan, of notes and of hieroglyphs.
_BLANK: Final = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00013441\U00013442\U00016fe4\U0001d159"
)

# Soft hyphen, marks and embeddings of direction, zero width, byte order mark, annotations, tags.
# The two joiners stay: some scripts are not written without. So do separators of lines.
_MARKS: Final = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff"
)
_UNSEEN: Final = re.compile(f"[{_MARKS}]")

UNSHOWN: Final = re.compile(f"[{_MARKS}{_BLANK}\u200c\u200d]")
"""A character that no name may hold, printable or not, since a reader sees nothing of it."""


def is_plain(text: str) -> bool:
    """Return whether every character shows, and the text is in normal form (NFC)."""
    return text.isascii() or (
        text.isprintable() and UNSHOWN.search(text) is None and is_normalized("NFC", text)
    )


def fault_of_name(text: str) -> str:
    """Return why two names that look the same might not be the same, in words; empty if not.

    A no-break space, a zero-width or a direction mark does not show, nor does a filler or a
    selector of variation: a name with one would be another name in every total and every fact, and
    nobody could see it.
    """
    if text.isascii() and text.isprintable():
        odd = None
    else:
        odd = next((sign for sign in text if not sign.isprintable() or UNSHOWN.match(sign)), None)
    if odd is not None:
        return f"the name holds U+{ord(odd):04X}, which does not show: write it without"
    if text != text.strip():
        return "the name begins or ends with a space: write it without"
    return _unnormal("name", text)


def fault_of_text(text: str) -> str:
    """Return what a free text holds that misleads its reader, in words; empty if nothing."""
    if text.isascii():
        return ""
    odd = _UNSEEN.search(text)
    if odd is not None:
        return f"the text holds U+{ord(odd[0]):04X}, which does not show: write it without"
    return _unnormal("text", text)


def visible(text: str, blank: str = "") -> str:
    """Return a text without the characters that no name may hold, for names that a program makes.

    Args:
        text: As it was found.
        blank: What stands in the place of each of them.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = "".join(sign if sign.isprintable() else blank for sign in text)
    return UNSHOWN.sub(blank, kept)


def _unnormal(what: str, text: str) -> str:
    """Return that a text is not in normal form; empty if it is."""
    if is_normalized("NFC", text):
        return ""
    return (
        f"the {what} is not in Unicode normal form NFC, so that it looks like another {what} and "
        "is none: write accented letters as one character each"
    )
