"""Closed forms against Monte Carlo on the book's own sampler, and the mean-field prediction."""

import itertools

import numpy as np
import pytest
import torch

from superposition import features, geometry, theory, toy
from superposition import mean_field as mean_field_room
from superposition.mean_field import mean_field
from superposition.power_law import fit_power_law


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def monte_carlo(per_sample: torch.Tensor) -> tuple[float, float]:
    """Mean and standard error; the tests below allow 4.5 of them (1 failure in 150,000)."""
    values = per_sample.double()
    return float(values.mean()), float(values.std() / len(values) ** 0.5)


def test_weak_loss_is_what_dropped_features_cost():
    p = features.power_law(30, 1.2)
    x = features.sample(p, 400_000, generator())
    kept = torch.zeros(30, dtype=torch.bool)
    kept[[0, 3, 7]] = True
    mean, error = monte_carlo(x[:, ~kept].square().sum(1))
    assert abs(theory.weak_loss(p, kept) - mean) < 4.5 * error
    mean, error = monte_carlo(x[:, 5:].square().sum(1))
    assert abs(theory.weak_loss(p, 5) - mean) < 4.5 * error
    # A count means the most frequent ones, whatever their order.
    assert theory.weak_loss(p.flip(0), 5) == pytest.approx(theory.weak_loss(p, 5))
    assert theory.weak_loss(p, 30) == 0


@pytest.mark.parametrize("alpha", [1.5, 2.0, 2.5])
def test_the_weak_loss_falls_as_m_to_the_1_minus_alpha(alpha):
    # 10^6 features, so that the end of the list takes no part; m + 1/2 centres the sum on the
    # integral. What is left of the truncation: (m/n)^(α-1), at α = 1.5 about 1 % of the slope.
    p = features.power_law(1_000_000, alpha)
    m = np.array([20, 40, 80, 160])
    fit = fit_power_law(m + 0.5, [theory.weak_loss(p, int(k)) for k in m])
    assert fit.exponent == pytest.approx(1 - alpha, rel=0.02)


def test_the_strong_exponent_and_its_range():
    assert theory.strong_exponent(0) == theory.strong_exponent(1.5) == 1
    assert theory.strong_exponent(2) == 2
    with pytest.raises(ValueError, match="alpha"):
        theory.strong_exponent(float("nan"))


def test_interference_is_what_active_features_hear():
    p = features.power_law(20, 0.5, density=2.0)
    W = geometry.random_unit_vectors(20, 5, generator(4)) + 0.1  # a mean overlap that is not 0
    x = features.sample(p, 400_000, generator(5))
    K = W @ W.T
    noise = x @ (K - torch.diag(K.diag()))
    mean, error = monte_carlo(((x > 0) * noise.square()).sum(1))
    assert abs(theory.interference(W, p) - mean) < 4.5 * error


def test_the_floor_is_the_interference_of_a_balanced_tight_frame():
    # Two orthonormal bases (the identity and Hadamard's), with signs: a tight frame of 16 in 8.
    H = torch.ones(1, 1)
    for _ in range(3):
        H = torch.cat([torch.cat([H, H], 1), torch.cat([H, -H], 1)])
    W = torch.cat([torch.eye(8), H / 8**0.5])
    p = torch.full((16,), 0.05)
    K = (W @ W.T).fill_diagonal_(0)
    assert geometry.mean_squared_overlap(W) == pytest.approx(geometry.welch_bound(16, 8))
    # The floor lets overlaps average out; here their mean adds what the formula says it does.
    mean_part = float((p * ((K @ p) ** 2 - K.square() @ p.square())).sum())
    floor = theory.interference_floor(p, 8)
    assert theory.interference(W, p) == pytest.approx(floor + mean_part, rel=1e-5)
    assert floor == pytest.approx(4 / 3 * 16 * 15 * 0.05**2 * 8 / (8 * 15), rel=1e-5)
    assert theory.interference_floor(p, 16) == theory.interference_floor(p, 20) == 0


@pytest.mark.parametrize("bad", [-1, 31, [True] * 3, [0.5] * 30])
def test_weak_loss_refuses_masks_and_counts_that_do_not_fit(bad):
    with pytest.raises(ValueError, match="learned"):
        theory.weak_loss(features.linear(30), bad)


