"""A chapter's cells of code, to be run by a test that looks at what they made."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

import book


def code_cells(page: str, changes: dict[str, str] | None = None) -> Iterator[tuple[str, CodeType]]:
    """Id and compiled code of each, in order; `changes` says what to put in the place of what.

    Text that is to change and does not stand in the chapter is an error: the test would run the
    chapter as it is.
    """
    notebook = nbformat.read(book.ROOT / "chapters" / f"{page}.ipynb", as_version=4)
    sources = {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "code"}
    for old, new in (changes or {}).items():
        assert any(old in source for source in sources.values()), f"{page} does not say {old!r}"
        sources = {name: source.replace(old, new) for name, source in sources.items()}
    for name, source in sources.items():
        yield name, compile(TransformerManager().transform_cell(source), name, "exec")
