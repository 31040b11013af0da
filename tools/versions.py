"""Module and chapters against the oldest and the newest releases that pyproject.toml allows.

    python tools/versions.py [oldest] [newest]

Both by default, each in a new environment under build/versions. "Oldest" is the last patch of
each lower bound's series, and needs Python 3.11 or 3.12: later ones have no wheels of numpy 1.26.
torch stays at its pin: a looser request downloads gigabytes, and its oldest releases know no
Python of today.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ["test_features.py", "test_geometry.py", "test_power_law.py", "test_theory.py", "toy"]
# What running the tests takes.
TOOLS = ["beautifulsoup4", "ipykernel", "nbclient", "nbformat", "pytest", "pyyaml"]
RUN = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=1800, kernel_name="python3").execute()
"""


def requirements(which: str) -> list[str]:
    """The package's own requirements, each at its lower bound or left to pip; torch pinned."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf8").splitlines()
    lines = [line for line in constraints if re.match("torch==", line)] + TOOLS
    for text in project["dependencies"]:
        bound = re.fullmatch(r"([\w.-]+)>=([\d.]+).*", text)
        if not bound:
            raise ValueError(f"pyproject.toml: no lower bound to test in {text!r}")
        if bound[1] != "torch":
            lines.append(f"{bound[1]}=={bound[2]}.*" if which == "oldest" else text)
    return lines


def check(which: str) -> list[str]:
    """What failed with these releases; empty when all is well."""
    home = ROOT / "build" / "versions" / which
    venv.create(home, with_pip=True, clear=True)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
    if subprocess.run([*pip, *requirements(which)]).returncode:
        return ["installing them"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", ROOT], check=True)
    subprocess.run([python, "-m", "pip", "list"], check=True)
    files = [f"tests/{test}" for test in TESTS]
    failed = []
    if subprocess.run([python, "-m", "pytest", "-q", *files], cwd=ROOT).returncode:
        failed.append("the module's tests")
    for chapter in sorted((ROOT / "chapters").glob("*.ipynb")):
        print(chapter.name, flush=True)
        if subprocess.run([python, "-c", RUN, chapter.name], cwd=chapter.parent).returncode:
            failed.append(chapter.name)
    return failed


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["oldest", "newest"]
    if not set(wanted) <= {"oldest", "newest"}:
        sys.exit("say which: python tools/versions.py [oldest] [newest]")
    found = {which: check(which) for which in wanted}
    sys.exit("; ".join(f"{k}: failed: {', '.join(v)}" for k, v in found.items() if v) or 0)
