"""No progress bars in a built page: nobody waits there, and a finished bar would stay as litter."""

from __future__ import annotations

import os
from typing import Any

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """The kernels that run the pages inherit the variable, and the module's sweeps obey it."""
    os.environ.setdefault("TQDM_DISABLE", "1")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
