"""One look for every figure of the book, and one way to show it.

A figure is shown as inline SVG whose text takes the page's own colour, so it stays legible
in light and dark themes, with alternative text and a caption that says what it means.
"""

from __future__ import annotations

import html
import io
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, NullLocator
from numpy.typing import ArrayLike

# Okabe and Ito's colour-blind safe palette, shifted to 3 : 1 and more on white and on a dark page.
BLUE = "#2f87c8"
ORANGE = "#d07d00"
GREEN = "#10a37f"
RED = "#d9622b"
PURPLE = "#c46fa3"
SKY = "#339dd3"
GREY = "#8a8f98"
WEAK, STRONG, THEORY = ORANGE, BLUE, GREY
#: Style of every published value, never used for a computed one.
PUBLISHED: dict[str, Any] = {
    "marker": "D",
    "mfc": "none",
    "mec": RED,
    "ls": "none",
    "ms": 6,
    "mew": 1.4,
}
#: Style of what was computed before and is read from records/*.csv, never of what the page trained.
RECORDED: dict[str, Any] = {"marker": "s", "mfc": "none", "ls": "none", "ms": 8, "mew": 1.2}
#: Style of a computed point whose training has not converged.
UNCONVERGED: dict[str, Any] = {"mfc": "none", "alpha": 0.8}

_INK = "#7b7f87"  # replaced by currentColor when a figure is shown
_CAPTION = ' style="font-weight:inherit;color:inherit"'  # the theme's is too faint to read
_SHOWN = itertools.count(1)  # numbers the figures, so that no two share an id on a page

STYLE: Any = {
    "figure.figsize": (5.4, 3.5),
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "font.size": 11.5,
    "axes.titlesize": 11.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "grid.color": _INK,
    "axes.titlecolor": _INK,
    "svg.fonttype": "path",
    "figure.constrained_layout.use": True,
    "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PURPLE, RED, SKY]),
}


def figure(
    rows: int = 1, columns: int = 1, size: tuple[float, float] | None = None, **kwargs: Any
) -> tuple[Figure, Any]:
    """`plt.subplots` in the book's style; size in inches, made for a page 5.4 inches wide."""
    # For good, not in a context: legends and notes added later must take the style too.
    mpl.rcParams.update(STYLE)
    size = size or (5.4, 3.5 * rows if columns == 1 else 2.9 * rows)
    return plt.subplots(rows, columns, figsize=size, **kwargs)


def log_log(ax: Axes, x: str, y: str) -> None:
    """Both axes logarithmic, with labels; x counts something, so its ticks are plain numbers."""
    ax.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
    ax.xaxis.set_major_formatter(LogFormatter())
    ax.xaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.5)))


def width_axis(ax: Axes, widths: Sequence[int], y: str) -> None:
    """Both axes logarithmic, the widths themselves as ticks of x and no ticks between them."""
    log_log(ax, "width m", y)
    ax.set_xticks(list(widths), [f"{m:,}" for m in widths])
    ax.xaxis.set_minor_locator(NullLocator())


def curve(
    ax: Axes,
    x: ArrayLike,
    y: ArrayLike,
    *,
    label: str | None = None,
    color: str | None = None,
    marker: str = "o",
    converged: ArrayLike = True,
) -> None:
    """Points joined by a thin line, hollow where training has not converged.

    x has shape (k,). y has shape (k,), or (seeds, k): then the points are means over seeds and
    bars show the seeds' range. `converged` is one truth value, or one a point, (k,). The legend
    shows a filled point, so a caption says what hollow means.
    """
    x, y = np.asarray(x), np.asarray(y, dtype=float)
    if y.ndim == 0 or y.ndim > 2 or y.shape[-1:] != x.shape:
        raise ValueError(f"x of shape {x.shape} needs y of shape (k,) or (seeds, k), not {y.shape}")
    seeds = np.atleast_2d(y)
    mean = seeds.mean(axis=0)
    (line,) = ax.plot(x, mean, lw=1, alpha=0.6, color=color)
    ink: Any = line.get_color()  # the cycle's next, where none was named
    if len(seeds) > 1:
        reach = [mean - seeds.min(axis=0), seeds.max(axis=0) - mean]
        ax.errorbar(x, mean, reach, fmt="none", ecolor=ink, capsize=2)
    filled = np.broadcast_to(np.asarray(converged, dtype=bool), x.shape)
    ax.plot(x[filled], mean[filled], marker, color=ink)
    ax.plot(x[~filled], mean[~filled], marker, color=ink, mec=ink, **UNCONVERGED)
    if label is not None:
        ax.plot([], [], marker + "-", lw=1, color=ink, label=label)


