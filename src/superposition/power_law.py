"""Power laws fitted to measurements, with intervals that mean what they say.

Errors are taken as relative (equal scatter of log y), so the straight line in log-log is ordinary
least squares with Student's t, and the law with an offset gets a profile-likelihood interval: the
exponents whose best fit is not significantly worse than the best of all (Bates and Watts 1988,
Nonlinear Regression Analysis, section 6.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from torch import Tensor

Vector = NDArray[np.float64]
_MISFIT_LEVEL = 0.01  # below this the points do not lie on the law, whatever their error bars
_STEEPEST = 60.0  # |exponent| · log(x_max / x_min) beyond which a power law is a step


@dataclass(frozen=True)
class PowerLaw:
    """y = prefactor · x^exponent + offset; the exponent is signed (a loss falling as 1/m: -1).

    `interval` holds the exponent at rate `confidence`; an end may be infinite with an offset.
    `r2` is the share of the variance of log y that the fit explains. `misfit` is the
    probability of so poor a fit if the law held with the seeds' scatter (None without seeds);
    below 0.01 the interval rests on the scatter about the law instead.
    """

    exponent: float
    interval: tuple[float, float]
    prefactor: float
    offset: float
    r2: float
    points: int
    confidence: float = 0.95
    misfit: float | None = None

    def predict(self, x: ArrayLike | Tensor) -> Any:
        """The law at x, in the shape of x (a float for a number)."""
        y = self.prefactor * _array(x) ** self.exponent + self.offset
        return float(y) if y.ndim == 0 else y

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.exponent:.2f} [{low:.2f}, {high:.2f}]"


def fit_power_law(
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    offset: bool = False,
    *,
    confidence: float = 0.95,
) -> PowerLaw:
    """Fit y = prefactor · x^exponent (+ offset) to positive points x, shape (k,), by log y.

    y has shape (k,), or (seeds, k) with one row per seed: then the points are the geometric
    means over seeds, and their error is the seeds' scatter of log y, pooled over points;
    without seeds it is the scatter about the law. The offset is free: it may come out negative.

    Raises ValueError on values that are not positive and finite, lengths that differ, or fewer
    than 3 distinct x (5 with an offset).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    log_x, log_y, seeds = _logs(x, y)
    k, parameters = len(log_x), 3 if offset else 2
    needed = 5 if offset else 3
    if len(np.unique(log_x)) < needed:
        raise ValueError(
            f"{len(np.unique(log_x))} distinct x are too few for a power law "
            f"{'with' if offset else 'without'} an offset: measure at {needed} or more"
        )
    known: tuple[float, float] | None = None  # variance of a point, its degrees of freedom
    if seeds is not None and len(seeds) > 1:
        known = (float(seeds.var(axis=0, ddof=1).mean()) / len(seeds), k * (len(seeds) - 1.0))

    # Everything below works with u = exponent · span and t in units of the span of log x.
    centre, span = float(log_x.mean()), float(np.ptp(log_x))
    t = (log_x - centre) / span
    level = float(log_y.mean())
    if offset:
        u, rss, (a, c) = _best_with_offset(t, log_y - level)
    else:
        moment = float((t**2).sum())  # t has mean 0
        u = float((t * log_y).sum()) / moment
        a, c = 1.0, 0.0
        rss = float(((log_y - level - u * t) ** 2).sum())

    free = k - parameters
    variance, degrees, misfit = rss / free, float(free), None
    if known is not None:
        ratio = rss / free / known[0] if known[0] > 0 else np.inf
        misfit = float(stats.f.sf(ratio, free, known[1]))
        if misfit >= _MISFIT_LEVEL:
            variance, degrees = known
    quantile = float(stats.t.ppf((1 + confidence) / 2, degrees))
    if offset:
        allowed = rss + variance * quantile**2
        low, high = (_profile_end(t, log_y - level, u, allowed, k) for k in (-1, 1))
    else:
        half = quantile * np.sqrt(variance / moment)
        low, high = u - half, u + half

    total = float(((log_y - log_y.mean()) ** 2).sum())
    scale, exponent = np.exp(level), u / span
    return PowerLaw(
        exponent=exponent,
        interval=(low / span, high / span),
        prefactor=float(scale * a * np.exp(-exponent * centre)),
        offset=float(scale * c),
        r2=1 - rss / total if total > 1e-24 * k else float("nan"),
        points=k,
        confidence=confidence,
        misfit=misfit,
    )


def local_exponents(x: ArrayLike | Tensor, y: ArrayLike | Tensor) -> tuple[Vector, Vector]:
    """Slopes of log y between neighbouring x, with the geometric midpoints they belong to.

    y of shape (k,), or (seeds, k), averaged over seeds in log y. Both results have one entry
    fewer than there are distinct x; several y at one x are averaged first.
    """
    log_x, log_y, _ = _logs(x, y)
    points, where = np.unique(log_x, return_inverse=True)
    if len(points) < 2:
        raise ValueError("a local exponent needs at least two distinct x")
    means = np.bincount(where, log_y) / np.bincount(where)
    return np.exp((points[1:] + points[:-1]) / 2), np.diff(means) / np.diff(points)


