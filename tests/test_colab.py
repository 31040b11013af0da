"""A rehearsal of Colab: one notebook, an empty folder, and what Colab has installed.

The environment is new, and has the versions of tests/colab.txt where those exist for this
Python as small wheels; the rest of Colab's packages (torch above all) come from the environment
that runs the tests, through links to each package but the book's own. Whatever pip would like
to replace there it would install in front of them, so every version is compared afterwards. The
repository is served from a local git folder, by git's own rewriting of its address.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import nbformat
import pytest

import book

pytestmark = pytest.mark.chapters

# The book itself, and what setuptools hooks into every start of this environment.
NOT_LINKED = ("superposition", "__editable__", "_distutils_hack", "distutils-precedence")
FROM_THE_TESTS = {"torch"}  # gigabytes from the index
VERSIONS = """
import importlib.metadata as m, json
print(json.dumps({d.name.lower(): d.version for d in reversed(list(m.distributions()))}))
"""
RUN = """
import sys, nbformat, nbclient
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
nbformat.write(notebook, "ran.ipynb")
"""


class Colab:
    """An environment like Colab's; `python(...)` runs its Python in an empty folder."""

    def __init__(self, folder: Path, address: str):
        self.work, home, repository = folder / "content", folder / "venv", folder / "repository"
        self.work.mkdir()
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
        git = ["git", "-c", "user.name=tests", "-c", "user.email=tests", "-C", repository]
        book.copy(repository)
        subprocess.run([*git, "init", "--quiet"], check=True)
        subprocess.run([*git, "add", "--all"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message=copy"], check=True)
        self.environment = {
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
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_CONS"))}
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


def test_a_chapter_runs_in_colab_and_leaves_its_packages_alone(tmp_path: Path) -> None:
    colab = Colab(tmp_path, book.REPOSITORY)
    before = colab.versions()
    assert before["numpy"] == "2.0.2" and before["ipython"] == "7.34.0"
    with pytest.raises(AssertionError, match="No module named 'superposition'"):
        colab.python("-c", "import superposition")
    notebook = book.ROOT / f"{book.chapters()[0]}.ipynb"
    shutil.copy(notebook, colab.work)
    colab.python("-c", RUN, notebook.name)
    after = colab.versions()
    assert after.pop("superposition-book") == "0.1.0"
    assert after == before
    ran = nbformat.read(colab.work / "ran.ipynb", as_version=4)
    assert not any(out.output_type == "error" for c in ran.cells for out in c.get("outputs", []))
