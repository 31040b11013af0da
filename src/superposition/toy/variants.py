"""Ways to pack n features into m dimensions, and what each is worth in width.

The variants train on the engine's own batches and updates, and are judged on its held-out
samples, so that two of them differ in nothing but the packing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student
from torch import Tensor

from superposition import geometry, theory
from superposition.running import executors, store
from superposition.running.progress import bar as progress_bar
from superposition.running.progress import estimate, seconds_a_step
from superposition.toy.engine import ENGINE_VERSION, ModelBatch, Start, random_start
from superposition.toy.recipes import Recipe, chosen
from superposition.toy.sampler import HELD_OUT_POWER, HELD_OUT_SEED, Sampler
from superposition.toy.sweeps import LONG

_MOST = 16  # ways that train side by side


@dataclass(frozen=True)
class Packing:
    """One way to pack; the default is the plain model: no decay, random start, a bias each."""

    m: int
    weight_decay: float = 0.0
    start: Literal["usual", "tight frame", "random arrows", "opposite pairs"] = "usual"  # rows W
    frozen: bool = False  # only the bias is trained; of a larger read-out, all that it adds too
    unit: bool = False  # rows put back to norm 1 after every step, as nGPT does
    one_bias: bool = False  # the same bias for all features
    steps: int = 4000
    hidden: int = 0  # units of a learned read-out added to the plain one
    looks: int = 0  # rounds of the second look added to the plain read-out

    @property
    def recipe(self) -> Recipe:
        return chosen("converged", self.steps)

    @property
    def reads_differently(self) -> bool:
        """Whether something is added to the plain read-out, so that autograd has to train it."""
        return bool(self.hidden or self.looks)

    def starting_point(self, p: Tensor, seed: int) -> Start:
        """W (n, m) and b (n,) before the first step."""
        W, b = random_start(len(p), self.m, seed=seed, bias_start=self.recipe.bias_start)
        if self.start != "usual":
            W = _STARTS[self.start](p, self.m, torch.Generator().manual_seed(seed))
        return W, b


@dataclass(frozen=True)
class Packed:
    """A trained way to pack."""

    loss: float  # held out
    W: Tensor  # (n, m)
    b: Tensor  # (n,)


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


#: Rows W (n, m) from the frequencies p (n,), the width and the seed's generator.
_STARTS: dict[str, Callable[[Tensor, int, torch.Generator], Tensor]] = {
    "tight frame": lambda p, m, generator: tight_frame(len(p), m, generator),
    "random arrows": lambda p, m, generator: geometry.random_unit_vectors(len(p), m, generator),
    "opposite pairs": lambda p, m, generator: theory.opposite_pairs(p, m),
}


def train(
    p: Tensor, ways: Sequence[Packing], seeds: Sequence[int], *, progress: bool = True
) -> tuple[NDArray[np.float64], list[list[Tensor]]]:
    """Held-out losses (ways, seeds) and the weights W (n, m) of each way and seed."""
    places = {
        (way, seed): store.place(ENGINE_VERSION, "packing", p, way, seed)
        for way in ways
        for seed in seeds
    }
    found = {pair: Packed(**kept) for pair, place in places.items() if (kept := store.find(place))}
    jobs = _jobs([pair for pair in places if pair not in found])
    missing = sum(map(len, jobs))
    long = sum(job[0][0].steps for job in jobs) > LONG
    with (
        executors.pool(len(jobs), long=True) as pool,
        progress_bar(missing, wanted=progress, long=long) as bar,
    ):
        if long and not bar.disable:
            seconds = list(pool.map(partial(_seconds, p), jobs))
            bar.write(estimate(missing, least=seconds, most=seconds))
        for job, done in zip(jobs, pool.map(partial(_train_job, p), jobs), strict=True):
            for pair, packed in zip(job, done, strict=True):
                found[pair] = packed
                store.keep(places[pair], vars(packed))
            bar.update(len(job))
    losses = np.array([[found[way, seed].loss for seed in seeds] for way in ways])
    return losses, [[found[way, seed].W for seed in seeds] for way in ways]


def _jobs(pairs: Sequence[tuple[Packing, int]]) -> list[list[tuple[Packing, int]]]:
    """Ways and seeds that train together, the longest first.

    Together are the seeds of one way that reads differently; else the ways of one seed and length.
    """
    groups: dict[object, list[tuple[Packing, int]]] = {}
    for way, seed in pairs:
        together = way if way.reads_differently else (way.steps, seed)
        groups.setdefault(together, []).append((way, seed))
    jobs = [group[k : k + _MOST] for group in groups.values() for k in range(0, len(group), _MOST)]
    return sorted(
        jobs, key=lambda job: (job[0][0].reads_differently, job[0][0].steps), reverse=True
    )


def _train_job(p: Tensor, job: Sequence[tuple[Packing, int]]) -> list[Packed]:
    ways, seeds = [way for way, _ in job], [seed for _, seed in job]
    if ways[0].reads_differently:
        return train_read_out(p, ways[0], seeds)
    return train_packings(p, ways, seeds[0])


def _seconds(p: Tensor, job: Sequence[tuple[Packing, int]]) -> float:
    """What a job takes, from a few of its steps."""
    ways, seeds = [way for way, _ in job], [seed for _, seed in job]
    way = ways[0]
    if not way.reads_differently:
        models = PackingBatch(p, ways, seeds[0])
        return way.steps * seconds_a_step(lambda t: models.train(t + 1))
    rows = torch.full((len(seeds), len(p), way.m), 0.1) if way.frozen else None  # any will do
    model = ReadOut(p, way, seeds, rows)
    seconds = way.steps * seconds_a_step(model.step)
    if way.frozen:  # its rows are trained first, seed by seed
        seconds += len(seeds) * _seconds(p, [(Packing(way.m, steps=way.steps), seeds[0])])
    return seconds


class PackingBatch(ModelBatch):
    """Ways of one length, side by side on the engine: its loop, with each way's rule in it."""

    def __init__(self, p: Tensor, ways: Sequence[Packing], seed: int):
        """Raises ValueError on ways of several lengths, which cannot share a schedule."""
        if len({way.steps for way in ways}) > 1:
            raise ValueError(
                f"these ways train for {sorted({way.steps for way in ways})} steps: "
                "give ways of one length, or all of them to `train`, which sorts them"
            )
        self.ways = ways
        super().__init__(
            p,
            [way.starting_point(p, seed) for way in ways],
            [way.weight_decay for way in ways],
            recipe=ways[0].recipe,
            seed=seed,
        )

    @torch.no_grad()
    def update(self, gradient: Tensor, lr: float) -> None:
        W_gradient, b_gradient = gradient[..., : self.m], gradient[..., self.m]  # views
        for k, way in enumerate(self.ways):
            if way.frozen:
                W_gradient[:, k] = 0
            if way.one_bias:
                b_gradient[:, k] = b_gradient[:, k].mean()
        super().update(gradient, lr)
        for k, way in enumerate(self.ways):
            if way.unit:
                self.W[:, k] /= self.W[:, k].norm(dim=1, keepdim=True)


