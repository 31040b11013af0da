"""A page that holds one widget and nothing else, in the colours of the book's two themes."""

from __future__ import annotations

from pathlib import Path

from superposition.widgets import BookWidget

SHELL = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A widget</title>
<meta name="viewport" content="width=device-width"><style>
:root {{ color-scheme: light dark; --pst-color-background: light-dark(#fff, #14181e);
  --pst-color-text-base: light-dark(#222832, #ced6dd); }}
body {{ font: 16px/1.65 sans-serif; max-width: 43rem; margin: 0 auto; padding: 0 1rem;
  background: var(--pst-color-background); color: var(--pst-color-text-base); }}
</style><main><article><h1>A widget</h1>{widget}</article></main></html>"""


def saved(folder: Path, widget: BookWidget) -> str:
    """Address of the page, a file in `folder`."""
    file = folder / f"{widget.kind}.html"
    file.write_text(SHELL.format(widget=widget.page()), "utf8")
    return file.as_uri()
