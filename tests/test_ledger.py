"""Every pound in is spent, carried or returned; half a penny stops the run."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localsim.errors import LedgerError
from localsim.ledger import Ledger

WHO = st.sampled_from(["council", "jobcentre"])
WHERE = st.sampled_from(["inside", "outside"])
MONEY = st.floats(0.0, 1e9)


@given(
    st.lists(st.tuples(st.sampled_from(["receive", "spend", "give_back"]), WHO, WHERE, MONEY)),
    st.floats(0, 1e9),
)
def test_what_is_held_is_what_came_less_what_went(entries, opening):
    ledger = Ledger()
    ledger.opening_gbp = opening
    expected = [opening]
    for kind, who, where, amount in entries:
        if kind == "spend":
            assert ledger.spend(who, "service", where, amount) == amount
        else:
            assert getattr(ledger, kind)(who, where, amount) == amount
        expected.append(amount if kind == "receive" else -amount)
    assert ledger.should_hold_gbp == pytest.approx(math.fsum(expected), abs=1e-4)
    line = ledger.balance()
    assert line["carried_gbp"] == ledger.should_hold_gbp
    assert line["opening_gbp"] + line["received_gbp"] - line["spent_gbp"] - line[
        "returned_gbp"
    ] == pytest.approx(line["carried_gbp"], abs=1e-4)


def test_what_was_spent_is_told_by_purpose_zone_and_payer():
    ledger = Ledger()
    ledger.spend("council", "service", "inside", 1.0)
    ledger.spend("council", "service", "inside", 2.0)
    ledger.spend("council", "assessment", "outside", 4.0)
    ledger.spend("jobcentre", "service", "outside", 8.0)
    assert ledger.spent_by() == 15.0
    assert ledger.spent_by("service") == 11.0
    assert ledger.spent_by(zone="outside") == 12.0
    assert ledger.spent_by(payer="council") == 7.0
    assert ledger.spent_by("service", "inside", "council") == 3.0
    assert ledger.spent_by("nothing") == 0.0


@pytest.mark.parametrize("off", [0.0051, -0.0051, 100.0, math.nan, math.inf])
def test_a_month_that_is_off_by_half_a_penny_stops_with_a_sentence(off):
    ledger = Ledger()
    ledger.receive("council", "inside", 100.0)
    ledger.close_month(3, 100.0)
    ledger.close_month(3, 100.0049)
    with pytest.raises(LedgerError, match="Month 4: holders have"):
        ledger.close_month(4, 100.0 + off)


@pytest.mark.parametrize("amount", [math.nan, math.inf, -1.0])
@pytest.mark.parametrize("kind", ["receive", "spend", "give_back"])
def test_what_is_no_amount_of_money_is_refused(kind, amount):
    ledger = Ledger()
    words = ("council", "service", "inside") if kind == "spend" else ("council", "inside")
    with pytest.raises(LedgerError, match="no amount of money"):
        getattr(ledger, kind)(*words, amount)
    assert ledger.should_hold_gbp == 0.0
