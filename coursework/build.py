"""Turns each assignment's source into a student notebook, a Gradescope zip and an instructor's
edition.

    python coursework/build.py [NAME ...] [--out FOLDER] [--no-verify]

Refuses to hand anything out that leaks a solution or a hidden test, whose solution does not get
full marks, or whose untouched student version gets a point.
"""

from __future__ import annotations

import argparse
import ast
import copy
import difflib
import json
import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "grader"), str(HERE.parent / "tools")]

from book import REPOSITORY  # noqa: E402  found in the folders just added
from notebook_rules import FIRST_CELL, METADATA  # noqa: E402

ASSIGNMENTS = HERE / "assignments"
OUT = HERE.parent / "build" / "coursework"
NAMES = ["01_directions", "02_regimes", "03_the_law", "04_limits", "capstone"]

CPU_TORCH = "https://download.pytorch.org/whl/cpu"

# otter's options, the same for every assignment. Tests in files of the exception format (a test
# is a function, and its hidden ones can be kept out of every student file); no export cell (it
# does not work on Colab, and would ask for pandoc); our own set-up cell instead of otter's.
CONFIG = """\
# ASSIGNMENT CONFIG
init_cell: false
export_cell: false
check_all_cell: false
strip_solutions_from_all_cells: true
run_tests: false
tests:
    files: true
    ok_format: false
requirements:
    - "otter-grader>=7,<8"
    - "superposition-book @ git+{repository}"
generate:
    show_hidden: false
    show_stdout: false
    seed: 0
"""

SET_UP = """\
# @title Sets up the checks; run it once, it needs no change
import json
import pathlib

if "google.colab" in sys.modules:
    %pip install --quiet "otter-grader>=7,<8"
import otter

checks_folder = pathlib.Path("public_checks") / "{name}"
checks_folder.mkdir(parents=True, exist_ok=True)
checks = json.loads(r'''{tests}''')
for question, text in checks["questions"].items():
    whole = checks["helpers"] + text
    (checks_folder / f"{{question}}.py").write_text(whole, encoding="utf8")
grader = otter.Notebook(tests_dir=str(checks_folder))"""

MARKERS = [
    "# BEGIN SOLUTION",
    "# BEGIN SOLUTION NO PROMPT",
    "# END SOLUTION",
    "# SOLUTION",
    "# SOLUTION NO PROMPT",
    "# BEGIN PROMPT",
    "# END PROMPT",
    "# BEGIN QUESTION",
    "# END QUESTION",
    "# BEGIN TESTS",
    "# END TESTS",
    "# ASSIGNMENT CONFIG",
    "# HIDDEN",
    '""" # BEGIN TEST CONFIG',
    '""" # END TEST CONFIG',
]


def read_source(path: Path) -> Any:
    """The source (MyST text) as a notebook; ValueError naming every marker that is misspelt."""
    import jupytext

    text = path.read_text(encoding="utf8")
    wrong = misspelt_markers(text)
    if wrong:
        raise ValueError(f"{path.name}: markers otter would not see: {', '.join(wrong)}")
    notebook = jupytext.reads(text, fmt="md:myst")
    notebook.metadata = copy.deepcopy(METADATA)
    return notebook


def misspelt_markers(text: str) -> list[str]:
    """Comments that look like one of otter's markers and are none ('#BEGIN SOLUTION').

    otter ignores what it does not know, so a slip hands the solution to every student.
    """
    wrong = []
    for number, line in enumerate(text.splitlines(), 1):
        found = re.search(r'(?:""" )?#[^#]*$', line.rstrip())
        comment = found[0].strip() if found else ""
        if comment in MARKERS:
            # A marker that opens or closes a block works only on a line of its own.
            slip = line.strip() != comment and not comment.startswith("# SOLUTION")
        else:
            words, likeness = _words(comment), 0.85 if len(_words(comment)) < 9 else 0.75
            marks = difflib.get_close_matches(words, map(_words, MARKERS), 1, likeness)
            slip = len(comment) < 45 and bool(marks)
        if slip:
            wrong.append(f"line {number}: {line.strip()}")
    return wrong


def _words(comment: str) -> str:
    """Its words alone, in capitals."""
    return re.sub(r"[\W_]+", " ", comment).strip().upper()


