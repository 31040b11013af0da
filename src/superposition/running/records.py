"""Trained models kept on disk, so that one page need not train again what another has trained.

Nothing is kept unless SUPERPOSITION_RUNS names a folder, as the build of the book does. A run is
kept under all that it was asked for and the text of the code that trains: with either changed,
it is trained anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

_CODE = ("features.py", "toy/engine.py", "toy/recipes.py", "toy/sweeps.py", "toy/variants.py")


@cache
def _code() -> bytes:
    here = Path(__file__).parents[1]
    return b"".join((here / name).read_bytes() for name in _CODE) + torch.__version__.encode()


def place(*settings: object) -> Path | None:
    """Where the run of these settings is kept; None if nothing is to be kept."""
    folder = os.environ.get("SUPERPOSITION_RUNS")
    if not folder:
        return None
    key = hashlib.sha256(_code())
    for part in settings:
        key.update(part.numpy().tobytes() if isinstance(part, Tensor) else repr(part).encode())
        key.update(b"\0")
    return Path(folder) / f"{key.hexdigest()[:40]}.pt"


def load(path: Path | None) -> dict[str, Any] | None:
    """What is kept there, or None: not asked to keep, not there, or not whole."""
    if path is None or not path.exists():
        return None
    try:
        found: dict[str, Any] = torch.load(path, weights_only=True)
    except Exception:  # a file cut short can fail in any way, and costs a repeat
        return None
    return found


def keep(path: Path | None, run: dict[str, Any]) -> None:
    """Keep a run of tensors, numbers, strings and lists, where it is to be kept."""
    if path is not None:
        put(path, lambda scratch: torch.save(run, scratch))


def put(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make the file at `path`: whole or not at all."""
    with contextlib.suppress(OSError):  # a full or read-only disk costs a repeat, nothing else
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}")
        write(scratch)
        scratch.replace(path)
