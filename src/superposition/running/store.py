"""Results kept on disk, so that one page or campaign need not compute again what another has.

Nothing is kept unless SUPERPOSITION_RUNS names a folder, as the build of the book does. A result
is kept under a version of what computes it and all that it was asked for: with either changed, it
is computed anew. Who computes says when its numbers move by a new version; a comment changes none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def place(version: object, *settings: object) -> Path | None:
    """Where the result of these settings is kept; None if nothing is to be kept.

    Settings are tensors, or print all that they hold.
    """
    folder = os.environ.get("SUPERPOSITION_RUNS")
    if not folder:
        return None
    key = hashlib.sha256()
    for part in (torch.__version__, version, *settings):
        key.update(part.numpy().tobytes() if isinstance(part, Tensor) else repr(part).encode())
        key.update(b"\0")
    return Path(folder) / f"{key.hexdigest()[:40]}.pt"


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
