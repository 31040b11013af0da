"""A rehearsal of Colab: one notebook, an empty folder, and what Colab has installed.

The environment is new, and has the versions of tests/colab.txt where those exist for this
Python as small wheels; the rest of Colab's packages (torch above all) come from the environment
that runs the tests, through links to each package but the book's own. Whatever pip would like
to replace there it would install in front of them, so every version is compared afterwards. The
repository is served from a local git folder, by git's own rewriting of its address.

tests/project/test_walk.py always rehearses the opening page. COLAB_ALL=1 rehearses every chapter
and the solution of every assignment, each on a machine of its own: many minutes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest

import book
from notebook_rules import FIRST_CELL
from superposition.llm.cache_folder import cache_folder

pytestmark = pytest.mark.chapters

# The book itself, and what setuptools hooks into every start of this environment.
KEPT = Path(".cache") / "superposition-book" / "runs"  # below a machine's home
NOT_LINKED = ("superposition", "__editable__", "_distutils_hack", "distutils-precedence")
FROM_THE_TESTS = {"torch"}  # gigabytes from the index
VERSIONS = """
import importlib.metadata as m, json
print(json.dumps({d.name.lower(): d.version for d in reversed(list(m.distributions()))}))
"""
RUN = """
import json, resource, sys, time
import nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
began = time.monotonic()
nbclient.NotebookClient(notebook, timeout=1800, kernel_name="python3").execute()
seconds = time.monotonic() - began
nbformat.write(notebook, "ran.ipynb")
# Linux counts in KiB, and the kernel, which has ended, is the largest child there was.
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024]))
"""
ONLY_IF_ASKED = pytest.mark.skipif(
    os.environ.get("COLAB_ALL", "0") == "0", reason="many minutes: COLAB_ALL=1 asks for it"
)
# What otter-grader 7 asks for newer than Colab has it (ipywidgets from 8.1.5 on). Whether Colab's
# own front end draws the newer widgets (progress bars) no rehearsal without it can tell.
OTTERS = frozenset({"ipywidgets", "jupyterlab_widgets", "widgetsnbextension"})


def commit(repository: Path) -> None:
    """Everything in a folder as one commit."""
    git = ["git", "-c", "user.name=tests", "-c", "user.email=tests", "-C", repository]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=all of it"], check=True)


class Colab:
    """An environment like Colab's; `python(...)` runs its Python in an empty folder."""

    def __init__(self, folder: Path, address: str, source: Path | None = None):
        """`source` is a repository to clone in place of the files of this one."""
        self.work, home, repository = folder / "content", folder / "venv", folder / "repository"
        self.home = folder / "root"
        self.work.mkdir()
        self.home.mkdir()
        venv.create(home, with_pip=False, symlinks=True)
        self.bin = home / "bin" / "python"
        site = Path(self.python("-c", "import sysconfig; print(sysconfig.get_path('purelib'))"))
        linked = folder / "linked"
        linked.mkdir()
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if not entry.name.startswith(NOT_LINKED) and entry.suffix != ".pth":
                (linked / entry.name).symlink_to(entry)
        (site / "linked.pth").write_text(f"{linked}\n", encoding="utf8")
        (site / "google" / "colab").mkdir(parents=True)
        (site / "google" / "colab" / "__init__.py").touch()
        startup = folder / "ipython" / "profile_default" / "startup"
        startup.mkdir(parents=True)
        (startup / "00-colab.py").write_text("import google.colab\n", encoding="utf8")
        if source:
            subprocess.run(["git", "clone", "--quiet", source, repository], check=True)
        else:
            commit(book.copy(repository))
        self.environment = {
            "HOME": str(self.home),
            "SUPERPOSITION_CACHE": str(cache_folder()),  # fetched weights, not trained models
            "IPYTHONDIR": str(folder / "ipython"),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": address,
            "GIT_ALLOW_PROTOCOL": "file",  # no other way out
        }
        lines = (book.ROOT / "tests" / "colab.txt").read_text(encoding="utf8").splitlines()
        wanted = [ln for ln in lines if "==" in ln and ln.split("==")[0] not in FROM_THE_TESTS]
        self.python("-m", "pip", "install", "--quiet", "--only-binary=:all:", *wanted)

    def python(self, *arguments: str | Path) -> str:
        """What this Python prints; fails with what it said on stderr."""
        ours = ("PYTHON", "PIP_CONS", "SUPERPOSITION", "TQDM")
        outside = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        done = subprocess.run(
            [self.bin, *arguments],
            cwd=self.work,
            env={**outside, **getattr(self, "environment", {})},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.strip()

    def versions(self) -> dict[str, str]:
        return json.loads(self.python("-c", VERSIONS))

    def run(self, notebook: str) -> tuple[Any, float, float]:
        """A notebook after it ran here, the seconds that took, and its megabytes."""
        seconds, megabytes = json.loads(self.python("-c", RUN, notebook).splitlines()[-1])
        ran = nbformat.read(self.work / "ran.ipynb", as_version=4)
        ran.cells = [cell for cell in ran.cells if cell.cell_type == "code"]
        assert not any(out.output_type == "error" for cell in ran.cells for out in cell.outputs)
        return ran, seconds, megabytes


def told(notebook: Any) -> list[str]:
    """The estimates that a notebook printed."""
    outputs = [out for cell in notebook.cells for out in cell.outputs]
    printed = "".join(out.text for out in outputs if out.output_type == "stream")
    return re.findall(r"Training \d+ models? on .*", printed)


def rehearse(
    folder: Path,
    notebook: Path,
    capsys: pytest.CaptureFixture[str],
    address: str = book.REPOSITORY,
    source: Path | None = None,
    replaced: frozenset[str] = frozenset(),
) -> None:
    """Run a notebook on a machine of its own; say what it took. `replaced` may change there."""
    colab = Colab(folder, address, source)
    before = colab.versions()
    assert before["numpy"] == "2.0.2" and before["ipython"] == "7.34.0"
    with pytest.raises(AssertionError, match="No module named 'superposition'"):
        colab.python("-c", "import superposition")
    shutil.copy(notebook, colab.work)
    ran, seconds, megabytes = colab.run(notebook.name)
    after = colab.versions()
    assert after.pop("superposition-book") == "0.1.0"
    assert {name for name in before | after if before.get(name) != after.get(name)} == replaced
    kept = list((colab.home / KEPT).glob("*.pt"))
    if kept:  # else the page trained nothing, or nothing that it could find again
        assert all(f"Kept in {colab.home / KEPT}" in line for line in told(ran))
    times = ran.cells[0].metadata.execution
    begun, done = (
        datetime.fromisoformat(times[key].replace("Z", "+00:00"))
        for key in ("iopub.execute_input", "shell.execute_reply")
    )
    waited = (done - begun).total_seconds()
    with capsys.disabled():
        print(
            f"\n{notebook.name} in Colab's versions: {seconds:.0f} s, of these {waited:.0f} s "
            f"until the module was there; {megabytes:.0f} MB"
        )


TRAINS = """
from superposition import features, toy
runs = toy.grid(p=features.power_law(12, 1.0), m={widths}, weight_decay=-1.0)
toy.sweep(runs, steps=3200, check=False)
"""


def test_a_second_page_of_a_runtime_trains_only_what_the_first_did_not(tmp_path: Path) -> None:
    """Two pages on one machine; how long comes before the training, and the bar after it."""
    colab, said = Colab(tmp_path, book.REPOSITORY), []
    for name, widths in (("first", [2, 3]), ("second", [2, 3, 4]), ("third", [2, 4])):
        cells = [nbformat.v4.new_code_cell(FIRST_CELL)]
        cells += [nbformat.v4.new_code_cell(TRAINS.format(widths=widths))]
        page = nbformat.v4.new_notebook(cells=cells)
        nbformat.write(page, colab.work / f"{name}.ipynb")
        said.append(told(colab.run(f"{name}.ipynb")[0]))
    assert [len(lines) for lines in said] == [1, 1, 0]
    assert said[0][0].startswith("Training 2 models on")
    assert said[1][0].startswith("Training 1 model on")
    assert len(list((colab.home / KEPT).glob("*.pt"))) == 3


@ONLY_IF_ASKED
@pytest.mark.parametrize("page", book.chapters())
def test_a_chapter_runs_in_colab_and_leaves_its_packages_alone(
    page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rehearse(tmp_path, book.ROOT / f"{page}.ipynb", capsys)


@ONLY_IF_ASKED
@pytest.mark.parametrize(
    "name", sorted(path.stem for path in book.ROOT.glob("coursework/assignments/*.md"))
)
def test_an_assignment_runs_in_colab(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its solution: an untouched assignment stops at the first question, as it should."""
    command = [sys.executable, book.ROOT / "coursework" / "build.py", name, "--no-verify"]
    subprocess.run([*command, "--out", tmp_path / "made"], check=True)
    (tmp_path / "machine").mkdir()
    solution = tmp_path / "made" / "instructor" / f"{name}.ipynb"
    rehearse(tmp_path / "machine", solution, capsys, replaced=OTTERS)
