"""What a notebook shows while it trains: how long that will take, before it begins, and a bar.

The book's build sets tqdm's variable TQDM_DISABLE, and its pages show neither.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable

from tqdm.auto import tqdm

from superposition.running import executors, store

_TIMED = 5  # steps


def bar(models: int, *, wanted: bool, long: bool) -> tqdm:
    """A bar that counts trained models and leaves nothing behind; TQDM_DISABLE hides it.

    Of work that is not long nothing is shown unless it takes more than a second.
    """
    # tqdm's own variable, which its notebook bar overlooks
    hidden = not wanted or bool(os.environ.get("TQDM_DISABLE"))
    return tqdm(total=models, disable=hidden, leave=False, unit="model", delay=0 if long else 1)


def seconds_a_step(step: Callable[[int], object]) -> float:
    """What `step(t)` takes from its second time on; t counts the steps from 0."""
    step(0)
    began = time.perf_counter()
    for t in range(1, _TIMED + 1):
        step(t)
    return (time.perf_counter() - began) / _TIMED


def estimate(models: int, least: list[float], most: list[float]) -> str:
    """A sentence for the reader who waits; `least` and `most` are seconds of each piece of work."""
    cores = executors.count()
    low, high = (max(sum(pieces) / cores, *pieces) for pieces in (least, most))
    many = "1 model" if models == 1 else f"{models} models"
    said = f"Training {many} on {cores} core{'s' * (cores > 1)}: {span(low, high)}."
    kept = store.folder()
    return f"{said} Kept in {kept}, and not trained again." if kept else said


def span(low: float, high: float) -> str:
    """Two times in seconds as words: "about 40 seconds", "2 to 5 minutes".

    >>> span(31, 33), span(31, 64), span(200, 200)
    ('about 35 seconds', '35 to 65 seconds', 'about 4 minutes')
    """
    unit, name = (5, "seconds") if high < 120 else (60, "minutes")
    first, last = (unit * math.ceil(seconds / unit) for seconds in (low, high))
    if name == "minutes":
        first, last = first // 60, last // 60
    return f"about {last} {name}" if first == last else f"{first} to {last} {name}"
