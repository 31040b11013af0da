"""Power-law fits: recovery, coverage of the intervals by simulation, and refusals."""

import numpy as np
import pytest
import torch
from scipy import stats

from superposition.power_law import fit_power_law, local_exponents


def widths(k):
    return np.geomspace(8, 512, k)


def test_exact_data_are_recovered():
    x = widths(4)
    fit = fit_power_law(x, 3 * x**-1.5)
    assert fit.exponent == pytest.approx(-1.5) and fit.prefactor == pytest.approx(3)
    assert fit.interval == pytest.approx((-1.5, -1.5)) and fit.r2 == pytest.approx(1)
    assert fit.predict(16.0) == pytest.approx(3 / 64) and isinstance(fit.predict(16), float)
    np.testing.assert_allclose(fit.predict([1, 4]), [3, 3 / 8])


@pytest.mark.parametrize("exponent, offset", [(-0.9, 0.3), (-2, 0.01), (0.5, 2), (1.3, -0.5)])
def test_exact_data_with_an_offset_are_recovered(exponent, offset):
    x = widths(6)
    fit = fit_power_law(x, 5 * x**exponent + offset, offset=True)
    assert fit.exponent == pytest.approx(exponent, abs=1e-4)
    assert fit.offset == pytest.approx(offset, abs=1e-3)
    assert fit.prefactor == pytest.approx(5, rel=1e-3)
    np.testing.assert_allclose(fit.predict(x), 5 * x**exponent + offset, rtol=1e-5)


def test_the_straight_line_agrees_with_scipy():
    rng = np.random.default_rng(1)
    x = widths(9)
    y = 2 / x * np.exp(0.1 * rng.standard_normal(9))
    reference = stats.linregress(np.log(x), np.log(y))
    fit = fit_power_law(x, y, confidence=0.9)
    half = stats.t.ppf(0.95, 7) * reference.stderr
    assert fit.exponent == pytest.approx(reference.slope)
    expected = (reference.slope - half, reference.slope + half)
    assert fit.interval == pytest.approx(expected)
    assert fit.r2 == pytest.approx(reference.rvalue**2)
    assert fit.prefactor == pytest.approx(np.exp(reference.intercept))


CASES = [  # points, offset, kind of error, noise, confidence, trials
    (4, False, "none", 0.05, 0.95, 1000),
    (12, False, "none", 0.3, 0.95, 1000),
    (7, False, "none", 0.05, 0.68, 1000),
    (8, False, "seeds", 0.05, 0.95, 1000),
    (4, False, "seeds", 0.05, 0.68, 1000),
    (5, True, "none", 0.02, 0.95, 150),
    (12, True, "none", 0.05, 0.68, 150),
    (8, True, "none", 0.02, 0.95, 150),
    (6, True, "seeds", 0.02, 0.95, 150),
]


@pytest.mark.parametrize("k, offset, errors, noise, confidence, trials", CASES)
def test_the_interval_covers_the_truth_at_its_rate(k, offset, errors, noise, confidence, trials):
    rng = np.random.default_rng(k)
    x, hits = widths(k), 0
    law = 5 * x**-0.9 + (0.3 if offset else 0)
    for _ in range(trials):
        shape = (4, k) if errors == "seeds" else k
        y = law * np.exp(noise * rng.standard_normal(shape))
        low, high = fit_power_law(x, y, offset, confidence=confidence).interval
        hits += low <= -0.9 <= high
    # Both tails: an interval that is too wide fails too. A right one fails once in 10,000 runs;
    # 2 points are allowed for the curvature of the offset fit, whose interval is not exact.
    slack = 0.02 if offset else 0.0
    below, above = stats.binom.ppf([5e-5, 1 - 5e-5], trials, confidence) / trials
    assert below - slack <= hits / trials <= above + slack


def test_error_bars_do_not_hide_a_law_that_bends():
    x = widths(6)
    bent = 5 * x**-0.9 + 0.3
    seeds = bent * np.exp(0.001 * np.random.default_rng(0).standard_normal((5, 6)))
    fit = fit_power_law(x, seeds)
    assert fit.misfit < 0.01
    # The interval is then that of the scatter about the line, as without error bars.
    alone = fit_power_law(x, np.exp(np.log(seeds).mean(0)))
    assert fit.interval == pytest.approx(alone.interval)
    assert fit_power_law(x, seeds, offset=True).misfit > 0.01


def test_an_offset_that_the_data_cannot_tell_gives_an_open_interval():
    x = np.array([1.0, 2, 4, 8, 16])
    y = np.array([9.0, 1, 1.02, 0.99, 1.0])  # one step: any steep enough power does
    low, high = fit_power_law(x, y, offset=True).interval
    assert low == -np.inf and high < -2


def test_constant_values_have_exponent_zero():
    fit = fit_power_law([1, 2, 4], [2, 2, 2])
    assert fit.exponent == pytest.approx(0) and np.isnan(fit.r2)


def test_tensors_lists_and_integers_are_accepted():
    x = [8, 16, 32]
    y = torch.tensor([1 / 8, 1 / 16, 1 / 32], requires_grad=True)
    assert fit_power_law(x, y).exponent == pytest.approx(-1)
    assert str(fit_power_law(x, y)) == "-1.00 [-1.00, -1.00]"


def test_local_exponents_follow_a_bend():
    x = np.array([1.0, 4, 16, 64])
    middle, slopes = local_exponents(x[::-1], x[::-1] ** -1.5)
    np.testing.assert_allclose(middle, [2, 8, 32])
    np.testing.assert_allclose(slopes, -1.5)
    _, bent = local_exponents(x, 1 / x + 1 / x**2)
    assert (np.diff(bent) > 0).all()
    _, seeds = local_exponents(x, np.stack([x**-1.0, x**-2.0]))
    np.testing.assert_allclose(seeds, -1.5)


@pytest.mark.parametrize(
    "x, y, extra, message",
    [
        ([1, 2], [1, 2], {}, "2 distinct x are too few"),
        ([1, 2, 2], [1, 2, 3], {}, "2 distinct x are too few"),
        ([1, 2, 3, 4], [1, 2, 3, 4], {"offset": True}, "measure at 5 or more"),
        ([1, 2, 3], [1, 2], {}, "do not match"),
        ([[1, 2, 3]], [1, 2, 3], {}, "do not match"),
        ([1, 2, 3], [1, 0, 3], {}, "y holds 0"),
        ([1, -2, 3], [1, 1, 3], {}, "x holds -2"),
        ([1, 2, 3], [1, float("nan"), 3], {}, "y holds nan"),
        ([1, 2, 3], [1, 2, float("inf")], {}, "y holds inf"),
        ([1, 2, 3], [1, 2, 3], {"confidence": 95}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_fitted_is_refused(x, y, extra, message):
    with pytest.raises(ValueError, match=message):
        fit_power_law(x, y, **extra)
