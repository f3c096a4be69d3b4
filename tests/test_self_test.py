"""The self-test: what its checks refuse, and how it reports what they find."""

import math

import pytest

from localsim import check
from localsim.check.rows import Row, _run
from localsim.errors import LocalsimError

# ── what cannot be asked ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("uniform_provision", ([], 2, 1), "one number or more"),
        ("uniform_provision", ([1, math.nan], 2, 1), r"a\[1\]"),
        ("uniform_provision", ([1, -2], 2, 1), r"a\[1\]"),
        ("uniform_provision", ([1, 2], 0, 1), "b must be above zero"),
        ("uniform_provision", ([1, 2], 2, -1), "c must be above zero"),
        ("uniform_provision", ([1, 2], 2, 1, [1]), "n lists 1 areas"),
        ("uniform_provision", ([1, 2], 2, 1, [1, 0]), r"n\[1\]"),
        ("uniform_provision", ("12", 2, 1), "list of numbers"),
        ("uniform_provision_log", ([0, 0],), "above zero"),
        ("uniform_provision_log", ([1, -2],), r"m\[1\]"),
        ("uniform_provision_log", ([1], 0), "price"),
        ("ring_fence", ([1, 2], [0.5, 0.6]), "sum to 1.1"),
        ("ring_fence", ([1, 2], [1.0]), "must match"),
        ("ring_fence", ([1, 2], [1.0, 0.0]), "no end"),
        ("spillover_threshold", (0,), "above zero"),
        ("spillover_threshold", (math.inf,), "ratio"),
        ("noisy_signal", (-1, 0.25, 10), "s2"),
        ("noisy_signal", (1, 0.25, 0), "areas"),
        ("queue", (1, 1, 1), "without end"),
        ("queue", (-1, 1, 1), "arrival"),
        ("queue", (1, 2, 0), "servers"),
        ("queue", (1, 2, 1.5), "whole number"),
        ("queue", (1, True, 1), "service"),
        ("pool_unlike", (1, [1, 2]), "rho"),
        ("pool_unlike", (0.5, [1]), "two numbers"),
        ("pool_unlike", (0.5, [1, 0]), "two numbers"),
        ("failure_demand", (0.5, 1, 0.5), "must stay below 0.5"),
        ("failure_demand", (0.5, 1, 1), "failure is 1"),
        ("failure_demand", (0.5, 1, -0.1), "failure"),
        ("worker_count", (None, 1), "workers"),
        ("identical_policies", (None, "top_down"), "must be a Policy"),
        ("uniform_provision", ([1, [2]], 1, 1), r"a\[1\]"),
    ],
)
def test_what_cannot_be_ends_in_a_sentence(name, arguments, said):
    with pytest.raises(LocalsimError, match=said):
        check.CHECKS[name](*arguments)


def test_one_replication_has_no_error_to_report():
    with pytest.raises(LocalsimError, match="replications"):
        check.queue(1, 2, 1, replications=1)


# ── the self-test ────────────────────────────────────────────────────────────────────────────────


def test_the_self_test_reports_a_row_a_check_and_tells_how_far_it_is():
    told = []
    names = ["ring_fence", "uniform_provision", "ring_fence"]
    rows = check.run_all(names, progress=lambda *now: told.append(now))
    assert [row.name for row in rows] == ["ring_fence", "uniform_provision"]
    assert all(row.passed and row.seconds > 0.0 for row in rows)
    assert told == [(0, 2, "ring_fence"), (1, 2, "uniform_provision")]


def test_the_self_test_knows_its_checks():
    with pytest.raises(LocalsimError, match="ring_fence"):
        check.run_all(["ringfence"])


@pytest.mark.parametrize(
    ("answer", "passed"),
    [
        (check.Difference(0.0, {"difference": 0.0}), True),
        (check.Difference(1e-300, {"difference": 0.0}), False),
        (check.Difference(math.inf, {"difference": 0.0}), False),
        (check.Difference(math.nan, {"difference": 0.0}), False),
    ],
)
def test_a_difference_of_anything_is_a_miss(monkeypatch, answer, passed):
    monkeypatch.setitem(check.CHECKS, "label_swap", lambda: answer)
    assert _run("label_swap").passed is passed


def test_the_figure_nearest_to_a_miss_is_the_one_shown(monkeypatch):
    exact = {"wait": 4.0, "p_wait": 0.8}
    off = check.Queue(wait=4.1, wait_se=0.04, p_wait=0.9, p_wait_se=0.01, exact=exact)
    monkeypatch.setitem(check.CHECKS, "queue", lambda *_: off)
    row = _run("queue")
    assert (row.simulated, row.exact, row.passed) == (0.9, 0.8, False)
    assert row.tolerance == pytest.approx(0.03)
    assert row.note.startswith("p_wait of queue(")


def test_a_check_that_breaks_is_a_miss(monkeypatch):
    def broken(*_):
        raise LocalsimError("Month 3: half a penny is missing.")

    monkeypatch.setitem(check.CHECKS, "ledger", broken)
    row = _run("ledger")
    assert isinstance(row, Row)
    assert not row.passed
    assert "half a penny" in row.note
