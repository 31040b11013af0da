"""The ledger's experiments on toy models: one function a claim, on the models of one lab."""

from __future__ import annotations

import numpy as np
import torch

from . import features, geometry, limits, meanfield, packing, scaling, theory, toy
from . import reading as readout
from .lab import WIDTHS, Effect, Lab, N


def _mean(values: list[float]) -> tuple[float, tuple[float, float]]:
    """A mean over seeds or cases and its range."""
    return float(np.mean(values)), (float(np.min(values)), float(np.max(values)))


def predictable(lab: Lab) -> Effect:
    """Hide the largest width, extrapolate a line through the others: how far off?"""
    errors = []
    for law in lab.laws:
        y = lab.losses(law, lab.growth)
        fit = scaling.fit_power_law(WIDTHS[:-1], y.mean(0)[:-1])
        errors.append(abs(float(np.log(fit.predict(WIDTHS[-1]) / y[:, -1].mean()))))
    value, interval = _mean(errors)
    y = lab.losses("power", lab.growth).mean(0)
    return Effect(
        value, interval,
        f"a hidden width is foretold to {np.expm1(value):.0%} on average over three laws "
        f"({np.expm1(interval[0]):.0%} to {np.expm1(interval[1]):.0%})",
        WIDTHS, tuple(y), ("width m", "loss"), details={"worst": interval[1]},
    )  # fmt: skip


def keeps_the_frequent(lab: Lab) -> Effect:
    """With decay: what share of the kept rows belongs to the most frequent features?"""
    hits, kept = [], []
    for m in WIDTHS[:3]:
        for W in lab.rows("power", lab.decay, m):
            keep = W.norm(dim=1) > 0.5
            count = int(keep.sum())
            rank = lab.relabel(lab.laws["power"]).argsort(descending=True)
            hits.append(float(keep[rank[:count]].double().mean()) if count else 0.0)
            kept.append(count / N)
    grown = [
        geometry.represented_fraction(W)
        for m in WIDTHS[:3] for W in lab.rows("power", lab.growth, m)
    ]  # fmt: skip
    value, interval = _mean(hits)
    sample = lab.rows("power", lab.decay, WIDTHS[1])[0].norm(dim=1)
    return Effect(
        value, interval,
        f"with decay {np.mean(kept):.0%} of the features are kept, and {value:.0%} "
        f"[{interval[0]:.0%}, {interval[1]:.0%}] of those are the most frequent ones; "
        f"with growth {np.mean(grown):.0%} are kept",
        tuple(range(1, N + 1)), tuple(sample.tolist()), ("frequency rank", "row norm"), False,
        {"kept": float(np.mean(kept)), "kept with growth": float(np.mean(grown))},
    )  # fmt: skip


def keeps_everything(lab: Lab) -> Effect:
    """Share of rows longer than one half, with growth; and in real token rows."""
    toy_share = [
        geometry.represented_fraction(W)
        for law in lab.laws for m in WIDTHS for W in lab.rows(law, lab.growth, m)
    ]  # fmt: skip
    value, interval = _mean(toy_share)
    details = {"decay": float(np.mean([
        geometry.represented_fraction(W) for W in lab.rows("power", lab.decay, WIDTHS[0])
    ]))}  # fmt: skip
    text = f"with growth {value:.0%} [{interval[0]:.0%}, {interval[1]:.0%}] of rows are kept"
    if lab.language_model is not None:
        norms = lab.language_model[1].norm(dim=1)
        details["real"] = float((norms > 0.5 * norms.mean()).double().mean())
        text += f"; of a real model's token rows {details['real']:.1%} exceed half the mean norm"
    sample = lab.rows("power", lab.growth, WIDTHS[1])[0].norm(dim=1)
    return Effect(
        value, interval, text, tuple(range(1, N + 1)), tuple(sample.tolist()),
        ("frequency rank", "row norm"), False, details,
    )  # fmt: skip


def interference(lab: Lab) -> Effect:
    """Exponents of the mean |overlap| and of the mean squared overlap against m."""
    squared, absolute = [], []
    for s in range(len(lab.seeds)):
        rows = [lab.rows("power", lab.growth, m)[s] for m in WIDTHS]
        squared.append([geometry.mean_squared_overlap(W) for W in rows])
        absolute.append([geometry.mean_absolute_overlap(W) for W in rows])
    two = scaling.fit_power_law(WIDTHS, np.mean(squared, 0))
    one = scaling.fit_power_law(WIDTHS, np.mean(absolute, 0))
    return Effect(
        two.exponent, two.interval,
        f"overlap² falls as m^{two}, |overlap| as m^{one}",
        WIDTHS, tuple(np.mean(squared, 0)), ("width m", "mean overlap²"),
        details={"absolute": one.exponent},
    )  # fmt: skip


def geometry_or_rarity(lab: Lab) -> Effect:
    """Where nothing is rare: does the geometry alone, nothing fitted, foretell the loss?"""
    found, told = [], []
    for m in WIDTHS:
        runs = [lab.models["even", lab.growth, m, s] for s in lab.seeds]
        found.append(float(np.mean([r.loss for r in runs])))
        told.append(float(np.mean([
            meanfield.mean_field(r.p, m, overlaps=lab.rewire(r.W)).loss for r in runs
        ])))  # fmt: skip
    errors = [abs(a / b - 1) for a, b in zip(found, told, strict=True)]
    slopes = [
        -scaling.fit_power_law(WIDTHS, lab.losses(law, lab.growth).mean(0)).exponent
        for law in lab.laws
    ]
    value, interval = _mean(errors)
    return Effect(
        value, interval,
        "with even frequencies, nothing being rare, the cosines alone foretell the loss to "
        f"{value:.0%} on average (at worst {interval[1]:.0%}); over three laws its exponent runs "
        f"from {min(slopes):.2f} to {max(slopes):.2f}",
        WIDTHS, tuple(found), ("width m", "loss (even)"),
        details={"spread": max(slopes) - min(slopes)},
    )  # fmt: skip


