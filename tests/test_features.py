"""Frequency laws and the sampler."""

import numpy as np
import pytest
import torch

from superposition import features

LAWS = {
    "power": lambda n, **k: features.power_law(n, 1.2, **k),
    "exponential": lambda n, **k: features.exponential(n, n / 4, **k),
    "linear": features.linear,
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("density", [0.5, 1.0, 3.0])
def test_laws_are_falling_probabilities_that_sum_to_the_density(law, density):
    p = law(100, density=density)
    assert p.dtype == torch.float32 and p.shape == (100,)
    assert float(p.double().sum()) == pytest.approx(density, rel=1e-6)
    assert (p.diff() < 0).all() and (p > 0).all() and (p <= 1).all()


def test_laws_have_their_shapes():
    rank = torch.arange(1, 101)
    p = features.power_law(100, 1.5)
    torch.testing.assert_close(p / p[0], rank**-1.5)
    p = features.exponential(100, 20)
    torch.testing.assert_close(p / p[0], torch.exp(-(rank - 1) / 20))
    p = features.linear(100)
    torch.testing.assert_close(p / p[0], (101 - rank) / 100)
    assert features.power_law(100, 0).unique().numel() == 1
    assert features.power_law(1, 1.0).tolist() == [1.0]


def test_a_steep_exponential_does_not_vanish():
    assert features.exponential(5, 1e-3).tolist() == [1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: features.power_law(0, 1), "n, the number of features"),
        (lambda: features.power_law(2.5, 1), "n, the number of features"),
        (lambda: features.power_law(float("inf"), 1), "n, the number of features"),
        (lambda: features.power_law(9, -1), "alpha"),
        (lambda: features.power_law(9, float("nan")), "alpha"),
        (lambda: features.power_law(9, 1, density=0), "density must be"),
        (lambda: features.power_law(100, 2, density=2), "use at most 1.6"),
        (lambda: features.exponential(9, 0), "scale"),
        (lambda: features.linear(9, density=float("inf")), "density must be"),
        (lambda: features.check_probabilities([0.1, 1.5]), r"p\[1\] = 1.5"),
        (lambda: features.check_probabilities([float("nan")]), r"p\[0\] = nan"),
        (lambda: features.check_probabilities([-0.1, 0.2]), r"p\[0\] = -0.1"),
        (lambda: features.check_probabilities([[0.1]]), "non-empty vector"),
        (lambda: features.check_probabilities([]), "non-empty vector"),
        (lambda: features.check_probabilities([0, 0]), "every probability is 0"),
        (lambda: features.sample(torch.tensor([0.1]), 0), "batch_size"),
    ],
)
def test_what_is_no_frequency_law_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_samples_follow_their_distribution():
    p = torch.tensor([1.0, 0.5, 0.1, 0.0])
    count = 200_000
    x = features.sample(p, count, torch.Generator().manual_seed(0))
    active = x > 0
    # 4.5 standard errors throughout: a right sampler fails once in 150,000 seeds each.
    error = 4.5 * (p * (1 - p) / count).sqrt()
    assert ((active.float().mean(0) - p).abs() <= error + 1e-6).all()
    values = x[:, 0].numpy()
    assert values.min() >= 0 and values.max() < 2
    assert abs(values.mean() - 1) < 4.5 * np.sqrt(1 / 3 / count)
    mean_square = (values**2).mean()
    spread = np.sqrt((16 / 5 - features.MEAN_SQUARE_VALUE**2) / count)  # <v^4> = 16/5
    assert abs(mean_square - features.MEAN_SQUARE_VALUE) < 4.5 * spread
    # Even over the whole range, not only right on average.
    filled = np.histogram(values, bins=10, range=(0, 2))[0] / count
    assert np.abs(filled - 0.1).max() < 4.5 * np.sqrt(0.1 * 0.9 / count)


def test_features_are_independent_of_each_other_and_over_rows():
    count = 200_000
    x = features.sample(torch.full((3,), 0.3), count, torch.Generator().manual_seed(1))
    correlation = torch.corrcoef(torch.cat([x.T, x.T.roll(1, dims=1)]))
    correlation.fill_diagonal_(0)
    assert correlation.abs().max() < 4.5 / count**0.5


def test_a_seed_fixes_the_batch():
    p = features.linear(20)
    draws = [features.sample(p, 50, torch.Generator().manual_seed(s)) for s in (3, 3, 4)]
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])
