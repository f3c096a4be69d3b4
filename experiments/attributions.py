"""Which answer of a policy makes its row in the table of every policy what it is?

    python experiments/attributions.py [NAME ...]

All of Kingston for five years, assumptions sampled, on the luck of ``every_policy.yaml``. Most rows
are taken from silo budgeting, which is the status quo without its neighbourhood committees: what
doing without them brings is a row of that table, and every answer that is no step halves the
policies to run. Results go to ``out/attributions/NAME`` and are not run again; what was found goes
to ``experiments/attributions.csv`` and One Norbiton's figure to ``experiments/figures``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

import localsim as ls

HERE = Path(__file__).parent
OUT = Path("out") / "attributions"
TABLE = HERE / "attributions.csv"

PLACE = "kingston"
YEARS = 5
REPLICATIONS = 6
SEED = 2026
WORKERS = 2
METRICS = (
    "need_months_unmet",
    "crises",
    "overhead_gbp",
    "amenity_benefit_gbp",
    "crisis_cost_gbp",
)
GROUPS = ("all", "inside", "outside")


@dataclass(frozen=True)
class Step:
    """A difference to split: policy `b` less policy `a`, some answers taken as one."""

    a: ls.Policy
    b: ls.Policy | ls.Pilot
    bundles: Mapping[str, list[str]] = field(default_factory=dict)


def steps() -> dict[str, Step]:
    """Return the differences to split, by the names that the table has."""
    before = ls.policies.status_quo()
    assert before.devolved is not None  # the status quo has neighbourhood committees
    fiftieth = replace(
        before, name="a fiftieth by committee", devolved=replace(before.devolved, share=0.02)
    )
    pilot = ls.Pilot(
        ls.policies.local_integrated_services(), "norbiton", before, name="One Norbiton"
    )
    purse = {"one purse, planned": ["budgets", "rule"]}
    panel = {"a panel of its own": ["tier", "devolved", "rule"]}
    own = {
        "money of one's own": ["tier", "budgets", "rule"],
        "staff and providers": ["contract", "supply"],
    }
    aligned = {"money and contract": ["budgets", "contract"]}
    formula = {"the formula": ["listening", "rule"]}
    region = {"a region's purse": ["tier", "budgets"]}
    silo = ls.policies.silo_budgeting()
    found = {
        "local_area_agreement": Step(silo, ls.policies.local_area_agreement()),
        "earned_autonomy": Step(silo, ls.policies.earned_autonomy()),
        "outcome_budgeting": Step(silo, ls.policies.outcome_budgeting()),
        "place_based_budget": Step(silo, ls.policies.place_based_budget(), purse),
        "one_council": Step(silo, ls.policies.one_council(), purse),
        "one_norbiton": Step(before, pilot, panel),
        "city_region": Step(silo, ls.policies.city_region(), region),
        "needs_formula": Step(silo, ls.policies.needs_formula(), formula),
        "asset_transfer": Step(silo, ls.policies.asset_transfer()),
        "shared_services": Step(silo, ls.policies.shared_services()),
        "prudential_borrowing": Step(silo, ls.policies.prudential_borrowing()),
        "a_fiftieth": Step(before, fiftieth),
        "participatory_budgeting": Step(fiftieth, ls.policies.participatory_budgeting()),
        "personal_budgets": Step(silo, ls.policies.personal_budgets(), own),
        "coordinated_care": Step(silo, ls.policies.coordinated_care(), aligned),
    }
    return found


def split(name: str, step: Step) -> ls.Attribution:
    """Return one difference, split; what was run before is not run again."""
    question = ls.Experiment(
        PLACE,
        [step.a, step.b],
        years=YEARS,
        replications=REPLICATIONS,
        seed=SEED,
        assumptions="sampled",
        metrics=list(METRICS),
        baseline=step.a.name,
    )
    return ls.attribute(
        question, step.a.name, step.b.name,
        bundles=step.bundles, folder=OUT / name, workers=WORKERS, progress=False,
    )  # fmt: skip


def rows(found: ls.Attribution) -> pd.DataFrame:
    """Return what was found, largest contribution first, the whole difference last."""
    contributions = found.table[found.table["answer"].isin(found.players)]
    whole = found.whole.assign(answer="altogether")
    both = pd.concat([contributions, whole], ignore_index=True)
    both = both[both["group"].isin(GROUPS)]
    both.insert(0, "policy", found.b)
    both.insert(1, "less", found.a)
    order = pd.DataFrame(
        {
            "metric": both["metric"].map({metric: i for i, metric in enumerate(METRICS)}),
            "group": both["group"].map({group: i for i, group in enumerate(GROUPS)}),
            "last": both["answer"] == "altogether",
            "size": -both["value"].abs(),
        }
    )
    return both.loc[order.sort_values(list(order), kind="stable").index]


def main(names: list[str]) -> None:
    """Split the differences named, or all; all of them are written to the table."""
    known = steps()
    tables = []
    for name in names or known:
        found = split(name, known[name])
        print(f"{name}\n{found.summary()}\n{found.summary('amenity_benefit_gbp')}\n", flush=True)
        tables.append(rows(found))
        if name == "one_norbiton":
            found.plot().savefig(HERE / "figures" / "one_norbiton_waterfall.png", dpi=100)
    if names:
        return
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        file.write(
            f"# Shapley values: Kingston, {YEARS} years, {REPLICATIONS} replications from seed "
            f"{SEED}, assumptions sampled; low and high are the 95 % interval. Written by "
            "experiments/attributions.py.\n"
        )
        pd.concat(tables).to_csv(file, index=False, float_format="%.6g", lineterminator="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
