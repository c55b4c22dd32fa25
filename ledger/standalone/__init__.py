"""The standalone verifier is one file that runs with Python and ``cryptography`` alone.

``graph`` finds the modules that it needs by reading import statements, ``archive`` writes them with
the rule pack into one archive of the same bytes every time, and ``front`` is the program inside.
"""

from __future__ import annotations

__all__: list[str] = []
