"""The ledger's experiments on language models: real weights at hand, and published numbers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from superposition import geometry, power_law, published
from superposition.ledger.context import Effect, Lab

PLACES = (
    ("Eiffel", "Paris"), ("Colosseum", "Rome"), ("Kremlin", "Moscow"), ("Acropolis", "Athens"),
    ("Alhambra", "Granada"), ("Pentagon", "Washington"), ("Hollywood", "California"),
    ("Taj Mahal", "India"), ("Big Ben", "London"), ("Brandenburg Gate", "Berlin"),
    ("Sagrada Familia", "Barcelona"), ("Machu Picchu", "Peru"), ("Pyramids", "Egypt"),
    ("Forbidden City", "Beijing"), ("Sydney Opera", "Australia"), ("Golden Gate", "San Francisco"),
)  # fmt: skip
FOODS = ("sandwich", "omelette", "pancake", "noodles", "porridge", "salad", "burger", "soup")


def related_words(lab: Lab) -> Effect:
    """Is a sight nearer to its place than to a dish? Share of all triples, by sight."""
    if lab.language_model is None:
        return Effect(text="no model weights at hand", missing=True)
    embed = lab.language_model[0]

    def unit(v: Tensor) -> Tensor:
        return v / v.norm()

    foods = torch.stack([unit(embed(f)) for f in FOODS])
    shares, gaps = [], []
    for sight, place in PLACES:
        s = unit(embed(sight))
        gap = s @ unit(embed(place)) - foods @ s
        shares.append(float((gap > 0).double().mean()))
        gaps.append(float(gap.mean()))
    half = 1.96 * float(np.std(shares, ddof=1)) / len(shares) ** 0.5
    value = float(np.mean(shares))
    return Effect(
        value, (value - half, min(1.0, value + half)),
        f"in {value:.0%} [{value - half:.0%}, {min(1.0, value + half):.0%}] of {len(PLACES)} × "
        f"{len(FOODS)} comparisons the sight is nearer to its place",
        tuple(range(1, len(gaps) + 1)), tuple(sorted(gaps)),
        ("sights, sorted", "cosine to its place - to a dish"), False,
    )  # fmt: skip


def widths_of_gpt2(lab: Lab) -> Effect:
    models = [m for m in published.MODELS if m.family == "GPT-2"]
    widths = sorted(m.m for m in models)
    return Effect(
        4000 / widths[-1], (4000 / widths[-1], 4000 / widths[0]),
        f"GPT-2's four sizes have {models[0].vocabulary:,} tokens and widths "
        + ", ".join(str(w) for w in widths),
        tuple(range(1, len(widths) + 1)), tuple(float(w) for w in widths),
        ("GPT-2 size", "width m"), False,
    )  # fmt: skip


def open_models(lab: Lab) -> Effect:
    """Published overlaps of four open families against 1/m; and real rows at hand."""
    m, overlap = np.array(sorted(lab.overlaps)).T
    fit = power_law.fit_power_law(m, overlap)
    excess = float(np.median(overlap * m))
    details = {"excess": excess}
    text = f"{len(m)} published overlaps fall as m^{fit}; they lie {excess:.0f} times above 1/m"
    if lab.language_model is not None:
        rows = lab.language_model[1]
        details["real"] = geometry.mean_squared_overlap(rows) * rows.shape[1]
        text += f" (median); a real model measured here, {details['real']:.1f} times"
    return Effect(fit.exponent, fit.interval, text, tuple(m), tuple(overlap),
                  ("width m", "mean overlap² (published)"), details=details)  # fmt: skip
