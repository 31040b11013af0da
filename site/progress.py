"""What a build says: what it will run and fetch, then a line for each page that is done.

`make book` silences Sphinx's own status (warnings stay), so that these lines can be read. Progress
bars within pages are off: nobody waits there, and a finished bar would stay as litter.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Any

import nbformat
from jupyter_cache import get_cache
from sphinx.application import Sphinx

from superposition.llm import minilm

MINUTES_A_PAGE = 1.5  # on two idle cores, roughly: pages take from twenty seconds to two minutes


def say(line: str) -> None:
    print(line, flush=True)


class Progress:
    """Which pages are still to come, and when the present one was begun."""

    def __init__(self) -> None:
        self.left: list[str] = []
        self.kept: set[str] = set()  # pages whose outputs are in the cache
        self.began = time.monotonic()

    def announce(self, app: Sphinx, env: Any, pages: list[str]) -> None:
        """Sphinx's hook before any page is read; `pages` are those that changed."""
        self.left = sorted(pages)
        notebooks = [page for page in pages if Path(env.doc2path(page)).suffix == ".ipynb"]
        cache = get_cache(Path(app.outdir).parent / ".jupyter_cache")
        for page in notebooks:
            notebook = nbformat.read(env.doc2path(page), nbformat.NO_CONVERT)
            try:
                cache.match_cache_notebook(notebook)
                self.kept.add(page)
            except KeyError:
                pass
        runs = len(notebooks) - len(self.kept)
        fetches = f" A trained model is fetched on the way, {minilm.SIZE}."
        fetches = fetches if runs and not minilm.is_fetched() else ""
        minutes = f", about {math.ceil(runs * MINUTES_A_PAGE)} minutes on two idle cores"
        minutes = minutes if runs else ""
        say(f"Pages to run: {runs}{minutes}; without a run: {len(pages) - runs}.{fetches}")

    def begin(self, app: Sphinx, page: str, source: list[str]) -> None:
        self.began = time.monotonic()

    def end(self, app: Sphinx, document: Any) -> None:
        """Sphinx's hook after a page was read, and so run."""
        page = app.env.docname
        if page not in self.left:
            return
        self.left.remove(page)
        took = f"{time.monotonic() - self.began:.0f} s"
        how = f"{took}, from the cache" if page in self.kept else took
        then = f"next {self.left[0]}" if self.left else "now the pages are written"
        say(f"{page}: {how}; {then}")


def setup(app: Sphinx) -> dict[str, Any]:
    """The kernels that run the pages inherit the environment, and the module's sweeps obey it."""
    os.environ.setdefault("TQDM_DISABLE", "1")
    # The kernel of site/jupyter is the usual one, less its warning, once a page, that it talks to
    # this very process without encryption.
    folders = (str(Path(__file__).parent / "jupyter"), os.environ.get("JUPYTER_PATH"))
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, folders))
    progress = Progress()
    app.connect("env-before-read-docs", progress.announce)
    app.connect("source-read", progress.begin)
    app.connect("doctree-read", progress.end)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
