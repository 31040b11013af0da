"""The chapters as committed, by the rules in notebook_rules.py, and those rules on bad pages."""

from __future__ import annotations

import ast
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager

import book
import notebook_rules as rules

COMMITTED = sorted(str(path.relative_to(book.ROOT)) for path in book.ROOT.glob("chapters/*.ipynb"))


@pytest.mark.parametrize("path", COMMITTED)
def test_a_chapter_keeps_the_rules(path: str) -> None:
    notebook = nbformat.read(book.ROOT / path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert rules.faults(notebook) == []


@pytest.mark.parametrize("path", COMMITTED)
def test_settings_can_be_found_in_colab(path: str) -> None:
    """A folded cell shows nothing there but its title."""
    notebook = nbformat.read(book.ROOT / path, as_version=4)
    (cell,) = (cell for cell in notebook.cells if cell.id in ("settings", "imports"))
    folded = cell.metadata.get("cellView") == "form"
    assert cell.source.startswith("# @title Imports and settings\n") == folded


def test_every_chapter_is_in_the_table_of_contents() -> None:
    assert {f"{page}.ipynb" for page in book.chapters()} == set(COMMITTED)
    for page in book.pages():
        assert list(book.ROOT.glob(f"{page}.*")), f"_toc.yml lists {page}, which is not there"


def test_the_commit_hook_would_change_no_chapter() -> None:
    """Its options keep the cells' ids and strip all that the rules forbid."""
    config = yaml.safe_load((book.ROOT / ".pre-commit-config.yaml").read_text(encoding="utf8"))
    (hook,) = [hook for hook in config["repos"][0]["hooks"] if hook["id"] == "nbstripout"]
    tool, *options = shlex.split(hook["entry"])
    command = [str(Path(sys.executable).parent / Path(tool).name), *options, "--verify"]
    done = subprocess.run([*command, *COMMITTED], cwd=book.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


TOYS = [
    path for path in COMMITTED if path.startswith(("chapters/02", "chapters/03", "chapters/04"))
]


def shown_intervals(code: str) -> list[str]:
    """Places where the interval of a fitted slope is taken, or a whole fit goes into a string."""
    tree = ast.parse(TransformerManager().transform_cell(code))
    fits = {
        target.id
        for assignment in ast.walk(tree)
        if isinstance(assignment, ast.Assign)
        and isinstance(assignment.value, ast.Call)
        and ast.unparse(assignment.value.func).endswith("fit_power_law")
        for target in assignment.targets
        if isinstance(target, ast.Name)
    }
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr == "interval")
        or (isinstance(node, ast.FormattedValue) and ast.unparse(node.value) in fits)
    ]


