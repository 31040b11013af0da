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


def test_the_straight_line_agrees_with_scipy():
    rng = np.random.default_rng(1)
    x = widths(9)
    y = 2 / x * np.exp(0.1 * rng.standard_normal(9))
    reference = stats.linregress(np.log(x), np.log(y))
    fit = fit_power_law(x, y)
    half = stats.t.ppf(0.975, 7) * reference.stderr
    assert fit.exponent == pytest.approx(reference.slope)
    expected = (reference.slope - half, reference.slope + half)
    assert fit.interval == pytest.approx(expected)
    assert fit.r2 == pytest.approx(reference.rvalue**2)
    assert fit.prefactor == pytest.approx(np.exp(reference.intercept))


CASES = [  # points, kind of error, noise
    (4, "none", 0.05),
    (12, "none", 0.3),
    (7, "none", 0.05),
    (8, "seeds", 0.05),
    (4, "seeds", 0.05),
]


@pytest.mark.parametrize("k, errors, noise", CASES)
def test_the_interval_covers_the_truth_at_its_rate(k, errors, noise):
    rng = np.random.default_rng(k)
    x, hits, trials = widths(k), 0, 1000
    for _ in range(trials):
        shape = (4, k) if errors == "seeds" else k
        y = 5 * x**-0.9 * np.exp(noise * rng.standard_normal(shape))
        low, high = fit_power_law(x, y).interval
        hits += low <= -0.9 <= high
    # Both tails: an interval that is too wide fails too. A right one fails once in 10,000 runs.
    below, above = stats.binom.ppf([5e-5, 1 - 5e-5], trials, 0.95) / trials
    assert below <= hits / trials <= above


def test_error_bars_do_not_hide_a_law_that_bends():
    x = widths(6)
    bent = 5 * x**-0.9 + 0.3
    seeds = bent * np.exp(0.001 * np.random.default_rng(0).standard_normal((5, 6)))
    fit = fit_power_law(x, seeds)
    assert fit.misfit < 0.01
    # The interval is then that of the scatter about the line, as without error bars.
    alone = fit_power_law(x, np.exp(np.log(seeds).mean(0)))
    assert fit.interval == pytest.approx(alone.interval)


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
    "x, y, message",
    [
        ([1, 2], [1, 2], "2 distinct x are too few"),
        ([1, 2, 2], [1, 2, 3], "2 distinct x are too few"),
        ([1, 2, 3], [1, 2], "do not match"),
        ([[1, 2, 3]], [1, 2, 3], "do not match"),
        ([1, 2, 3], [1, 0, 3], "y holds 0"),
        ([1, -2, 3], [1, 1, 3], "x holds -2"),
        ([1, 2, 3], [1, float("nan"), 3], "y holds nan"),
        ([1, 2, 3], [1, 2, float("inf")], "y holds inf"),
    ],
)
def test_what_cannot_be_fitted_is_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        fit_power_law(x, y)