def test_matrices_that_do_not_fit_are_refused():
    p = features.linear(4)
    with pytest.raises(ValueError, match="one row per feature"):
        theory.interference(torch.eye(3), p)


def simulated(W, p, bias, squared_norm, batches=12):
    """The ReLU model's loss on fresh data, with a given bias and rows of a given norm."""
    K = squared_norm * (W @ W.T)
    g = generator(7)
    losses = []
    for _ in range(batches):
        x = features.sample(p, 4096, g)
        losses.append((torch.relu(x @ K + bias) - x).square().sum(1))
    return monte_carlo(torch.cat(losses))


@pytest.mark.parametrize("n, m", [(300, 12), (300, 40)])
def test_the_mean_field_of_random_directions_is_what_they_lose(n, m):
    p = features.power_law(n, 0)
    found = mean_field(p, m, "random")
    W = geometry.random_unit_vectors(n, m, generator(n + m))
    loss, error = simulated(W, p, torch.tensor(found.bias, dtype=torch.float32), found.squared_norm)
    # Over ten draws of W the ratio stays within 2.5 %: finite n, beyond Monte Carlo's error.
    assert abs(loss - found.loss) < 0.04 * found.loss + 4 * error
    # And the bias is the best one: another is worse, in the simulation too.
    for factor in (0.85, 1.18):
        bias = torch.tensor(found.bias * factor, dtype=torch.float32)
        assert simulated(W, p, bias, found.squared_norm)[0] > loss


def test_the_cost_of_an_overlap_is_the_derivative_of_the_loss():
    p, counts = np.array([0.6, 0.2, 0.05]), np.array([1.0, 3.0, 20.0])
    kappa = np.linspace(-1, 1, 81)
    terms = mean_field_room._terms(kappa)
    spectra = np.fft.rfft(np.fft.ifftshift(terms, axes=1), axis=1)
    one = np.exp(-((kappa / 0.3) ** 2))
    other = np.exp(-(((kappa + 0.2) / 0.2) ** 2))
    one, other = one / one.sum(), other / other.sum()

    def at(share):
        mixed = (1 - share) * one + share * other
        return mean_field_room._best_response(mixed, spectra, 2.0, p, counts)

    # Bias and norm are at their best, so they take no part in the first derivative.
    slope = (at(1e-3)[0] - at(0.0)[0]) / 1e-3
    cost = 2.0 * mean_field_room._cost(terms, at(0.0), p, counts)
    assert cost @ (other - one) == pytest.approx(slope, rel=0.01)


def test_the_mean_field_takes_measured_overlaps():
    p = features.power_law(200, 0)
    W = geometry.random_unit_vectors(200, 16, generator(9))
    measured, random = mean_field(p, 16, W), mean_field(p, 16, "random")
    # One draw of 200 directions has its own histogram: ten draws lie within 2 %.
    assert measured.loss == pytest.approx(random.loss, rel=0.03)
    assert measured.probability.sum() == pytest.approx(1)


@pytest.mark.parametrize("n, m", [(200, 8), (200, 32), (200, 64), (1000, 50)])
def test_the_best_overlaps_obey_geometry_and_beat_random_ones(n, m):
    p = features.power_law(n, 0)
    best = mean_field(p, m)
    assert best.loss < mean_field(p, m, "random").loss
    mean, square, cube = (float(best.probability @ best.overlap**k) for k in (1, 2, 3))
    slack = 1e-6
    assert mean >= -1 / (n - 1) - slack
    assert square >= geometry.welch_bound(n, m) - slack
    # Σ over all pairs of κ³ is a squared length, so it is not negative.
    assert cube >= -1 / (n - 1) - slack


def test_known_best_packings():
    # One direction too many needs no positive overlap, and nothing to silence.
    assert mean_field(torch.full((9,), 1 / 9), 8).overlap.max() < 1e-6
    # n = 2m is the cross-polytope: one opposite, all others at a right angle.
    cross = mean_field(torch.full((64,), 1 / 64), 32)
    assert cross.probability[cross.overlap < -0.99].sum() == pytest.approx(1 / 63, rel=0.02)
    assert mean_field(torch.full((8,), 1 / 8), 8).loss < 1e-3  # an orthonormal basis fits


