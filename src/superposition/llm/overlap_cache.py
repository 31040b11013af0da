"""What was measured of an output matrix, kept as a small record by model and commit."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from superposition.llm.cache_folder import cache_folder
from superposition.running.store import put


@dataclass(frozen=True)
class OverlapStatistics:
    """What the rows of one output matrix look like; cosines over pairs i ≠ j of non-zero rows."""

    model: str
    revision: str | None
    tensor: str
    note: str
    n: int
    m: int
    zero_rows: int  # left out of every other number: their cosines are not defined
    mean_squared_overlap: float
    centred_overlap: float | None  # the same after removing the mean row; None if not asked for
    norm_mean: float
    norm_std: float
    norm_min: float
    norm_max: float
    represented: float  # share of rows longer than half the mean norm
    norm_by_id: tuple[float, ...]  # mean norm in 64 equal groups of token ids, in order
    bytes_fetched: int
    seconds: float


def record_path(key: str) -> Path:
    """Where a result is kept."""
    return cache_folder() / "heads" / (re.sub(r"[^\w.-]+", "--", key).strip("-") + ".json")


def remembered(path: Path, centre: bool) -> OverlapStatistics | None:
    try:
        known = OverlapStatistics(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    known = replace(known, norm_by_id=tuple(known.norm_by_id))
    return None if centre and known.centred_overlap is None else known


def remember(path: Path, result: OverlapStatistics) -> None:
    put(path, lambda scratch: scratch.write_text(json.dumps(asdict(result))))
