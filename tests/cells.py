"""A chapter's cells of code, to be run by a test that looks at what they made."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any
from unittest import mock

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

import book
from superposition import plots, widgets


def code_cells(
    page: str, settings: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, CodeType]]:
    """Id and compiled code of each, in order.

    Where the page sets a name of `settings`, a look-up in the global SETTINGS follows at once, so
    that all the page computes from it follows, too (see `run`). A name that no cell sets at its
    top level, or that is set twice, is an error: the test would run the page as it is.
    """
    notebook = nbformat.read(book.ROOT / "chapters" / f"{page}.ipynb", as_version=4)
    cells = {
        cell.id: ast.parse(TransformerManager().transform_cell(cell.source))
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    times = dict.fromkeys(settings or {}, 0)
    for tree in cells.values():
        body: list[ast.stmt] = []
        for statement in tree.body:
            body.append(statement)
            for name in _names_set(statement) & set(times):
                times[name] += 1
                body += ast.parse(f"{name} = SETTINGS[{name!r}]").body
        tree.body = body
    wrong = {name: count for name, count in times.items() if count != 1}
    assert not wrong, f"{page} is to set each of these names once, and sets them so often: {wrong}"
    for name, tree in cells.items():
        yield name, compile(tree, name, "exec")


def _names_set(statement: ast.stmt) -> set[str]:
    """Names that an assignment gives a value: a, b and c in `a, (b, c) = …`, none in `a[0] = …`."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return set()
    nodes = ast.walk(statement)
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def run(
    page: str, *, settings: Mapping[str, Any] | None = None, last: str | None = None
) -> dict[str, Any]:
    """The page's names after its code cells have run, down to the cell `last` (all if None).

    `settings` holds other values for names that the page sets: run(page, settings={"SEED": 1}).
    Tables, figures, and what the page prints are left out; models that the build has kept are
    not trained again (SUPERPOSITION_RUNS), so under `make test` the page as it stands costs little.
    """
    names: dict[str, Any] = {"SETTINGS": dict(settings or {}), "print": lambda *_, **__: None}
    with (
        mock.patch.object(plots, "table", lambda *_, **__: None),
        mock.patch.object(plots, "show", lambda fig, *_, **__: plots.plt.close(fig)),
        mock.patch.object(widgets, "playground", lambda **_: None),
        mock.patch.object(widgets, "measure_the_law", lambda **_: None),
    ):
        for cell, code in code_cells(page, settings):
            exec(code, names)
            if cell == last:
                return names
    assert last is None, f"{page} has no cell {last!r}"
    return names
