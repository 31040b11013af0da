"""Chapter 2's own cells, update by update, against the definition of the model."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

import cells
import updates

pytestmark = pytest.mark.chapters  # the page trains models above the cell


@pytest.mark.parametrize("gamma", updates.DECAYS)
def test_the_cells_of_chapter_2_make_the_updates_of_the_definition(gamma: float) -> None:
    names = cells.run("02_weak_vs_strong", last="plain-training")
    p, _, _, batches = updates.task()
    steps, peak = len(batches), 0.02
    loss_on, before = names["loss_on"], []

    def seen(x: torch.Tensor, W: torch.Tensor, b: torch.Tensor) -> Any:
        before.append((W.detach().clone(), b.detach().clone()))
        return loss_on(x, W, b)

    given = iter(batches)
    names |= {"batch": lambda *_: next(given), "loss_on": seen}
    last = names["train_plainly"](p, 3, gamma, seed=1, steps=steps, peak=peak)
    # The schedule as the page says it: up for a tenth of the time, then down along a cosine.
    rates = [
        peak * min(10 * t / steps, (1 + math.cos(math.pi * t / steps)) / 2) for t in range(steps)
    ]
    made = updates.reference(batches, *before[0], rates, gamma)
    for ours, theirs in zip([*before[1:], last], made, strict=True):
        updates.same(ours, theirs)
