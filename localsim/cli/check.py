"""`localsim check`: land on answers that are known without a simulator."""

from __future__ import annotations

import argparse
import math
import sys
from typing import Any

from localsim.cli.words import FAILED, FINE, known, print_table


def check(options: argparse.Namespace) -> int:
    """Run the checks, or some of them, and print them beside the exact values."""
    from localsim.check import CHECKS, run_all
    from localsim.experiment.progress import Progress

    for name in options.names:
        known("check", name, CHECKS)
    with Progress("check", len(options.names or CHECKS), "check", shown=True) as bar:
        rows = run_all(options.names or None, lambda done, total, name: bar.at(done, name))
        bar.at(len(rows), "done")
    if options.json:
        import dataclasses
        import json

        fields = [dataclasses.asdict(row) for row in rows]
        print(json.dumps([_without_nan(row) for row in fields], indent=2))
    else:
        shown = [
            [
                row.name,
                f"{row.simulated:.6g}",
                f"{row.exact:.6g}",
                f"{row.tolerance:.2g}",
                "pass" if row.passed else "MISS",
                f"{row.seconds:.1f}",
                row.note,
            ]
            for row in rows
        ]
        print_table(
            ["check", "simulated", "exact", "tolerance", "verdict", "seconds", "figure"], shown
        )
    missed = [row.name for row in rows if not row.passed]
    if missed:
        print(f"localsim: {len(missed)} of {len(rows)} checks missed: {', '.join(missed)}.",
              file=sys.stderr)  # fmt: skip
    return FAILED if missed else FINE


def _without_nan(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row that JSON can hold: what is no number is null."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in row.items()
    }
