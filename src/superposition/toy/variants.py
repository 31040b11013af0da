"""Ways to pack n features into m dimensions, and what each is worth in width.

The variants train on the engine's own rows and steps, and are judged on its held-out rows, so
that two of them differ in nothing but the packing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student
from torch import Tensor

from superposition.running import executors, records
from superposition.toy.engine import HELD_OUT_POWER, HELD_OUT_SEED, Bundle, Sampler
from superposition.toy.recipes import chosen, learning_rate


@dataclass(frozen=True)
class Packing:
    """One way to pack; the default is the plain model: no decay, random start, a bias each."""

    m: int
    weight_decay: float = 0.0
    start: Callable[[int, int, torch.Generator], Tensor] | None = None  # rows W, (n, m)
    frozen: bool = False  # only the bias is trained; of a larger read-out, all that it adds too
    unit: bool = False  # rows put back to norm 1 after every step, as nGPT does
    one_bias: bool = False  # the same bias for all features
    steps: int = 4000
    hidden: int = 0  # units of a learned read-out added to the plain one
    looks: int = 0  # rounds of the second look added to the plain read-out


class _Variants(Bundle):
    """A bundle of the engine whose models may differ in how they pack."""

    def __init__(self, p: Tensor, ways: Sequence[Packing], seed: int):
        recipe = chosen("converged", ways[0].steps)
        widths, decays = [w.m for w in ways], [w.weight_decay for w in ways]
        super().__init__(p, widths, decays, seed, recipe, torch.device("cpu"))
        self.ways = ways
        with torch.no_grad():
            for k, way in enumerate(ways):
                if way.start:
                    generator = torch.Generator().manual_seed(seed)
                    self.theta[:, k, : way.m] = way.start(self.n, way.m, generator)

    def step(self, lr: float) -> None:
        super().step(lr)
        with torch.no_grad():
            for k, way in enumerate(self.ways):
                if way.unit:
                    W = self.theta[:, k, : self.m]
                    W.div_(W.norm(dim=1, keepdim=True))

    def _gradient(self, rows):  # type: ignore[no-untyped-def]
        grad = super()._gradient(rows)
        for k, way in enumerate(self.ways):
            if way.frozen:
                grad[:, k, : self.m] = 0
            if way.one_bias:
                grad[:, k, self.m] = grad[:, k, self.m].mean()
        return grad


def tight_frame(n: int, m: int, generator: torch.Generator) -> Tensor:
    """n unit rows in m dimensions that reach Welch's bound, shape (n, m), from a random start.

    In turn the nearest tight frame (all singular values √(n/m)) and the nearest unit rows
    (alternating projection, Tropp et al. 2005, doi 10.1109/TIT.2004.839492).
    """
    W = torch.randn(n, m, generator=generator, dtype=torch.float64)
    for _ in range(500):
        U, _, V = torch.linalg.svd(W, full_matrices=False)
        W = torch.nn.functional.normalize(U @ V, dim=1)
    return W.float()


def train(p: Tensor, ways: Sequence[Packing], seeds: Sequence[int],
          ) -> tuple[NDArray[np.float64], list[list[Tensor]]]:  # fmt: skip
    """Held-out losses (ways, seeds) and the weights W (n, m) of each way and seed."""
    done: dict[tuple[int, int], Any] = {
        (i, s): records.load(_place(p, way, s)) for i, way in enumerate(ways) for s in seeds
    }
    missing = [i for i in range(len(ways)) if any(done[i, s] is None for s in seeds)]
    trained = _train(p, [ways[i] for i in missing], seeds)
    for i, losses, rows in zip(missing, *trained, strict=True):
        for s, loss, W in zip(seeds, losses, rows, strict=True):
            done[i, s] = {"loss": float(loss), "W": W}
            records.keep(_place(p, ways[i], s), done[i, s])
    found = [[done[i, s] for s in seeds] for i in range(len(ways))]
    return np.array([[r["loss"] for r in row] for row in found]), [
        [r["W"] for r in row] for row in found
    ]


def _place(p: Tensor, way: Packing, seed: int) -> Path | None:
    """Where the run is kept; a start that a notebook defines has no text to be kept under."""
    if way.start is None or way.start is tight_frame:
        return records.place("packing", p, replace(way, start=None), way.start is None, seed)
    return None


def _train(p: Tensor, ways: Sequence[Packing], seeds: Sequence[int],
           ) -> tuple[NDArray[np.float64], list[list[Tensor]]]:  # fmt: skip
    every = list(range(len(seeds)))
    jobs = [([i], every) for i, way in enumerate(ways) if way.hidden or way.looks]
    for steps in sorted({way.steps for way in ways}, reverse=True):  # the longest jobs first
        group = [i for i, w in enumerate(ways) if w.steps == steps and not (w.hidden or w.looks)]
        jobs += [(group[k : k + 16], [s]) for k in range(0, len(group), 16) for s in every]
    losses = np.full((len(ways), len(seeds)), np.nan)
    weights: list[list[Tensor]] = [[torch.empty(0)] * len(seeds) for _ in ways]
    with executors.pool(len(jobs), long=True) as pool:
        work = [(p, [ways[i] for i in group], [seeds[s] for s in some]) for group, some in jobs]
        for (group, some), (found, rows) in zip(jobs, pool.map(_train_some, work), strict=True):
            for k, i in enumerate(group):
                losses[i, some] = found[k]
                for s, W in zip(some, rows[k], strict=True):
                    weights[i][s] = W
    return losses, weights


def _train_some(job: tuple[Tensor, list[Packing], list[int]]) -> tuple[Tensor, list[list[Tensor]]]:
    """Losses (ways, seeds) and W by way and seed: many ways and one seed, or the reverse."""
    p, ways, seeds = job
    if ways[0].hidden or ways[0].looks:
        found, rows = _train_read_out(p, ways[0], seeds)
        return found[None], [rows]
    bundle = _Variants(p, ways, seeds[0])
    bundle.run()
    W = [[bundle.theta[:, k, : way.m].detach().clone()] for k, way in enumerate(ways)]
    return bundle.held_out()[0][:, None], W


def _train_read_out(p: Tensor, way: Packing, seeds: Sequence[int]) -> tuple[Tensor, list[Tensor]]:
    """The plain model with a larger read-out, by autograd on the engine's rows; all seeds at once.

    The added weights start at zero where that makes it the plain model (but for the second look,
    which has to start somewhere). Frozen, W is that of the plain model, trained first with the
    same seed, and stays: the read-out alone is trained. Losses (seeds,) and W by seed.
    """
    n, m, S, recipe = len(p), way.m, len(seeds), chosen("converged", way.steps)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    W = torch.stack([torch.randn(n, m, generator=g) for g in generators]) / m**0.5
    A = torch.stack([torch.randn(m, way.hidden, generator=g) for g in generators]) / m**0.5
    b, c = torch.zeros(S, 1, n), torch.zeros(way.looks, S, 1, n)
    a, B = torch.zeros(S, 1, way.hidden), torch.zeros(S, way.hidden, n)
    scale = torch.full((way.looks, S, 1, 1), 0.5)
    parameters = [A, b, c, scale, a, B]
    if way.frozen:
        plain = Packing(m, steps=way.steps)
        W = torch.stack([train(p, [plain], [seed])[1][0][0] for seed in seeds])
    else:
        parameters = [W, *parameters]
    for parameter in parameters:
        parameter.requires_grad_()

    def read(h: Tensor) -> Tensor:
        z = h @ W.mT + b
        if way.hidden:
            z = z + torch.relu(h @ A + a) @ B
        y = torch.relu(z)
        for k in range(way.looks):  # what does y leave unexplained of h?
            y = torch.relu(y + scale[k] * ((h - y @ W) @ W.mT) + c[k])
        return y

    def losses_on(samplers: Sequence[Sampler], size: int) -> Tensor:
        rows = [sampler.draw(size) for sampler in samplers]
        x = torch.zeros(S, size * n)
        for k, r in enumerate(rows):
            x[k, r.flat] = r.value
        x = x.view(S, size, n)
        error = ((read(x @ W) - x).square().sum(2) * torch.stack([r.weight for r in rows])).sum(1)
        return error + rows[0].empty * read(torch.zeros(S, 1, m)).square().sum((1, 2))

    samplers = [Sampler(p, True, 1_000_003 + seed, p.device) for seed in seeds]
    adam = torch.optim.Adam(parameters, lr=recipe.lr, betas=(0.9, recipe.beta2))
    for t in range(recipe.steps):
        adam.param_groups[0]["lr"] = learning_rate(recipe, t)
        adam.zero_grad()
        losses_on(samplers, recipe.batch).sum().backward()
        adam.step()
    fresh = [Sampler(p, True, HELD_OUT_SEED, p.device, HELD_OUT_POWER) for _ in seeds]
    with torch.no_grad():
        found = torch.stack([losses_on(fresh, 1024) for _ in range(40)]).mean(0)
    return found.double(), [w.clone() for w in W.detach()]


def effective_width(widths: ArrayLike, losses: ArrayLike, loss: ArrayLike) -> NDArray[np.float64]:
    """Width at which the plain model reaches `loss`, by straight lines in log L(m) against log m.

    `widths` rise and `losses`, shape (widths,) or (widths, seeds), fall; nan outside their range.
    """
    y = np.log(np.asarray(losses, float).reshape(len(np.asarray(widths)), -1)).mean(axis=1)
    if not (np.diff(y) < 0).all():
        raise ValueError("the plain model's loss does not fall with the width: train it longer")
    x = np.interp(-np.log(loss), -y, np.log(widths), left=np.nan, right=np.nan)
    return np.asarray(np.exp(x), np.float64)


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> tuple[float, float, float]:
    """Mean over seeds and its interval by Student's t; needs at least two values."""
    v = np.asarray(values, float)
    half = student.ppf((1 + confidence) / 2, len(v) - 1) * v.std(ddof=1) / len(v) ** 0.5
    return float(v.mean()), float(v.mean() - half), float(v.mean() + half)
