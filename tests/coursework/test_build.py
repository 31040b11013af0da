"""What is handed out: no solution in it, it runs here and on Colab, and otter grades the same."""

from __future__ import annotations

import functools
import io
import json
import re
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import build
import judge
import nbformat
import pytest
import yaml
from nbclient import NotebookClient


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is graded here is honest; on a busy machine the grader's own limits can run out."""
    grade = functools.partial(judge.grade, time_limit=1800, question_limit=600)
    monkeypatch.setattr(judge, "grade", grade)


def student(made: Path, name: str) -> Any:
    return nbformat.read(str(made / "student" / f"{name}.ipynb"), 4)


@pytest.mark.parametrize("name", build.NAMES)
def test_nothing_leaks(made: Path, name: str) -> None:
    source = build.read_source(build.ASSIGNMENTS / f"{name}.md")
    hidden = build.secrets(source)
    assert len(hidden) > 20  # the check looks for something
    assert build.leaks_of(name, made, hidden) == []
    nbformat.validate(student(made, name))
    text = (made / "student" / f"{name}.ipynb").read_text()
    for path in (made / "grader" / name / "tests").glob("*.py"):
        # No hidden test function, by name, however otter may have respelt its lines.
        for hidden_test in re.findall(r"hidden=True.*?\ndef (\w+)", path.read_text(), re.S):
            assert hidden_test not in text
    assert text.count("...") >= 4


@pytest.mark.long
@pytest.mark.parametrize("name", build.NAMES)
def test_solution_gets_all_and_untouched_nothing(made: Path, name: str) -> None:
    assert "untouched 0" in build.verify(name, made)


SLIPS = [
    ("    # BEGIN SOLUTION NO PROMPT\n", "    #BEGIN SOLUTION NO PROMPT\n"),
    ("    # BEGIN SOLUTION NO PROMPT\n", "    # BEGIN SOLTION NO PROMPT\n"),
    ("    # BEGIN SOLUTION NO PROMPT\n", "    # begin solution no prompt\n"),
    ("    # BEGIN SOLUTION NO PROMPT\n", "    #  BEGIN SOLUTION NO PROMPT\n"),
    ("    # BEGIN SOLUTION NO PROMPT\n", "    # BEGIN SOLUTION NOPROMPT\n"),
    ("    # END SOLUTION\n", "    # END SOLUTIN\n"),
    ("# SOLUTION NO PROMPT", "# SOLUTON NO PROMPT"),
    ("# SOLUTION NO PROMPT", "#SOLUTION NO PROMPT"),
    ("# SOLUTION NO PROMPT", "# Solution"),
    ("```otter\n# BEGIN SOLUTION\n```\n\n```{", "```oter\n# BEGIN SOLUTION\n```\n\n```{"),
    ("```otter\n# BEGIN SOLUTION\n```\n\nA model", "```oter\n# BEGIN SOLUTION\n```\n\nA model"),
    ("```otter\n# BEGIN SOLUTION\n```\n\nA model", "A model"),
    ("hidden: true\n", "hiden: true\n"),
    ("hidden: true\n", "hidden: false\n"),
    ('""" # BEGIN TEST CONFIG', '"""  #BEGIN TEST CONFIG'),
    ("```otter\n# BEGIN TESTS\n```", "```otter\n# BEGIN TEST\n```"),
    ("    # BEGIN SOLUTION NO PROMPT\n", ""),
]


@pytest.mark.parametrize(("right", "wrong"), SLIPS)
def test_a_slip_in_a_marker_stops_the_build(tmp_path: Path, right: str, wrong: str) -> None:
    """Each of these hands a solution or a hidden test to every student if otter is left alone."""
    text = (build.ASSIGNMENTS / "01_directions.md").read_text()
    assert right in text
    source = tmp_path / "source.md"
    source.write_text(text.replace(right, wrong, 1))
    with pytest.raises(Exception) as stopped:
        build.build("01_directions", tmp_path / "out", source)
    assert stopped.type in (ValueError, AssertionError, KeyError, TypeError) or (
        "Otter" in stopped.type.__name__ or "Assign" in stopped.type.__name__
    )
    handed_out = list((tmp_path / "out").glob("student/*"))
    assert handed_out == []


COLAB = """
import os, re, sys, types
# What Colab's machine has and ours has not: its module, a shell that reports itself, and no
# notebook file beside the kernel.
sys.modules["google"] = sys.modules.get("google") or types.ModuleType("google")
sys.modules["google.colab"] = types.ModuleType("google.colab")
from IPython import get_ipython
shell = get_ipython()
shell.__class__ = type("Shell", (type(shell),), {"__module__": "google.colab._shell"})
asked = []
get_ipython().register_magic_function(lambda line: asked.append(line), "line", "pip")
"""


