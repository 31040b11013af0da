"""The book as files: what the table of contents lists, and where the build left it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
HTML = ROOT / "_build" / "html"
CACHE = ROOT / "_build" / ".jupyter_cache"
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
REPOSITORY: str = CONFIG["repository"]["url"]


def pages() -> list[str]:
    """Every page of _toc.yml in reading order, as the path below the root without its ending."""

    def walk(node: Any) -> list[str]:
        if isinstance(node, list):
            return [page for part in node for page in walk(part)]
        if not isinstance(node, dict):
            return []
        own = [node[key] for key in ("root", "file") if key in node]
        return own + [page for value in node.values() for page in walk(value)]

    return walk(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8")))


def chapters() -> list[str]:
    """The pages that are notebooks: those that run."""
    return [page for page in pages() if (ROOT / f"{page}.ipynb").exists()]


def tracked() -> list[str]:
    """Paths of the repository's files, as they will be committed: no build, no environment."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for path in done.stdout.split("\0") if path and (ROOT / path).is_file()]


def copy(target: Path) -> Path:
    """The repository's files copied to `target`: what a fresh clone would hold."""
    for path in tracked():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, target / path)
    return target