def wrong_answers(lab: Lab) -> Effect:
    """How often the strongest feature is misread, and how confidently, against m."""
    share, confidence = [], []
    for m in WIDTHS:
        readings = [
            limits.read_strongest(lab.rewire(r.W), r.p, samples=8000, seed=s)
            for s in lab.seeds for r in [lab.models["power", lab.growth, m, s]]
        ]  # fmt: skip
        share.append(float(np.mean([r.wrong for r in readings])))
        confidence.append(float(np.nanmean([r.confidence_wrong for r in readings])))
    whole = limits.read_strongest(torch.eye(N), lab.laws["power"], samples=8000).wrong
    return Effect(
        share[0] - share[-1], (share[-1], share[0]),
        f"the strongest feature is misread in {share[0]:.1%} of cases at m = {WIDTHS[0]}, "
        f"{share[-1]:.1%} at m = {WIDTHS[-1]} and {whole:.1%} without overlap; mean confidence "
        f"when wrong {confidence[0]:.2f}",
        WIDTHS, tuple(share), ("width m", "share misread"),
        details={"without overlap": whole, "confidence": confidence[0]},
    )  # fmt: skip


def ceiling(lab: Lab) -> Effect:
    """n = 60, m up to n: the local exponent on the way, and the loss that is left."""
    n, widths = 60, (8, 15, 30, 45, 60)
    runs = toy.grid(p=features.power_law(n, 1.0), m=list(widths), weight_decay=lab.growth,
                    seed=list(lab.seeds))  # fmt: skip
    found = toy.sweep(runs, steps=lab.steps, check=False, progress=lab.progress)
    y = np.array([r.loss for r in found]).reshape(len(widths), -1)
    slopes = scaling.local_exponents(widths[:4], y.mean(1)[:4])[1]
    left = y[-1] / theory.weak_loss(features.power_law(n, 1.0), 0)
    value, interval = _mean(left.tolist())
    return Effect(
        value, interval,
        f"the local exponent goes from {slopes[0]:.2f} below n/4 to {slopes[-1]:.2f} above n/2; "
        f"at m = n, {value:.1%} of the loss of doing nothing is left",
        widths, tuple(y.mean(1)), ("width m (n = 60)", "loss"),
        details={"first": float(slopes[0]), "last": float(slopes[-1])},
    )  # fmt: skip


def better_packing(lab: Lab) -> Effect:
    """Width that the best of four ways to pack is worth, as a multiple of its own (m = 10)."""
    p, m, steps = features.power_law(100, 1.0), 10, lab.steps
    plain = [packing.Packing(k, steps=steps) for k in (5, 7, 10, 14, 20)]
    ways = {
        "growth": packing.Packing(m, weight_decay=lab.growth, steps=steps),
        "unit rows": packing.Packing(m, unit=True, steps=steps),
        "a tight frame": packing.Packing(m, start=packing.tight_frame, steps=steps),
        "a second look at the code": packing.Packing(m, looks=1, steps=steps),
    }
    losses, _ = packing.train(p, plain + list(ways.values()), lab.seeds)
    worth = {
        name: packing.effective_width([w.m for w in plain], losses[: len(plain)], row) / m
        for name, row in zip(ways, losses[len(plain) :], strict=True)
    }
    best = max(worth, key=lambda name: np.mean(worth[name]))
    value, interval = _mean(worth[best].tolist())
    others = ", ".join(f"{k} {np.mean(v):.2f}" for k, v in worth.items() if k != best)
    return Effect(
        value, interval,
        f"the best of four, {best}, is worth {value:.2f} times its width "
        f"[{interval[0]:.2f}, {interval[1]:.2f}]; {others}",
        tuple(float(w.m) for w in plain), tuple(losses[: len(plain)].mean(1)),
        ("width m of the plain model", "loss"),
    )  # fmt: skip


def reading(lab: Lab) -> Effect:
    """Mean matched cosine of features recovered from hidden states, loose against tight."""
    p, widths = features.power_law(60, 0.5), (12, 20, 40)
    runs = toy.grid(p=p, m=list(widths), weight_decay=lab.growth, seed=list(lab.seeds))
    found = toy.sweep(runs, steps=lab.steps, check=False, progress=lab.progress)
    score = np.zeros((len(widths), len(lab.seeds)))
    chance = []
    for i, r in enumerate(found):
        H = readout.hidden_states(r.W, p, 8000, seed=r.seed)
        D = readout.sparse_autoencoder(H, len(p), steps=1200, seed=r.seed)
        score[divmod(i, len(lab.seeds))] = readout.recovery(lab.rewire(r.W), D)
        chance.append(readout.recovery(r.W, geometry.random_unit_vectors(len(p), r.m)))
    fall = 1 - score[0] / score[-1]
    value, interval = _mean(fall.tolist())
    by_width = ", ".join(f"{s:.2f} at m = {m}" for m, s in zip(widths, score.mean(1), strict=True))
    return Effect(
        value, interval,
        f"60 features are recovered with cosine {by_width} (by chance {min(chance):.2f} to "
        f"{max(chance):.2f}): {value:.0%} worse when tight",
        tuple(float(m) for m in widths), tuple(score.mean(1)),
        ("width m (60 features)", "cosine of recovered features"), False,
    )  # fmt: skip
