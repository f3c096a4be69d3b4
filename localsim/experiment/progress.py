"""How far an experiment has come, on standard error."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import TracebackType
from typing import Any, Self


class Progress:
    """A bar over replications with rate, time remaining and failed runs; silent if not shown."""

    def __init__(self, name: str, replications: int, *, shown: bool) -> None:
        self.failed = 0
        self._bar: Any = _bar(name, replications) if shown else None

    def done(self, replications: int, failed_runs: int) -> None:
        """Count replications as finished, some of whose runs may have failed."""
        self.failed += failed_runs
        if self._bar is not None:
            if self.failed:
                self._bar.set_postfix_str(f"{self.failed} failed", refresh=False)
            self._bar.update(replications)

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


def _bar(name: str, replications: int) -> Any:
    # tqdm.auto draws a notebook widget but warns where ipywidgets is not installed.
    drawn = "tqdm.auto" if importlib.util.find_spec("ipywidgets") else "tqdm"
    seldom = not sys.stderr.isatty()
    return importlib.import_module(drawn).tqdm(
        total=replications,
        desc=name,
        unit="replication",
        file=sys.stderr,
        dynamic_ncols=True,
        mininterval=5.0 if seldom else 0.2,
    )
