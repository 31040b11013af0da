"""What decides whether a toy model drops features: the decay, the start of its bias, or both.

The question is put to a balanced table of runs: every decay γ with every start of the bias and
every seed, all else equal, so that decays are compared only at equal starts. The rule was
committed before the runs were made; campaigns/regimes.md says what came out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor

from superposition.features import MEAN_SQUARE_VALUE
from superposition.toy.engine import ModelBatch, random_start
from superposition.toy.recipes import PUBLISHED, Recipe
from superposition.toy.sampler import Sampler, SparseBatch

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
        start = run["start"]  # a number where it reads as one, as records have it
        name = start if isinstance(start, str) else f"{start:g}"
        key = float(run["weight_decay"]), name, int(run["seed"])
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


SMALLEST_DIFFERENCE = 0.1  # of two exponents: a tenth of the 1 that they are compared with


def start_moves_exponent(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether exponents fitted from two starts, one a seed each, are told apart.

    They are where no seed's of the first lies among the second's, and the means differ by 0.1.
    """
    apart = max(first) < min(second) or max(second) < min(first)
    return apart and abs(float(np.mean(first) - np.mean(second))) >= SMALLEST_DIFFERENCE


def bias(start: str, n: int, m: int, seed: int) -> Tensor:
    """b (n,) before the first step, by name.

    "normal" is N(0, 1), as published, "below" and "above" are the same with what lies above or
    below 0 moved to 0, "-|b|" is the same with every sign negative, "0.3 normal" is 0.3 times
    the same; a number is that for all.
    """
    _, b = random_start(n, m, seed=seed, bias_start="normal")
    spread = {"normal": b, "below": b.clamp_max(0), "above": b.clamp_min(0), "-|b|": -b.abs()}
    if start in spread:
        return spread[start]
    number, scaled, _ = start.partition(" normal")
    try:
        value = float(number)
    except ValueError:
        raise ValueError(
            f"start is {start!r}: use a number, a number and normal, or one of {', '.join(spread)}"
        ) from None
    if not np.isfinite(value):
        raise ValueError(f"start is {start!r}: use a finite number")
    return value * b if scaled else torch.full((n,), value)


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What is done to training to see what the start acts through; steps count from 0."""

    decay_from: int = 0  # no decay before this step
    arrows_from: int = 0  # W stays as it started before this step; b moves alone
    reset_at: int | None = None  # Adam's averages are emptied before this step
    bias_to_zero_at: int | None = None  # b is put to 0 before this step
    quick_bias_until: int = 0  # before this step b moves ten times as far
    sgd: float | None = None  # plain gradient descent at this highest rate, with momentum 0.9


class Treated(ModelBatch):
    """Models of one width and frequency law, from named starts, under a treatment."""

    def __init__(
        self,
        p: Tensor,
        m: int,
        runs: Sequence[tuple[float, str]],
        *,
        recipe: Recipe,
        seed: int,
        treatment: Treatment = Treatment(),
        warm: Tensor | None = None,
        batches: int = 0,
    ):
        """Of each run (γ, start). `warm` (n, runs, m + 1), W and b, replaces the starts.

        `batches` says which stream of samples: another stage wants another.
        """
        W, _ = random_start(len(p), m, seed=seed, bias_start=0.0)
        self.started = [bias(start, len(p), m, seed) for _, start in runs]
        super().__init__(
            p,
            [(W, b) for b in self.started],
            [decay for decay, _ in runs],
            recipe=recipe,
            seed=seed,
        )
        if warm is not None:
            self.parameters.copy_(warm)
        if batches:
            self.sampler = Sampler(
                p, seed=1_000_003 + seed + 1000 * batches, stratified=recipe.stratified
            )
        self.treatment = treatment

    def reset(self) -> None:
        """Empty Adam's averages and its count of steps."""
        self.first_moment.zero_()
        self.second_moment.zero_()
        self.adam_steps.zero_()

    def step(self, batch: SparseBatch, lr: float) -> None:
        if self.steps_done == self.treatment.bias_to_zero_at:
            self.b.zero_()  # before the gradient is taken
        super().step(batch, lr)

    def decay(self, lr: float) -> None:
        if self.steps_done >= self.treatment.decay_from:
            super().decay(lr)

    @torch.no_grad()
    def update(self, gradient: Tensor, lr: float) -> None:
        does, t = self.treatment, self.steps_done
        if t == does.reset_at:
            self.reset()
        W, b = self.W.clone(), self.b.clone()
        if does.sgd is None:
            super().update(gradient, lr)
        else:
            rate = does.sgd * lr / self.recipe.lr
            self.decay(rate)
            self.first_moment.lerp_(gradient, 0.1)
            self.parameters.sub_(self.first_moment, alpha=rate)
        if t < does.arrows_from:
            self.W.copy_(W)
        if t < does.quick_bias_until:
            self.b.copy_(b + 10 * (self.b - b))

    def rows(self) -> list[dict[str, float]]:
        """Of each model, what it kept, what that cost, and what foretold which features it kept."""
        losses, errors = self.held_out()
        return [
            {"loss": float(losses[k]), "loss_error": float(errors[k])}
            | survivors(self.W[:, k], self.p, self.started[k])
            for k in range(self.K)
        ]


