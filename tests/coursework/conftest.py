"""The assignments, built once a run, and their solved notebooks as names to try answers on."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

COURSEWORK = Path(__file__).resolve().parents[2] / "coursework"
sys.path[:0] = [str(COURSEWORK / room) for room in (".", "assignments", "grader")]

import build  # noqa: E402  found in the folder just added


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything `make coursework` writes."""
    out = tmp_path_factory.mktemp("coursework")
    for name in build.NAMES:
        build.build(name, out)
    return out


@pytest.fixture(scope="session")
def solved(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """By assignment: the names that its solved notebook defines, run in this process."""
    names = {}
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("solved"))
    for name in build.NAMES:
        notebook = json.loads((made / "instructor" / f"{name}.ipynb").read_text())
        space: dict[str, Any] = {"__name__": "__main__"}
        exec("import numpy as np\nimport torch", space)
        for cell in notebook["cells"]:
            source = "".join(cell["source"])
            skip = "%pip" in source or source.startswith("grader.")
            if cell["cell_type"] == "code" and not skip:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(source, f"{name}.ipynb", "exec"), space)
        names[name] = space
    os.chdir(before)
    return names
