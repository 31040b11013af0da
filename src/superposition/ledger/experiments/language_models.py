"""The ledger's experiments on language models: real weights at hand, and published numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from superposition import geometry, power_law, published
from superposition.ledger.context import Lab, Measurement, NotRun, Points

PLACES = {
    "Eiffel": "Paris",
    "Colosseum": "Rome",
    "Kremlin": "Moscow",
    "Acropolis": "Athens",
    "Alhambra": "Granada",
    "Pentagon": "Washington",
    "Hollywood": "California",
    "Taj Mahal": "India",
    "Big Ben": "London",
    "Brandenburg Gate": "Berlin",
    "Sagrada Familia": "Barcelona",
    "Machu Picchu": "Peru",
    "Pyramids": "Egypt",
    "Forbidden City": "Beijing",
    "Sydney Opera": "Australia",
    "Golden Gate": "San Francisco",
}
FOODS = ("sandwich", "omelette", "pancake", "noodles", "porridge", "salad", "burger", "soup")
SHUFFLES = 5


@dataclass(frozen=True, kw_only=True)
class RelatedWords(Measurement):
    """Share of comparisons in which a sight is nearer to its place than to a dish."""

    share: float
    interval: tuple[float, float]  # of 95 %, over the sights
    shuffled: float  # the share that the same model wins with its rows shuffled, mean of draws

    @property
    def text(self) -> str:
        low, high = self.interval
        return (
            f"in {self.share:.0%} [{low:.0%}, {high:.0%}] of {len(PLACES)} × {len(FOODS)} "
            "comparisons the sight is nearer to its place; with the model's rows shuffled, in "
            f"{self.shuffled:.0%}"
        )


def related_words(lab: Lab) -> RelatedWords | NotRun:
    """Is a sight nearer to its place than to a dish? Share of all triples, by sight."""
    if lab.language_model is None:
        return NotRun("no model weights at hand")
    embed = lab.language_model[0]

    def unit(v: Tensor) -> Tensor:
        return v / v.norm()

    def gaps(seed: int | None = None) -> Tensor:
        """Cosine to its place less that to each dish, (sights, dishes)."""
        sights, places, foods = (
            torch.stack([unit(embed(text, seed)) for text in texts])
            for texts in (PLACES, PLACES.values(), FOODS)
        )
        return (sights * places).sum(1, keepdim=True) - sights @ foods.T

    found = gaps()
    shares = (found > 0).double().mean(1)
    half = 1.96 * float(shares.std()) / len(shares) ** 0.5
    share = float(shares.mean())
    return RelatedWords(
        share=share,
        interval=(share - half, min(1.0, share + half)),
        shuffled=float(np.mean([(gaps(seed) > 0).double().mean() for seed in range(SHUFFLES)])),
        points=Points(
            x=range(1, len(found) + 1),
            y=sorted(found.mean(1).tolist()),
            xlabel="sights, sorted",
            ylabel="cosine to its place - to a dish",
            log=False,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Widths(Measurement):
    """A family's widths, and the width that is told of it."""

    told: int
    widths: tuple[int, ...]
    vocabulary: int

    @property
    def text(self) -> str:
        widths = ", ".join(str(m) for m in self.widths)
        return f"GPT-2's four sizes have {self.vocabulary:,} tokens and widths {widths}"


def widths_of_gpt2(lab: Lab) -> Widths:
    """The published widths of GPT-2's sizes."""
    models = [model for model in published.MODELS if model.family == "GPT-2"]
    widths = tuple(sorted(model.m for model in models))
    return Widths(
        told=4000,
        widths=widths,
        vocabulary=models[0].vocabulary,
        points=Points(
            x=range(1, len(widths) + 1),
            y=widths,
            xlabel="GPT-2's sizes, from small to XL",
            ylabel="width m",
            log=False,
            told=4000,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class PublishedOverlaps(Measurement):
    """How published mean squared overlaps fall with m, and how far above 1/m they lie."""

    count: int
    exponent: float
    interval: tuple[float, float]  # of 95 %, of the exponent
    excess: float  # median of m · overlap²
    real: float | None  # m · overlap² of the model at hand; None without one

    @property
    def text(self) -> str:
        low, high = self.interval
        said = (
            f"{self.count} published overlaps fall as m^{self.exponent:.2f} "
            f"[{low:.2f}, {high:.2f}]; they lie {self.excess:.0f} times above 1/m"
        )
        if self.real is not None:
            said += f" (median); MiniLM's input rows, placeholders aside, {self.real:.1f} times"
        return said


def open_models(lab: Lab) -> PublishedOverlaps:
    """Published overlaps of four open families against 1/m; and real rows at hand."""
    m, overlap = np.array(sorted(lab.overlaps)).T
    fit = power_law.fit_power_law(m, overlap)
    real = None
    if lab.language_model is not None:
        rows = lab.language_model[1]
        real = geometry.mean_squared_overlap(rows) * rows.shape[1]
    return PublishedOverlaps(
        count=len(m),
        exponent=fit.exponent,
        interval=fit.interval,
        excess=float(np.median(overlap * m)),
        real=real,
        points=Points(x=m, y=overlap, xlabel="width m", ylabel="mean overlap² (published)"),
    )