def survivors(W: Tensor, p: Tensor, started: Tensor) -> dict[str, float]:
    """Which features keep an arrow longer than one half, W (n, m), p (n,), b at its start (n,).

    kept is φ; of_the_commonest the share kept of the n/10 most frequent; dropped_loss 4/3 Σ p of
    what was dropped. by_frequency and by_start are the chances that a kept feature is more
    frequent, or began with a higher bias, than a dropped one (1/2: no matter; nan: cannot be said).
    """
    keep = W.norm(dim=1) > 0.5
    rank = p.argsort(descending=True, stable=True)
    return {
        "kept": float(keep.double().mean()),
        "of_the_commonest": float(keep[rank[: max(1, len(p) // 10)]].double().mean()),
        "dropped_loss": MEAN_SQUARE_VALUE * float(p[~keep].double().sum()),
        "by_frequency": _chance_of_order(p, keep),
        "by_start": _chance_of_order(started, keep),
    }


def _chance_of_order(score: Tensor, keep: Tensor) -> float:
    """P(score of a kept > of a dropped), ties counted half: the area under the ROC curve."""
    if keep.all() or not keep.any() or float(score.max()) == float(score.min()):
        return float("nan")
    kept, dropped = score[keep].numpy(), score[~keep].numpy()
    return float(mannwhitneyu(kept, dropped).statistic / (len(kept) * len(dropped)))


SHRUNK = (0.9, 0.8, 0.65, 0.5)  # lengths, in shares of its own, at which an arrow's pull is taken


@torch.no_grad()
def withstands(
    W: Tensor,
    b: Tensor,
    p: Tensor,
    batch_size: int,
    *,
    batches: int = 200,
    sample_size: int = 256,
    groups: int = 6,
) -> Tensor:
    """The largest decay that each arrow of a packed model can withstand, (n,), by its gradient.

    W (n, m), b (n,), plain batches of `batch_size`. Decay shortens an arrow by ηγ|W_i| a step.
    Adam lengthens it by η Σ_c û_c g_c / sqrt(E g_c²) on average, where û is the arrow's direction,
    g the downhill gradient, and E g² its mean square, signal² + variance / batch size, as long as
    its memory spans many activations. The arrow stays where the second is as large at one of the
    lengths SHRUNK. Nothing is fitted. Gradients are taken on `batches` of `sample_size`, with one
    group of arrows shortened at a time.
    """
    n, m = W.shape
    starts = [(W, b)] * len(SHRUNK)
    recipe = replace(PUBLISHED, batch_size=sample_size)
    mean = torch.zeros(n, len(SHRUNK), m)
    square = torch.zeros(n, len(SHRUNK), m)
    for group in range(groups):
        some = torch.arange(group, n, groups)
        models = ModelBatch(p, starts, [0.0] * len(SHRUNK), recipe=recipe, seed=group)
        for k, share in enumerate(SHRUNK):
            models.W[some, k] *= share
        for _ in range(batches):
            gradient = models.gradient(models.sampler.draw(sample_size))[some][:, :, :m]
            mean[some] += gradient / batches
            square[some] += gradient.square() / batches
    variance = (square - mean.square()).clamp_min(0) * sample_size  # of one sample's gradient
    size = (mean.square() + variance / batch_size).sqrt().clamp_min(1e-15)
    direction = torch.nn.functional.normalize(W, dim=1)[:, None]
    drift = (direction * -mean / size).sum(2)  # (n, lengths), in units of the learning rate
    length = W.norm(dim=1, keepdim=True) * torch.tensor(SHRUNK)
    return (drift / length).amax(1)
