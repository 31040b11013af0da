"""What the first page says below its board, and that it falls with broken physics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import cells
from sentences import own_and_seeds, says
from superposition import features, geometry, toy
from superposition.toy import engine, sweeps
from superposition.toy.model import reconstruct

PAGE = "00_start_here"
GROW, DROP = -1.0, 1.0


@pytest.fixture(scope="module", params=own_and_seeds({"SEEDS": [2, 3]}))
def chapter(request: pytest.FixtureRequest) -> dict[str, Any]:
    return cells.run(PAGE, settings=request.param)


def hold(results: list, chapter: dict) -> None:
    """What the page says under its last figure. Losses scatter by 1 to 3 % over seeds."""
    grow, drop = (chapter["losses"](gamma, results).mean(0) for gamma in (GROW, DROP))
    assert grow[0] == pytest.approx(drop[0], rel=0.12), "close at the narrow end"
    assert grow[-1] < 0.75 * drop[-1], "then they part"
    left = grow[1:] / grow[:-1]
    assert left[0] > left[1] > left[2], "the shares left by one doubling shrink: no straight line"
    assert left[-1] < 0.5 < left[0]
    other = drop[1:] / drop[:-1]
    assert np.abs(other - 0.5).max() > 0.05, "decay halves the loss every time"


def test_what_lights_between_two(chapter):
    says(PAGE, "*rain*, which stands between them")
    W = torch.tensor(chapter["W"], dtype=torch.float64)
    x = torch.tensor([[0.0, 1, 0, 1, 0]], dtype=torch.float64)  # sandwich and violin
    y = reconstruct(x, W, torch.full((5,), -0.31, dtype=torch.float64))[0]
    assert [name for name, v in zip(chapter["things"], y, strict=True) if v > 0.005] == ["rain"]


def test_forty_bars_sink(chapter):
    says(PAGE, "With two numbers, many bars are nearly as long as the one that is on. With forty")
    heard = [np.sort(V[1:] @ V[0])[::-1] for V in chapter["forty"]]
    assert (heard[0] > 0.8).sum() >= 5 and (heard[-1] > 0.5).sum() == 0


def test_squared_overlaps_lie_on_the_line(chapter):
    says(PAGE, "From $m=8$ on the squared overlap keeps near its law; the loss does not")
    squared, m = chapter["squared"], np.array(chapter["WIDTHS"])
    assert m[1] == 8 and np.abs(np.log(squared * m))[1:].max() < 0.25
    shares = squared[1:] / squared[:-1]
    assert (shares > 0.35).all() and (shares < 0.55).all()


def test_conclusions(chapter):
    says(PAGE, "At the narrow end the two are close. Then they part, and growth loses less.")
    says(PAGE, "it falls more slowly than the dotted line at first, and faster at the end")
    says(
        PAGE, "the same widths under **decay**, a pull towards 0, which makes models drop features."
    )
    for m in chapter["WIDTHS"]:
        phi = {
            gamma: np.mean(
                [
                    geometry.represented_fraction(r.W)
                    for r in chapter["results"]
                    if (r.m, r.weight_decay) == (m, gamma)
                ]
            )
            for gamma in (GROW, DROP)
        }
        assert phi[DROP] < phi[GROW] - 0.2
    says(PAGE, "Not every time. Neither curve keeps to a straight line")
    hold(chapter["results"], chapter)


def test_the_closing_sentence(chapter):
    says(PAGE, "**More things than numbers, kept apart because they seldom meet: that is")
    says(PAGE, "In the toy each doubling cuts the squared overlap to about the same share, and the")
    overlap = chapter["squared"][1:] / chapter["squared"][:-1]
    grow = chapter["losses"](GROW, chapter["results"]).mean(0)
    loss = grow[1:] / grow[:-1]
    assert overlap.max() / overlap.min() < 1.35 and (np.diff(loss) < -0.1).all()
    wide = [r for r in chapter["results"] if r.weight_decay == GROW and r.m == 32]
    kept = [geometry.represented_fraction(r.W) for r in wide]
    assert min(kept) > 0.99, "more features kept than numbers"
    assert chapter["words"].sum() < 1.01, "one is present at a time, on average"


def retrained(chapter: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[toy.ToyResult]:
    """The page's models of one seed, trained for a third of the time, none from the store."""
    monkeypatch.delenv("SUPERPOSITION_RUNS", raising=False)
    monkeypatch.setitem(chapter, "SEEDS", chapter["SEEDS"][:1])
    p = [features.power_law(chapter["N"], 1.0)]
    runs = toy.grid(weight_decay=[GROW, DROP], m=chapter["WIDTHS"], seed=chapter["SEEDS"], p=p)
    return list(toy.sweep(runs, steps=1000, check=False, progress=False))


def test_so_short_a_training_shows_them_too(chapter, monkeypatch):
    """What the next two tests break, whole."""
    hold(retrained(chapter, monkeypatch), chapter)


def test_they_fall_with_the_wrong_sign_of_the_decay(chapter, monkeypatch, in_this_process):
    class Backwards(engine.ModelBatch):
        def __init__(self, p, starts, decays, **rest):
            super().__init__(p, starts, [-decay for decay in decays], **rest)

    monkeypatch.setattr(sweeps, "ModelBatch", Backwards)
    results = retrained(chapter, monkeypatch)
    with pytest.raises(AssertionError):
        hold(results, chapter)


def test_they_fall_with_other_data(chapter, monkeypatch):
    """Most of the time the same feature: there is next to nothing to overlap."""
    true = features.power_law
    monkeypatch.setattr(features, "power_law", lambda n, alpha: true(n, 3.0))
    results = retrained(chapter, monkeypatch)
    with pytest.raises(AssertionError):
        hold(results, chapter)