def recorded(
    ax: Axes,
    x: ArrayLike,
    y: ArrayLike,
    *,
    color: str,
    marker: str = "s",
    label: str | None = None,
) -> None:
    """One point from committed records (`running.records`), open and larger than a computed one.

    One of x and y may hold several values, a seed each: the point is their mean, a bar their range.
    Empty x and y draw nothing but the label's mark in the legend, which has to say "recorded".
    """
    x, y = (np.atleast_1d(np.asarray(values, dtype=float)) for values in (x, y))
    if min(len(x), len(y)) > 1:
        raise ValueError(
            f"one point has one x or one y, not {len(x)} and {len(y)}: draw each alone"
        )
    look = RECORDED | {"marker": marker, "color": color, "mec": color, "label": label}
    if not len(x) or not len(y):
        ax.plot([], [], **look)
        return
    bars: dict[str, Any] = {
        name: [[v.mean() - v.min()], [v.max() - v.mean()]]
        for name, v in (("xerr", x), ("yerr", y))
        if len(v) > 1
    }
    ax.errorbar(x.mean(), y.mean(), capsize=2, elinewidth=1, **bars, **look)


def loss_curve(
    ax: Axes,
    runs: Iterable[Any],
    *,
    label: str | None = None,
    color: str | None = None,
) -> None:
    """Loss against width of trained models, `curve` of their means over seeds.

    `runs` have `m`, `loss`, `seed` and `converged`, in any order; every width needs the same
    seeds. A point is hollow where any of its runs has not converged.
    """
    by_width: dict[int, list[Any]] = {}
    for run in runs:
        by_width.setdefault(run.m, []).append(run)
    widths = sorted(by_width)
    kept = [sorted(by_width[m], key=lambda run: run.seed) for m in widths]
    if len({tuple(run.seed for run in at_width) for at_width in kept}) > 1:
        raise ValueError("every width needs runs of the same seeds to share one curve")
    curve(
        ax,
        widths,
        np.array([[run.loss for run in at_width] for at_width in kept]).T,
        converged=[all(run.converged for run in at_width) for at_width in kept],
        label=label,
        color=color,
    )


def heat_map(
    ax: Axes,
    values: ArrayLike,
    *,
    x: tuple[str, Sequence[Any]],
    y: tuple[str, Sequence[Any]],
    label: str,
    limits: tuple[float | None, float | None] = (None, None),
) -> None:
    """Values of shape (rows, columns) as colours, each with its number, and a colour bar.

    `x` and `y` are an axis' name and its ticks: one a column, one a row from the bottom up.
    `label` names the colour, `limits` are the values at its ends (default: the data's own).
    """
    cells = np.asarray(values, dtype=float)
    if cells.shape != (len(y[1]), len(x[1])):
        raise ValueError(
            f"values of shape {cells.shape} do not have a row for each of {len(y[1])} y ticks "
            f"and a column for each of {len(x[1])} x ticks"
        )
    low = np.nanmin(cells) if limits[0] is None else limits[0]
    high = np.nanmax(cells) if limits[1] is None else limits[1]
    image = ax.imshow(cells, origin="lower", aspect="auto", vmin=low, vmax=high, cmap="viridis")
    ax.grid(visible=False)
    for (row, column), value in np.ndenumerate(cells):
        bright = value > low + 0.55 * (high - low)  # black reads there, white below
        ax.text(
            column,
            row,
            f"{value:.2f}",
            ha="center",
            va="center",
            size=8,
            color="black" if bright else "white",
        )
    ax.set_xticks(range(len(x[1])), [str(tick) for tick in x[1]])
    ax.set_yticks(range(len(y[1])), [str(tick) for tick in y[1]])
    ax.set(xlabel=x[0], ylabel=y[0])
    ax.figure.colorbar(image, ax=ax, label=label)


