"""What goes wrong, said in a sentence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LocalsimError(ValueError):
    """A mistake in what was asked: its text says what, where and what would be right."""


class LedgerError(LocalsimError):
    """A month's money does not balance to half a penny; the run stops."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known words are nearest to a wrong one, as the end of a sentence.

    Returns a phrase such as ``"did you mean 'norbiton'?"``, or a list of what is known where
    nothing is near.
    """
    names = [str(name) for name in known]
    close = difflib.get_close_matches(word.lower(), [n.lower() for n in names], n=3, cutoff=0.6)
    originals = [next(n for n in names if n.lower() == c) for c in close]
    if originals:
        return "did you mean " + " or ".join(repr(n) for n in originals) + "?"
    shown = ", ".join(repr(n) for n in names[:12])
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"known are {shown}{more}."
