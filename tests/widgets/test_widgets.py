"""The Python side of the book's widgets; tests/browser has the side that the reader sees."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from superposition import plots, widgets

CHAPTERS = sorted((Path(__file__).parents[2] / "chapters").glob("*.ipynb"))


def calls(name: str) -> dict[str, list[str]]:
    """Sources of the code cells that call `name`, by chapter."""
    cells = {path.stem[:2]: json.loads(path.read_text("utf8"))["cells"] for path in CHAPTERS}
    found = {
        chapter: ["".join(c["source"]) for c in some if c["cell_type"] == "code"]
        for chapter, some in cells.items()
    }
    return {k: hits for k, all_ in found.items() if (hits := [s for s in all_ if name in s])}


def test_the_chapters_hold_the_widgets_that_the_book_promises():
    assert set(calls("widgets.playground(")) >= {"02"} and "00" in calls("widgets.board(")
    assert set(calls("widgets.measure_the_law(")) >= {"03"}
    assert set(calls("widgets.state_slider(")) >= {"01", "04", "05", "06", "07", "10"}
    assert "03" in calls("widgets.choose_slope(") and "04" in calls("widgets.the_cut(")
    assert set(calls("widgets.choices(")) >= {"02", "10"}


def test_the_page_gets_the_slider_and_the_kernel_all_of_it():
    slider = widgets.state_slider(["<p>a</p>", "<p>b</p>"], ["A", "B"])
    bundle, metadata = slider._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle and metadata == {}
    page = bundle["text/html"]
    assert "stateSlider(el" in page and "superpositionEngine" not in page
    assert "<noscript><p>A</p><p>a</p>" in page


def test_without_javascript_every_widget_is_a_figure():
    for widget in (
        widgets.playground(n=6, m=2),
        widgets.measure_the_law(n=8, widths=(2, 3, 4), steps=20),
    ):
        assert re.search(r'<noscript><figure.*?aria-label="[^"]{20,}"', widget.page())


def test_what_a_reader_cannot_set_is_refused():
    with pytest.raises(ValueError, match="from 4 to 100"):
        widgets.playground(n=200)
    with pytest.raises(ValueError, match="as many labels"):
        widgets.state_slider(["a"], [])
    with pytest.raises(ValueError, match="words"):
        plots.to_svg(plots.figure()[0], " ")
