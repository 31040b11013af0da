"""Small widgets that only show what the cell computed: figures, a slope to choose, the cut."""

from __future__ import annotations

import html
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from superposition import plots
from superposition.power_law import fit_power_law
from superposition.probes.cut import cut_costs
from superposition.widgets.book_widget import BookWidget


def choices(
    states: Sequence[str], labels: Sequence[str], *, label: str, at: int = 0, name: str = "choice"
) -> BookWidget:
    """Buttons over figures that the cell computed, strings from `plots.to_svg`.

    `label` says what is chosen, `at` which is shown first. ValueError if a figure lacks its label.
    """
    return _over_figures("choices", states, labels, label=label, at=at, name=name)


def state_slider(
    states: Sequence[str], labels: Sequence[str], *, label: str = "state", name: str = "state"
) -> BookWidget:
    """As `choices`, with a slider: for figures that have an order, the first shown first."""
    return _over_figures("states", states, labels, label=label, at=0, name=name)


def _over_figures(
    kind: str, states: Sequence[str], labels: Sequence[str], **settings: Any
) -> BookWidget:
    if not states or len(states) != len(labels):
        raise ValueError(f"{len(states)} states need as many labels, not {len(labels)}")
    settings |= dict(states=list(states), labels=list(labels))
    widget = BookWidget(kind=kind, settings=settings)
    named = zip(labels, states, strict=True)
    widget.fallback = "".join(f"<p>{html.escape(text)}</p>{state}" for text, state in named)
    return widget


def choose_slope(
    widths: ArrayLike,
    values: ArrayLike,
    *,
    quantity: str = "loss (held out)",
    least: float = 0.99,
    name: str = "slope",
) -> BookWidget:
    """Two handles on a curve: slope and R² of a power law fitted to the widths between them.

    Each window of three widths or more is fitted beforehand by `fit_power_law`. A window counts
    for the reader's flattest and steepest slope where R² is above `least`; `result` holds them.
    Raises ValueError with fewer than four widths.
    """
    m, y = np.asarray(widths, dtype=float), np.asarray(values, dtype=float)
    if m.shape != y.shape or len(m) < 4 or (np.diff(m) <= 0).any():
        raise ValueError(
            f"give four widths or more, rising, and a value for each, not {len(m)} and {len(y)}"
        )
    fits = []
    for start, end in itertools.combinations(range(len(m)), 2):
        if end - start >= 2:
            fit = fit_power_law(m[start : end + 1], y[start : end + 1])
            window = {"from": start, "to": end, "slope": fit.exponent, "r2": fit.r2}
            fits.append({**window, "prefactor": fit.prefactor})
    settings = dict(
        widths=[float(v) if v % 1 else int(v) for v in m],
        values=y.tolist(),
        fits=fits,
        quantity=quantity,
        least=least,
        name=name,
    )
    widget = BookWidget(kind="slope", settings=settings)
    counted = [window["slope"] for window in fits if window["r2"] > least]
    fig, ax = plots.figure()
    ax.plot(m, y, "o-", color=plots.BLUE)
    plots.log_log(ax, "width m", quantity)
    said = f"No window has R² above {least}."
    if counted:
        low, high = (f"{slope:.2f}".replace("-", "−") for slope in (min(counted), max(counted)))
        said = f"Windows with R² above {least} have slopes from {low} to {high}."
    widget.fallback = plots.to_svg(fig, f"{quantity} against width.", said)
    return widget


def the_cut(
    arrows: Mapping[str, Tensor],
    p: Tensor,
    *,
    cuts: ArrayLike | None = None,
    samples: int = 20_000,
    seed: int = 0,
    name: str = "cut",
) -> BookWidget:
    """Drag the cut (−b) over the histogram of interference; see what it removes and lets through.

    `arrows` maps a label to W, shape (n, m), each on data of frequencies p, shape (n,). `result`
    holds the costs at the chosen cut. Costs are those of `probes.cut.cut_costs`.
    """
    cuts = np.linspace(0, 0.6, 31) if cuts is None else np.asarray(cuts, dtype=float)
    edges = np.linspace(-1, 1, 61)
    sets: list[dict[str, Any]] = []
    for label, W in arrows.items():
        found = cut_costs(W, p, cuts.tolist(), samples=samples, seed=seed)
        counts, _ = np.histogram(found.interference, bins=edges)
        sets.append(
            dict(
                label=label,
                cuts=[round(float(c), 3) for c in cuts],
                lost=[float(f"{v:.4g}") for v in found.signal_lost],
                heard=[float(f"{v:.4g}") for v in found.interference_heard],
                edges=[round(float(e), 3) for e in edges],
                share=[float(f"{v:.3g}") for v in counts / max(1, len(found.interference))],
            )
        )
    if not sets:
        raise ValueError("the cut needs arrows: {label: W}")
    widget = BookWidget(kind="cut", settings=dict(sets=sets, name=name, at=0))
    fig, axes = plots.figure(1, len(sets), sharey=True, squeeze=False)
    for ax, one in zip(axes[0], sets, strict=True):
        total = np.add(one["lost"], one["heard"])
        ax.plot(cuts, one["lost"], color=plots.BLUE, label="signal lost")
        ax.plot(cuts, one["heard"], color=plots.ORANGE, label="interference heard")
        ax.plot(cuts, total, color=plots.THEORY, label="loss, their sum")
        ax.set(xlabel="cut, −b", title=f"{one['label']}: best {cuts[int(total.argmin())]:.2f}")
    axes[0, 0].set_ylabel("squared error a sample")
    axes[0, 0].legend()
    alt = (
        "Signal lost and interference heard against the cut, and their sum, for each set of arrows."
    )
    widget.fallback = plots.to_svg(fig, alt, "Between hearing too much and losing too much.")
    return widget
