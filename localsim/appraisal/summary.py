"""One screen that answers: what differs, what does it cost, for whom, how sure are we?"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from localsim.appraisal import layout, wording
from localsim.appraisal.differences import EQUAL, ROUNDING, holm
from localsim.appraisal.headlines import NEED, headline_metrics, short_label
from localsim.appraisal.subject import Subject
from localsim.appraisal.wording import INSIDE, OUTSIDE, WHOLE, Scale

if TYPE_CHECKING:
    from localsim.appraisal.paired import Appraisal

LINES = 46


@dataclass(frozen=True, eq=False)
class Summary:
    """The headline differences of an appraisal as one screen of text.

    ``str()`` is the screen; a notebook shows it as a table. ``table`` holds the same rows of
    :attr:`localsim.appraisal.Appraisal.differences` unrounded, with the metric's short label and
    ``holm_p``, the p-value adjusted for looking at all of them (Holm 1979).
    """

    table: pd.DataFrame
    sheet: layout.Sheet

    def __str__(self) -> str:
        return layout.as_text(self.sheet)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return layout.as_html(self.sheet)


def summarise(appraisal: Appraisal) -> Summary:
    """Return the summary of an appraisal, with as many headline metrics as fit on a screen."""
    metrics = headline_metrics(appraisal.differences)
    gains = _gains(appraisal)
    while True:
        table = _headlines(appraisal, metrics)
        sheet = _sheet(appraisal, table, gains)
        if len(metrics) == 1 or layout.as_text(sheet).count("\n") < LINES:
            return Summary(table, sheet)
        metrics = metrics[:-1]


def _headlines(appraisal: Appraisal, metrics: list[str]) -> pd.DataFrame:
    """Return the rows of the headline metrics for the pilot, the rest and all, with Holm's p."""
    rows = appraisal.differences
    kept = rows["metric"].isin(metrics) & rows["group"].isin([WHOLE, INSIDE, OUTSIDE])
    table = rows[kept].reset_index(drop=True)
    table.insert(2, "label", [short_label(m) for m in table["metric"]])
    judged = (table["note"] != EQUAL).to_numpy()  # what is equal for certain is no test
    adjusted = np.ones(len(table))
    adjusted[judged] = holm(table.loc[judged, "p"].to_numpy())
    table.insert(list(table.columns).index("p") + 1, "holm_p", adjusted)
    order = {metric: i for i, metric in enumerate(metrics)}
    rank = {policy: i for i, policy in enumerate(appraisal.policies)}
    keys = table["policy"].map(rank) * len(order) + table["metric"].map(order)
    return table.loc[keys.sort_values(kind="stable").index].reset_index(drop=True)


def _sheet(appraisal: Appraisal, table: pd.DataFrame, gains: layout.Gains | None) -> layout.Sheet:
    subject = Subject.of(appraisal.results)
    base = wording.title(appraisal.baseline)
    groups = [g for g in (INSIDE, OUTSIDE, WHOLE) if (table["group"] == g).any()]
    level = appraisal.level
    fragile = table["better"].isin(["better", "worse"]) & (table["holm_p"] > 1 - level)
    scales = {str(m): _scale(rows) for m, rows in table.groupby("metric")}
    names = {INSIDE: "inside the pilot", OUTSIDE: "outside it", WHOLE: "all"}
    heads = [names[group] for group in groups] if len(groups) > 1 else ["difference", "in %"]
    single = bool((table["replications"] == 1).any())
    few = int((table["replications"] < subject.replications).sum())
    return layout.Sheet(
        head=(
            subject.sentence(len(appraisal.policies) + 1),
            f"Each policy less {base.lower()}: difference ± half of its {level * 100:g}% interval, "
            "and which way it points.",
        ),
        columns=("", f"{base}, all" if len(groups) > 1 else base, *heads),
        blocks=tuple(
            layout.Block(wording.title(str(policy)), tuple(_rows(part, groups, scales)))
            for policy, part in table.assign(fragile=fragile).groupby("policy", sort=False)
        ),
        gains=gains,
        foot=(
            *([_pairing(appraisal)] if subject.replications > 1 else []),
            *(
                [_correction(int((table["note"] != EQUAL).sum()), int(fragile.sum()))]
                if fragile.any()
                else []
            ),
            *(["One replication (1 run) gives no interval: run more."] if single else []),
            *([subject.meaning(level)] if subject.replications > 1 else []),
            *([_shortage(few, subject.replications)] if few else []),
            *appraisal.notes[:3],
        ),
    )


def _scale(rows: pd.DataFrame) -> Scale:
    """Return the scale of a metric for all policies: few digits for differences and levels."""
    levels = rows[["baseline_mean", "policy_mean"]].abs().to_numpy().max() / 100
    return Scale.of(str(rows["unit"].iloc[0]), max(levels, rows["difference"].abs().max()))


