"""The ledger's experiments on small models, at the settings of chapters 6 to 8.

Where runs are kept (see `running.store`), as in the build of the book, they are trained once
for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from superposition import features, power_law, theory, toy
from superposition.ledger.context import Lab, Measurement, Points, Spread
from superposition.probes import dictionaries, readout
from superposition.toy import variants


def _train(
    lab: Lab, p: torch.Tensor, widths: Sequence[int], check: bool = True
) -> dict[int, list[toy.ToyResult]]:
    """Grown models on p: for each width, one a seed."""
    runs = toy.grid(p=p, m=list(widths), weight_decay=lab.growth, seed=list(lab.seeds))
    found = toy.sweep(runs, steps=lab.shared_steps, check=check, progress=lab.progress)
    return {m: [run for run in found if run.m == m] for m in widths}


@dataclass(frozen=True, kw_only=True)
class Meetings(Measurement):
    """How often two features at once are noticed, and the loss, by width."""

    widths: tuple[int, ...]
    noticed: tuple[float, ...]
    loss: tuple[float, ...]

    @property
    def text(self) -> str:
        middle = len(self.widths) // 2
        return (
            "in the toy, more room alone takes a task that needs two features at once from "
            f"{self.noticed[0]:.0%} noticed at m = {self.widths[0]} to "
            f"{self.noticed[middle]:.0%} at {self.widths[middle]} and {self.noticed[-1]:.0%} at "
            f"{self.widths[-1]} (over pairs of eight features; chapter 7 draws others), while the "
            f"loss falls step by step from {self.loss[0]:.2g} to {self.loss[-1]:.2g}; what a "
            "skill of a language model needs, nothing here can tell"
        )


def meetings(lab: Lab) -> Meetings:
    """How often "a and b are both here" is noticed as m grows, and what the loss does."""
    n, widths = 40, (5, 10, 14, 20, 30)
    models = _train(lab, features.power_law(n, 0.0), widths)
    pairs = torch.combinations(torch.randperm(n, generator=torch.Generator().manual_seed(0))[:8])

    def noticed(run: toy.ToyResult) -> float:
        W = lab.rewire(run.W)
        return float(readout.combination_hits(W, run.p, pairs, samples=20_000).mean())

    share = tuple(float(np.mean([noticed(run) for run in models[m]])) for m in widths)
    return Meetings(
        widths=widths,
        noticed=share,
        loss=tuple(float(np.mean([run.loss for run in models[m]])) for m in widths),
        points=Points(
            x=widths, y=share, xlabel=f"width m (n = {n})", ylabel="share noticed", log=False
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Ceiling(Measurement):
    """Local exponents on the way to m = n, and what is left there of doing nothing's loss."""

    exponents: dict[str, tuple[float, float]]  # by frequencies: up to n/4, and from n/2 to 3n/4
    left: Spread  # over seeds and frequencies

    @property
    def text(self) -> str:
        said = ", ".join(
            f"with {name} frequencies from m^{first:.2f} to m^{last:.2f}"
            for name, (first, last) in self.exponents.items()
        )
        return (
            f"from m = 5 to 10 and from 20 to 30 (n = 40) the fall of the loss goes {said}; at "
            f"m = n, {self.left.mean:.1%} of the loss of doing nothing is left"
        )


def ceiling(lab: Lab) -> Ceiling:
    """n = 40, m up to n: the local exponent on the way, and the loss that is left."""
    n, widths = 40, (5, 10, 20, 30, 40)
    exponents, left = {}, []
    for name, alpha in (("even", 0.0), ("uneven", 1.0)):
        p = features.power_law(n, alpha)
        losses = {m: [run.loss for run in runs] for m, runs in _train(lab, p, widths).items()}
        means = [float(np.mean(losses[m])) for m in widths]
        local = power_law.local_exponents(widths[:-1], means[:-1])[1]
        exponents[name] = (float(local[0]), float(local[-1]))
        left += [loss / theory.weak_loss(p, 0) for loss in losses[n]]
    return Ceiling(
        exponents=exponents,
        left=Spread.over(left),
        points=Points(x=widths, y=means, xlabel=f"width m (n = {n})", ylabel="loss"),
    )


