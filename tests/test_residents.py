"""One resident: a view of a row, honest about what it is."""

import mesa
import numpy as np
import pytest
from village import STAGES, TENURES, Village

from localsim.agents.columns import ResidentColumns
from localsim.agents.peopled import PeopledModel
from localsim.agents.resident import Resident
from localsim.errors import LocalsimError


@pytest.fixture
def village():
    return Village(40, rng=7)


def test_a_view_is_a_mesa_agent_with_python_scalars(village):
    resident = village.residents[3]
    assert isinstance(resident, mesa.Agent)
    assert (resident.unique_id, resident.row, resident.model) == (4, 3, village)
    assert resident.pos is None
    assert resident.random is village.random
    for name, kind in {"age": int, "income_deprived": bool, "trust": float, "tenure": str}.items():
        assert type(getattr(resident, name)) is kind
    assert resident.pensioner is bool(village.age[3] >= 65)
    assert resident.tenure == TENURES[village.tenure[3]]
    assert resident.needs == {
        "housing": STAGES[village.stage[3, 0]],
        "money": STAGES[village.stage[3, 1]],
    }
    assert {"age", "trust", "needs", "unique_id"} <= set(dir(resident))


def test_views_of_one_row_are_one_resident(village):
    assert village.residents[3] == village.residents[3]
    assert village.residents[3] != village.residents[4]
    assert len({village.residents[3], village.residents[3]}) == 1
    assert village.residents[3] != Village(40, rng=7).residents[3]


def test_a_view_is_never_older_than_its_model(village):
    resident = village.residents[0]
    village.step()
    assert resident.trust == pytest.approx(0.45)
    resident.trust = 0.25
    assert village.trust[0] == 0.25
    resident.housing_need = "queueing"
    assert village.stage[0, 0] == STAGES.index("queueing")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("age", 3, "'age' is read-only: of their attributes, 'trust', 'housing_need' may be set"),
        ("pensioner", True, "read-only"),
        ("truts", 0.1, "did you mean 'trust'"),
        ("favourite", 0.1, "holds nothing of its own"),
        ("row", 2, "no attribute 'row' to set"),
        ("step", print, "no attribute 'step' to set"),
    ],
)
def test_undeclared_and_fixed_attributes_cannot_be_set(village, name, value, says):
    for act in (
        lambda: setattr(village.residents[0], name, value),
        lambda: village.residents.set(name, value),
        lambda: village.residents.select(at_most=3).set(name, value),
    ):
        with pytest.raises(AttributeError, match=says):
            act()


@pytest.mark.parametrize("value", ["high", None, float("nan"), [0.1, 0.2], 1j, 1.5])
def test_a_column_takes_only_what_it_can_hold(village, value):
    before = village.trust.copy()
    with pytest.raises(LocalsimError, match=r"'trust' cannot be .* takes a finite number"):
        village.residents.set("trust", value)
    np.testing.assert_array_equal(village.trust, before)
    with pytest.raises(LocalsimError, match="one of 'none', 'unpresented'"):
        village.residents.set("housing_need", "queuing")


def test_reading_what_is_not_there_is_a_sentence(village):
    with pytest.raises(AttributeError, match="no attribute 'tenur': did you mean 'tenure'"):
        _ = village.residents[0].tenur
    assert not hasattr(village.residents[0], "hat")
    with pytest.raises(LocalsimError, match="no resident in row 40: rows run from 0 to 39"):
        Resident(village, 40)


def test_people_are_conserved(village):
    with pytest.raises(LocalsimError, match="people are conserved"):
        village.residents[0].remove()
    village.remove_all_agents()
    assert len(village.agents) == len(village.residents) == 40
    with pytest.raises(AttributeError, match="cannot be set"):
        village.agents = []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"static": {"age": np.zeros(4)}}, r"'age' has shape \(4,\); it must be \(3,\)"),
        ({"live": {"trust": lambda rows: np.zeros((3, 2))[rows]}}, r"'trust' has shape \(1, 2\)"),
        ({"live": {"trust": lambda rows: np.zeros(3)}}, r"'trust' has shape \(3,\)"),
        ({"labels": {"tenur": TENURES}}, "no resident column 'tenur': did you mean 'tenure'"),
        ({"themes": ("work",)}, "no resident column 'work_need'"),
        ({"setters": {"tenure": print}}, "Only a live resident column can be set, not 'tenure'"),
        ({"live": {"tenure": lambda rows: rows}}, "'tenure'.* both static and live"),
    ],
)
def test_columns_that_do_not_fit_are_refused(wrong, says):
    static = {"tenure": np.zeros(3, np.int8)} | wrong.pop("static", {})
    with pytest.raises(LocalsimError, match=says):
        ResidentColumns(size=3, static=static, **wrong)


def test_a_model_must_say_what_its_residents_are():
    with pytest.raises(NotImplementedError, match=r"must define resident_columns\(\)"):
        PeopledModel(3, rng=1).residents.get("age")


def test_two_models_share_no_columns():
    one, other = Village(5, rng=1), Village(5, rng=2)
    one.residents.set("trust", 0.1)
    assert set(other.residents.get("trust")) == {0.5}
    assert one.residents.get("trust") == [0.1] * 5
