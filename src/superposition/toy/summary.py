"""One row of numbers about a trained model: what a campaign keeps in place of W."""

from __future__ import annotations

from typing import Any

from superposition import features, geometry
from superposition.toy.engine import ENGINE_VERSION
from superposition.toy.sweeps import train

__all__ = ["ENGINE_VERSION", "summarise"]


def summarise(
    *, n: int, alpha: float, m: int, weight_decay: float, density: float = 1.0, **settings: Any
) -> dict[str, float]:
    """Train on power-law frequencies, with further settings of `train`, and measure."""
    result = train(features.power_law(n, alpha, density), m, weight_decay, **settings)
    return {
        "loss": result.loss,
        "loss_error": result.loss_error,
        "gain": result.gain,
        "trained_steps": result.steps,
        "represented_fraction": geometry.represented_fraction(result.W),
        "mean_squared_overlap": geometry.mean_squared_overlap(result.W),
    }