def _rows(part: pd.DataFrame, groups: list[str], scales: dict[str, Scale]) -> list[layout.Row]:
    """Return a row for each metric of a policy: its label, the baseline, a cell a group."""
    made = []
    for metric, rows in part.groupby("metric", sort=False):
        scale = scales[str(metric)]
        found = {str(row["group"]): row for row in rows.to_dict("records")}
        whole = found.get(WHOLE, next(iter(found.values())))
        label = short_label(str(metric), str(whole["unit"]))
        label = f"{label}, {scale.short}" if scale.short else label
        cells = [_cell(found[g], scale) if g in found else _NOTHING for g in groups]
        if len(groups) == 1:
            cells.append(layout.Cell(_percent(whole)))
        base = wording.plain(whole["baseline_mean"] * scale.factor)
        made.append(layout.Row(label, base, tuple(cells)))
    return made


_NOTHING = layout.Cell("–")


def _cell(row: dict[Hashable, Any], scale: Scale) -> layout.Cell:
    """Return a difference with half its interval, to the digit its error deserves, and a word."""
    difference = row["difference"] * scale.factor
    word = {"no clear difference": "unclear", "neither": ""}.get(row["better"], row["better"])
    if row["replications"] == 1:
        return layout.Cell(wording.plain(difference, signed=True), "1 run")
    if row["note"] in (EQUAL, ROUNDING):
        return layout.Cell("0 exactly" if row["note"] == EQUAL else "0", "same")
    if row["low"] == row["high"]:
        return layout.Cell(f"{wording.plain(difference, signed=True)} exactly", word)
    half = (row["high"] - row["low"]) / 2 * scale.factor
    unclear = row["better"] == "no clear difference"
    places = wording.decimals(half if unclear else row["se"] * scale.factor)
    if difference:  # no more than five digits
        places = min(places, wording.decimals(abs(difference)) + 4)
    level = abs(row["baseline_mean"]) * scale.factor
    if unclear and level:  # what is nothing beside the level needs no digits
        places = min(places, wording.decimals(level) + 3)
        if max(abs(difference), half) < 0.5 * 10.0**-places:
            return layout.Cell("≈0", word)
    value = wording.rounded(difference, places, signed=True)
    text = f"{value}±{wording.rounded(half, places)}"
    return layout.Cell(text, f"{word}?" if row["fragile"] else word)


def _gains(appraisal: Appraisal) -> layout.Gains | None:
    """Return who gains: the change in unmet need by area fifth and tenure, in per cent."""
    rows = appraisal.differences
    rows = rows[rows["metric"] == NEED]
    groups = [g for g in wording.ordered_groups(rows["group"]) if wording.is_social(g)]
    if not groups:
        return None
    made = []
    for policy in appraisal.policies:
        found = {
            str(row["group"]): row for row in rows[rows["policy"] == policy].to_dict("records")
        }
        cells = [_percent(found[g]) if g in found else "–" for g in groups]
        made.append((wording.title(policy), *cells))
    return layout.Gains(
        "Who gains: unmet need by area fifth (1 most deprived) and tenure, % change "
        "(brackets: unclear)",
        tuple(wording.short_group(g) for g in groups),
        tuple(made),
    )


def _percent(row: dict[Hashable, Any]) -> str:
    """Return a relative difference in per cent, in brackets where its sign is not clear."""
    if row["difference"] == 0 and row["se"] == 0:
        return "0"
    if row["baseline_mean"] == 0:
        return "–"
    percent = 100 * row["relative_difference"]
    error = abs(100 * row["se"] / row["baseline_mean"])
    places = max(0, min(1, wording.decimals(error))) if 0 < error < math.inf else 0
    text = wording.rounded(percent, places, signed=True)
    return text if row["better"] in ("better", "worse") else f"({text})"


def _pairing(appraisal: Appraisal) -> str:
    """Say by what factor pairing cut the variance of the difference in unmet need."""
    rows = appraisal.differences
    metric = NEED if (rows["metric"] == NEED).any() else str(rows["metric"].iloc[0])
    group = WHOLE if (rows["group"] == WHOLE).any() else str(rows["group"].iloc[0])
    rows = rows[(rows["metric"] == metric) & (rows["group"] == group) & (rows["replications"] > 1)]
    factors = rows["variance_reduction"].to_list()
    said = [
        f"×{wording.brief(factor)}" if math.isfinite(factor) else "exact (no noise left)"
        for factor in factors
    ]
    if len(factors) > 4:
        order = sorted(range(len(factors)), key=factors.__getitem__)
        told = f"from {said[order[0]]} to {said[order[-1]]}"
    else:
        names = [wording.title(name) for name in rows["policy"]]
        told = ", ".join(f"{name} {factor}" for name, factor in zip(names, said, strict=True))
    what = short_label(metric).lower()
    sampled = Subject.of(appraisal.results).assumptions == "sampled"
    rivals = ", which would draw other assumptions too" if sampled else ""
    return (
        f"Variance-reduction factor of pairing against independent runs{rivals} "
        f"({what}, {group}): {told or 'not known from one replication'}."
    )


def _correction(looks: int, fragile: int) -> str:
    return (
        f"? marks {fragile} of {looks} differences that are clear alone, not when all are judged "
        "together (Holm)."
    )


def _shortage(few: int, replications: int) -> str:
    return (
        f"{few} of the differences rest on fewer than {replications} replications, where both "
        "policies have a number: .table says on how many."
    )
