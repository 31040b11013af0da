"""The chapters as they ran when the book was built: no page is run twice to be tested.

The build keeps each executed notebook in Jupyter's cache, keyed by the page's code, so these
tests look at what readers of the built book see.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_cache import get_cache

import book
import notebook_rules as rules

pytestmark = pytest.mark.chapters


@pytest.fixture(scope="module", params=book.chapters())
def ran(request: pytest.FixtureRequest, built: Path) -> tuple[str, float, Any]:
    """(page, the seconds it took, the executed notebook)"""
    page: str = request.param
    cache = get_cache(book.CACHE)
    notebook = nbformat.read(book.ROOT / f"{page}.ipynb", as_version=4)
    try:
        record = cache.match_cache_notebook(notebook)
    except KeyError:
        pytest.fail(f"{page} has not run since its code changed: run make book", pytrace=False)
    return page, record.data["execution_seconds"], cache.get_cache_bundle(record.pk).nb


def test_a_chapter_leaves_no_error_no_warning_and_no_litter(
    ran: tuple[str, float, Any], record_property: Callable[[str, object], None]
) -> None:
    page, seconds, notebook = ran
    # To be read: 90 seconds are meant on two idle cores (120 for the reproduction).
    record_property("seconds that each chapter took to run", f"{page}: {seconds:.1f}")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert any(cell.outputs for cell in code), f"{page} showed nothing"
    assert rules.output_faults(notebook) == []


def test_a_chapter_shows_figures_each_with_words_of_its_own(ran: tuple[str, float, Any]) -> None:
    page, _, notebook = ran
    shown = rules.figures(notebook)
    assert len(set(shown)) == len(shown), f"{page} repeats an alternative text"
    if page[len("chapters/") :][:2] < "07":  # after these come the ledger and the appendices
        assert len(shown) >= 2


@pytest.mark.parametrize(
    ("name", "prose", "code", "passes"),
    [
        ("healthy", "Text.", "print(1 + 1)", True),
        ("a failing cell", "Text.", "raise ValueError('planted')", False),
        ("a link to no page", "See [this](no_such_page.ipynb).", "print(1 + 1)", False),
    ],
)
def test_a_fault_in_a_page_fails_the_build(
    tmp_path: Path, name: str, prose: str, code: str, passes: bool
) -> None:
    """The book's own settings on a page of one cell, by the command that make book uses."""
    whole = book.copy(tmp_path / "book")
    shutil.rmtree(whole / "chapters", ignore_errors=True)
    (whole / "chapters").mkdir()
    page = Path(book.pages()[0]).name
    (whole / "_toc.yml").write_text(f"format: jb-book\nroot: chapters/{page}\n", encoding="utf8")
    cells = [nbformat.v4.new_markdown_cell(f"# A page\n\n{prose}"), nbformat.v4.new_code_cell(code)]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=rules.METADATA)
    nbformat.write(notebook, whole / "chapters" / f"{page}.ipynb")
    makefile = (book.ROOT / "Makefile").read_text(encoding="utf8")
    command = "jupyter-book build . --quiet -W -n --keep-going"
    assert command in makefile
    done = subprocess.run(
        [Path(sys.executable).parent / "jupyter-book", *command.split()[1:]],
        cwd=whole,
        capture_output=True,
        text=True,
    )
    assert (done.returncode == 0) == passes, done.stdout[-1500:] + done.stderr[-1500:]
