"""Things to move on the page."""

from __future__ import annotations

from collections.abc import Sequence

from superposition import features, geometry, plots, toy
from superposition.power_law import fit_power_law
from superposition.toy.recipes import CONVERGED
from superposition.widgets.board import board
from superposition.widgets.book_widget import BookWidget
from superposition.widgets.moves import choices, choose_slope, state_slider, the_cut

__all__ = [
    "BookWidget",
    "board",
    "choices",
    "choose_slope",
    "measure_the_law",
    "playground",
    "state_slider",
    "the_cut",
]


def playground(
    n: int = 5,
    m: int = 2,
    weight_decay: float = 0.0,
    alpha: float = 0.0,
    density: float = 0.3,
    *,
    seed: int = 0,
    name: str = "playground",
) -> BookWidget:
    """The toy model, trained in the reader's browser as the reader moves its settings.

    n from 4 to 100 features in m from 1 to 32 dimensions, γ from -1 to 1, frequencies
    p_i ∝ i^-alpha that sum to `density`. Density and γ stand open, the rest under "more", where
    the bias can start at 0, at N(0, 1) as published, or at -0.3. As it opens, five features share
    a plane: raise the density, and the star becomes a cross. `name` tells two on one page apart
    in a shared link. `result` holds loss, represented (φ_1/2), overlap and welch. ValueError
    outside the ranges.
    """
    for what, value, low, high in ("n", n, 4, 100), ("m", m, 1, 32), ("γ", weight_decay, -1, 1):
        if not low <= value <= high:
            raise ValueError(f"the playground takes {what} from {low} to {high}, not {value}")
    values = dict(n=n, m=m, gamma=weight_decay, alpha=alpha, density=density, seed=seed, bias=0)
    settings = dict(name=name, steps=CONVERGED.steps, values=values)
    widget = BookWidget(kind="playground", settings=settings)
    runs = toy.grid(p=[features.power_law(n, alpha, density)], m=m, weight_decay=[-1, 1], seed=seed)
    fig, axes = plots.figure(1, 2, sharey=True)
    kept = []
    for ax, result in zip(axes, toy.sweep(runs, check=False, progress=False), strict=True):
        norms = result.W.norm(dim=1).numpy()
        kept.append(int((norms > 0.5).sum()))
        strong = result.weight_decay < 0
        ax.bar(range(1, n + 1), norms, color=plots.STRONG if strong else plots.WEAK)
        ax.set(xlabel="feature, by rank", title=f"γ = {result.weight_decay:g}: {kept[-1]} kept")
    axes[0].set_ylabel("length of its arrow")
    alt = f"Lengths of {n} arrows in {m} dimensions: {kept[0]} above one half at γ = -1, "
    caption = "The playground needs JavaScript; this is where it ends at both ends of γ."
    widget.fallback = plots.to_svg(fig, alt + f"{kept[1]} at γ = 1.", caption)
    return widget


def measure_the_law(
    n: int = 80,
    weight_decay: float = -1.0,
    alpha: float = 0.0,
    *,
    seed: int = 0,
    widths: Sequence[int] = (6, 8, 10, 13, 17),
    steps: int = 1500,
    name: str = "law",
) -> BookWidget:
    """One button: the browser trains a model of each width and fits overlap and loss against m.

    `result` holds rungs (m, loss, overlap, gain and more), fits and seconds.
    """
    values = dict(n=n, gamma=weight_decay, alpha=alpha, seed=seed)
    settings = dict(name=name, widths=list(widths), steps=steps, values=values)
    widget = BookWidget(kind="law", settings=settings)
    runs = toy.grid(
        p=[features.power_law(n, alpha)], m=list(widths), weight_decay=weight_decay, seed=seed
    )
    found = toy.sweep(runs, steps=steps, check=False, progress=False)
    fig, axes = plots.figure(1, 2)
    measured = {
        "mean squared overlap": [geometry.mean_squared_overlap(r.W) for r in found],
        "loss (held out)": [r.loss for r in found],
    }
    for ax, (what, values_of) in zip(axes, measured.items(), strict=True):
        ax.plot(widths, values_of, "o")
        plots.width_axis(ax, widths, what)
    axes[0].plot(widths, [1 / m for m in widths], "--", color=plots.THEORY)
    said = "; ".join(f"{what} ∝ m^{fit_power_law(widths, y)}" for what, y in measured.items())
    caption = "The measurement needs JavaScript; this is one made beforehand. Dashed: 1/m."
    widget.fallback = plots.to_svg(fig, f"{n} features: {said}.", caption)
    return widget