def _logs(x: ArrayLike | Tensor, y: ArrayLike | Tensor) -> tuple[Vector, Vector, Vector | None]:
    """log x (k,), log y averaged over seeds (k,), and log y by seed (seeds, k) if there are."""
    x, y = _array(x), _array(y)
    if x.ndim != 1 or y.ndim not in (1, 2) or y.shape[-1] != len(x):
        raise ValueError(
            f"x of shape {x.shape} and y of shape {y.shape} do not match: give x as (k,) and y "
            "as (k,) or (seeds, k)"
        )
    for name, values in (("x", x), ("y", y)):
        bad = ~(np.isfinite(values) & (values > 0))
        if bad.any():
            raise ValueError(
                f"{name} holds {values[bad][0]:g}, and a power law needs positive finite values: "
                "leave such points out, or subtract less from them"
            )
    log_y = np.log(y)
    return np.log(x), log_y.reshape(-1, len(x)).mean(axis=0), log_y if y.ndim == 2 else None


def _array(values: Any) -> Vector:
    if isinstance(values, Tensor):
        values = values.detach().cpu()
    return np.asarray(values, dtype=np.float64)


def _best_with_offset(t: Vector, log_y: Vector) -> tuple[float, float, Vector]:
    """The best u, its sum of squares and (a, c) of y = a e^(ut) + c, by search and refinement."""
    u = np.sinh(np.linspace(-1, 1, 80) * np.arcsinh(_STEEPEST))
    for _ in range(6):
        rss, coefficients = _profile(u, t, log_y)
        best = int(rss.argmin())
        u, found = np.linspace(u[max(best - 1, 0)], u[min(best + 1, len(u) - 1)], 20), u[best]
    return float(found), float(rss[best]), coefficients[best]


def _profile_end(t: Vector, log_y: Vector, u: float, allowed: float, sign: int) -> float:
    """Where the profiled sum of squares first rises above `allowed` on one side of u."""
    steps = np.sinh(np.linspace(0, np.arcsinh(2e3 * _STEEPEST), 80)) / 1e3
    for _ in range(4):
        above = _profile(u + sign * steps, t, log_y)[0] > allowed
        first = int(above.argmax())
        if not above.any() or first == 0:
            break
        steps, end = np.linspace(steps[first - 1], steps[first], 12), float(steps[first])
    return u + sign * (end if above.any() and first else 0.0 if above.any() else np.inf)


def _profile(u: Vector, t: Vector, log_y: Vector) -> tuple[Vector, Vector]:
    """Least sum of squares of log y - log(a e^(ut) + c) for each u, (g,), and its (a, c), (g, 2).

    Levenberg and Marquardt's method on all u at once, in the basis 1 and e^(ut) - 1, scaled, so
    that u = 0 (a logarithm) is no hole; it starts from the fit of relative residuals.
    """
    h = np.expm1(np.where(np.abs(u) < 1e-7, 1e-7, u)[:, None] * t)
    height = np.abs(h).max(axis=1)
    basis = np.stack([np.ones_like(h), h / height[:, None]], axis=-1)  # (g, k, 2)

    def evaluate(beta: Vector) -> tuple[Vector, Vector]:
        f = np.einsum("gki,gi->gk", basis, beta)
        residual = log_y - np.log(np.where(f > 0, f, 1))
        return f, np.where((f > 0).all(axis=1), (residual**2).sum(axis=1), np.inf)

    def step(f: Vector, target: Vector, damping: Vector) -> Vector:
        design = basis / f[..., None]
        normal = design.swapaxes(1, 2) @ design
        normal += normal * damping[:, None, None] * np.eye(2)
        return np.asarray(
            np.linalg.solve(normal, design.swapaxes(1, 2) @ target[..., None])[..., 0], np.float64
        )

    damping = np.full(len(u), 1e-9)
    beta = step(np.broadcast_to(np.exp(log_y), h.shape), np.ones_like(h), damping)
    flat = np.array([np.exp(log_y.mean()), 0.0])
    beta = np.where(np.isfinite(evaluate(beta)[1])[:, None], beta, flat)
    f, rss = evaluate(beta)
    for _ in range(30):
        trial = beta + step(f, log_y - np.log(f), damping)
        trial_f, trial_rss = evaluate(trial)
        better = trial_rss < rss
        beta, f = np.where(better[:, None], trial, beta), np.where(better[:, None], trial_f, f)
        gained = float((rss - trial_rss)[better].max(initial=0) / max(rss.min(), 1e-30))
        rss = np.where(better, trial_rss, rss)
        damping = np.clip(np.where(better, damping / 10, damping * 10), 1e-9, 1e9)
        if gained < 1e-9 and (better | (damping > 1)).all():
            break
    a = beta[:, 1] / height
    return rss, np.stack([a, beta[:, 0] - a], axis=1)
