"""A prediction of the strong regime's loss with no fitted parameter.

An output hears z = Σ κ_ij v_j over the other active features j. If overlaps κ are drawn
independently from one distribution μ, z is a compound Poisson variable, and the loss follows
for any bias and norm. What μ can be is a matter of geometry: for rows on a sphere every
Gegenbauer polynomial averages to at least 0 over all pairs (Schoenberg 1942; Delsarte, Goethals
and Seidel 1977), so with the n self-pairs taken off, E_μ[C_k(κ)] >= -1/(n - 1), C_k(1) = 1.
k = 2 is the Welch bound; k = 3 limits how far overlaps can lean to the harmless negative side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.special import eval_gegenbauer
from torch import Tensor

from superposition.features import check_probabilities
from superposition.geometry import pair_cosines

Vector = NDArray[np.float64]
_Z = (np.arange(4096) - 2048) * 0.002  # grid of the noise z
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_V, _V_WEIGHT = _NODES + 1, _WEIGHTS / 2  # values uniform on (0, 2)
_DEGREES = 16
_WIDEST = 16_384  # at n = 10⁶ a grid four times as fine moves "best" by 3 % there


@dataclass(frozen=True)
class MeanField:
    """Predicted loss (summed over features), bias by feature (n,), squared row norm, and the
    distribution of the overlap: values (k,) with probabilities (k,)."""

    loss: float
    bias: Vector
    squared_norm: float
    overlap: Vector
    probability: Vector


def mean_field(p: Tensor, m: int, overlaps: str | Tensor = "best") -> MeanField:
    """Predict the loss of n features in m dimensions, all represented, at their best biases.

    overlaps="random": directions even on the sphere; what a model gets without arranging them.
    overlaps="best": the distribution that makes the loss least within the Delsarte inequalities
    (a linear program inside a Frank-Wolfe iteration), for m up to 16,384. No arrangement may
    reach it.
    overlaps=W, a matrix of rows: the cosines of these rows, measured (m is then not used).
    Exact are the inequalities; estimates are the independence of the overlaps that meet in one
    output, the Poisson count of active features, and one row norm and one μ for all features
    (fair for even frequencies; models that favour frequent features can do better).
    """
    p_all = check_probabilities(p).double().numpy()
    n = len(p_all)
    if int(m) != m or m < 2:
        raise ValueError(f"m must be a whole number >= 2, not {m}")
    if isinstance(overlaps, str) and overlaps not in ("best", "random"):
        raise ValueError(f"overlaps must be 'best' or 'random', not {overlaps!r}")
    if isinstance(overlaps, str) and overlaps == "best" and m > _WIDEST:
        raise ValueError(
            f"'best' is computed up to m = {_WIDEST:,}, not at {m:,}: beyond, overlaps of 1/√m are "
            "too fine for the grid of the noise. Ask for 'random', or for a smaller m"
        )
    p_bins, counts, where = _bins(p_all)
    rate = float(p_all.sum() - (p_all**2).sum() / p_all.sum())  # other active features, mean

    kappa = _overlaps(m)
    terms = _terms(kappa)
    spectra = np.fft.rfft(np.fft.ifftshift(terms, axes=1), axis=1)
    if isinstance(overlaps, str):
        mu = np.gradient(kappa) * np.maximum(1 - kappa**2, 1e-12) ** ((m - 3) / 2)
    else:
        cosines = pair_cosines(overlaps).cpu().numpy()
        middles = (kappa[1:] + kappa[:-1]) / 2
        mu = np.bincount(np.searchsorted(middles, cosines), minlength=len(kappa)).astype(float)
    mu /= mu.sum()
    state = _best_response(mu, spectra, rate, p_bins, counts)
    for _ in range(40 if isinstance(overlaps, str) and overlaps == "best" else 0):
        target = _cheapest(_cost(terms, state, p_bins, counts), kappa, n, m)
        steps = [
            (s, _best_response((1 - s) * mu + s * target, spectra, rate, p_bins, counts))
            for s in (1.0, 0.5, 0.2, 0.05)
        ]
        step, best = min(steps, key=lambda pair: pair[1].loss)
        if best.loss > state.loss * (1 - 1e-4):
            break
        mu, state = (1 - step) * mu + step * target, best
    used = mu > 1e-9
    return MeanField(
        loss=state.loss,
        bias=(-state.norm * state.theta)[where],
        squared_norm=state.norm,
        overlap=kappa[used],
        probability=mu[used],
    )


def _overlaps(m: int) -> Vector:
    """Values that an overlap may take: even from -1 to 1, and finer where random ones lie.

    The fine part reaches to eight times their spread, 1/√m. Where only one spread was fine, the
    limits of high degree could not be met without large overlaps, and at n = 10⁶ and m = 8,192
    the iteration found nothing better than random arrows.
    """
    fine = np.linspace(-8, 8, 801) / m**0.5
    return np.unique(np.concatenate([np.linspace(-1, 1, 401), fine[np.abs(fine) < 1]]))


class _Response(NamedTuple):
    """What a model makes of one distribution of overlaps."""

    loss: float
    theta: Vector  # -b/g by bin of like features
    norm: float  # squared row norm, g
    noise: Vector  # distribution of z on the grid


def _best_response(
    mu: Vector, spectra: NDArray[np.complex128], rate: float, p: Vector, counts: Vector
) -> _Response:
    """The least loss, θ = -b/g by bin, squared norm g and the noise's distribution, given μ.

    z has the characteristic function exp(rate (f - 1)), f that of one term κv. With
    M_r(θ) = E[max(z - θ, 0)^r] the loss of a feature of probability p is
    (1 - p) g² M_2(θ) + p E_v[g² M_2(θ - v) - 2 g v M_1(θ - v) + v²]:
    quadratic in g, and a scan over θ.
    """
    noise = np.fft.fftshift(np.fft.irfft(np.exp(rate * (mu @ spectra - 1)), len(_Z)))
    t0, t1, t2 = (np.cumsum((noise * _Z**r)[::-1])[::-1] for r in range(3))
    m1, m2 = t1 - _Z * t0, t2 - 2 * _Z * t1 + _Z**2 * t0
    theta = _Z[(_Z > -1) & (_Z < 3)][::2]
    shifted = theta[:, None] - _V
    silent = np.interp(theta, _Z, m2)
    square = np.interp(shifted, _Z, m2) @ _V_WEIGHT
    product = np.interp(shifted, _Z, m1) @ (_V * _V_WEIGHT)
    g, pick = 1.0, np.zeros(len(p), dtype=int)
    quadratic = (1 - p)[:, None] * silent + p[:, None] * square  # (bins, θ)
    linear = p[:, None] * product
    for _ in range(200):
        before, pick = g, (g**2 * quadratic - 2 * g * linear).argmin(axis=1)
        rows = np.arange(len(p)), pick
        g = float(counts @ linear[rows] / max(counts @ quadratic[rows], 1e-300))
        if abs(g - before) < 1e-9:
            break
    loss = counts @ (g**2 * quadratic[rows] - 2 * g * linear[rows] + p * 4 / 3)
    best = np.asarray(theta[pick], dtype=np.float64)
    return _Response(loss=float(loss), theta=best, norm=g, noise=noise)


def _cost(terms: Vector, state: _Response, p: Vector, counts: Vector) -> Vector:
    """Derivative of the loss by μ(κ), up to a factor: E[h(z + κv)] by Mecke's formula."""
    theta, g, noise = state.theta, state.norm, state.noise
    h = np.zeros_like(_Z)
    for q, count, t in zip(p, counts, theta, strict=True):
        h += count * (1 - q) * (g * np.maximum(_Z - t, 0)) ** 2
        answers = g * np.maximum(_Z[:, None] + _V - t, 0) - _V
        h += count * q * (answers**2 @ _V_WEIGHT)
    product = np.fft.rfft(np.fft.ifftshift(h)) * np.conj(np.fft.rfft(np.fft.ifftshift(noise)))
    return terms @ np.fft.fftshift(np.fft.irfft(product, len(_Z)))


