"""The ledger's experiments on small models, at the settings of chapters 5 and 6.

Where runs are kept (see `runs`), as in the build of the book, they are trained once for both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from superposition import features, power_law, theory, toy
from superposition.ledger.context import Effect, Lab
from superposition.ledger.experiments.toy_models import mean_and_range
from superposition.probes import dictionaries, readout
from superposition.toy import variants


def _small(
    lab: Lab, p: torch.Tensor, widths: Sequence[int], check: bool = True
) -> list[list[toy.ToyResult]]:
    """Grown models on p, a list over widths of lists over seeds."""
    runs = toy.grid(p=p, m=list(widths), weight_decay=lab.growth, seed=list(lab.seeds))
    found = toy.sweep(runs, steps=lab.shared_steps, check=check, progress=lab.progress)
    seeds = len(lab.seeds)
    return [found[k : k + seeds] for k in range(0, len(found), seeds)]


def meetings(lab: Lab) -> Effect:
    """How often "a and b are both here" is noticed as m grows, and what the loss does."""
    n, widths = 40, (5, 10, 14, 20, 30)
    rows = _small(lab, features.power_law(n, 0.0), widths)
    pairs = torch.combinations(torch.randperm(n, generator=torch.Generator().manual_seed(0))[:8])
    seen = [
        float(np.mean([
            readout.combination_hits(lab.rewire(r.W), r.p, pairs, samples=20_000).mean()
            for r in some
        ]))
        for some in rows
    ]  # fmt: skip
    loss = [float(np.mean([r.loss for r in some])) for some in rows]
    return Effect(
        seen[-1] - seen[0], (seen[0], seen[-1]),
        f"in the toy, more room alone takes a task that needs two features at once from "
        f"{seen[0]:.0%} noticed at m = {widths[0]} to {seen[2]:.0%} at {widths[2]} and "
        f"{seen[-1]:.0%} at {widths[-1]}, while the loss falls step by step from {loss[0]:.2g} to "
        f"{loss[-1]:.2g}; what a skill of a language model needs, nothing here can tell",
        tuple(float(m) for m in widths), tuple(seen), ("width m (n = 40)", "share noticed"), False,
    )  # fmt: skip


def ceiling(lab: Lab) -> Effect:
    """n = 40, m up to n: the local exponent on the way, and the loss that is left."""
    n, widths = 40, (5, 10, 20, 30, 40)
    p = features.power_law(n, 1.0)
    y = np.array([[r.loss for r in some] for some in _small(lab, p, widths)])
    slopes = power_law.local_exponents(widths[:4], y.mean(1)[:4])[1]
    value, interval = mean_and_range((y[-1] / theory.weak_loss(p, 0)).tolist())
    return Effect(
        value, interval,
        f"the local exponent goes from {slopes[0]:.2f} below n/4 to {slopes[-1]:.2f} above n/2; "
        f"at m = n, {value:.1%} of the loss of doing nothing is left",
        widths, tuple(y.mean(1)), ("width m (n = 40)", "loss"),
        details={"first": float(slopes[0]), "last": float(slopes[-1])},
    )  # fmt: skip


def better_packing(lab: Lab) -> Effect:
    """Width that a way to pack, or to read, is worth, as a multiple of its own (n = 60, m = 12)."""
    p, m, steps = features.power_law(60, 1.0), 12, lab.shared_steps
    plain = [variants.Packing(k, steps=steps) for k in (4, 6, 9, 12, 16, 20)]
    ways = {
        "growth": variants.Packing(m, weight_decay=lab.growth, steps=steps),
        "unit rows": variants.Packing(m, unit=True, steps=steps),
        "a tight frame": variants.Packing(m, start=variants.tight_frame, steps=steps),
        "second look": variants.Packing(m, looks=1, steps=steps),
    }
    losses, _ = variants.train(p, plain + list(ways.values()), lab.seeds)
    ruler, own = losses[: len(plain)], losses[plain.index(variants.Packing(m, steps=steps))]
    here = variants.effective_width([w.m for w in plain], ruler, own)
    worth = {
        name: variants.effective_width([w.m for w in plain], ruler, row) / here
        for name, row in zip(ways, losses[len(plain) :], strict=True)
    }
    look = worth.pop("second look")
    best = max(worth, key=lambda name: np.mean(worth[name]))
    value, interval = mean_and_range(worth[best].tolist())
    others = ", ".join(f"{k} {np.mean(v):.2f}" for k, v in worth.items() if k != best)
    return Effect(
        value, interval,
        f"of three ways to pack the best, {best}, is worth {value:.2f} times its width "
        f"[{interval[0]:.2f}, {interval[1]:.2f}] ({others}); a second look at the same code, "
        f"{look.mean():.2f} times [{look.min():.2f}, {look.max():.2f}]",
        tuple(float(w.m) for w in plain), tuple(ruler.mean(1)),
        ("width m of the plain model", "loss"), details={"look": float(look.min())},
    )  # fmt: skip


def reading(lab: Lab) -> Effect:
    """Mean matched cosine of features recovered from hidden states, loose against tight."""
    p, widths = features.power_law(40, 0.0, 1.5), (6, 10, 16, 26)
    rows = _small(lab, p, widths, check=False)
    models = [(lab.rewire(r.W), p, r.seed) for some in rows for r in some]
    found = dictionaries.read_all(models)
    shape = (len(widths), len(lab.seeds))
    score = {k: np.array([s[k] for s in found]).reshape(shape) for k in found[0]}
    readers = ("dictionary learning", "sparse autoencoder")
    best = np.maximum(*(score[k] for k in readers))  # of two readers, whichever reads better
    value, interval = mean_and_range((1 - best[0] / best[-1]).tolist())
    said = "; ".join(f"by {k} " + ", ".join(f"{x:.2f}" for x in score[k].mean(1)) for k in readers)
    chance = ", ".join(f"{x:.2f}" for x in score["random directions"].mean(1))
    return Effect(
        value, interval,
        f"40 features at m = {', '.join(map(str, widths))} are recovered with cosine {said} "
        f"(by chance {chance}): the better of the two reads {value:.0%} worse when tight",
        tuple(float(m) for m in widths), tuple(best.mean(1)),
        ("width m (40 features)", "cosine of recovered features"), False,
    )  # fmt: skip