def test_the_mean_field_refuses_bad_input():
    with pytest.raises(ValueError, match="m must be"):
        mean_field(features.linear(9), 1)
    with pytest.raises(ValueError, match="overlaps must be"):
        mean_field(features.linear(9), 3, "tight")
    with pytest.raises(ValueError, match="up to m = 16,384, not at 16,385"):
        mean_field(features.linear(50_000), 16_385)


@pytest.mark.parametrize("n", [100, 1000, 10_000, 100_000, 1_000_000])
def test_the_best_distribution_gets_better_with_the_width_at_any_size(n):
    """On too coarse a grid of overlaps it is no better than random, or rises with m."""
    widths = [m for m in (8, 32, 128, 512, 2048, 4096, 8192, 16_384) if m < n / 2]
    p = torch.full((n,), 1 / n)
    best = [mean_field(p, m).loss for m in widths]
    random = [mean_field(p, m, "random").loss for m in widths]
    assert (np.diff(best) < 0).all()
    share = np.divide(best, random)
    assert (share < 1 + 1e-6).all() and (np.diff(share) < 1e-6).all(), "arranging pays ever more"


def test_a_trained_model_loses_what_its_overlaps_say():
    p = features.power_law(150, 0)
    trained = toy.train(p, 24, -1.0, steps=1500, check=False)
    said = mean_field(p, 24, trained.W)
    # With 3 seeds at each of 5 pairs (n, m) and full budgets the ratio lay within 0.984 to 1.009.
    assert trained.loss == pytest.approx(said.loss, rel=0.04)
    assert trained.W.norm(dim=1).mean() == pytest.approx(said.squared_norm**0.5, rel=0.03)
    # Arranged far better than at random, not better than geometry allows.
    assert mean_field(p, 24).loss < trained.loss < 0.5 * mean_field(p, 24, "random").loss


@pytest.mark.parametrize(("alpha", "m"), [(0.0, 6), (0.0, 9), (1.0, 7)])
def test_pair_loss_is_that_of_the_arrows_it_describes(alpha, m):
    p = features.power_law(12, alpha, density=2.0)
    W = theory.opposite_pairs(p, m)
    x = features.sample(p, 400_000, torch.Generator().manual_seed(1))
    loss = ((x @ W @ W.T).relu() - x).square().sum(1).double()
    error = float(loss.std()) / len(x) ** 0.5
    assert float(loss.mean()) == pytest.approx(theory.pair_loss(p, m), abs=4 * error)


def test_opposite_pairs_are_the_rarest_and_the_rest_stand_alone():
    p = torch.tensor([0.02, 0.05, 0.3, 0.07, 0.2, 0.11])
    cosines = theory.opposite_pairs(p, 4) @ theory.opposite_pairs(p, 4).T
    wanted = torch.eye(6)
    for a, b in ((0, 5), (1, 3)):  # the rarest with the commonest of the four rarest
        wanted[a, b] = wanted[b, a] = -1
    assert torch.equal(cosines, wanted)
    assert torch.equal(theory.opposite_pairs(p, 6) @ theory.opposite_pairs(p, 6).T, torch.eye(6))
    for m in (2, 7):
        with pytest.raises(ValueError, match="n / 2"):
            theory.opposite_pairs(p, m)


def test_pair_loss_is_the_least_of_all_pairings():
    p = torch.tensor([0.02, 0.05, 0.3, 0.07, 0.2, 0.11])
    sums = [float(p[a] * p[b] + p[c] * p[d]) for a, b, c, d in itertools.permutations(range(6), 4)]
    assert theory.pair_loss(p, 4) == pytest.approx(4 / 3 * min(sums), rel=1e-6)
    assert theory.pair_loss(p, 6) == theory.pair_loss(p, 9) == 0
    with pytest.raises(ValueError, match="n / 2"):
        theory.pair_loss(p, 2)


def test_halving_factor_carries_both_errors():
    assert theory.halving_factor((1.0, 0.0), (2.5, 0.0), draws=3) == pytest.approx(2**2.5)
    draws = np.log2(theory.halving_factor((0.91, 0.02), (2.5, 0.03)))
    spread = 2.5 / 0.91 * np.hypot(0.02 / 0.91, 0.03 / 2.5)  # to first order
    assert draws.mean() == pytest.approx(2.5 / 0.91, rel=0.002)
    assert draws.std() == pytest.approx(spread, rel=0.02)
    with pytest.raises(ValueError, match="uncertain"):
        theory.halving_factor((0.1, 0.1), (2.5, 0.0))