def secrets(notebook: Any) -> list[str]:
    """Every line of the source that no student may see, found without otter's own parser.

    A line inside BEGIN/END SOLUTION (in code or between otter blocks), one that ends in
    SOLUTION, or one of a hidden test; unless the same line also stands in the open.
    """
    open_lines: set[str] = set()
    secret: set[str] = set()
    in_solution = in_tests = False
    for cell in notebook.cells:
        source = cell.source
        if cell.cell_type == "markdown":
            in_fence = False
            for line in map(str.strip, source.splitlines()):
                if line.startswith("```"):
                    in_fence = line.startswith("```otter")
                elif in_fence:
                    mark = re.match(r"#\s*(BEGIN|END)\s+(SOL|TEST)", line, re.I)
                    if mark and mark.group(2).upper() == "SOL":
                        in_solution = mark.group(1).upper() == "BEGIN"
                    elif mark:
                        in_tests = mark.group(1).upper() == "BEGIN"
                else:
                    (secret if in_solution else open_lines).add(line)
            continue
        hidden_test = in_tests and re.search(r"hidden:\s*true", source, re.I)
        inside = False
        for line in source.splitlines():
            text = line.strip()
            if re.search(r"#\s*BEGIN\s+SOL", text, re.I):
                inside = True
            elif re.search(r"#\s*END\s+SOL", text, re.I):
                inside = False
            elif inside or hidden_test or re.search(r"#\s*SOLUTION", text, re.I):
                secret.add(re.sub(r"\s*#\s*SOLUTION.*$", "", text))
            else:
                open_lines.add(text)
        if in_tests:  # otter writes tests anew from their syntax tree: the same lines, respelt
            respelt = ast.unparse(ast.parse(source)).splitlines()
            (secret if hidden_test else open_lines).update(map(str.strip, respelt))
    # Very short lines ("return x", ")") say nothing and stand everywhere.
    return sorted(line for line in secret - open_lines if len(line) >= 12)


def leaks(folder: Path, hidden: list[str]) -> list[str]:
    """What in the student files under `folder` must not be there."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        text = path.read_text(encoding="utf8", errors="replace")
        if path.suffix == ".ipynb":
            notebook = json.loads(text)
            for number, cell in enumerate(notebook["cells"]):
                if cell.get("outputs") or cell.get("execution_count"):
                    found.append(f"{path.name}: cell {number} has outputs")
                if set(cell["metadata"]) - {"tags", "editable", "deletable", "cellView"}:
                    found.append(f"{path.name}: cell {number} carries {sorted(cell['metadata'])}")
            if set(notebook["metadata"]) - {"kernelspec", "language_info"}:
                found.append(f"{path.name}: metadata {sorted(notebook['metadata'])}")
            text = "\n".join("".join(c["source"]) for c in notebook["cells"])
            text = text.replace("\\n", "\n").replace('\\"', '"')  # the checks travel as JSON
        for pattern in (
            r"#\s*(BEGIN|END)\s+(SOL|TEST|QUEST|PROMPT)",
            r"#\s*SOLUTION",
            r"```otter",
            r"hidden\s*[=:]\s*True",
            r"ASSIGNMENT CONFIG",
        ):
            for match in re.finditer(pattern, text, re.I):
                found.append(f"{path.name}: {match.group(0)!r}")
        # Whole lines: as words inside a longer sentence they would say nothing.
        lines = {_bare(line) for line in text.splitlines()}
        for line in hidden:
            if _bare(line) in lines:
                found.append(f"{path.name}: the line {line!r}")
    return found


def _bare(line: str) -> str:
    """Without what a formatter or a syntax tree may change: spaces and the kind of quotes."""
    return re.sub(r"\s+", "", line).replace("'", '"')


def check_tests(notebook: Any) -> None:
    """A test is public if and only if its name says so; ValueError otherwise.

    otter takes a test with a misspelt 'hidden' for a public one, and shows it to every student.
    """
    import yaml

    for cell in notebook.cells:
        name = re.search(r"^def (test_\w+)\(env\)", cell.source, re.M)
        if cell.cell_type != "code" or not name:
            continue
        head = re.match(
            r'""" # BEGIN TEST CONFIG\n(.*?)\n""" # END TEST CONFIG\n', cell.source, re.S
        )
        config = yaml.safe_load(head.group(1)) if head else {}
        unknown = set(config) - {"hidden", "failure_message", "success_message"}
        if unknown or bool(config.get("hidden")) == name.group(1).endswith("_public"):
            raise ValueError(f"{name.group(1)}: hidden or public? {config}")
        if any('"' in str(v) or "\\" in str(v) for v in config.values()):
            raise ValueError(f"{name.group(1)}: otter cannot take quotes in a message")


