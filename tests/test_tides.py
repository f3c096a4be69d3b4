"""Tides: demand that comes and goes by the month, and unserved demand that does not last."""

import numpy as np
import pytest
from recount import conserved

from localsim import check
from localsim.assumptions import Assumptions
from localsim.dynamics.columns import EXPIRED, HEALED, LEFT, OPENED, SOLVED, STARTS
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.place import Place
from localsim.policy.access import Silo
from localsim.policy.policy import Policy
from localsim.themes import Casework

PLACE = Place.synthetic(900, areas=5, seed=2, neighbourhood_areas=3)


def world(**numbers):
    return Assumptions.default().replace(
        {name.replace("__", "."): x for name, x in numbers.items()}
    )


def test_what_is_not_served_by_the_month_s_end_is_gone():
    numbers = world(needs__expire_share=1.0)
    model = Model(PLACE, Policy("lost", access=Silo("severity")), assumptions=numbers, seed=3,
                  warmup_years=1)  # fmt: skip
    before = model.open_needs
    for _ in range(12):
        model.step()
        conserved(model)
        assert (model.town.nodes.queue["waiting"][model.town.patches.desks :] == 0).all()
    total = model.town.tally.flows.sum(axis=(0, 1))
    assert total[EXPIRED] > 20
    gone = total[[SOLVED, HEALED, LEFT, EXPIRED]].sum()
    assert total[OPENED] - gone == model.open_needs - before


def test_a_share_of_what_waits_expires():
    themes = [Casework("queue", eligible="everyone", desk=False, values={
        "onset_per_year": 6.0, "present_per_month.open": 50.0, "slot_gbp": 1e9})]  # fmt: skip
    model = Model(PLACE, themes=themes, assumptions=world(needs__expire_share=0.5), warmup_years=0)
    model.step()
    total = model.town.tally.flows.sum(axis=(0, 1))
    left = model.town.nodes.queue["waiting"].sum()
    assert total[STARTS] == 0
    assert total[EXPIRED] / (total[EXPIRED] + left) == pytest.approx(0.5, abs=0.1)


def test_shocks_move_areas_together_as_far_as_they_are_correlated():
    def demand(rho, sd=0.3):
        theme = Casework("demand", eligible="everyone", desk=False, values={
            "onset_per_year": 6.0, "heal_per_month.open": 1e9, "present_per_month.open": 0.0,
        })  # fmt: skip
        numbers = check.frictionless({"needs.shock_sd": sd, "needs.shock_correlation": rho})
        place = Place.synthetic([3000] * 2, heterogeneity=0.0)
        model = Model(place, themes=[theme], assumptions=numbers, warmup_years=0)
        counts = []
        for _ in range(150):
            model.step()
            counts.append(model.town.tally.flows[:, 0, OPENED].reshape(2, -1).sum(axis=1))
        return np.diff(counts, axis=0)

    for rho in (0.0, 0.6, 1.0):
        counts = demand(rho)
        assert counts.mean() == pytest.approx(1500, rel=0.06)
        assert counts.std() / counts.mean() == pytest.approx(0.3, rel=0.2)
        assert np.corrcoef(counts.T)[0, 1] == pytest.approx(rho, abs=0.2)
    assert demand(0.0, sd=0.0).std() < 0.05 * 1500


@pytest.mark.slow
def test_a_team_for_all_meets_the_same_shocks_with_less_unmet():
    result = check.risk_pooling(2, 0.25, 0.0, replications=2)
    for field, expected in result.exact.items():
        error = getattr(result, f"{field}_se")
        assert error < 0.05 * expected
        assert abs(getattr(result, field) - expected) <= 4.0 * error + 0.01 * expected
    assert result.pooled < result.separate


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 0.5, 0), "n must lie"),
        ((2.5, 0.5, 0), "n must be a whole number"),
        ((2, -0.1, 0), "rho must lie between 0 and 1"),
        ((2, 0.5, 40), "z must lie"),
    ],
)
def test_purses_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(LocalsimError, match=message):
        check.risk_pooling(*arguments)
