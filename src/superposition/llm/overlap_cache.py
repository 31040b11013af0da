"""What was measured of an output matrix, kept as a small record by model and commit."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from superposition.llm.cache_folder import cache_folder
from superposition.running.store import put


@dataclass(frozen=True)
class OverlapStatistics:
    """What was measured of one output matrix; cosines over pairs i ≠ j of non-zero rows."""

    model: str
    revision: str | None
    tensor: str
    note: str
    n: int
    m: int
    zero_rows: int  # left out: their cosines are not defined
    mean_squared_overlap: float


def record_path(key: str) -> Path:
    """Where a result is kept."""
    return cache_folder() / "heads" / (re.sub(r"[^\w.-]+", "--", key).strip("-") + ".json")


def remembered(path: Path) -> OverlapStatistics | None:
    """What is kept there, or None: nothing, or not a record of this form."""
    try:
        return OverlapStatistics(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def remember(path: Path, result: OverlapStatistics) -> None:
    put(path, lambda scratch: scratch.write_text(json.dumps(asdict(result))))
