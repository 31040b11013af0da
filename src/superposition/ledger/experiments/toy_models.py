"""The ledger's experiments on the toy models that one lab trains: one function a claim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from superposition import geometry, mean_field, power_law
from superposition.ledger.context import (
    DROPPING,
    WIDTHS,
    Lab,
    Measurement,
    N,
    NotRun,
    Points,
    Spread,
)
from superposition.probes import readout

UNSETTLED = NotRun("too few widths have converged for an exponent: raise Lab.steps")


def _norms_by_rank(W: Tensor) -> Points:
    """The rows' norms against their features' frequency rank, as a figure."""
    return Points(
        x=range(1, len(W) + 1),
        y=W.norm(dim=1).tolist(),
        xlabel="frequency rank",
        ylabel="length of an arrow",
        log=False,
    )


@dataclass(frozen=True, kw_only=True)
class Extrapolation(Measurement):
    """log(predicted loss / loss) at the widest converged width, over frequency laws."""

    error: Spread

    @property
    def text(self) -> str:
        mean, low, high = np.exp([self.error.mean, self.error.low, self.error.high])
        return (
            "a straight line through the other widths puts the loss at the widest at "
            f"{mean:.2f} times what it is, on average over three lists of frequencies "
            f"({low:.2f} to {high:.2f})"
        )


def predictable(lab: Lab) -> Extrapolation | NotRun:
    """Hide the largest converged width, extrapolate a line through the others: how far off?"""
    settled, errors = {law: lab.settled(law) for law in lab.laws}, []
    if min(map(len, settled.values())) < 4:  # three for a line, one to predict
        return UNSETTLED
    for law, m in settled.items():
        y = lab.losses(law, m).mean(0)
        fit = power_law.fit_power_law(m[:-1], y[:-1])
        errors.append(float(np.log(fit.predict(m[-1]) / y[-1])))
    return Extrapolation(
        error=Spread.over(errors),
        points=Points(x=WIDTHS, y=lab.losses("power").mean(0), xlabel="width m", ylabel="loss"),
    )


@dataclass(frozen=True, kw_only=True)
class Frequent(Measurement):
    """What decay keeps: how much, and what share of that are the most frequent features."""

    frequent: Spread  # over models
    kept: float
    kept_with_growth: float

    @property
    def text(self) -> str:
        return (
            f"over m = {', '.join(map(str, DROPPING))}, frequencies as 1/rank: with decay "
            f"{self.kept:.0%} of the features are kept, and {self.frequent:.0%} of those are the "
            f"most frequent ones; with growth {self.kept_with_growth:.0%} are kept"
        )


def keeps_the_frequent(lab: Lab) -> Frequent:
    """With decay: what share of the kept rows belongs to the most frequent features?"""
    hits, kept, grown = [], [], []
    rank = lab.relabel(lab.laws["power"]).argsort(descending=True)
    for m in DROPPING:
        for W in lab.rows("power", lab.decay, m):
            keep = W.norm(dim=1) > 0.5
            count = int(keep.sum())
            hits.append(float(keep[rank[:count]].double().mean()) if count else 0.0)
            kept.append(count / N)
        grown += [geometry.represented_fraction(W) for W in lab.rows("power", lab.growth, m)]
    return Frequent(
        frequent=Spread.over(hits),
        kept=float(np.mean(kept)),
        kept_with_growth=float(np.mean(grown)),
        points=_norms_by_rank(lab.rows("power", lab.decay, DROPPING[1])[0]),
    )


@dataclass(frozen=True, kw_only=True)
class Everything(Measurement):
    """Share of rows longer than one half, with growth and with decay; and real token rows."""

    kept: Spread  # with growth, over models
    kept_with_decay: float
    real: float | None  # share above half the mean norm in the model at hand; None without one

    @property
    def text(self) -> str:
        said = (
            f"with growth {self.kept:.0%} of arrows are kept on average, over m = {WIDTHS[0]} to "
            f"{WIDTHS[-1]} and three lists of frequencies; with decay, at m = {DROPPING[0]}, "
            f"{self.kept_with_decay:.0%}"
        )
        if self.real is not None:
            said += (
                f"; of MiniLM's rows, placeholders aside, {self.real:.1%} exceed half the mean "
                "norm, of a table of random numbers all do"
            )
        return said


def keeps_everything(lab: Lab) -> Everything:
    """Share of rows longer than one half, with growth; and in real token rows."""
    with_growth = [
        geometry.represented_fraction(W)
        for law in lab.laws
        for m in WIDTHS
        for W in lab.rows(law, lab.growth, m)
    ]
    with_decay = [
        geometry.represented_fraction(W) for W in lab.rows("power", lab.decay, DROPPING[0])
    ]
    real = None
    if lab.language_model is not None:
        norms = lab.language_model[1].norm(dim=1)
        real = float((norms > 0.5 * norms.mean()).double().mean())
    return Everything(
        kept=Spread.over(with_growth),
        kept_with_decay=float(np.mean(with_decay)),
        real=real,
        points=_norms_by_rank(lab.rows("power", lab.growth, WIDTHS[1])[0]),
    )


@dataclass(frozen=True, kw_only=True)
class Overlaps(Measurement):
    """Exponents of mean overlap² and mean |overlap| against m, over frequency laws."""

    squared: Spread
    absolute: Spread
    squared_everywhere: Spread  # of overlap² over all widths
    widths: tuple[int, ...]  # that the exponents are taken over
    every_feature_kept: bool  # at those widths
    crowded: dict[int, tuple[float, float]]  # other widths, 1/rank: kept, overlap²/bound

    @property
    def text(self) -> str:
        where = "where" if self.every_feature_kept else "though not"
        said = (
            f"{where} every feature is kept (m from {self.widths[0]} to {self.widths[-1]}), "
            f"overlap² falls as m^{self.squared:.2f} over three lists of frequencies, "
            f"|overlap| as m^{self.absolute:.2f}; over all five widths overlap² falls as "
            f"m^{self.squared_everywhere:.2f}"
        )
        if self.crowded:
            narrower = ", ".join(
                f"{kept:.0%} at m = {m} ({ratio:.2f} times the least possible)"
                for m, (kept, ratio) in self.crowded.items()
            )
            said += (
                "; narrower models keep fewer and crowd those, with frequencies as 1/rank "
                f"{narrower}"
            )
        return said


def interference(lab: Lab) -> Overlaps:
    """Exponents of the mean |overlap| and overlap² against m, where every feature is kept."""

    def kept(m: int) -> float:
        """The least share of features kept at a width, over laws and seeds."""
        rows = [W for law in lab.laws for W in lab.rows(law, lab.growth, m)]
        return min(geometry.represented_fraction(W) for W in rows)

    full = tuple(m for m in WIDTHS if kept(m) > 0.98)
    widths = full if len(full) >= 3 else WIDTHS

    def mean(overlap: Callable[[Tensor], float], law: str, m: int) -> float:
        return float(np.mean([overlap(W) for W in lab.rows(law, lab.growth, m)]))

    def exponents(overlap: Callable[[Tensor], float], widths: Sequence[int] = widths) -> Spread:
        return Spread.over(
            power_law.fit_power_law(widths, [mean(overlap, law, m) for m in widths]).exponent
            for law in lab.laws
        )

    squared = {m: mean(geometry.mean_squared_overlap, "power", m) for m in WIDTHS}
    return Overlaps(
        squared=exponents(geometry.mean_squared_overlap),
        absolute=exponents(geometry.mean_absolute_overlap),
        squared_everywhere=exponents(geometry.mean_squared_overlap, WIDTHS),
        widths=widths,
        every_feature_kept=widths == full,
        crowded={
            m: (
                mean(geometry.represented_fraction, "power", m),
                squared[m] / geometry.welch_bound(N, m),
            )
            for m in WIDTHS
            if m not in widths
        },
        points=Points(x=WIDTHS, y=list(squared.values()), xlabel="width m", ylabel="mean overlap²"),
    )


@dataclass(frozen=True, kw_only=True)
class Geometry(Measurement):
    """How well cosines alone predict the loss where nothing is rare; exponents over laws."""

    error: Spread  # relative, over widths
    exponents: tuple[float, ...]  # of the loss, one a frequency law
    widths: tuple[int, ...]  # that the exponents are taken over

    @property
    def text(self) -> str:
        return (
            "with even frequencies, nothing being rare, the cosines alone predict the loss to "
            f"{self.error.mean:.0%} on average (at worst {self.error.high:.0%}); over three "
            f"lists of frequencies its exponent runs from {min(self.exponents):.2f} to "
            f"{max(self.exponents):.2f} (m from {self.widths[0]} to {self.widths[-1]})"
        )


def geometry_or_rarity(lab: Lab) -> Geometry | NotRun:
    """Where nothing is rare: does the geometry alone, nothing fitted, predict the loss?"""
    settled = {law: lab.settled(law) for law in lab.laws}
    common = [m for m in WIDTHS if all(m in widths for widths in settled.values())]
    if len(common) < 3:
        return UNSETTLED
    found, told = [], []
    for m in settled["even"]:
        runs = [lab.models["even", lab.growth, m, seed] for seed in lab.seeds]
        found.append(float(np.mean([run.loss for run in runs])))
        predicted = [
            mean_field.mean_field(run.p, m, overlaps=lab.rewire(run.W)).loss for run in runs
        ]
        told.append(float(np.mean(predicted)))
    return Geometry(
        error=Spread.over(abs(a / b - 1) for a, b in zip(found, told, strict=True)),
        exponents=tuple(
            -power_law.fit_power_law(common, lab.losses(law, common).mean(0)).exponent
            for law in lab.laws
        ),
        widths=tuple(common),
        points=Points(x=settled["even"], y=found, xlabel="width m", ylabel="loss (even)"),
    )


@dataclass(frozen=True, kw_only=True)
class Answers(Measurement):
    """How often the strongest feature is misread, by width, and how confidently."""

    misread: tuple[float, ...]  # one a width of `WIDTHS`
    misread_without_overlap: float
    confidence: float  # mean, of wrong answers at the narrowest width
    sure: float  # share of these that are given with a confidence above 0.9

    @property
    def text(self) -> str:
        return (
            f"the strongest feature is misread in {self.misread[0]:.1%} of cases at "
            f"m = {WIDTHS[0]}, {self.misread[-1]:.1%} at m = {WIDTHS[-1]} and "
            f"{self.misread_without_overlap:.1%} without overlap; mean confidence when wrong "
            f"{self.confidence:.2f} (over 0.9 in {self.sure:.0%} of the wrong answers, at "
            f"m = {WIDTHS[0]})"
        )


def wrong_answers(lab: Lab) -> Answers:
    """How often the strongest feature is misread, and how confidently, against m."""
    misread, confidence, surely = [], [], []
    for m in WIDTHS:
        runs = [lab.models["power", lab.growth, m, seed] for seed in lab.seeds]
        readings = [
            readout.read_strongest(lab.rewire(run.W), run.p, samples=8000, seed=seed)
            for seed, run in zip(lab.seeds, runs, strict=True)
        ]
        misread.append(float(np.mean([reading.wrong for reading in readings])))
        sure = [reading.confidence_wrong for reading in readings if reading.wrong]
        confidence.append(float(np.mean(sure)) if sure else float("nan"))
        wrong = sum(reading.wrong * reading.samples for reading in readings)
        surely.append(sum(reading.sure_answers.wrong for reading in readings) / max(1, wrong))
    return Answers(
        misread=tuple(misread),
        misread_without_overlap=readout.read_strongest(
            torch.eye(N), lab.laws["power"], samples=8000
        ).wrong,
        confidence=confidence[0],
        sure=surely[0],
        points=Points(x=WIDTHS, y=misread, xlabel="width m", ylabel="share misread"),
    )
