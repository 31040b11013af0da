"""Where fetched weights and what was measured of them are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """$SUPERPOSITION_CACHE, or superposition-book in $XDG_CACHE_HOME (~/.cache); may not exist."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("SUPERPOSITION_CACHE") or user / "superposition-book")
