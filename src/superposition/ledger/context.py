"""The models that the ledger's experiments share, trained once, and what an experiment returns.

A `Lab` owns its physics. Tests hand it other physics (a flipped decay, shuffled frequencies,
random rows) to see which verdicts move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from superposition import features, published, toy
from superposition.llm.minilm import ModelUnavailable, load_model

N = 200
WIDTHS = (6, 9, 14, 20, 28)
DROPPING = WIDTHS[:3]  # where decay is looked at, with Zipf's frequencies only
GROWTH, DECAY = -1.0, 1.0


@dataclass(frozen=True)
class Spread:
    """Mean, smallest and largest over seeds or cases: a range, not a confidence interval."""

    mean: float
    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> Spread:
        """The spread of some numbers."""
        numbers = np.array(list(values))
        return cls(float(numbers.mean()), float(numbers.min()), float(numbers.max()))

    def __format__(self, spec: str) -> str:
        return f"{self.mean:{spec}} (from {self.low:{spec}} to {self.high:{spec}})"


@dataclass(frozen=True, kw_only=True)
class Points:
    """What a small figure shows: y against x, and what the axes are."""

    x: Sequence[float]
    y: Sequence[float]
    xlabel: str
    ylabel: str
    log: bool = True
    told: float | None = None  # a value of y that the claim names, drawn as a line


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What an experiment found. Each experiment has a class of its own, with its numbers."""

    points: Points | None = None

    @property
    def text(self) -> str:
        """The numbers in words, one sentence without its full stop."""
        raise NotImplementedError


@dataclass(frozen=True)
class NotRun:
    """The experiment could not run; `text` says what it lacked."""

    text: str


@dataclass
class Lab:
    """Frequency laws, decays and trained models; change a field to change the physics."""

    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 2000
    shared_steps: int = 4000  # of the small models: as in chapters 6 and 8, to share theirs
    tolerance: float = toy.TOLERANCE  # a mean gain above it: not converged, so no exponent
    growth: float = GROWTH
    decay: float = DECAY
    relabel: Callable[[Tensor], Tensor] = lambda p: p  # what the analysis takes as frequencies
    rewire: Callable[[Tensor], Tensor] = lambda W: W  # what the analysis takes as trained rows
    overlaps: tuple[tuple[float, float], ...] = tuple(
        point for family in published.OVERLAPS.values() for point in family
    )
    progress: bool = False

    @cached_property
    def laws(self) -> dict[str, Tensor]:
        """Frequencies that are even, fall as 1/rank, and fall exponentially."""
        return {
            "even": features.power_law(N, 0.0),
            "power": features.power_law(N, 1.0),
            "exponential": features.exponential(N, N / 8),
        }

    @cached_property
    def models(self) -> dict[tuple[str, float, int, int], toy.ToyResult]:
        """One trained model for each (law, decay, m, seed)."""
        keys = [(law, self.growth, m, s) for law in self.laws for m in WIDTHS for s in self.seeds]
        keys += [("power", self.decay, m, s) for m in DROPPING for s in self.seeds]
        runs = [
            toy.RunSpec(p=self.laws[law], m=m, weight_decay=decay, seed=seed, law=law)
            for law, decay, m, seed in keys
        ]
        found = toy.sweep(runs, steps=self.steps, progress=self.progress)
        return dict(zip(keys, found, strict=True))

    def settled(self, law: str) -> list[int]:
        """The widths whose models, grown, have converged on average over the seeds."""
        gains = {
            m: np.mean([self.models[law, self.growth, m, s].gain for s in self.seeds])
            for m in WIDTHS
        }
        return [m for m in WIDTHS if abs(gains[m]) < self.tolerance]

    def losses(self, law: str, widths: Sequence[int] = WIDTHS) -> np.ndarray:
        """Held-out losses of the grown models, shape (seeds, widths)."""
        return np.array(
            [[self.models[law, self.growth, m, s].loss for m in widths] for s in self.seeds]
        )

    def rows(self, law: str, decay: float, m: int) -> list[Tensor]:
        return [self.rewire(self.models[law, decay, m, s].W) for s in self.seeds]

    @cached_property
    def language_model(self) -> tuple[Callable[[str, int | None], Tensor], Tensor] | None:
        """A text's vector, and the token rows, of real weights; None without them.

        With a seed, the vector is that of the same model with the rows of its table shuffled.
        """
        try:
            tokenizer, model = load_model()
        except ModelUnavailable:
            return None
        rows = model.get_input_embeddings().weight.detach()

        @torch.no_grad()
        def embed(text: str, seed: int | None = None) -> Tensor:
            ids = tokenizer(text, return_tensors="pt")["input_ids"]
            if seed is not None:
                shuffle = torch.Generator().manual_seed(seed)
                ids = torch.randperm(len(rows), generator=shuffle)[ids]
            return model(input_ids=ids).last_hidden_state[0].mean(0)

        named = [k for t, k in tokenizer.get_vocab().items() if not t.startswith("[unused")]
        return embed, rows[sorted(named)]
