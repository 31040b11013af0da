"""Closed forms for the toy model, each with its source and where it holds.

The model is y = ReLU(W Wᵀ x + b) with rows W_i; feature i is active with probability p_i,
independently, with a value uniform on (0, 2), so ⟨v⟩ = 1 and ⟨v²⟩ = 4/3. Losses are summed
over features. The theory that needs numerical work is in `superposition.mean_field`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from superposition.features import MEAN_SQUARE_VALUE, check_probabilities
from superposition.geometry import welch_bound


def weak_loss(p: Tensor, learned: int | Sequence[bool] | np.ndarray | Tensor) -> float:
    """⟨v²⟩ Σ p_i over the features not learned: what a model loses by answering 0 for them.

    `learned` is a boolean mask of shape (n,), or how many of the most frequent are learned.
    Exact where learned features come out perfectly (orthonormal rows) and nothing else comes
    out; an underestimate where learned features overlap. Source: Liu et al. 2025, section 3.

    >>> p = torch.tensor([0.3, 0.6, 0.1])
    >>> round(weak_loss(p, 2), 4), round(weak_loss(p, [False, True, True]), 4)
    (0.1333, 0.4)
    """
    p = check_probabilities(p).double()
    if isinstance(learned, int | np.integer) and not isinstance(learned, bool):
        if not 0 <= learned <= len(p):
            raise ValueError(f"learned must be from 0 to n = {len(p)}, not {learned}")
        return MEAN_SQUARE_VALUE * float(p.sort(descending=True).values[int(learned) :].sum())
    mask = torch.as_tensor(learned)
    if mask.dtype != torch.bool or mask.shape != p.shape:
        raise ValueError(f"learned must be a count, or a boolean mask of {len(p)} features")
    return MEAN_SQUARE_VALUE * float(p[~mask].sum())


def strong_exponent(alpha: float) -> float:
    """max(1, 2(α - 1)): the two limits stated for the strong regime (Liu et al. 2025, section 4).

    About 1 for even frequencies, from squared overlaps near 1/m; about 2(α - 1) for steep
    ones, from the m²/2 or so features that fit at small overlap. Heuristic, and a join of two
    limits: measured exponents turn smoothly between them and drift with m (see meanfield).
    """
    if not alpha >= 0:
        raise ValueError(f"alpha must be a number >= 0, not {alpha}")
    return max(1.0, 2 * (alpha - 1))


def interference(W: Tensor, p: Tensor) -> float:
    """Mean squared disturbance of active features by other active ones, summed over features.

    Σ_i p_i E[(Σ_{j≠i} κ_ij x_j)²], κ = W Wᵀ, x_j independent of feature i's activity:
    Σ_i p_i (Σ_{j≠i} (4/3 p_j - p_j²) κ_ij² + (Σ_{j≠i} p_j κ_ij)²). Exact for that quantity.
    As a part of the trained loss an estimate: no bias can silence an active feature's noise,
    but ReLU clips large negative noise, so strongly negative overlaps cost less than this.
    """
    p = check_probabilities(p).double()
    W = torch.as_tensor(W).detach().double()
    if W.ndim != 2 or len(W) != len(p):
        raise ValueError(
            f"W of shape {tuple(W.shape)} does not have one row per feature ({len(p)})"
        )
    K = W @ W.T
    K.fill_diagonal_(0)
    return float((p * (K.square() @ (MEAN_SQUARE_VALUE * p - p**2) + (K @ p) ** 2)).sum())


def interference_floor(p: Tensor, m: int) -> float:
    """`interference` of unit rows at the Welch bound whose overlaps average out:

    (4/3) ((Σ p_i)² - Σ p_i²) (n - m) / (m (n - 1)), about (4/3) E² / m for m ≪ n, 0 from m = n.

    An estimate of the least loss of the strong regime, not a bound. It holds every pair of
    features to the same squared overlap (fair for even frequencies; uneven ones can do better
    by sparing frequent pairs) and ignores the ReLU on active outputs and what the bias costs.
    """
    p = check_probabilities(p).double()
    pairs = float(p.sum() ** 2 - p.square().sum())
    return MEAN_SQUARE_VALUE * pairs * welch_bound(len(p), m)


def pair_loss(p: Tensor, m: int) -> float:
    """Loss of opposite pairs, n/2 <= m: n - m axes carry two features each, W_a = -W_b, b = 0.

    A pair errs only when both are active: 2 E[min(v_a, v_b)²] = 4/3. So (4/3) Σ p_a p_b over
    pairs of the rarest features, the least frequent with the most frequent of them; p is (n,).
    Exact for that W, hence an upper bound on the best loss. (Our derivation; the pairs were seen
    by Elhage et al. 2022.)

    >>> round(pair_loss(torch.full((8,), 0.1), 6), 4)
    0.0267
    """
    p = check_probabilities(p).double().sort().values
    if 2 * m < len(p):
        raise ValueError(f"{len(p)} features make opposite pairs from m = n / 2 up, not m = {m}")
    shared = p[: 2 * max(0, len(p) - m)]
    half = len(shared) // 2
    return MEAN_SQUARE_VALUE * float((shared[:half] * shared[half:].flip(0)).sum())


def opposite_pairs(p: Tensor, m: int) -> Tensor:
    """The arrows that `pair_loss` speaks of, (n, m), n/2 <= m <= n: rows along ± the axes.

    The 2 (n - m) rarest features share n - m axes, the rarest with the commonest of them; the
    others have an axis each.
    """
    n, rarest_first = len(p), check_probabilities(p).argsort()
    if not n / 2 <= m <= n:
        raise ValueError(f"{n} features make opposite pairs from m = n / 2 to n, not at m = {m}")
    pairs, W = n - m, torch.zeros(n, m)
    axes = torch.arange(m)
    W[rarest_first[:pairs], axes[:pairs]] = -1
    W[rarest_first[pairs : 2 * pairs], axes[:pairs].flip(0)] = 1
    W[rarest_first[2 * pairs :], axes[pairs:]] = 1
    return W


def halving_factor(
    exponent: tuple[float, float],
    per_width: tuple[float, float],
    *,
    draws: int = 100_000,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Factors on the parameters N that halve a loss A / m^α_m with N ∝ m^k: 2^(k / α_m), (draws,).

    `exponent` is α_m and `per_width` is k, each with its standard error; both are drawn as
    independent normal variables, so the quantiles of the result carry both errors through.
    """
    rng = np.random.default_rng(seed)
    alpha, k = (rng.normal(*pair, draws) for pair in (exponent, per_width))
    if (alpha <= 0).mean() > 1e-3:
        raise ValueError("the exponent is too uncertain: its error reaches 0, where no width helps")
    return np.asarray(2 ** (k / np.where(alpha > 0, alpha, np.nan)), np.float64)
