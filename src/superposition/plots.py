"""One look for every figure of the book, and one way to show it.

A figure is shown as inline SVG whose text takes the page's own colour, so it stays legible
in light and dark themes, with alternative text and a caption that says what it means.
"""

from __future__ import annotations

import html
import io
import re
import uuid
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colour-blind safe palette, lightened where it would sink into a dark page.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = (
    "#2f87c8", "#e08a00", "#10a37f", "#d9622b", "#c46fa3", "#4fb3e8",
)  # fmt: skip
GREY = "#8a8f98"
WEAK, STRONG, THEORY = ORANGE, BLUE, GREY
#: Style of every published value, never used for a computed one.
PUBLISHED: dict[str, Any] = {
    "marker": "D", "mfc": "none", "mec": RED, "ls": "none", "ms": 6, "mew": 1.4,
}  # fmt: skip
#: Style of a computed point whose training has not converged.
UNCONVERGED: dict[str, Any] = {"mfc": "none", "alpha": 0.8}

_INK = "#7b7f87"  # replaced by currentColor when a figure is shown

STYLE: Any = {
    "figure.figsize": (5.4, 3.5), "figure.facecolor": "none", "axes.facecolor": "none",
    "savefig.facecolor": "none", "font.size": 10.5, "axes.titlesize": 10.5,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.alpha": 0.25, "grid.linewidth": 0.6, "legend.frameon": False, "legend.fontsize": 9,
    "lines.linewidth": 1.8, "lines.markersize": 5, "text.color": _INK, "axes.edgecolor": _INK,
    "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK, "grid.color": _INK,
    "axes.titlecolor": _INK, "svg.fonttype": "path", "figure.constrained_layout.use": True,
    "axes.prop_cycle": mpl.cycler(color=[BLUE, ORANGE, GREEN, PURPLE, RED, SKY]),
}  # fmt: skip


def figure(
    rows: int = 1, columns: int = 1, size: tuple[float, float] | None = None, **kwargs: Any
) -> tuple[Figure, Any]:
    """`plt.subplots` in the book's style; size in inches, made for a page 5.4 inches wide."""
    with mpl.rc_context(STYLE):
        size = size or (5.4, 3.5 * rows if columns == 1 else 2.9 * rows)
        return plt.subplots(rows, columns, figsize=size, **kwargs)


def log_log(ax: Axes, x: str, y: str) -> None:
    """Both axes logarithmic, with labels."""
    ax.set(xscale="log", yscale="log", xlabel=x, ylabel=y)


def to_svg(fig: Figure, alt: str, caption: str = "") -> str:
    """`fig` as HTML: a figure element holding SVG that takes the page's colour. Closes `fig`."""
    return _figure_element(_raw_svg(fig, alt), alt, caption)


def show(fig: Figure, alt: str, caption: str = "") -> None:
    """Display `fig` with alternative text `alt` (required) and an optional caption."""
    raw = _raw_svg(fig, alt)
    display(
        {
            "text/html": _figure_element(raw, alt, caption),
            "image/svg+xml": raw,
            "text/plain": f"[figure: {alt.strip()}]\n{caption}".strip(),
        },
        raw=True,
    )


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "") -> None:
    """Display rows under a header: HTML where it renders, aligned text elsewhere."""
    cells = [[_cell(value) for value in row] for row in rows]
    for row in cells:
        if len(row) != len(header):
            raise ValueError(f"a row of {len(row)} cells stands under {len(header)} columns: {row}")
    head = "".join(f'<th scope="col">{html.escape(h)}</th>' for h in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in cells
    )
    note = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    widths = [max(len(line[k]) for line in [list(header), *cells]) for k in range(len(header))]
    text = "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip()
        for line in [list(header), *cells]
    )
    display(
        {
            "text/html": '<div style="overflow-x:auto" tabindex="0"><table class="table">'
            f"{note}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>",
            "text/plain": f"{caption}\n{text}".strip(),
        },
        raw=True,
    )


def _raw_svg(fig: Figure, alt: str) -> str:
    if not alt.strip():
        raise ValueError("alt must say in words what the figure shows")
    # A salt of its own, so that the ids of two figures on one page never meet.
    style: Any = {**STYLE, "svg.hashsalt": uuid.uuid4().hex}
    with mpl.rc_context(style):
        buffer = io.StringIO()
        fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(fig)
    raw = buffer.getvalue()
    return raw[raw.index("<svg") :]


def _figure_element(raw: str, alt: str, caption: str) -> str:
    svg = raw.replace(_INK, "currentColor")
    width = float(re.search(r'width="([\d.]+)pt"', svg).group(1))  # type: ignore[union-attr]
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    label = html.escape(alt.strip(), quote=True)
    style = f"width:100%;max-width:{width * 1.6:.0f}px;height:auto"
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{label}" style="{style}" ', 1)
    note = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure style="margin:0.5em 0">{svg}{note}</figure>'


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
