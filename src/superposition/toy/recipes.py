"""How a toy model is trained: how long, on how many samples a step, at which learning rate.

All recipes minimise the same loss. They differ in how well and how soon.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

BiasStart = float | Literal["normal"]  # b starts at this number, or at N(0, 1)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One way to train. No defaults, so that no number is forgotten."""

    name: str
    steps: int
    batch_size: int  # samples a step
    final_batch_per_dimension: int  # as the rate cools down, the batch grows to this × m; or 0
    stratified: bool  # every sample is made to hold a feature (`sampler.py`); else plain samples
    bias_start: BiasStart
    lr: float  # the highest learning rate
    lr_scales: bool  # whether it is lr / √m: the same share of an entry of W at every width
    warmup_steps: int  # in which the rate climbs to `lr` in a straight line
    warmup_scales: bool  # whether a longer run warms up for longer
    cooldown_share: float  # of the steps: the last, in which a cosine leads the rate down
    final_lr_ratio: float  # the last rate as a share of `lr`
    beta2: float  # Adam's; its average of g² looks back 1 / (1 - beta2) steps
    beta2_share: float  # or, once that is longer, over this share of the steps so far
    finer_when_longer: bool  # whether a longer run has a lower `lr` and a longer average of g²
    longest_steps: int  # up to which a checked run that has not converged is trained on
    tolerance: float  # it has if twice the steps would change its loss by less, as a share

    @property
    def shared_steps(self) -> int:
        """How many of its steps a longer run takes too: until its learning rate falls.

        0 where the warm-up depends on the length.
        """
        return 0 if self.warmup_scales else int((1 - self.cooldown_share) * self.steps)

    def with_steps(self, steps: int) -> Recipe:
        """The same for a run of another length.

        Where `finer_when_longer`, lr ∝ steps^-1/2 and Adam's memory ∝ steps beyond its own length:
        at the first rate a longer run loses rare features, which finer steps and averages keep.
        """
        times = steps / self.steps
        warmup = round(self.warmup_steps * times) if self.warmup_scales else self.warmup_steps
        other = replace(self, steps=steps, warmup_steps=warmup)
        if not self.finer_when_longer or times <= 1:
            return other
        return replace(other, lr=self.lr / times**0.5, beta2=1 - (1 - self.beta2) / times)

    def lengths(self, check: bool) -> list[int]:
        """Of the runs to train: its own; with a check, half of it first, and doublings after."""
        if not check:
            return [self.steps]
        lengths = [self.steps // 2, self.steps]
        while 2 * lengths[-1] <= self.longest_steps:
            lengths.append(2 * lengths[-1])
        return lengths

    def work(self, m: int, lengths: Sequence[int]) -> float:
        """What runs of these lengths take together at width m, in steps of `batch_size` samples."""
        samples, shared = 0, 0
        for steps in lengths:
            longer = self.with_steps(steps)
            samples += sum(longer.samples(t, m) for t in range(shared, steps))
            shared = longer.shared_steps
        return samples / self.batch_size

    @property
    def depends_on_width(self) -> bool:
        """Whether models of two widths are trained differently, so that they cannot share steps."""
        return self.lr_scales or self.final_batch_per_dimension > 0

    def learning_rate(self, t: int, m: int = 1) -> float:
        """At step t, counted from 0: up to the highest, which holds until a cosine leads it down.

        m, the width, matters where `lr_scales`.
        """
        peak = self.lr / math.sqrt(m) if self.lr_scales else self.lr
        if t < self.warmup_steps:
            return peak * (t + 1) / self.warmup_steps
        start = max(self.warmup_steps, (1 - self.cooldown_share) * self.steps)
        cosine = 0.5 * (1 + math.cos(math.pi * max(0.0, t - start) / (self.steps - start)))
        return peak * (self.final_lr_ratio + (1 - self.final_lr_ratio) * cosine)

    def samples(self, t: int, m: int) -> int:
        """Samples at step t: they grow as the learning rate falls, in inverse proportion."""
        if t < max(self.warmup_steps, (1 - self.cooldown_share) * self.steps):
            return self.batch_size
        most = max(self.batch_size, self.final_batch_per_dimension * m)
        return int(min(most, self.batch_size * self.lr / max(self.learning_rate(t), 1e-12)))

    def beta2_at(self, t: int) -> float:
        """Adam's β2 at step t."""
        return 1 - 1 / max(1 / (1 - self.beta2), self.beta2_share * t)


PUBLISHED = Recipe(  # Liu, Liu and Gore 2025, arXiv 2505.10465
    name="published",
    steps=20_000,
    batch_size=2048,
    final_batch_per_dimension=0,
    stratified=False,
    bias_start="normal",
    lr=1e-2,
    lr_scales=False,
    warmup_steps=2000,
    warmup_scales=True,
    cooldown_share=0.9,
    final_lr_ratio=0.05,
    beta2=0.999,  # torch's default
    beta2_share=0.0,
    finer_when_longer=False,
    longest_steps=0,
    tolerance=0.03,
)
CONVERGED = Recipe(  # the book's: what a reader gets who asks for nothing else
    name="converged",
    steps=4_000,
    batch_size=512,  # strata are about as noisy as 2,048 plain samples, which decay is weighed by
    final_batch_per_dimension=0,
    stratified=True,
    bias_start=0.0,  # outputs that start on, as some do at N(0, 1), keep the others from learning
    lr=2e-2,  # twice the published one: the steps are a fifth
    lr_scales=False,
    warmup_steps=400,
    warmup_scales=True,
    cooldown_share=0.9,
    final_lr_ratio=0.0,  # so that the last steps settle
    beta2=0.99,  # a run of 4,000 steps lags behind a memory of 1,000
    beta2_share=0.0,
    finer_when_longer=True,
    longest_steps=8_000,
    tolerance=0.03,
)
# For large models and for maps of many: what has not converged is trained on. Reasons below are
# single runs at n = 1,000, α = 1, γ = -1, seed 0, unless they say more.
BRIEF = Recipe(
    name="brief",
    steps=1_600,
    batch_size=512,  # strata are about as noisy as 2,048 plain samples, which decay is weighed by
    # m = 100, 800 steps: 5 % lower than with none, and 80 take off 1 % more
    final_batch_per_dimension=20,
    stratified=True,
    bias_start=0.0,
    lr=0.06,  # 0.019 at m = 10, 0.006 at m = 100
    lr_scales=True,
    warmup_steps=200,  # in 75, γ = 1 leaves m = 10 with 11 and 13 features (seeds 0, 1), not 28, 33
    warmup_scales=False,  # so that runs of several lengths share their first steps
    cooldown_share=0.5,  # half of the steps are shared with a run of twice the length
    final_lr_ratio=0.0,
    beta2=0.95,  # with 0.99, 800 steps at m = 100 end a quarter higher
    beta2_share=0.1,  # with 0.95 to the end, 1,600 steps at m = 32 end 0.7 % higher
    finer_when_longer=False,
    longest_steps=6_400,
    tolerance=0.0075,  # even if no doubling gains less than the last, two more gain 3 %
)
RECIPES = {recipe.name: recipe for recipe in (PUBLISHED, CONVERGED, BRIEF)}


def chosen(recipe: str | Recipe, steps: int | None = None, batch_size: int | None = None) -> Recipe:
    """The recipe, given or of that name, with its length (then no longer extended) or batch.

    Raises ValueError on an unknown name, or a number that is not whole or below 2.
    """
    if isinstance(recipe, str):
        if recipe not in RECIPES:
            raise ValueError(f"unknown recipe {recipe!r}: use one of {', '.join(RECIPES)}")
        recipe = RECIPES[recipe]
    for name, value in (("steps", steps), ("batch_size", batch_size)):
        if value is not None and (int(value) != value or value < 2):
            raise ValueError(f"{name} must be a whole number >= 2, not {value}")
    if steps is not None:
        recipe = replace(recipe.with_steps(int(steps)), longest_steps=0)
    return recipe if batch_size is None else replace(recipe, batch_size=int(batch_size))