def build(name: str, out: Path = OUT, source: Path | None = None) -> dict[str, Any]:
    """Write student, instructor, gradescope and grader files of one assignment under `out`."""
    import nbformat
    from otter.assign import main as assign

    source = source or ASSIGNMENTS / f"{name}.md"
    notebook = read_source(source)
    check_tests(notebook)
    hidden = secrets(notebook)
    written = [q["name"] for q in read_questions(notebook) if q["manual"]]
    config = nbformat.v4.new_raw_cell(CONFIG.format(repository=REPOSITORY))
    notebook.cells.insert(0, config)
    helpers = (ASSIGNMENTS / "checks.py").read_text(encoding="utf8")
    with tempfile.TemporaryDirectory(prefix="assign-") as temporary:
        master = Path(temporary) / f"{name}.ipynb"
        nbformat.write(notebook, str(master))
        made = Path(temporary) / "dist"
        assign(str(master), str(made), no_pdfs=True, no_run_tests=True)
        for path in (made / "autograder" / "tests").glob("*.py"):
            path.write_text(f"{helpers}\n\n{path.read_text()}")
        public = {p.stem: p.read_text() for p in sorted((made / "student" / "tests").glob("*.py"))}
        tests = {"helpers": helpers + "\n\n", "questions": public}
        for part, place in (("student", "student"), ("instructor", "autograder")):
            edition = nbformat.read(str(made / place / master.name), 4)
            finished = _finish(edition, name, tests, written, solved=part == "instructor")
            (out / part).mkdir(parents=True, exist_ok=True)
            nbformat.write(finished, str(out / part / master.name))
        grader = out / "grader" / name
        shutil.rmtree(grader, ignore_errors=True)
        shutil.copytree(made / "autograder" / "tests", grader / "tests")
        info = _describe(name, notebook, grader / "tests")
        (grader / "assignment.json").write_text(json.dumps(info, indent=1))
        (out / "gradescope").mkdir(exist_ok=True)
        made_zip = next((made / "autograder").glob("*.zip"))
        _with_tests(made_zip, out / "gradescope" / f"{name}.zip", grader / "tests")
    found = leaks_of(name, out, hidden)
    if found:
        for part in ("student", "instructor", "gradescope"):
            for path in (out / part).glob(f"{name}.*"):
                path.unlink()
        raise ValueError(f"{name} leaks: " + "; ".join(found[:8]))
    return info


def leaks_of(name: str, out: Path, hidden: list[str]) -> list[str]:
    with tempfile.TemporaryDirectory() as alone:
        shutil.copy(out / "student" / f"{name}.ipynb", alone)
        return leaks(Path(alone), hidden)


def verify(name: str, out: Path = OUT) -> str:
    """Grade the solution (full marks) and the untouched student version (nothing at all)."""
    import judge
    import sandbox

    grader = out / "grader" / name
    if json.loads((grader / "assignment.json").read_text())["checkpoint"]:
        missing = sandbox.fetch_checkpoint()
        if missing:
            print(f"{name}: {missing}", file=sys.stderr)
    solved = judge.grade(out / "instructor" / f"{name}.ipynb", grader)
    short = [q.name for q in solved.questions if q.score < q.points]
    if short or solved.status != "graded" or solved.cell_errors:
        raise ValueError(
            f"{name}: the solution loses points on {short}; {solved.status}; "
            f"{solved.cell_errors}; {[q.notes for q in solved.questions if q.notes]}"
        )
    untouched = judge.grade(out / "student" / f"{name}.ipynb", grader)
    given = [q.name for q in untouched.questions if q.score > 0]
    if given:
        raise ValueError(f"{name}: the untouched student version gets points on {given}")
    return f"solution {solved.score:g} of {solved.score:g} in {solved.seconds:.1f} s, untouched 0"


