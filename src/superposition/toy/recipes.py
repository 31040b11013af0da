"""How long a toy model is trained, on how many rows a step, at which learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Protocol:
    """One training recipe; the loss minimised is the same for all."""

    name: str
    steps: int
    batch: int
    lr: float
    warmup: float  # steps, or, below 1, a share of them
    fall: float  # share of the steps, the last, in which a cosine leads the learning rate down
    floor: float  # last learning rate as a share of `lr`
    memory: int  # steps that Adam's average of g² looks back
    strata: bool  # rows forced to hold a feature, q_i ∝ p_i^power; else plain Bernoulli
    bias_std: float  # b starts at this times N(0, 1)
    longest: int = 0  # steps up to which a checked run that has not converged is trained on
    refined: bool = False  # a longer run's learning rate is lower and its memory longer

    @property
    def beta2(self) -> float:
        """Adam's β2."""
        return 1 - 1 / self.memory

    @property
    def fork(self) -> int:
        """How many of its steps a longer run takes too: until its learning rate falls.

        0 where the warm-up is a share of the run.
        """
        return int((1 - self.fall) * self.steps) if self.warmup >= 1 else 0

    def of(self, steps: int) -> Protocol:
        """The same for a run of another length.

        Refined, lr ∝ steps^-1/2 and memory ∝ steps beyond its own length: at the first rate a
        longer run loses rare features, which the finer steps and averages keep.
        """
        times = steps / self.steps
        if not self.refined or times <= 1:
            return replace(self, steps=steps)
        return replace(
            self, steps=steps, lr=self.lr / times**0.5, memory=round(self.memory * times)
        )

    def lengths(self, check: bool) -> list[int]:
        """Of the runs to train: its own; with a check, half of it first, and doublings after."""
        if not check:
            return [self.steps]
        lengths = [self.steps // 2, self.steps]
        while 2 * lengths[-1] <= self.longest:
            lengths.append(2 * lengths[-1])
        return lengths


PROTOCOLS = {
    "published": Protocol("published", 20_000, 2048, 1e-2, 0.1, 0.9, 0.05, 1000, False, 1.0),
    "converged": Protocol(
        "converged", 4_000, 512, 2e-2, 0.1, 0.9, 0.0, 100, True, 0.0, 8_000, True
    ),
    # For maps of many models: only what has not converged is trained on, and the runs of several
    # lengths share the steps before their learning rates fall. So short a run needs a short
    # memory of g², or it lags behind its own past; that makes rows seem quieter to Adam, which
    # the smaller batch makes up for.
    "brief": Protocol("brief", 1_200, 384, 1e-2, 50, 0.25, 0.0, 40, True, 0.0, 19_200),
}


def chosen(protocol: str, steps: int | None = None, batch: int | None = None) -> Protocol:
    """The protocol of that name, with its length (then no longer extended) or batch replaced.

    Raises ValueError on an unknown name, or a number that is not whole or below 2.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"unknown protocol {protocol!r}: use one of {', '.join(PROTOCOLS)}")
    for name, value in (("steps", steps), ("batch", batch)):
        if value is not None and (int(value) != value or value < 2):
            raise ValueError(f"{name} must be a whole number >= 2, not {value}")
    recipe = PROTOCOLS[protocol]
    if steps is not None:
        recipe = replace(recipe.of(int(steps)), longest=0)
    return recipe if batch is None else replace(recipe, batch=int(batch))


def learning_rate(protocol: Protocol, t: int) -> float:
    """At step t: a linear warm-up to `lr`, which holds until a cosine leads it to its floor."""
    steps = protocol.steps
    warm = protocol.warmup if protocol.warmup >= 1 else max(1.0, protocol.warmup * steps)
    if t < warm:
        return protocol.lr * (t + 1) / warm
    start = max(warm, (1 - protocol.fall) * steps)
    cosine = 0.5 * (1 + math.cos(math.pi * max(0.0, t - start) / (steps - start)))
    return protocol.lr * (protocol.floor + (1 - protocol.floor) * cosine)
