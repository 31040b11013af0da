"""Figures and tables as they reach the page."""

import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot as plt

from superposition import plots


@pytest.fixture
def shown(monkeypatch):
    """What `display` was given, one dictionary of formats per call."""
    bundles = []
    monkeypatch.setattr(plots, "display", lambda data, raw: bundles.append(data))
    return bundles


def a_figure():
    fig, ax = plots.figure()
    ax.plot([1, 2, 4], [1, 0.5, 0.25], "o-", label="a <curve>")
    plots.log_log(ax, "width $m$", "loss $L$")
    ax.text(1, 0.3, "a note")
    ax.legend()
    return fig


def test_a_figure_carries_its_words(shown):
    plots.show(a_figure(), alt=' A "falling" line & points ', caption="Loss < 1")
    soup = BeautifulSoup(shown[0]["text/html"], "html.parser")
    svg = soup.select_one("figure > svg")
    assert svg["role"] == "img" and svg["aria-label"] == 'A "falling" line & points Loss < 1'
    assert soup.figcaption.text == "Loss < 1"
    assert shown[0]["text/plain"] == '[figure: A "falling" line & points Loss < 1]\nLoss < 1'
    plots.show(a_figure(), "A line. Loss < 1", "Loss < 1")  # words that hold the caption
    assert shown[1]["text/plain"] == "[figure: A line. Loss < 1]\nLoss < 1"


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_without_words_is_refused(alt):
    with pytest.raises(ValueError, match="alt must say"):
        plots.show(a_figure(), alt=alt)
    plt.close("all")


def test_series_that_look_the_same_are_refused(shown):
    fig, ax = plots.figure()
    ax.plot([1, 2], [1, 2], "o", color=plots.BLUE, label="one")
    ax.plot([1, 2], [1, 3], "--", color=plots.BLUE, label="theory of one")
    plots.show(fig, "Two that differ.")
    fig, ax = plots.figure()
    for label in ("one", "two"):
        ax.plot([1, 2], [1, 2], "o", color=plots.BLUE, label=label)
    with pytest.raises(ValueError, match="'one' and 'two' look the same"):
        plots.show(fig, "Two that do not.")


def test_open_marks_in_nobodys_colour_are_refused(shown):
    """Rings without `color=` come from the cycle, and leave the series random colours."""
    for given, fine in (({"color": plots.BLUE}, True), ({}, False)):
        fig, ax = plots.figure()
        ax.plot([1, 2], [1, 2], "o", label="a series")  # the first colour, blue
        ax.plot([1], [1], "o", ms=10, **given, **plots.UNCONVERGED)
        if fine:
            plots.show(fig, "A series with a ring.")
        else:
            with pytest.raises(ValueError, match="which no series has"):
                plots.show(fig, "A series with a ring of another colour.")


def test_ids_are_unique_over_a_page_and_every_reference_resolves(shown):
    for _ in range(3):  # the same figure: what a fixed salt alone would give the same ids
        plots.show(a_figure(), alt="a line")
    page = "".join(bundle["text/html"] for bundle in shown)
    ids = re.findall(r' id="([^"]+)"', page)
    assert ids and len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(|href=")#([^")]+)', page)) == set(ids)


def test_text_takes_the_colour_of_the_page_and_the_figure_scales(shown):
    plots.show(a_figure(), alt="a line")
    svg = shown[0]["text/html"]
    assert svg.count("currentColor") > 10
    # No ink that a dark page would swallow, no ground that would cover the page.
    assert not re.search(r"(?:fill|stroke): ?#(?:000000|ffffff|7b7f87)", svg)
    opening = re.search(r"<svg [^>]*>", svg)[0]
    assert "viewBox" in opening and "width:100%" in opening
    assert not re.search(r' (?:width|height)="', opening)


def test_rounding_moves_nothing_that_can_be_seen():
    buffer = io.StringIO()
    fig = a_figure()
    fig.savefig(buffer, format="svg")
    plt.close(fig)
    drawn = buffer.getvalue()
    paths = [re.findall(r' d="([^"]+)"', text) for text in (drawn, plots._compact(drawn))]
    assert len(paths[0]) == len(paths[1]) > 20
    for before, after in zip(*paths, strict=True):
        numbers = [[float(x) for x in re.findall(r"-?[\d.]+", d)] for d in (before, after)]
        assert numbers[0] == pytest.approx(numbers[1], abs=0.00501)  # points


def test_the_figure_is_closed(shown):
    before = plt.get_fignums()
    plots.show(a_figure(), alt="a line")
    assert plt.get_fignums() == before


def marks(ax, hollow):
    """x of the points drawn hollow, or filled; the legend's own empty line left out."""
    drawn = [line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata())]
    return [
        float(x)
        for line in drawn
        if (line.get_markerfacecolor() == "none") == hollow
        for x in line.get_xdata()
    ]


