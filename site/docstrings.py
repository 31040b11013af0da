"""Docstrings as the page of the module's functions shows them: as they are written.

Sphinx reads docstrings as reStructuredText. Ours are plain text in which `W` is code and |cos| a
formula; here what reStructuredText would take for markup is made plain, and code is marked as code.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

MARKUP = re.compile(r"[\\*|]|_(?=\W|$)")


def plain(app: Sphinx, kind: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Sphinx's hook for a docstring, `lines`, which it changes in place."""
    example = False
    for k, line in enumerate(lines):
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if not example:
            parts = re.split(r"(`[^`]+`)", line)
            lines[k] = "".join(
                f"`{part}`" if part.startswith("`") else MARKUP.sub(r"\\\g<0>", part)
                for part in parts
            )


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("autodoc-process-docstring", plain)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
