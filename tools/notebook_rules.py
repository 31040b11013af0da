"""What a chapter may hold, as committed and as run. `python tools/notebook_rules.py FILE...`.

One notebook is to be right in the built book, in Colab and on GitHub, and no figure or number
in it may come from anywhere but its own code. These rules are what a machine can see of that.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from book import REPOSITORY

# Of every chapter and every assignment.
FIRST_CELL = f"""\
# @title In Colab: Runtime, Run all. This cell installs the book's module.
# Anywhere else it does nothing. What a page trains in Colab is kept there while
# the runtime lasts; for longer, mount Drive and name a folder of it:
# from google.colab import drive; drive.mount("/content/drive")
# %env SUPERPOSITION_RUNS=/content/drive/MyDrive/superposition-runs
import sys

if "google.colab" in sys.modules:
    %pip install -q git+{REPOSITORY}"""

# A cell with one of these tags is folded in the built book, and so in Colab, as a form.
FOLDED = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

# Calls by which a figure or an array could come from a file instead of from the page's code, and
# the endings of such files. (Text and weights are data that a page may read.)
FROM_A_FILE = {
    "Image",
    "SVG",
    "Video",
    "fromfile",
    "genfromtxt",
    "imread",
    "imsave",
    "loadtxt",
    "memmap",
    "read_csv",
    "read_html",
    "read_json",
    "read_parquet",
    "read_pickle",
    "savefig",
    "urlretrieve",
}
LOADERS = {"joblib", "json", "np", "numpy", "pickle", "torch"}
MADE_BEFORE = re.compile(r"\.(png|jpe?g|gif|svg|webp|pdf|np[yz]|pt|pkl|csv|parquet)$", re.I)

MARKDOWN = {
    "a MyST directive": re.compile(r"^\s*(`{3,}|~{3,}|:{3,})\s*\{", re.M),
    "a MyST role": re.compile(r"\{[a-zA-Z][\w:+.-]*\}`"),
    "a MyST target": re.compile(r"^\([\w:. -]+\)=\s*$", re.M),
    "a MyST comment or block break": re.compile(r"^(%|\+\+\+)(\s|$)", re.M),
    "a MyST substitution": re.compile(r"\{\{.*?\}\}"),
    "an image from a file": re.compile(r"!\[|<img\b"),
}
TAG = re.compile(r"</?([a-zA-Z][\w-]*)(?=[\s/>])")
CODE_OR_MATH = re.compile(r"^```.*?^```|`[^`\n]+`|\$\$.*?\$\$|\$[^$\n]+\$", re.M | re.S)
PROGRESS = re.compile(r"\d+%\|.*\||\bit/s\]|s/it\]")


def faults(notebook: Any) -> list[str]:
    """What is wrong with a notebook as committed; empty when nothing is."""
    found = []
    if (notebook["nbformat"], notebook["nbformat_minor"]) != (4, 5):
        found.append("the notebook format is not 4.5")
    if notebook["metadata"] != METADATA:
        found.append("metadata other than the plain python3 kernel")
    ids = [cell.get("id") for cell in notebook["cells"]]
    if None in ids or len(set(ids)) < len(ids):
        found.append("a cell without an id, or two with the same")
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    prose = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    titles = sum(len(re.findall(r"^# ", text(cell), re.M)) for cell in prose)
    if titles != 1 or not text(notebook["cells"][0]).startswith("# "):
        found.append("the page does not open with its one title")
    if len(code) + len(prose) < len(notebook["cells"]):
        found.append("a cell that is neither code nor Markdown")
    if not code or text(code[0]).rstrip() != FIRST_CELL:
        found.append("the first code cell is not the one that all chapters share")
    for cell in notebook["cells"]:
        rules = code_faults if cell["cell_type"] == "code" else markdown_faults
        found += [f"cell {cell.get('id')}: {fault}" for fault in rules(cell)]
    return found


def text(cell: Any) -> str:
    return "".join(cell["source"])


def tree(cell: Any) -> ast.Module:
    """A cell's code, magics and all, as Python sees it."""
    return ast.parse(TransformerManager().transform_cell(text(cell)))


def markdown_faults(cell: Any) -> Iterator[str]:
    """MyST that Colab and GitHub would show as raw text, and HTML that one of them drops."""
    prose = CODE_OR_MATH.sub("", text(cell))
    for name, pattern in MARKDOWN.items():
        if pattern.search(prose if "file" in name else text(cell)):
            yield f"{name} in a Markdown cell"
    for tag in sorted({tag.lower() for tag in TAG.findall(prose)} - {"details", "summary"}):
        yield f"raw HTML <{tag}> in a Markdown cell"
    if cell.get("attachments"):
        yield "an attached file"
    if set(cell["metadata"]) - {"tags"}:
        yield "cell metadata other than tags"