def _cheapest(cost: Vector, kappa: Vector, n: int, m: int) -> Vector:
    """The distribution on `kappa` of least mean cost that obeys the Delsarte inequalities."""
    degrees = np.arange(1, _DEGREES + 1)[:, None]
    if m == 2:
        polynomials = np.cos(degrees * np.arccos(kappa))
    else:
        a = m / 2 - 1
        polynomials = eval_gegenbauer(degrees, a, kappa) / eval_gegenbauer(degrees, a, 1.0)
    result = linprog(
        (cost - cost.min()) / max(float(np.ptp(cost)), 1e-300),
        A_ub=-polynomials,
        b_ub=np.full(_DEGREES, 1 / max(n - 1, 1)),
        A_eq=np.ones((1, len(kappa))),
        b_eq=[1.0],
        method="highs",
    )
    if result.status != 0:
        raise RuntimeError(f"the linear program of the overlaps failed: {result.message}")
    weights = np.maximum(result.x, 0)
    return weights / weights.sum()


def _terms(kappa: Vector) -> Vector:
    """Distribution of κv on the grid, v uniform on (0, 2), for each κ: (k, grid)."""
    step = _Z[1] - _Z[0]
    edges = np.append(_Z, _Z[-1] + step) - step / 2
    scale = np.where(np.abs(kappa) < 1e-9, 1e-9, kappa)[:, None]
    rising = np.clip(edges / (2 * scale), 0, 1)
    return np.abs(np.diff(rising, axis=1))


def _bins(p: Vector, most: int = 48) -> tuple[Vector, Vector, NDArray[np.int64]]:
    """Features of like probability together: mean p (bins,), how many, and each one's bin."""
    values, where = np.unique(p, return_inverse=True)
    if len(values) > most:
        positive = np.log(np.maximum(p, p.max() * 1e-9))
        edges = np.linspace(positive.min(), positive.max() + 1e-9, most + 1)
        _, where = np.unique(np.digitize(positive, edges), return_inverse=True)
    counts = np.bincount(where).astype(float)
    return np.bincount(where, p) / counts, counts, where
