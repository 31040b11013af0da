"""Measures of overlap, against brute force, known packings and random directions."""

import itertools
import math

import numpy as np
import pytest
import torch

from superposition import geometry


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def brute_force(W, power):
    """Mean of |cos|^power over all pairs of non-zero rows, one pair at a time."""
    rows = [row / np.linalg.norm(row) for row in W.double().numpy() if np.linalg.norm(row) > 0]
    return np.mean([abs(a @ b) ** power for a, b in itertools.combinations(rows, 2)])


@pytest.mark.parametrize("n, m", [(30, 4), (4, 30), (12, 12)])
def test_overlaps_are_means_over_pairs(n, m):
    W = torch.randn(n, m, generator=generator(n)) * torch.arange(n)[:, None]  # one zero row
    assert geometry.mean_squared_overlap(W) == pytest.approx(brute_force(W, 2))
    assert geometry.mean_absolute_overlap(W) == pytest.approx(brute_force(W, 1))


def test_overlaps_take_blocks_of_any_number():
    W = torch.randn(2049, 3, generator=generator())  # one row more than a block
    U = geometry.unit_rows(W)
    off = (U @ U.T).abs().sum() - 2049
    assert geometry.mean_absolute_overlap(W) == pytest.approx(float(off) / (2049 * 2048))


def test_overlaps_ignore_length():
    W = torch.randn(400, 32, generator=generator(1))
    assert geometry.mean_squared_overlap(7 * W) == pytest.approx(
        geometry.mean_squared_overlap(W), rel=1e-5
    )
    assert geometry.mean_squared_overlap(W + 3) > 0.5


def test_welch_bound_is_reached_by_tight_frames_and_by_nothing_less():
    angles = torch.arange(3) * 2 * torch.pi / 3
    triangle = torch.stack([angles.cos(), angles.sin()], dim=1)
    assert geometry.mean_squared_overlap(triangle) == pytest.approx(geometry.welch_bound(3, 2))
    assert geometry.welch_bound(3, 2) == pytest.approx(0.25)
    cross = torch.cat([torch.eye(8), -torch.eye(8)])
    assert geometry.mean_squared_overlap(cross) == pytest.approx(geometry.welch_bound(16, 8))
    assert geometry.welch_bound(8, 8) == geometry.welch_bound(3, 8) == 0
    assert geometry.mean_squared_overlap(torch.eye(6)) == 0
    for seed in range(20):
        W = torch.randn(40, 5, generator=generator(seed))
        assert geometry.mean_squared_overlap(W) > geometry.welch_bound(40, 5)


@pytest.mark.parametrize("m", [1, 2, 3, 10, 200])
def test_random_directions_overlap_as_computed(m):
    W = geometry.random_unit_vectors(2000, m, generator(m))
    torch.testing.assert_close(W.norm(dim=1), torch.ones(2000))
    # Pairs share rows, but cosines of distinct pairs are uncorrelated: the error is that of
    # 2 million of them. Var cos² < 2/m², Var |cos| < 1/m; 5 standard errors, and float32.
    pairs = 2000 * 1999 / 2
    squared = 1 / m
    absolute = math.gamma(m / 2) / (math.sqrt(math.pi) * math.gamma((m + 1) / 2))
    error = 5 / pairs**0.5
    assert abs(geometry.mean_squared_overlap(W) - squared) < error * 2**0.5 / m + 1e-6
    assert abs(geometry.mean_absolute_overlap(W) - absolute) < error / m**0.5 + 1e-6


def test_represented_fraction_counts_rows_above_the_threshold():
    W = torch.tensor([[0.5, 0.0], [0.51, 0.0], [0.4, 0.4], [0.0, 0.0]])
    assert geometry.represented_fraction(W) == 0.5  # 1/2 itself is not above 1/2
    assert geometry.represented_fraction(W, threshold=0.45) == 0.75
    assert geometry.represented_fraction(torch.eye(3, dtype=torch.bfloat16)) == 1
    assert geometry.represented_fraction(torch.eye(3, dtype=torch.int64)) == 1


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: geometry.represented_fraction(torch.ones(3)), "matrix of n rows"),
        (lambda: geometry.mean_squared_overlap(torch.ones(0, 3)), "matrix of n rows"),
        (lambda: geometry.mean_squared_overlap(torch.full((2, 2), torch.nan)), "NaN or infinite"),
        (lambda: geometry.mean_squared_overlap(torch.tensor([[1.0], [0.0]])), "W has 1"),
        (lambda: geometry.mean_absolute_overlap(torch.zeros(3, 2)), "W has 0"),
        (lambda: geometry.welch_bound(0, 3), "n must be a whole number"),
        (lambda: geometry.welch_bound(3, 0.5), "m must be a whole number"),
        (lambda: geometry.random_unit_vectors(3, float("nan")), "m must be a whole number"),
    ],
)
def test_what_has_no_overlap_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
