"""What decides whether a toy model drops features: the decay, the start of its bias, or both.

The question is put to a balanced table of runs: every decay γ with every start of the bias and
every seed, all else equal, so that decays are compared only at equal starts. The rule was
committed before the runs were made.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

DECAY, START, BOTH, NEITHER = "decay decides", "start decides", "both", "neither"
MOST = 2 / 3  # of what decay, start and their interaction explain, to decide alone
# Below this range of the cell means there is nothing to decide: 5 % of the features, or of a loss.
SMALLEST_RANGE = {"kept": 0.05, "log_loss": float(np.log(1.05))}


@dataclass(frozen=True)
class Shares:
    """How the variance of an outcome divides; the four shares sum to 1."""

    decay: float
    start: float
    interaction: float
    seeds: float  # what runs that differ in nothing but their seed scatter
    range: float  # largest mean over seeds less the smallest, in the outcome's unit


def balanced(
    runs: Iterable[Mapping[str, Any]],
    outcome: str,
    decays: Sequence[float],
    starts: Sequence[str],
    seeds: Sequence[int],
) -> np.ndarray:
    """The outcome of each run, shape (decays, starts, seeds).

    A run has the keys weight_decay, start, seed and the outcome's. Raises ValueError where a run
    is missing, stands twice or has no finite outcome.
    """
    found: dict[tuple[float, str, int], float] = {}
    for run in runs:
        key = float(run["weight_decay"]), str(run["start"]), int(run["seed"])
        if key in found:
            raise ValueError(f"two runs of (decay, start, seed) = {key}: compare like with like")
        found[key] = float(run[outcome])
    keys = list(itertools.product(map(float, decays), starts, seeds))
    missing = [key for key in keys if key not in found]
    if missing:
        raise ValueError(
            f"{len(missing)} of {len(keys)} runs (decay, start, seed) are missing, first "
            f"{missing[0]}: train them, or ask about decays, starts and seeds that are all there"
        )
    values = np.array([found[key] for key in keys])
    if not np.isfinite(values).all():
        bad = keys[int(np.flatnonzero(~np.isfinite(values))[0])]
        raise ValueError(f"{outcome} of the run (decay, start, seed) = {bad} is not a number")
    return values.reshape(len(decays), len(starts), len(seeds))


def shares(values: np.ndarray) -> Shares:
    """Two-way analysis of variance of values, shape (decays, starts, seeds), exact as balanced.

    Raises ValueError unless there are at least two decays, two starts and one seed.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 3 or min(values.shape[:2]) < 2 or values.shape[2] < 1:
        raise ValueError(
            f"shares need at least two decays, two starts and a seed, not shape {values.shape}"
        )
    cells = values.mean(axis=2)
    by_decay = cells.mean(axis=1, keepdims=True) - cells.mean()
    by_start = cells.mean(axis=0, keepdims=True) - cells.mean()
    interaction = cells - cells.mean() - by_decay - by_start
    parts = {
        "decay": (by_decay**2).mean(),
        "start": (by_start**2).mean(),
        "interaction": (interaction**2).mean(),
        "seeds": ((values - cells[:, :, None]) ** 2).mean(),
    }
    total = sum(parts.values())
    divided = {name: float(part / total) if total > 0 else 0.0 for name, part in parts.items()}
    return Shares(**divided, range=float(np.ptp(cells)))


def verdict(found: Shares, outcome: str) -> str:
    """Which word the shares of "kept" or "log_loss" earn.

    Neither: the cell means differ by less than 5 %, or seeds carry more than half of the
    variance. Decay or start decides: it alone carries at least two thirds of what is left when
    the seeds' share is taken off. Both: everything else, so also where the one acts only at some
    values of the other.
    """
    if found.range < SMALLEST_RANGE[outcome] or found.seeds > 0.5:
        return NEITHER
    explained = found.decay + found.start + found.interaction
    if found.decay >= MOST * explained:
        return DECAY
    if found.start >= MOST * explained:
        return START
    return BOTH
