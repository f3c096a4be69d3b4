"""Which unsourced assumption decides a question, alone or with another, and from which value on?

    python experiments/tipping_values.py [QUESTION ...]

For each of three questions, in Norbiton by itself on the same luck throughout:

1. every assumption without a source is moved alone to either end of its range;
2. where an end takes a difference two thirds of the way to zero or further, the assumption is run
   at five values over its range (at most six assumptions a metric, the nearest to zero), and the
   values at which the sign changes are told;
3. the four that took it furthest are put at their worse ends two by two;
4. all assumptions are drawn at once, and the box is sought in which the policy loses.

Results go to ``out/tipping/QUESTION`` and are not run again; the first two steps are written to
``experiments/tipping_values.csv`` (where an assumption was followed, its ends are of the second
step), the third to ``experiments/tipping_pairs.csv``, the fourth is printed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import localsim as ls

HERE = Path(__file__).parent
OUT = Path("out") / "tipping"

PLACE = "norbiton"
YEARS = 4
SEED = 2026
WORKERS = 2
SCREENED = 2
FOLLOWED = 6
MOST_FOLLOWED = 6
DRAWN = 100
LEVELS = 5
WEIGHTIEST = 4
NEAR = 2 / 3
PRECISION = "%.5g"


@dataclass(frozen=True)
class Question:
    """A policy against another, and the metrics whose sign is at stake."""

    policy: ls.Policy
    baseline: ls.Policy
    metrics: tuple[str, ...] = ("need_months_unmet", "amenity_benefit_gbp")
    scenario: str = "steady"
    screened: int = SCREENED
    """Replications of the first step."""

    def experiment(self, replications: int, **given: Any) -> ls.Experiment:
        """Return the question as an experiment."""
        return ls.Experiment(
            PLACE,
            [self.baseline, self.policy],
            years=YEARS,
            warmup_years=YEARS,
            replications=replications,
            seed=SEED,
            metrics=list(self.metrics),
            scenario=self.scenario,
            baseline=self.baseline.name,
            **given,
        )


def questions() -> dict[str, Question]:
    """Return the three questions by name, with the policies of their configs."""
    before = ls.policies.status_quo()
    panel = ls.policies.local_integrated_services()
    pooled = ls.Pooled(share=1.0, ramp=1.0)
    formula = replace(ls.policies.needs_formula(), name="a good formula", budgets=pooled)
    voice = replace(
        panel, name="residents and agencies", budgets=pooled,
        contract=ls.Targets(items=188), supply=ls.InHouse(),
    )  # fmt: skip
    return {
        "what_one_norbiton_adds": Question(panel, before),
        "voice_or_formula": Question(voice, formula),
        "savings_or_relocation": Question(
            ls.policies.place_based_budget(),
            before,
            ("need_months_unmet", "amenity_benefit_gbp", "entitlements_gbp"),
            "austerity",
            screened=1,
        ),
    }


ABSENT = ("housing.", "health.step_")
"""What acts on themes that are not among the default ones."""


def unsourced() -> dict[str, tuple[float, float]]:
    """Return the range of every assumption without a source that has one and a theme to act on."""
    found = {}
    for name in ls.Assumptions.default().names:
        row = ls.Assumptions.default().row(name)
        if row.quality == "unsourced" and row.low < row.high and not name.startswith(ABSENT):
            found[name] = (row.low, row.high)
    return found


def run(name: str, step: str, experiment: ls.Experiment) -> ls.Results:
    """Run one step of a question, or read it where it is finished."""
    return experiment.run(folder=OUT / name / step, workers=WORKERS, progress=False)


def gaps(question: Question, results: ls.Results, metric: str) -> pd.DataFrame:
    """Return the paired differences of a metric, points × replications."""
    table = results.table
    table = table[(table["metric"] == metric) & (table["group"] == "all")]
    if "point" not in table.columns:  # no design: one point
        table = table.assign(point=0)
    wide = table.pivot_table(
        index="point", columns=["policy", "replication"], values="value", observed=True
    )
    found: pd.DataFrame = wide[question.policy.name] - wide[question.baseline.name]
    return found


def half(values: pd.Series) -> float:
    """Return half of the 95 % interval of a mean over replications."""
    from scipy import stats

    return float(stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))


def screen(name: str, question: Question) -> pd.DataFrame:
    """Return what each assumption, alone at either end, makes of each difference."""
    ranges = unsourced()
    design = ls.OneAtATime(dict.fromkeys(ranges))
    experiment = question.experiment(question.screened, assumptions="fixed", design=design)
    results = run(name, "screen", experiment)
    assert experiment.design is not None  # bound to what it varies
    points = [experiment.design.point(number) for number in range(len(experiment.design))]
    base, rows = points[0], []
    for metric in question.metrics:
        mean = gaps(question, results, metric).mean(axis=1)
        at = dict.fromkeys(base.items(), mean[0])
        for number, point in enumerate(points):
            at |= {(k, v): mean[number] for k, v in point.items() if v != base[k]}
        for key, (low, high) in ranges.items():
            ends = at[key, low], at[key, high]
            towards = 1 - min(end / mean[0] for end in ends)
            rows.append((name, metric, key, base[key], low, high, mean[0], *ends, towards))
    columns = ["question", "metric", "assumption", "value", "low", "high", "difference",
               "at_low", "at_high", "share_of_way_to_zero"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def follow(name: str, question: Question, screened: pd.DataFrame) -> pd.DataFrame:
    """Return the screened rows with the tipping values of those that come near to zero."""
    near = screened[screened["share_of_way_to_zero"] >= NEAR]
    near = near.sort_values("share_of_way_to_zero", ascending=False, kind="stable")
    near = near.groupby("metric", sort=False).head(MOST_FOLLOWED)
    found = screened.assign(tipping="", not_clear="", followed=False)
    for key in dict.fromkeys(near["assumption"]):
        levels = [float(x) for x in np.linspace(*unsourced()[key], LEVELS)]
        experiment = question.experiment(FOLLOWED, assumptions="fixed",
                                         design=ls.Grid({key: levels}))  # fmt: skip
        results = run(name, key, experiment)
        for metric in question.metrics:
            one = ls.tipping(experiment, results, key, metric, policy=question.policy.name)
            print(one, flush=True)
            row = (found["assumption"] == key) & (found["metric"] == metric)
            ends, crossings = one.table["difference"], one.values  # noqa: PD011  # a tuple
            found.loc[row, ["at_low", "at_high"]] = ends.iloc[0], ends.iloc[-1]
            found.loc[row, "tipping"] = "; ".join(f"{x:.3g}" for x in crossings)
            found.loc[row, "not_clear"] = "; ".join(f"{a:.3g} to {b:.3g}" for a, b in one.unclear)
            found.loc[row, "followed"] = True
    return found


def pairs(name: str, question: Question, screened: pd.DataFrame) -> pd.DataFrame:
    """Return the differences with the weightiest assumptions at their worse ends, two by two."""
    rows = []
    base = dict(zip(screened["assumption"], screened["value"], strict=True))
    for metric in question.metrics:
        of = screened[screened["metric"] == metric].nlargest(WEIGHTIEST, "share_of_way_to_zero")
        worse = {
            r.assumption: r.low if r.at_low / r.difference < r.at_high / r.difference else r.high
            for r in of.itertuples()
        }
        both = list(combinations(worse, 2))
        table = {k: [worse[k] if k in pair else base[k] for pair in both] for k in worse}
        experiment = question.experiment(FOLLOWED, assumptions="fixed", design=ls.Points(table))
        found = gaps(question, run(name, f"pairs_{metric}", experiment), metric)
        for number, (one, other) in enumerate(both):
            values = found.loc[number]
            rows.append((name, metric, one, worse[one], other, worse[other],
                         of["difference"].iloc[0], values.mean(), half(values)))  # fmt: skip
    columns = ["question", "metric", "assumption", "at", "other", "other_at",
               "difference", "difference_of_pair", "half_interval"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def drawn(name: str, question: Question, screened: pd.DataFrame) -> None:
    """Print how often the sign is which, all assumptions drawn, and the box in which it is so."""
    experiment = question.experiment(DRAWN, assumptions="sampled")
    results = run(name, "drawn", experiment)
    for metric in question.metrics:
        values = gaps(question, results, metric).iloc[0]
        print(f"{metric}: {values.mean():+,.0f} ± {half(values):,.0f} in {len(values)} draws; "
              f"above zero in {100 * (values > 0).mean():.0f} %")  # fmt: skip
        weight = screened[screened["metric"] == metric].set_index("assumption")
        moved = (weight["at_high"] - weight["at_low"]).abs().nlargest(3 * WEIGHTIEST)
        worlds = [experiment.plan.assumptions_of(int(r)) for r in values.index]
        cases = pd.DataFrame([{key: w.value(key) for key in moved.index} for w in worlds])
        usual = float(np.sign(screened.loc[screened["metric"] == metric, "difference"].iloc[0]))
        try:
            print(ls.discover(cases, (np.sign(values) != usual).to_numpy()), flush=True)
        except ls.LocalsimError as error:
            print(f"No box: {error}", flush=True)


def main(names: list[str]) -> None:
    """Answer the questions named, or all; all of them are written to the tables."""
    known = questions()
    alone, together = [], []
    for name in names or known:
        print(f"\n# {name}", flush=True)
        screened = screen(name, known[name])
        alone.append(follow(name, known[name], screened))
        together.append(pairs(name, known[name], screened))
        print(together[-1].to_string(), flush=True)
        drawn(name, known[name], screened)
    if names:
        return
    for file, tables in (("tipping_values.csv", alone), ("tipping_pairs.csv", together)):
        pd.concat(tables).to_csv(HERE / file, index=False, float_format=PRECISION,
                                 lineterminator="\n")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
