"""Sentences of the book, each beside the assertion that fails if it is false.

    says("02_weak_vs_strong", "With decay the model keeps more features than dimensions.")
    assert kept > m

`says` fails when the sentence is edited or gone, so nobody changes one without the other. What to
assert on: the page's own results, from `cells.run` (its names, kept models reused) or from `table`
(what the built book shows). A fixture with `params=own_and_seeds(...)` gives the same assertions
the page's own settings in `make test` and other seeds in `make seeds`.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest
from jupyter_cache import get_cache

import book

MARKS = [pytest.mark.chapters, pytest.mark.seeds]


def says(page: str, sentence: str) -> None:
    """The sentence stands in one Markdown cell of the chapter, as written; line breaks are free."""
    notebook = nbformat.read(book.ROOT / "chapters" / f"{page}.ipynb", as_version=4)
    prose = [" ".join(c.source.split()) for c in notebook.cells if c.cell_type == "markdown"]
    sought = " ".join(sentence.split())
    assert any(sought in text for text in prose), (
        f"{page} no longer says {sentence!r}: change the sentence and its assertion together"
    )


def own_and_seeds(*others: dict[str, Any]) -> list[Any]:
    """Parameters of a fixture: {} for the page as it stands, then the settings with other seeds.

    Each goes to `cells.run(page, settings=...)`. The others carry the mark `seeds`, which only
    `make seeds` selects.
    """
    seeds = [
        pytest.param(other, id=", ".join(f"{k} {v}" for k, v in other.items()), marks=MARKS)
        for other in others
    ]
    return [pytest.param({}, id="page", marks=pytest.mark.chapters), *seeds]


def table(page: str, cell: str, which: int = 0) -> list[dict[str, str]]:
    """Rows of a table that a cell shows in the built book, by column: the text of each field."""
    notebook = nbformat.read(book.ROOT / "chapters" / f"{page}.ipynb", as_version=4)
    cache = get_cache(book.CACHE)
    try:
        ran = cache.get_cache_bundle(cache.match_cache_notebook(notebook).pk).nb
    except KeyError:
        pytest.fail(f"{page} has not run since its code changed: run make book", pytrace=False)
    (outputs,) = [found.outputs for found in ran.cells if found.id == cell]
    shown = [html for o in outputs if "<table" in (html := o.get("data", {}).get("text/html", ""))]
    return rows_of(shown[which])


def rows_of(html: str) -> list[dict[str, str]]:
    """The rows of a table that `plots.table` made."""
    root = ElementTree.fromstring(html)
    header = ["".join(th.itertext()) for th in root.iter("th")]
    fields = [["".join(td.itertext()) for td in tr.iter("td")] for tr in root.iter("tr")]
    return [dict(zip(header, row, strict=True)) for row in fields if row]