@pytest.mark.parametrize("where", ["jupyter", "colab"])
@pytest.mark.parametrize("name", build.NAMES)
def test_runs_from_top_to_bottom(made: Path, tmp_path: Path, name: str, where: str) -> None:
    """Untouched: no error, every check is there and says that nothing is right yet."""
    notebook = student(made, name)
    if where == "jupyter":
        shutil.copy(made / "student" / f"{name}.ipynb", tmp_path)
    else:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(COLAB))
        notebook.cells.append(nbformat.v4.new_code_cell("print(asked, grader.interpreter)"))
    NotebookClient(
        notebook,
        timeout=1800,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    checks = [c for c in notebook.cells if c.source.startswith("grader.check")]
    assert len(checks) >= 4
    for cell in checks:
        assert "Test case failed" in json.dumps(cell.outputs, ensure_ascii=False), cell.source
    if where == "colab":
        asked = notebook.cells[-1].outputs[0].text
        assert f"git+{build.REPOSITORY}" in asked and "otter-grader" in asked
        assert "COLAB" in asked  # otter knows where it is, and works all the same


def test_first_cell_is_the_chapters(made: Path) -> None:
    chapter = sorted((build.HERE.parent / "chapters").glob("0*.ipynb"))[0]
    cells = json.loads(chapter.read_text())["cells"]
    first = next("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    assert first == build.FIRST_CELL
    for name in build.NAMES:
        code = [c for c in student(made, name).cells if c.cell_type == "code"]
        assert code[0].source == first


def test_solution_passes_its_own_checks_in_a_notebook(made: Path, tmp_path: Path) -> None:
    """In a real kernel, with otter's own check, as a student sees it."""
    notebook = nbformat.read(str(made / "instructor" / "01_directions.ipynb"), 4)
    client = NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    for cell in notebook.cells:
        if cell.source.startswith("grader.check"):
            assert "passed!" in json.dumps(cell.outputs), cell.source


@pytest.mark.long
def test_gradescope_zip_grades_the_same(made: Path, tmp_path: Path) -> None:
    """Through otter itself: the zip holds all it needs and agrees with our own grading."""
    archive = made / "gradescope" / "01_directions.zip"
    with zipfile.ZipFile(archive) as inside:
        names = inside.namelist()
        environment = inside.read("environment.yml").decode() + "".join(
            inside.read(n).decode() for n in names if n.startswith("requirements")
        )
    assert {"run_autograder", "setup.sh", "otter_config.json", "tests/q1.py"} <= set(names)
    assert not any(n.endswith(".ipynb") for n in names)
    assert "superposition-book @ git+https" in environment and "otter-grader" in environment
    # It is fetched by git, and torch without gigabytes for graphics cards.
    listed = yaml.safe_load(environment)["dependencies"]
    assert "git" in listed and "--extra-index-url" in listed[-1]["pip"][0]
    half = nbformat.read(str(made / "instructor" / "01_directions.ipynb"), 4)
    slip = "def room(m, t):\n    return int((2 / chance_above(t, m)) ** 0.5)"
    half.cells.append(nbformat.v4.new_code_cell(slip))
    submission = tmp_path / "half.ipynb"
    nbformat.write(half, str(submission))
    ours = judge.grade(submission, made / "grader" / "01_directions")
    for path, wanted in ((submission, None), (made / "student" / "01_directions.ipynb", 0.0)):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "otter",
                "run",
                str(path),
                "-a",
                str(archive),
                "--no-logo",
                "-o",
                str(tmp_path),
            ],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=1800,
        )
        assert done.returncode == 0, done.stderr
        tests = json.loads((tmp_path / "results.json").read_text())["tests"]
        got = {t["name"]: t["score"] for t in tests if t.get("max_score")}
        if wanted is None:
            assert got == {q.name: q.score for q in ours.questions}
        else:
            assert set(got.values()) == {wanted}


def test_leak_check_sees_a_planted_leak(made: Path, tmp_path: Path) -> None:
    """The check itself: a solution line, a hidden test, an output, each planted, each found."""
    source = build.read_source(build.ASSIGNMENTS / "01_directions.md")
    hidden = build.secrets(source)
    for plant in (
        "    U = np.divide(W, length, out=np.zeros_like(W), where=length > 0)",
        "        assert near(call(env['cosines'], W), wanted, atol=2e-5)",
        "x = 1  # SOLUTION",
        "A model answer, for the word-piece table of all-MiniLM-L6-v2",
    ):
        notebook = student(made, "01_directions")
        notebook.cells.append(nbformat.v4.new_code_cell(plant))
        place = tmp_path / re.sub(r"\W", "", plant)[:20]
        place.mkdir()
        nbformat.write(notebook, str(place / "a.ipynb"))
        found = build.leaks(place, hidden)
        if plant.startswith("A model"):  # part of a line: only whole ones count
            whole = next(h for h in hidden if h.startswith(plant))
            notebook.cells[-1].source = whole
            nbformat.write(notebook, str(place / "a.ipynb"))
            found = build.leaks(place, hidden)
        assert found, plant
    notebook = student(made, "01_directions")
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="14")]
    place = tmp_path / "outputs"
    place.mkdir()
    nbformat.write(notebook, str(place / "a.ipynb"))
    assert build.leaks(place, hidden)


def test_sheet_and_feedback_of_every_assignment(made: Path, tmp_path: Path) -> None:
    import reports

    for name in build.NAMES:
        info = json.loads((made / "grader" / name / "assignment.json").read_text())
        place = made / "instructor" / f"{name}.ipynb"
        writer = reports.Writer(tmp_path / name)
        reports.write_sheet(reports.Entry("anna", place), info, writer, "anna")
        text = (tmp_path / name / "written" / "anna.md").read_text()
        written = [q for q in info["questions"] if q["manual"]]
        assert text.count("_Rubric") == len(written) and "(no answer found)" not in text
        buffer = io.StringIO(text)
        assert sum(line.startswith("## ") for line in buffer) == len(written)
        assert textwrap.shorten(written[0]["rubric"], 20)


def test_limits_without_the_trained_model(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network and no copy of the model: the stand-in is used, and grading works all the same."""
    if judge.sandbox.best() == "none":
        pytest.skip("without a sandbox the submission has the network")
    monkeypatch.delenv("SUPERPOSITION_CACHE", raising=False)
    result = judge.grade(made / "instructor" / "04_limits.ipynb", made / "grader" / "04_limits")
    assert result.score == 14 and result.cell_errors == [], result