def code_faults(cell: Any) -> Iterator[str]:
    """Outputs, magics, and figures that come from elsewhere or lack their words."""
    source = text(cell)
    if cell["outputs"] or cell["execution_count"] is not None:
        yield "outputs or an execution count"
    if set(cell["metadata"]) - {"tags", "cellView"}:
        yield "cell metadata other than tags and cellView"
    folded = bool(FOLDED & set(cell["metadata"].get("tags", [])))
    if cell["metadata"].get("cellView") != ("form" if folded else None):
        yield 'folded in the book or in Colab, but not in both (cellView: "form")'
    if source.rstrip() == FIRST_CELL:
        return
    for node in ast.walk(tree(cell)):
        if isinstance(node, ast.Call):
            yield from call_faults(node)
        if isinstance(node, ast.Constant) and MADE_BEFORE.search(str(node.value)):
            yield f"{node.value}: figures and numbers come from the page's own code"


def call_faults(call: ast.Call) -> Iterator[str]:
    *owner, name = ast.unparse(call.func).split(".")
    if name == "get_ipython" or "get_ipython()" in owner:
        if name != "get_ipython":
            yield f"a magic or a shell command (line {call.lineno})"
    elif name in FROM_A_FILE or (name == "load" and owner and owner[0] in LOADERS):
        yield f"{ast.unparse(call.func)}: figures and numbers come from the page's own code"
    elif name == "show" and owner != ["plots"]:
        yield f"{ast.unparse(call.func)}: figures are shown by plots.show"
    elif name == "show":
        words = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "alt")]
        if not words or (isinstance(words[0], ast.Constant) and not str(words[0].value).strip()):
            yield "plots.show without alternative text"


def figures(notebook: Any) -> list[str]:
    """The alternative texts of the figures that a notebook showed when it ran."""
    html = "".join(body for _, _, body in bodies(notebook, "text/html"))
    return re.findall(r'<figure\b[^>]*>\s*<(?:svg|img)\b[^>]*?(?:aria-label|alt)="([^"]+)"', html)


def bodies(notebook: Any, *kinds: str) -> Iterator[tuple[Any, str, str]]:
    """(cell, MIME type, body) of each rich output of these types, all when none is named."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            for kind, body in output.get("data", {}).items():
                if not kinds or kind in kinds:
                    yield cell, kind, body if isinstance(body, str) else repr(body)


def output_faults(notebook: Any) -> list[str]:
    """What is wrong with a notebook that has run; empty when nothing is."""
    found = []
    state = notebook["metadata"].get("widgets", {})
    alive = state.get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            said = "".join(output.get("text", "")) + "".join(data.get("text/plain", ""))
            view = data.get("application/vnd.jupyter.widget-view+json")
            shown = "".join(data.get("text/html", ""))
            where = f"cell {cell.get('id')}: "
            if output["output_type"] == "error":
                found.append(f"{where}{output['ename']}: {output['evalue']}")
            if output.get("name") == "stderr":
                found.append(f"{where}on stderr: {said.strip()[:200]}")
            elif PROGRESS.search(said):
                found.append(f"{where}a progress bar left in the page: {said.strip()[:80]}")
            if view and view["model_id"] not in alive:
                found.append(f"{where}a closed widget (a progress bar?) left in the page")
            if any(kind.startswith("image/") for kind in data) and "<figure" not in shown:
                found.append(f"{where}a figure that plots.show did not show")
            # What a widget's script would draw is no image yet; the tests in Chromium see it drawn.
            drawn = re.sub(r"<script\b.*?</script>", "", shown, flags=re.S)
            for image in re.findall(r"<(?:svg|img|canvas)\b[^>]*>", drawn):
                if not re.search(r'(?:aria-label|alt)="[^"]', image) and "aria-hidden" not in image:
                    found.append(f"{where}an image without alternative text")
    return found


if __name__ == "__main__":
    bad = {}
    for path in sys.argv[1:]:
        if found := faults(nbformat.read(path, as_version=nbformat.NO_CONVERT)):
            bad[path] = found
    lines = [f"{Path(p).name}: {fault}" for p, found in bad.items() for fault in found]
    sys.exit("\n".join(lines) or None)