def to_svg(fig: Figure, alt: str, caption: str = "") -> str:
    """`fig` as HTML: a figure element holding SVG that takes the page's colour. Closes `fig`."""
    if not alt.strip():
        raise ValueError("alt must say in words what the figure shows")
    _check_series(fig)
    with mpl.rc_context({**STYLE, "svg.hashsalt": "superposition"}):
        buffer = io.StringIO()
        fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(fig)
    label = html.escape(alt.strip(), quote=True)
    width = f"{fig.get_figwidth() * 108:.0f}px"
    style = f"display:block;margin:auto;width:100%;max-width:{width};height:auto"
    svg = _compact(buffer.getvalue()).replace(
        "<svg ", f'<svg role="img" aria-label="{label}" style="{style}" ', 1
    )
    note = f"<figcaption{_CAPTION}>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure style="margin:0.5em 0">{svg}{note}</figure>'


def show(fig: Figure, alt: str, caption: str = "") -> None:
    """Display `fig`: `alt` (required) says what it shows, `caption` what was measured.

    The alternative text is both, so a call is `show(fig, "Loss against width.", measured)`; the
    caption is not said twice where `alt` holds it already.
    """
    words = alt.strip() if not alt.strip() or caption in alt else f"{alt.strip()} {caption}"
    element = to_svg(fig, words, caption)
    text = f"[figure: {words}]\n{caption}".strip()
    display({"text/html": element, "text/plain": text}, raw=True)


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


def _check_series(fig: Figure) -> None:
    """Refuse series that a reader could not tell apart, and open marks in nobody's colour.

    Two series of one axis with labels of their own differ in colour, marker or line. An open mark
    (a run that has not converged) has the colour of a line of its axis, of the theory or of
    published values: one drawn without `color=` takes the next colour of the cycle instead, and
    takes it from the series that follow.
    """
    to_hex = mpl.colors.to_hex
    for ax in fig.axes:
        looks: dict[tuple[Any, ...], str] = {}
        marks, colours = [], {GREY, RED}
        for line in ax.lines:
            label, open_mark = str(line.get_label()), line.get_markerfacecolor() == "none"
            if label.startswith("_") and open_mark:
                marks.append(to_hex(line.get_markeredgecolor()))
                continue
            colours.add(to_hex(line.get_color()))
            look = (to_hex(line.get_color()), line.get_marker(), line.get_linestyle(), open_mark)
            if not label.startswith("_") and looks.setdefault(look, label) != label:
                raise ValueError(
                    f"{looks[look]!r} and {label!r} look the same: give one another colour, "
                    "marker or line"
                )
        if strays := set(marks) - colours:
            raise ValueError(
                f"open marks in {sorted(strays)}, which no series has: pass the color= of the "
                "series whose marks they are"
            )


def _compact(document: str) -> str:
    """Matplotlib's SVG document, fit to stand in a page beside others.

    Only ids that something refers to are kept, and made this figure's own; coordinates keep
    two decimals (a hundredth of a point); ink becomes the page's text colour.
    """
    svg = document[document.index("<svg") :].replace(_INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", re.sub(r">\s+<", "><", svg), count=2)
    svg = re.sub(
        r' (?:d|x|y)="[^"]+"',
        lambda part: re.sub(r"-?\d+\.\d{3,}", lambda n: f"{float(n[0]):.2f}", part[0]),
        svg,
    )
    used, own = set(re.findall(r'(?:url\(|href=")#([^")]+)', svg)), f"figure{next(_SHOWN)}-"
    svg = re.sub(r' id="([^"]+)"', lambda i: f' id="{own}{i[1]}"' if i[1] in used else "", svg)
    return re.sub(r'(url\(|href=")#', rf"\g<1>#{own}", svg)


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
