"""The workflows are what GitHub accepts, may do little, and name only what exists."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

import book

WORKFLOWS = sorted((book.ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((book.ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
MAKEFILE = (book.ROOT / "Makefile").read_text(encoding="utf8")
PINNED = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
# Rights that a job may ask for beyond reading, and the only jobs that may ask.
WRITERS = {
    ("publish", "deploy"): {"pages": "write", "id-token": "write"},
    ("publish", "release"): {"contents": "write"},
    ("scheduled", "versions"): {"contents": "read", "issues": "write"},
}


def unpinned(text: str) -> list[str]:
    """The `uses:` lines that do not name a commit and, beside it, the version that it is."""
    used = re.findall(r"^\s*(?:-\s+)?uses:\s*(.+?)\s*$", text, re.MULTILINE)
    return [line for line in used if not PINNED.fullmatch(line)]


def too_much(name: str, workflow: dict[str, Any]) -> list[str]:
    """Rights that are not read-only, in the file's head or in a job that WRITERS does not name."""
    found = [] if workflow.get("permissions") == {"contents": "read"} else ["the whole workflow"]
    for key, job in workflow["jobs"].items():
        asked = job.get("permissions")
        if asked is not None and asked != WRITERS.get((name, key)):
            found.append(key)
    return found


def missing(text: str) -> list[str]:
    """make targets and files of the repository that a text names and that do not exist."""
    targets = set(re.findall(r"\bmake ([a-z]+)", text))
    known = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    files = set(re.findall(r"(?<![\w./@-])(?:tests|tools|\.ci|chapters|src)/[\w./*-]+", text))
    files |= set(re.findall(r"'(\w+\.(?:txt|toml))'", text))
    gone = [file for file in files if not list(book.ROOT.glob(file))]
    return sorted(targets - known) + sorted(gone)


def schema(name: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """What check-jsonschema says, offline, by a schema that it carries."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", name, *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("name", "files"),
    [("vendor.github-workflows", WORKFLOWS), ("vendor.github-issue-forms", FORMS)],
)
def test_github_accepts_them(name: str, files: list[Path]) -> None:
    assert len(files) >= 2
    done = schema(name, *files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_slip_in_a_workflow_is_found(tmp_path: Path) -> None:
    slip = tmp_path / "slip.yml"
    slip.write_text(WORKFLOWS[0].read_text().replace("runs-on:", "run-on:"))
    assert schema("vendor.github-workflows", slip).returncode == 1


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_pinned_has_few_rights_and_names_what_exists(path: Path) -> None:
    text = path.read_text(encoding="utf8")
    workflow = yaml.safe_load(text)
    assert unpinned(text) == []
    assert too_much(path.stem, workflow) == []
    assert missing(text) == []
    # A job without a limit runs for six hours when something hangs.
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    # What others may choose (a title, a branch's name) never becomes part of a command.
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert not [step for step in steps if "${{" in step.get("run", "")]
    kept = [s for s in steps if "actions/checkout@" in s.get("uses", "")]
    assert all(step["with"]["persist-credentials"] is False for step in kept)


def test_faults_are_found() -> None:
    assert unpinned("  - uses: actions/checkout@v4\n") == ["actions/checkout@v4"]
    assert unpinned(f"    uses: actions/cache@{'a' * 40}\n") == [f"actions/cache@{'a' * 40}"]
    assert unpinned(f"  - uses: actions/cache@{'a' * 40} # v4.2.3\n") == []
    jobs = {"book": {"permissions": {"contents": "write"}}, "deploy": {}}
    assert too_much("publish", {"jobs": jobs}) == ["the whole workflow", "book"]
    assert missing("run: make boook && bash .ci/runs; make book") == ["boook", ".ci/runs"]
    assert missing("hashFiles('constrains.txt')") == ["constrains.txt"]


def test_the_module_is_tested_on_three_systems_from_the_oldest_python_on() -> None:
    workflow = yaml.safe_load((book.ROOT / ".github/workflows/test.yml").read_text("utf8"))
    matrix = workflow["jobs"]["module"]["strategy"]["matrix"]
    assert {name.split("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    project = tomllib.loads((book.ROOT / "pyproject.toml").read_text("utf8"))["project"]
    assert project["requires-python"] == f">={matrix['python'][0]}"
    assert all(version in SpecifierSet(project["requires-python"]) for version in matrix["python"])
    pins = (book.ROOT / "constraints.txt").read_text(encoding="utf8").splitlines()
    (torch,) = [line for line in pins if line.startswith("torch==")]
    assert f'"{torch}"' in str(workflow["jobs"]["module"]["steps"]), "torch is not at its pin"