def _finish(
    notebook: Any, name: str, tests: dict[str, Any], written: list[str], *, solved: bool
) -> Any:
    """Add the two set-up cells after the title; drop otter's tags; give cells stable ids."""
    import nbformat

    text = json.dumps(tests, indent=0, ensure_ascii=False)
    if "'''" in text:
        raise ValueError(f"{name}: a public check holds ''' and cannot be embedded")
    set_up = nbformat.v4.new_code_cell(SET_UP.format(name=name, tests=text))
    set_up.metadata = {"cellView": "form", "tags": ["hide-input", "otter_ignore"]}
    first = nbformat.v4.new_code_cell(FIRST_CELL)
    notebook.cells[1:1] = [first, set_up]
    notebook.metadata = copy.deepcopy(METADATA)
    _mark_written(notebook, written)
    for number, cell in enumerate(notebook.cells):
        if solved and cell.cell_type == "code":  # otter leaves its marks in this edition
            cell.source = re.sub(r"^ *# (BEGIN|END) SOLUTION.*\n?", "", cell.source, flags=re.M)
            cell.source = re.sub(r" *# SOLUTION.*$", "", cell.source, flags=re.M).rstrip()
        tags = [t for t in cell.metadata.get("tags", []) if not t.startswith("otter_assign")]
        keep = {
            k: v for k, v in cell.metadata.items() if k in ("editable", "deletable", "cellView")
        }
        cell.metadata = {**keep, **({"tags": tags} if tags else {})}
        cell.id = f"{name.replace('_', '-')}-{number:02d}"
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def read_questions(notebook: Any) -> list[dict[str, Any]]:
    """The questions in order: name, points, manual, and the rubric of a written one."""
    import yaml

    questions: list[dict[str, Any]] = []
    for cell in notebook.cells:
        for part in re.split(r"```otter\n", cell.source)[1:]:
            block, _, after = part.partition("```")
            if block.startswith("# BEGIN QUESTION"):
                questions.append({"manual": False, **yaml.safe_load(block)})
            if questions and "_Rubric" in after:
                questions[-1]["rubric"] = "_Rubric" + after.split("_Rubric", 1)[1].rstrip()
    return questions


def _mark_written(notebook: Any, written: list[str]) -> None:
    """Put the question's name where an answer begins, so that grade.py can collect answers."""
    places = [c for c in notebook.cells if "<!-- BEGIN QUESTION -->" in c.source]
    if len(places) != len(written):
        raise ValueError(f"{len(places)} written questions found, {len(written)} expected")
    for cell, question in zip(places, written, strict=True):
        cell.source = cell.source.replace(
            "<!-- BEGIN QUESTION -->", f"<!-- question {question} -->"
        )
    for cell in notebook.cells:
        cell.source = cell.source.replace("<!-- END QUESTION -->", "").strip("\n")
    notebook.cells = [c for c in notebook.cells if c.source or c.cell_type == "code"]


def _describe(name: str, notebook: Any, tests: Path) -> dict[str, Any]:
    """What grade.py must know of an assignment, with the number of tests of each question."""
    questions = read_questions(notebook)
    for question in questions:
        path = tests / f"{question['name']}.py"
        text = path.read_text() if path.exists() else ""
        total = len(re.findall(r"^@test_case\(", text, re.M))
        hidden = len(re.findall(r"^@test_case\([^)]*hidden=True", text, re.M))
        question["public"], question["hidden"] = total - hidden, hidden
        if not question["manual"] and hidden == 0:
            raise ValueError(f"{name}: {question['name']} has no hidden test")
    needs = any("minilm_folder" in cell.source for cell in notebook.cells)
    headings = [
        line
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("## ")
    ]
    return {"name": name, "checkpoint": needs, "headings": headings, "questions": questions}


def _environment(text: str) -> str:
    """otter's list of requirements, with git (the book's module is fetched by it) and with the
    small torch: the usual one brings gigabytes for graphics cards that a grading image lacks."""
    for before, after in (
        ("dependencies:\n", "dependencies:\n  - git\n"),
        ("  - pip:\n", f"  - pip:\n      - --extra-index-url {CPU_TORCH}\n"),
    ):
        if text.count(before) != 1:
            raise ValueError("otter's environment.yml is not as expected")
        text = text.replace(before, after)
    return text


def _with_tests(source: Path, target: Path, tests: Path) -> None:
    """Copy otter's zip with our test files (those with the helpers) in place of its own."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            path = Path(item.filename)
            if path.parts[:1] == ("tests",) and path.suffix == ".py":
                new.writestr(item, (tests / path.name).read_text())
            elif item.filename == "environment.yml":
                new.writestr(item, _environment(old.read(item).decode()))
            else:
                new.writestr(item, old.read(item))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=NAMES, help="assignments (default: all)")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--no-verify", action="store_true", help="skip grading the two versions")
    args = parser.parse_args(argv)
    for name in args.names:
        try:
            info = build(name, args.out)
            checked = "" if args.no_verify else f"; {verify(name, args.out)}"
        except ValueError as error:
            print(f"not built: {error}", file=sys.stderr)
            return 1
        automatic = sum(not q["manual"] for q in info["questions"])
        points = sum(q["points"] for q in info["questions"])
        print(
            f"{name}: {len(info['questions'])} questions, {automatic} automatic, "
            f"{points:g} points{checked}"
        )
    print(f"student, instructor, gradescope and grader files: {args.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