@pytest.mark.parametrize("path", TOYS)
def test_no_interval_takes_the_bend_of_a_curve_for_noise(path: str) -> None:
    """The toys' curves are bent, so the scatter about a line through them is no error."""
    notebook = nbformat.read(book.ROOT / path, as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert shown_intervals(code) == []


def test_an_interval_that_is_shown_is_found() -> None:
    line = "fit = fit_power_law(m, y)\n"
    assert shown_intervals(line + 'print(f"slope {fit.exponent:.2f}, R² {fit.r2:.2f}")') == []
    assert len(shown_intervals(line + 'print(f"slope {fit}")')) == 1
    assert len(shown_intervals(line + "low, high = fit.interval")) == 1


def page(*cells: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A small notebook that keeps every rule, plus these cells, with these changes."""
    start = [markdown("# A page\n\nText with $m<n$ and `code <b>`."), code(rules.FIRST_CELL)]
    numbered = [{"id": f"cell-{k}", **cell} for k, cell in enumerate([*start, *cells])]
    whole = {"cells": numbered, "metadata": rules.METADATA, "nbformat": 4, "nbformat_minor": 5}
    return {**whole, **changes}


def markdown(text: str, **changes: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text, **changes}


def code(text: str, *outputs: dict[str, Any], **changes: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": {}, "source": text, "execution_count": None}
    return {**cell, "outputs": list(outputs), **changes}


def rich(**data: Any) -> dict[str, Any]:
    named = {kind.replace("__", "/").replace("_", "-"): body for kind, body in data.items()}
    return {"output_type": "display_data", "data": named, "metadata": {}}


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


FIGURE = rich(text__html='<figure><svg role="img" aria-label="A line"></svg></figure>')

GOOD = [
    markdown("## Part\n\n> **Try.** $a<b$\n\n<details><summary>So</summary>\n\nb\n\n</details>"),
    markdown("| a | b |\n| --- | --- |\n| $x$ | [l](02_weak_vs_strong.ipynb) |\n\n<https://x.org>"),
    code('plots.show(fig, alt=f"The loss falls to {loss}", caption="Loss")'),
    code("W = heads.output_matrix(name).load()"),
    code("W", metadata={"cellView": "form", "tags": ["hide-input"]}),
]


def test_a_good_page_has_no_faults() -> None:
    assert rules.faults(page(*GOOD)) == []


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        (markdown("```{note}\nHi\n```"), "MyST directive"),
        (markdown(":::{admonition} Hi\n:::"), "MyST directive"),
        (markdown("See {doc}`01_embeddings`."), "MyST role"),
        (markdown("(target)=\n## Part"), "MyST target"),
        (markdown("% a comment"), "MyST comment"),
        (markdown("{{ name }}"), "MyST substitution"),
        (markdown("![A figure](figure.png)"), "image from a file"),
        (markdown('<div class="note">Hi</div>'), "raw HTML <div>"),
        (markdown("Hi", attachments={"a.png": {}}), "attached"),
        (markdown("# A second title"), "one title"),
        (markdown("Hi", metadata={"editable": True}), "metadata"),
        (code("1", stream("1")), "outputs"),
        (code("1", execution_count=3), "execution count"),
        (code("1", metadata={"collapsed": True}), "metadata"),
        (code("1", metadata={"tags": ["hide-input"]}), "not in both"),
        (code("1", metadata={"cellView": "form"}), "not in both"),
        (code("1", metadata={"cellView": "code", "tags": ["remove-input"]}), "not in both"),
        (code("plt.show()"), "plots.show"),
        (code("fig.savefig('a.svg')"), "savefig"),
        (code("plots.show(fig)"), "alternative text"),
        (code("plots.show(fig, alt=' ')"), "alternative text"),
        (code("Image(filename='a.png')"), "Image"),
        (code("W = np.load('w.npy')"), "np.load"),
        (code("W = torch.load('w.pt')"), "torch.load"),
        (code("rows = open('losses.csv').read()"), "losses.csv"),
        (code("!ls"), "shell command"),
        (code("%matplotlib inline"), "magic"),
        (code("1", id="cell-0"), "id"),
        ({"cell_type": "raw", "metadata": {}, "source": "x"}, "neither code nor Markdown"),
    ],
)
def test_a_planted_fault_is_found(cell: dict[str, Any], fault: str) -> None:
    assert any(fault in found for found in rules.faults(page(cell)))


def test_faults_of_the_whole_page_are_found() -> None:
    metadata = {**rules.METADATA, "language_info": {"name": "python", "version": "3.11.7"}}
    assert any("metadata" in fault for fault in rules.faults(page(metadata=metadata)))
    assert any("format" in fault for fault in rules.faults(page(nbformat_minor=4)))
    other = page()
    other["cells"][1]["source"] = rules.FIRST_CELL.replace("-q", "--upgrade")
    assert any("first code cell" in fault for fault in rules.faults(other))
    untitled = page()
    untitled["cells"][0]["source"] = "Text"
    assert any("title" in fault for fault in rules.faults(untitled))
    nameless = page(code("1"))
    del nameless["cells"][2]["id"]
    assert any("id" in fault for fault in rules.faults(nameless))


def test_good_outputs_have_no_faults_and_figures_are_counted() -> None:
    ran = page(code("1", stream("loss 0.1, 50 % of it\n"), FIGURE), code("2", FIGURE))
    assert rules.output_faults(ran) == []
    assert rules.figures(ran) == ["A line", "A line"]


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        ({"output_type": "error", "ename": "ValueError", "evalue": "no"}, "ValueError"),
        (stream("UserWarning: look", "stderr"), "stderr"),
        (stream(" 50%|█████     | 10/20 [00:00<00:00, 49.4it/s]"), "progress bar"),
        (rich(text__plain="100%|██████████| 20/20"), "progress bar"),
        (
            {
                "output_type": "display_data",
                "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "gone"}},
            },
            "closed widget",
        ),
        (rich(image__png="iVBOR"), "plots.show"),
        (rich(text__html="<figure><svg></svg></figure>"), "alternative text"),
    ],
)
def test_a_fault_in_the_outputs_is_found(output: dict[str, Any], fault: str) -> None:
    found = rules.output_faults(page(code("1", output)))
    assert len(found) == 1 and fault in found[0]
