"""Results kept on disk, so that one page or campaign need not compute again what another has.

SUPERPOSITION_RUNS names the folder, as the build of the book does. Without it nothing is kept, but
on Colab: there each page trains for itself, on a machine that is thrown away in the end. A result
is kept under a version of what computes it and all that it was asked for: with either changed, it
is computed anew. Who computes says when its numbers move by a new version; a comment changes none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def folder() -> Path | None:
    """$SUPERPOSITION_RUNS, or on Colab a folder of its machine; None: nothing is kept."""
    if named := os.environ.get("SUPERPOSITION_RUNS"):
        return Path(named)
    if "google.colab" in sys.modules:
        return Path.home() / ".cache" / "superposition-book" / "runs"
    return None


def place(version: object, *settings: object) -> Path | None:
    """Where the result of these settings is kept; None if nothing is to be kept.

    Settings are tensors, or print all that they hold.
    """
    where = folder()
    if where is None:
        return None
    key = hashlib.sha256()
    for part in (torch.__version__, version, *settings):
        key.update(part.numpy().tobytes() if isinstance(part, Tensor) else repr(part).encode())
        key.update(b"\0")
    return where / f"{key.hexdigest()[:40]}.pt"


def find(path: Path | None) -> dict[str, Any] | None:
    """What is kept there, or None: not asked to keep, not there, or not whole."""
    if path is None or not path.exists():
        return None
    try:
        found: dict[str, Any] = torch.load(path, weights_only=True)
    except Exception:  # a file cut short can fail in any way, and costs a repeat
        return None
    return found


def keep(path: Path | None, result: dict[str, Any]) -> None:
    """Keep a result of tensors, numbers, strings and lists, where it is to be kept."""
    if path is not None:
        put(path, lambda scratch: torch.save(result, scratch))


def put(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make the file at `path`: whole or not at all."""
    with contextlib.suppress(OSError):  # a full or read-only disk costs a repeat, nothing else
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}")
        write(scratch)
        scratch.replace(path)
