"""The question an experiment answers: what differs from the baseline, and how sure are we?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from localsim.appraisal import inputs
from localsim.appraisal.differences import tabulate
from localsim.appraisal.summary import Summary, summarise
from localsim.errors import LocalsimError
from localsim.experiment.validate import finite, one_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from localsim.appraisal.inputs import ResultsLike


@dataclass(frozen=True, eq=False)
class Appraisal:
    """Paired differences of every policy from a baseline, with their intervals.

    Attributes
    ----------
    results : ResultsLike
        What was appraised.
    baseline : str
        The policy that the others are compared with.
    level : float
        Coverage of the intervals, between 0 and 1.
    differences : pandas.DataFrame
        One row a policy, metric and group, policy less baseline: columns policy, metric, group,
        unit, replications (those both have), baseline_mean, policy_mean, difference, se, low,
        high, relative_difference (of the baseline's size), p (two-sided), variance_reduction,
        better and note. The columns of numbers are described in
        :func:`localsim.appraisal.differences.paired`; ``better`` is one of "better", "worse",
        "no clear difference" (the interval holds zero) and "neither" (the metric has no good
        direction); ``note`` says why an interval is missing or has no width.
    notes : tuple of str
        Sentences on what could not be compared.
    """

    results: ResultsLike
    baseline: str
    level: float
    differences: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies compared with the baseline, in the experiment's order."""
        return tuple(dict.fromkeys(self.differences["policy"]))

    def summary(self) -> Summary:
        """Return one screen of text: the headline metrics, how sure we are, and who gains."""
        return summarise(self)

    def plot(self, metrics: list[str] | None = None) -> Figure:
        """Return the figure of differences: see :func:`localsim.plots.differences`."""
        from localsim.plots import differences  # matplotlib is slow to import

        return differences(self, metrics)


def appraise(results: ResultsLike, baseline: str = "status_quo", level: float = 0.95) -> Appraisal:
    """Compare every policy of an experiment with a baseline, replication by replication.

    Both policies of a pair met the same residents, the same luck and the same assumptions, so
    their difference in one replication is the policy's own. Where a replication is missing for
    one policy, the pair is compared on those that both have.

    Parameters
    ----------
    results
        What :meth:`localsim.Experiment.run` returns, or anything with its tables.
    baseline
        Name of the policy to compare with.
    level
        Coverage of the intervals, between 0 and 1.

    Raises
    ------
    LocalsimError
        If the baseline is not in the results, no other policy is, the level is not between 0
        and 1, or the table is not a results table.
    """
    if not 0 < finite("level", level) < 1:
        raise LocalsimError(
            f"An interval's level must lie between 0 and 1, such as 0.95; got {level!r}."
        )
    laid = inputs.wide(results.table)
    present = inputs.policies_of(results)
    one_of("policy", baseline, present)
    others = [name for name in present if name != baseline]
    if not others:
        raise LocalsimError(
            f"These results hold only {baseline!r}; an appraisal needs another policy to compare."
        )
    absent = [name for name in inputs.planned(results) if name not in present]
    found = tabulate(laid, inputs.units(results.table), others, baseline, level)
    if found.empty:
        raise LocalsimError(
            f"No replication holds both {baseline!r} and another policy: nothing is paired. "
            "Run the policies in one experiment."
        )
    notes = [f"{name} has no finished run: it is not compared." for name in absent]
    notes += _gaps(laid, found, others, baseline)
    return Appraisal(results, baseline, level, found, tuple(notes))


def _gaps(laid: pd.DataFrame, found: pd.DataFrame, others: list[str], baseline: str) -> list[str]:
    """Say what could not be compared: replications that one side lacks, rows that never meet."""
    said = []
    ran = {name: set(laid[name].dropna(how="all").index) for name in [*others, baseline]}
    for name in others:
        common = len(ran[name] & ran[baseline])
        if common == 0:
            said.append(f"{name} shares no replication with {baseline}: it is not compared.")
            continue
        if common < len(laid):
            said.append(
                f"{name} and {baseline} have {common} of {len(laid)} replications in common; "
                "they are compared on those."
            )
        ours, theirs = laid[name].columns, laid[baseline].columns
        # A metric that one of the two does not have at all is none of its business, not a gap.
        both = set(ours.get_level_values(0)) & set(theirs.get_level_values(0))
        wanted = {key for key in ours.union(theirs) if key[0] in both}
        paired = found.loc[found["policy"] == name, ["metric", "group"]]
        lost = wanted - set(paired.itertuples(index=False, name=None))
        if lost:
            shown = ", ".join(f"{metric} ({group})" for metric, group in sorted(lost)[:3])
            more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
            said.append(f"{name}: no replication has a number on both sides for {shown}{more}.")
    return said
