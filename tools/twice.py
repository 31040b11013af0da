"""Run pages once more and compare every number that they show with the book that was built.

    python tools/twice.py [PAGE ...]      all notebooks of chapters/ by default

Numbers in figures (every coordinate), tables and printed lines must agree to 1e-6.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import nbclient
import nbformat

ROOT = Path(__file__).resolve().parent.parent
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")
# Made up anew by each drawing, or each run; in a widget's states the quotes are escaped.
NAMES = re.compile(r'\bid=\\*"[^"\\]*|#[A-Za-z][\w-]*|url\([^)]*\)|\b0x[0-9a-f]+')


def cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The cells of code: the build's cache keeps no others."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def code(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(cell.source for cell in cells(notebook))


def shown(cell: nbformat.NotebookNode) -> list[str]:
    """Every number that a cell shows."""
    text = []
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stdout":
            text.append(output.text)
        for kind, data in sorted(output.get("data", {}).items()):
            if kind.startswith("text/") or kind == "image/svg+xml":
                text.append(data)
    return NUMBER.findall(NAMES.sub("", "\n".join(text)))


def differences(
    first: nbformat.NotebookNode, second: nbformat.NotebookNode
) -> tuple[int, list[str]]:
    """How many numbers were compared, and what differs."""
    count, found = 0, []
    for a, b in zip(cells(first), cells(second), strict=True):
        one, two = shown(a), shown(b)
        count += len(one)
        if len(one) != len(two):
            found.append(f"{a.id}: {len(one)} numbers, then {len(two)}")
        for x, y in zip(one, two, strict=False):
            if abs(float(x) - float(y)) > 1e-6 * max(1.0, abs(float(x))):
                found.append(f"{a.id}: {x}, then {y}")
    return count, found


def main(pages: list[Path]) -> int:
    built = {}
    for path in ROOT.glob("_build/.jupyter_cache/executed/*/base.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        built[code(notebook)] = notebook
    os.environ["TQDM_DISABLE"] = "1"  # as in the build
    failed = False
    for page in pages:
        notebook = nbformat.read(page, as_version=4)
        if code(notebook) not in built:
            sys.exit(f"{page.name} is not in the built book as it is now: run make book first")
        resources = {"metadata": {"path": str(page.parent)}}
        nbclient.NotebookClient(notebook, timeout=1800, resources=resources).execute()
        count, found = differences(built[code(notebook)], notebook)
        print(f"{page.name}: {count} numbers, {len(found)} differ", *found[:5], sep="\n    ")
        failed |= bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(
        main([Path(p).resolve() for p in sys.argv[1:]] or sorted(ROOT.glob("chapters/*.ipynb")))
    )
