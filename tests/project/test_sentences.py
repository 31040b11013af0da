"""The helpers that hold a page's sentences and settings, on pages that are wrong on purpose."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import book
import cells
import sentences
from superposition import plots

CELLS = {
    "title": "# A page\n\nThe loss *falls*\nby half, $x < 1$.",
    "settings": "A, (B, C) = 1, (2, [3, 4])\nD = A + B",
    "use": "C[0] = D",
}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book of the page CELLS, called `page`."""
    v4 = nbformat.v4
    made = [
        (v4.new_markdown_cell if name == "title" else v4.new_code_cell)(text, id=name)
        for name, text in CELLS.items()
    ]
    (tmp_path / "chapters").mkdir()
    nbformat.write(v4.new_notebook(cells=made), tmp_path / "chapters" / "page.ipynb")
    monkeypatch.setattr(book, "ROOT", tmp_path)
    return tmp_path


def test_a_sentence_is_found_as_written_and_missed_when_edited(small: Path) -> None:
    sentences.says("page", "The loss *falls* by half, $x < 1$.")
    for edited in ("The loss *falls* by a third", "The loss falls by half", "A, (B, C)"):
        with pytest.raises(AssertionError, match="together"):
            sentences.says("page", edited)


def test_a_setting_is_replaced_by_name_and_all_that_follows_from_it(small: Path) -> None:
    assert cells.run("page")["C"] == [3, 4]  # as it stands, D = 3
    names = cells.run("page", settings={"A": 10, "C": [0, 0]})
    assert names["D"] == 12 and names["C"] == [12, 0]
    assert cells.run("page", last="settings", settings={"B": 5})["C"] == [3, 4]


def test_a_setting_or_a_cell_that_the_page_lacks_is_an_error(small: Path) -> None:
    with pytest.raises(AssertionError, match="'E': 0"):
        cells.run("page", settings={"E": 1})
    with pytest.raises(AssertionError, match="no cell 'end'"):
        cells.run("page", last="end")
    path = small / "chapters" / "page.ipynb"
    twice = nbformat.read(path, as_version=4)
    twice.cells[2].source = "A = 3"
    nbformat.write(twice, path)
    with pytest.raises(AssertionError, match="'A': 2"):
        cells.run("page", settings={"A": 1})


def test_the_rows_of_a_table_are_read_as_the_page_shows_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(plots, "display", lambda data, **_: shown.append(data["text/html"]))
    plots.table(["m", "a < b & c"], [[4, 0.12345], [8, "–"]], caption="One & two.")
    expected = [{"m": "4", "a < b & c": "0.123"}, {"m": "8", "a < b & c": "–"}]
    assert sentences.rows_of(shown[0]) == expected


@pytest.mark.parametrize("settings", sentences.own_and_seeds({"A": 10}, {"A": 20}))
def test_a_conclusion(small: Path, settings: dict[str, int]) -> None:
    names = cells.run("page", settings=settings)
    assert names["D"] == names["A"] + 2


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ([], ["page"]),
        (["-m", "chapters"], ["page"]),
        (["-m", "not long"], ["page"]),
        (["-m", "seeds"], ["A 10", "A 20"]),
    ],
)
def test_other_seeds_are_run_only_when_asked_for(asked: list[str], ids: list[str]) -> None:
    """As `pytest` collects the test above."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", __file__, *asked]
    done = subprocess.run(command, cwd=book.ROOT, capture_output=True, text=True)
    found = re.findall(r"test_a_conclusion\[(.*)\]", done.stdout)
    assert found == ids, done.stdout + done.stderr
