"""Power laws fitted to measurements, with intervals that mean what they say.

Errors are taken as relative (equal scatter of log y), so the fit is a straight line through
log x and log y by least squares, and its interval is Student's t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from torch import Tensor

Vector = NDArray[np.float64]
_CONFIDENCE = 0.95
_MISFIT_LEVEL = 0.01  # below this the points do not lie on the law, whatever their error bars


@dataclass(frozen=True, kw_only=True)
class PowerLaw:
    """y = prefactor · x^exponent; the exponent is signed (a loss falling as 1/m: -1).

    `interval` holds the exponent in 95 of 100 repetitions. `r2` is the share of the variance of
    log y that the fit explains (nan where y is constant). `misfit` is the probability of so poor
    a fit if the law held with the seeds' scatter (None without seeds); below 0.01 the interval
    rests on the scatter about the law instead.
    """

    exponent: float
    interval: tuple[float, float]
    prefactor: float
    r2: float
    points: int
    misfit: float | None = None

    def predict(self, x: ArrayLike | Tensor) -> Any:
        """The law at x, in the shape of x (a float for a number)."""
        y = self.prefactor * _array(x) ** self.exponent
        return float(y) if y.ndim == 0 else y

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.exponent:.2f} [{low:.2f}, {high:.2f}]"


def fit_power_law(x: ArrayLike | Tensor, y: ArrayLike | Tensor) -> PowerLaw:
    """Fit y = prefactor · x^exponent to positive points x, shape (k,), by log y.

    y has shape (k,), or (seeds, k) with one row per seed: then the points are the geometric
    means over seeds, and their error is the seeds' scatter of log y, pooled over points;
    without seeds it is the scatter about the law.

    Raises ValueError on values that are not positive and finite, lengths that differ, or fewer
    than 3 distinct x.

    >>> law = fit_power_law([8, 16, 32], [1 / 4, 1 / 8, 1 / 16])
    >>> print(f"{law.exponent:.3f}, {law.predict(64):.5f}")
    -1.000, 0.03125
    """
    log_x, log_y, by_seed = _logs(x, y)
    if len(np.unique(log_x)) < 3:
        raise ValueError(
            f"{len(np.unique(log_x))} distinct x are too few for a power law: measure at 3 or more"
        )
    line = stats.linregress(log_x, log_y)
    free = len(log_x) - 2
    scatter = float(((log_y - line.intercept - line.slope * log_x) ** 2).sum()) / free
    variance, degrees, misfit = scatter, float(free), None
    if by_seed is not None and len(by_seed) > 1:
        repeats = len(by_seed) - 1
        of_a_mean = float(by_seed.var(axis=0, ddof=1).mean()) / len(by_seed)
        ratio = scatter / of_a_mean if of_a_mean > 0 else np.inf
        misfit = float(stats.f.sf(ratio, free, len(log_x) * repeats))
        if misfit >= _MISFIT_LEVEL:
            variance, degrees = of_a_mean, float(len(log_x) * repeats)
    error = float(np.sqrt(variance / ((log_x - log_x.mean()) ** 2).sum()))
    half = float(stats.t.ppf((1 + _CONFIDENCE) / 2, degrees)) * error
    return PowerLaw(
        exponent=float(line.slope),
        interval=(float(line.slope) - half, float(line.slope) + half),
        prefactor=float(np.exp(line.intercept)),
        r2=float(line.rvalue) ** 2 if log_y.std() > 1e-12 else float("nan"),
        points=len(log_x),
        misfit=misfit,
    )


def local_exponents(x: ArrayLike | Tensor, y: ArrayLike | Tensor) -> tuple[Vector, Vector]:
    """Slopes of log y between neighbouring x, with the geometric midpoints they belong to.

    y of shape (k,), or (seeds, k), averaged over seeds in log y. Both results have one entry
    fewer than there are distinct x; several y at one x are averaged first.

    >>> where, slope = local_exponents([1, 4, 16], [16, 4, 2])
    >>> where.round(3).tolist(), slope.round(3).tolist()
    ([2.0, 8.0], [-1.0, -0.5])
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