def train_packings(p: Tensor, ways: Sequence[Packing], seed: int) -> list[Packed]:
    """Ways of one length that read as the plain model does."""
    models = PackingBatch(p, ways, seed)
    models.train()
    losses = models.held_out()[0].tolist()
    return [Packed(losses[k], *models.model(k, way.m)) for k, way in enumerate(ways)]


class ReadOut:
    """The plain model with a larger read-out, for several seeds at once, trained by autograd.

    The added weights start at zero where that makes it the plain model (but for the second look,
    which has to start somewhere). With `rows` W (seed, n, m), these stay: the read-out alone is
    trained.
    """

    def __init__(self, p: Tensor, way: Packing, seeds: Sequence[int], rows: Tensor | None = None):
        n, S, self.way, self.recipe = len(p), len(seeds), way, way.recipe
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]

        def drawn(*shape: int) -> Tensor:  # the same numbers for a seed, whatever the others
            return torch.stack([torch.randn(*shape, generator=g) for g in generators]) / way.m**0.5

        self.W, self.b = drawn(n, way.m), torch.zeros(S, 1, n)
        self.A, self.a = drawn(way.m, way.hidden), torch.zeros(S, 1, way.hidden)
        self.B = torch.zeros(S, way.hidden, n)
        self.scale = torch.full((way.looks, S, 1, 1), 0.5)
        self.c = torch.zeros(way.looks, S, 1, n)
        self.parameters = [self.b, self.A, self.a, self.B, self.scale, self.c]
        if rows is None:
            self.parameters.append(self.W)
        else:
            self.W = rows
        for parameter in self.parameters:
            parameter.requires_grad_()
        self.samplers = [Sampler(p, seed=1_000_003 + seed) for seed in seeds]  # as ModelBatch's
        betas = (0.9, self.recipe.beta2)
        self.adam = torch.optim.Adam(self.parameters, lr=self.recipe.lr, betas=betas)

    def read(self, h: Tensor) -> Tensor:
        """y (seed, sample, feature) from packed samples h (seed, sample, width)."""
        z = h @ self.W.mT + self.b
        if self.way.hidden:
            z = z + torch.relu(h @ self.A + self.a) @ self.B
        y = torch.relu(z)
        for k in range(self.way.looks):  # what does y leave unexplained of h?
            y = torch.relu(y + self.scale[k] * ((h - y @ self.W) @ self.W.mT) + self.c[k])
        return y

    def losses(self, samplers: Sequence[Sampler], batch_size: int) -> Tensor:
        """Loss of each seed on the next batch of its sampler, (seed,)."""
        batches = [sampler.draw(batch_size) for sampler in samplers]
        x = torch.stack([batch.dense() for batch in batches])  # (seed, sample, feature)
        sample_weights = torch.stack([batch.sample_weights for batch in batches])  # (seed, sample)
        error = (self.read(x @ self.W) - x).square().sum(2)
        empty = self.read(torch.zeros(len(batches), 1, self.way.m)).square().sum((1, 2))
        return (error * sample_weights).sum(1) + batches[0].empty_weight * empty

    def step(self, t: int) -> None:
        """Step t of all seeds, on the engine's batches."""
        self.adam.param_groups[0]["lr"] = self.recipe.learning_rate(t)
        self.adam.zero_grad()
        self.losses(self.samplers, self.recipe.batch_size).sum().backward()
        self.adam.step()


def train_read_out(p: Tensor, way: Packing, seeds: Sequence[int]) -> list[Packed]:
    """One way that reads differently, all seeds at once, on the engine's batches.

    Frozen, W is that of the plain model, trained first with the same seed.
    """
    rows = None
    if way.frozen:
        plain = Packing(way.m, steps=way.steps)
        rows = torch.stack([train(p, [plain], [seed], progress=False)[1][0][0] for seed in seeds])
    model = ReadOut(p, way, seeds, rows)
    for t in range(model.recipe.steps):
        model.step(t)
    fresh = [Sampler(p, seed=HELD_OUT_SEED, power=HELD_OUT_POWER) for _ in seeds]
    with torch.no_grad():
        losses = torch.stack([model.losses(fresh, 1024) for _ in range(40)]).mean(0).tolist()
    W, b = model.W.detach(), model.b.detach().squeeze(1)
    return [Packed(loss, W[k].clone(), b[k].clone()) for k, loss in enumerate(losses)]


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
