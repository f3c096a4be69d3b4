"""Where a line crosses zero."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localsim.appraisal.tipping import unclear, zeros


def test_a_line_crosses_where_it_does():
    x = np.array([0.0, 1.0, 2.0, 4.0])
    assert zeros(x, 3.0 - 2.0 * x) == pytest.approx([1.5])
    assert zeros(x, np.array([1.0, -1.0, -1.0, 3.0])) == pytest.approx([0.5, 2.5])
    assert zeros(x, np.array([1.0, 0.0, 1.0, 2.0])) == []
    assert zeros(x, np.array([1.0, 0.0, -1.0, -2.0])) == [1.0]
    assert zeros(x, np.array([1.0, 0.0, 0.0, -2.0])) == [1.5]
    assert zeros(x, np.ones(4)) == []


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 3.99), st.floats(-5, 5).filter(lambda s: abs(s) > 0.01))
def test_a_line_crosses_anywhere_once(at, slope):
    x = np.array([0.0, 1.0, 2.0, 4.0])
    assert zeros(x, slope * (x - at)) == pytest.approx([at])


def test_a_band_is_unclear_where_it_holds_zero():
    x = np.linspace(0.0, 4.0, 5)
    middle = 2.0 - x
    assert unclear(x, middle - 0.5, middle + 0.5) == [pytest.approx((1.5, 2.5))]
    assert unclear(x, middle + 3.0, middle + 4.0) == []
    assert unclear(x, np.full(5, -1.0), np.full(5, 1.0)) == [(0.0, 4.0)]
