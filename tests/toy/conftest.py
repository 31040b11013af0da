"""What every test of the toy model's training shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def nothing_kept() -> Iterator[None]:
    """No kept model stands in for training: a fault in the engine would pass unseen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SUPERPOSITION_RUNS", raising=False)
        yield