def test_a_curve_is_hollow_where_training_has_not_converged():
    _, ax = plots.figure()
    plots.curve(ax, [4, 8, 16], [1, 0.5, 0.3], converged=[True, False, True], label="strong")
    assert marks(ax, hollow=True) == [8] and marks(ax, hollow=False) == [4, 16]
    assert ax.get_legend_handles_labels()[1] == ["strong"]
    assert len({line.get_color() for line in ax.lines}) == 1
    with pytest.raises(ValueError, match="seeds"):
        plots.curve(ax, [4, 8], [1, 2, 3])
    plt.close("all")


def test_a_loss_curve_takes_means_over_seeds_and_their_range():
    runs = [
        SimpleNamespace(m=m, seed=s, loss=10 / m + s, converged=(m, s) != (8, 1))
        for s in (1, 0)
        for m in (8, 4)
    ]
    _, ax = plots.figure()
    plots.loss_curve(ax, runs)
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[4, 3.0], [8, 1.75]])
    assert marks(ax, hollow=True) == [8]
    (bars,) = ax.collections
    np.testing.assert_allclose(bars.get_segments()[0], [[4, 2.5], [4, 3.5]])
    with pytest.raises(ValueError, match="same seeds"):
        plots.loss_curve(ax, runs[:3])
    plt.close("all")


def test_a_recorded_point_is_open_square_and_at_the_mean_of_its_seeds(shown):
    """Means and ranges over the seeds that are there; one seed has no bar."""
    fig, ax = plots.figure()
    plots.recorded(ax, [30, 60, 33], 2, color=plots.BLUE)
    plots.recorded(ax, 10, 0.5, color=plots.BLUE, marker="^")
    plots.recorded(ax, [], [], color=plots.GREY, label="recorded, n = 300")
    several, one, label = (line for line in ax.lines if line.get_marker() in "s^")
    assert several.get_xydata().tolist() == [[41, 2]] and one.get_xydata().tolist() == [[10, 0.5]]
    assert [line.get_markerfacecolor() for line in (several, one, label)] == ["none"] * 3
    (bar,) = ax.collections
    np.testing.assert_allclose(bar.get_segments()[0], [[30, 2], [60, 2]])
    assert ax.get_legend_handles_labels()[1] == ["recorded, n = 300"]
    with pytest.raises(ValueError, match="draw each alone"):
        plots.recorded(ax, [1, 2], [1, 2], color=plots.BLUE)
    plots.show(fig, "Open marks of a colour that the axis has.")


def test_a_width_axis_names_the_widths_and_nothing_between():
    fig, ax = plots.figure()
    ax.plot([4, 1024], [1, 2])
    plots.width_axis(ax, [4, 64, 1024], "loss")
    fig.canvas.draw()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["4", "64", "1,024"]
    assert len(ax.xaxis.get_minorticklocs()) == 0 and ax.get_yscale() == "log"
    plt.close("all")


def test_a_heat_map_writes_each_value_where_its_ticks_say():
    _, ax = plots.figure()
    values = [[0.1, 0.2, 0.3], [0.7, 0.8, 0.9]]
    plots.heat_map(ax, values, x=("γ", [-1, 0, 1]), y=("α", [0, 2]), label="φ", limits=(0, 1))
    said = {text.get_position(): (text.get_text(), text.get_color()) for text in ax.texts}
    assert said[2, 1] == ("0.90", "black") and said[0, 0] == ("0.10", "white")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0", "2"]
    with pytest.raises(ValueError, match="y ticks"):
        plots.heat_map(ax, values, x=("γ", [0]), y=("α", [0, 2]), label="φ")
    plt.close("all")


def test_a_table_is_html_and_aligned_text(shown):
    plots.table(["m", "loss <L>"], [[8, 0.123456], [1024, "n/a & no"]], caption="Loss")
    soup = BeautifulSoup(shown[0]["text/html"], "html.parser")
    assert [th["scope"] for th in soup.select("th")] == ["col", "col"]
    assert [td.text for td in soup.select("td")] == ["8", "0.123", "1024", "n/a & no"]
    assert soup.caption.text == "Loss" and soup.div["tabindex"] == "0"
    assert shown[0]["text/plain"].splitlines() == [
        "Loss",
        "m     loss <L>",
        "8     0.123",
        "1024  n/a & no",
    ]


def test_a_ragged_table_is_refused(shown):
    with pytest.raises(ValueError, match="1 cells stands under 2 columns"):
        plots.table(["a", "b"], [["1"]])
    assert shown == []


def contrast(first, second):
    """WCAG's contrast ratio of two #rrggbb colours."""
    levels = []
    for colour in (first, second):
        rgb = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
        levels.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(levels) + 0.05) / (min(levels) + 0.05)


@pytest.mark.parametrize("name", ["BLUE", "ORANGE", "GREEN", "RED", "PURPLE", "SKY", "GREY"])
def test_curves_stand_out_in_both_themes(name):
    # The grounds of sphinx-book-theme. 3 : 1 is WCAG 2.1's rule for graphics (1.4.11).
    colour = getattr(plots, name)
    assert contrast(colour, "#121212") >= 3
    assert contrast(colour, "#ffffff") >= 3