@dataclass(frozen=True, kw_only=True)
class Packings(Measurement):
    """Width that a way to pack, or to read, is worth, as a multiple of the model's own."""

    worth: dict[str, Spread]  # ways to pack, over seeds
    second_look: Spread  # a way to read, trained alone: the rows are the plain model's
    trained_together: Spread  # the same with rows that are trained for it

    @property
    def best(self) -> str:
        """The way to pack that is worth most on average."""
        return max(self.worth, key=lambda way: self.worth[way].mean)

    @property
    def text(self) -> str:
        others = ", ".join(
            f"{way} {worth.mean:.2f}" for way, worth in self.worth.items() if way != self.best
        )
        return (
            f"of five ways to pack the best, {self.best}, is worth {self.worth[self.best]:.2f} "
            f"times its width ({others}); a second look at the plain model's own code, "
            f"{self.second_look:.3f} times; with arrows trained for it, {self.trained_together:.2f}"
        )


def better_packing(lab: Lab) -> Packings:
    """Width that a way to pack, or to read, is worth, as a multiple of its own (n = 60, m = 12)."""
    p, m, steps = features.power_law(60, 1.0), 12, lab.shared_steps
    plain = [variants.Packing(k, steps=steps) for k in (4, 6, 9, 12, 16, 20)]
    ways = {
        "growth": variants.Packing(m, weight_decay=lab.growth, steps=steps),
        "decay": variants.Packing(m, weight_decay=0.3, steps=steps),
        "arrows of length 1": variants.Packing(m, unit=True, steps=steps),
        "a tight frame": variants.Packing(m, start="tight frame", steps=steps),
        "one bias for all": variants.Packing(m, one_bias=True, steps=steps),
        "second look": variants.Packing(m, looks=1, frozen=True, steps=steps),
        "together": variants.Packing(m, looks=1, steps=steps),
    }
    losses, _ = variants.train(p, plain + list(ways.values()), lab.seeds, progress=lab.progress)
    widths, ruler = [way.m for way in plain], losses[: len(plain)]
    own = variants.effective_width(widths, ruler, losses[widths.index(m)])
    worth = {
        name: Spread.over(variants.effective_width(widths, ruler, row) / own)
        for name, row in zip(ways, losses[len(plain) :], strict=True)
    }
    return Packings(
        second_look=worth.pop("second look"),
        trained_together=worth.pop("together"),
        worth=worth,
        points=Points(
            x=widths, y=ruler.mean(1), xlabel="width m of the plain model", ylabel="loss"
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Recovery(Measurement):
    """How far two readers recover features, from luck (0) to perfectly (1), by width."""

    widths: tuple[int, ...]
    above: dict[str, tuple[float, ...]]  # luck, by reader; one a width
    fall: Spread  # of the better reader from the widest to the narrowest, as a share; over seeds

    @property
    def text(self) -> str:
        said = "; ".join(
            f"by {reader} {', '.join(f'{share:.2f}' for share in found)}"
            for reader, found in self.above.items()
        )
        return (
            f"40 features, 1.5 on at once, at m = {', '.join(map(str, self.widths))} are "
            f"recovered, with luck as 0 and perfectly as 1, {said}: the better of the two reads "
            f"{self.fall:.0%} worse when tight"
        )


def reading(lab: Lab) -> Recovery:
    """How far features are recovered from hidden states, above luck, loose against tight."""
    p, widths = features.power_law(40, 0.0, 1.5), (6, 10, 16, 26)
    trained = _train(lab, p, widths, check=False)
    models = [(lab.rewire(run.W), p, run.seed) for m in widths for run in trained[m]]
    found = dictionaries.read_all(models)
    shape = (len(widths), len(lab.seeds))
    score = {name: np.array([s[name] for s in found]).reshape(shape) for name in found[0]}
    luck = score["random directions"]
    above = {
        name: (score[name] - luck) / (1 - luck)
        for name in ("dictionary learning", "sparse autoencoder")
    }
    best = np.maximum(*above.values())  # whichever reads better
    return Recovery(
        widths=widths,
        above={name: tuple(share.mean(1)) for name, share in above.items()},
        fall=Spread.over(1 - best[0] / best[-1]),
        points=Points(
            x=widths,
            y=best.mean(1),
            xlabel="width m (40 features)",
            ylabel="reading above luck",
            log=False,
        ),
    )
