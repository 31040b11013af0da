"""The ledger's experiments on the models that one lab trains: one function a claim."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from superposition import geometry, mean_field, power_law
from superposition.ledger.context import DROPPING, WIDTHS, Effect, Lab, N
from superposition.probes import readout

UNSETTLED = Effect(
    text="too few widths have converged for an exponent: raise Lab.steps", missing=True
)


def mean_and_range(values: list[float]) -> tuple[float, tuple[float, float]]:
    """A mean over seeds or cases and its range."""
    return float(np.mean(values)), (float(np.min(values)), float(np.max(values)))


def predictable(lab: Lab) -> Effect:
    """Hide the largest converged width, extrapolate a line through the others: how far off?"""
    settled, errors = {law: lab.settled(law) for law in lab.laws}, []
    if min(map(len, settled.values())) < 4:  # three for a line, one to foretell
        return UNSETTLED
    for law, m in settled.items():
        y = lab.losses(law, m).mean(0)
        fit = power_law.fit_power_law(m[:-1], y[:-1])
        errors.append(abs(float(np.log(fit.predict(m[-1]) / y[-1]))))
    value, interval = mean_and_range(errors)
    return Effect(
        value, interval,
        f"a straight line through the other widths misses the loss at the widest by a factor of "
        f"{np.exp(value):.2f} on average over three laws ({np.exp(interval[0]):.2f} to "
        f"{np.exp(interval[1]):.2f})",
        WIDTHS, tuple(lab.losses("power").mean(0)), ("width m", "loss"),
        details={"worst": interval[1]},
    )  # fmt: skip


def keeps_the_frequent(lab: Lab) -> Effect:
    """With decay: what share of the kept rows belongs to the most frequent features?"""
    hits, kept = [], []
    for m in DROPPING:
        for W in lab.rows("power", lab.decay, m):
            keep = W.norm(dim=1) > 0.5
            count = int(keep.sum())
            rank = lab.relabel(lab.laws["power"]).argsort(descending=True)
            hits.append(float(keep[rank[:count]].double().mean()) if count else 0.0)
            kept.append(count / N)
    grown = [
        geometry.represented_fraction(W)
        for m in DROPPING for W in lab.rows("power", lab.growth, m)
    ]  # fmt: skip
    value, interval = mean_and_range(hits)
    sample = lab.rows("power", lab.decay, DROPPING[1])[0].norm(dim=1)
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
    value, interval = mean_and_range(toy_share)
    details = {"decay": float(np.mean([
        geometry.represented_fraction(W) for W in lab.rows("power", lab.decay, DROPPING[0])
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
    """Exponents of the mean |overlap| and overlap² against m, where every feature is kept."""
    kept = {
        m: min(geometry.represented_fraction(W) for law in lab.laws
               for W in lab.rows(law, lab.growth, m))
        for m in WIDTHS
    }  # fmt: skip
    full = [m for m in WIDTHS if kept[m] > 0.98]
    widths = full if len(full) >= 3 else list(WIDTHS)

    def slope(overlap: Callable[[Tensor], float], law: str) -> float:
        means = [np.mean([overlap(W) for W in lab.rows(law, lab.growth, m)]) for m in widths]
        return power_law.fit_power_law(widths, means).exponent

    two, ends = mean_and_range([slope(geometry.mean_squared_overlap, law) for law in lab.laws])
    one, one_ends = mean_and_range([slope(geometry.mean_absolute_overlap, law) for law in lab.laws])
    means = {
        m: float(np.mean([
            geometry.mean_squared_overlap(W) for W in lab.rows("power", lab.growth, m)
        ]))
        for m in WIDTHS
    }  # fmt: skip
    left = [m for m in WIDTHS if m not in widths]
    narrower = ", ".join(
        f"{kept[m]:.0%} at m = {m} ({means[m] / geometry.welch_bound(N, m):.2f} times the bound)"
        for m in left
    )
    return Effect(
        two, ends,
        f"{'where every feature is' if widths == full else 'though not every feature is'} kept "
        f"(m from {widths[0]} to {widths[-1]}), overlap² falls as "
        f"m^{two:.2f} [{ends[0]:.2f}, {ends[1]:.2f}] over three laws, |overlap| as "
        f"m^{one:.2f} [{one_ends[0]:.2f}, {one_ends[1]:.2f}]"
        + (f"; narrower models keep fewer and crowd those: {narrower}" if left else ""),
        WIDTHS, tuple(means.values()), ("width m", "mean overlap²"), details={"absolute": one},
    )  # fmt: skip


def geometry_or_rarity(lab: Lab) -> Effect:
    """Where nothing is rare: does the geometry alone, nothing fitted, foretell the loss?"""
    widths, found, told = lab.settled("even"), [], []
    common = [m for m in WIDTHS if all(m in lab.settled(law) for law in lab.laws)]
    if len(common) < 3:
        return UNSETTLED
    for m in widths:
        runs = [lab.models["even", lab.growth, m, s] for s in lab.seeds]
        found.append(float(np.mean([r.loss for r in runs])))
        told.append(float(np.mean([
            mean_field.mean_field(r.p, m, overlaps=lab.rewire(r.W)).loss for r in runs
        ])))  # fmt: skip
    errors = [abs(a / b - 1) for a, b in zip(found, told, strict=True)]
    slopes = [
        -power_law.fit_power_law(common, lab.losses(law, common).mean(0)).exponent
        for law in lab.laws
    ]
    value, interval = mean_and_range(errors)
    return Effect(
        value, interval,
        "with even frequencies, nothing being rare, the cosines alone foretell the loss to "
        f"{value:.0%} on average (at worst {interval[1]:.0%}); over three laws its exponent runs "
        f"from {min(slopes):.2f} to {max(slopes):.2f} (m from {common[0]} to {common[-1]})",
        tuple(widths), tuple(found), ("width m", "loss (even)"),
        details={"spread": max(slopes) - min(slopes)},
    )  # fmt: skip


def wrong_answers(lab: Lab) -> Effect:
    """How often the strongest feature is misread, and how confidently, against m."""
    share, confidence = [], []
    for m in WIDTHS:
        readings = [
            readout.read_strongest(lab.rewire(r.W), r.p, samples=8000, seed=s)
            for s in lab.seeds for r in [lab.models["power", lab.growth, m, s]]
        ]  # fmt: skip
        share.append(float(np.mean([r.wrong for r in readings])))
        sure = [r.confidence_wrong for r in readings if r.wrong]
        confidence.append(float(np.mean(sure)) if sure else float("nan"))
    whole = readout.read_strongest(torch.eye(N), lab.laws["power"], samples=8000).wrong
    return Effect(
        share[0] - share[-1], (share[-1], share[0]),
        f"the strongest feature is misread in {share[0]:.1%} of cases at m = {WIDTHS[0]}, "
        f"{share[-1]:.1%} at m = {WIDTHS[-1]} and {whole:.1%} without overlap; mean confidence "
        f"when wrong {confidence[0]:.2f}",
        WIDTHS, tuple(share), ("width m", "share misread"),
        details={"without overlap": whole, "confidence": confidence[0]},
    )  # fmt: skip
