"""How far an experiment has come, on standard error."""

from __future__ import annotations

import importlib
import importlib.util
import math
import sys
import time
from types import TracebackType
from typing import Any, Self

SECONDS_BETWEEN_WORDS = 0.2


class Progress:
    """A bar with rate, time remaining, failures and a headline; silent if not shown."""

    def __init__(self, name: str, total: int, unit: str, *, shown: bool) -> None:
        self.failed = 0
        self._told = -math.inf
        self._bar: Any = _bar(name, total, unit) if shown else None

    def done(self, number: int, failed: int, headline: object = "") -> None:
        """Count some more as finished, what failed in them, and what is known by now."""
        self.failed += failed
        if self._bar is not None:
            now = time.monotonic()
            if now - self._told > SECONDS_BETWEEN_WORDS:
                self._told = now
                words = [f"{self.failed} failed"] if self.failed else []
                self._bar.set_postfix_str(", ".join(filter(None, [*words, str(headline)])), False)
            self._bar.update(number)

    def at(self, number: int, what: str) -> None:
        """Say how many are finished and what is worked on now."""
        if self._bar is not None:
            self._bar.set_postfix_str(what, refresh=False)
            self._bar.update(number - self._bar.n)
            self._bar.refresh()

    def say(self, sentence: str) -> None:
        """Print a sentence beside the bar, where one is shown."""
        if self._bar is not None:
            self._bar.write(f"localsim: {sentence}", file=sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def _bar(name: str, total: int, unit: str) -> Any:
    # tqdm.auto draws a notebook widget but warns where ipywidgets is not installed.
    drawn = "tqdm.auto" if importlib.util.find_spec("ipywidgets") else "tqdm"
    seldom = not sys.stderr.isatty()
    return importlib.import_module(drawn).tqdm(
        total=total,
        desc=name,
        unit=unit,
        file=sys.stderr,
        dynamic_ncols=True,
        mininterval=5.0 if seldom else 0.2,
    )
