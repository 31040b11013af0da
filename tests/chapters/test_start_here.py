"""What the first page concludes from its one figure, and that it falls with broken physics.

The page's own cells run here, in this process, with fewer features and steps.
"""

import pytest

from cells import code_cells
from superposition import features, plots, toy, widgets
from superposition.toy import engine, sweeps

GROW, DROP = -1.0, 1.0


@pytest.fixture(scope="module")
def chapter():
    names: dict = {}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(plots, "table", lambda *args, **kwargs: None)
        monkeypatch.setattr(plots, "show", lambda fig, alt, caption="": None)
        monkeypatch.setattr(widgets, "playground", lambda **settings: None)
        for cell, code in code_cells("00_start_here"):
            exec(code, names)
            if cell == "settings":
                names |= {"N": 200, "STEPS": 1000}
    plots.plt.close("all")
    return names


def hold(results: list, chapter: dict) -> None:
    """What the page says under its figure. Losses scatter by 1 to 3 % over seeds."""
    grow, drop = (chapter["losses"](gamma, results).mean(0) for gamma in (GROW, DROP))
    assert grow[0] == pytest.approx(drop[0], rel=0.12), "close at the narrow end"
    assert grow[-1] < 0.75 * drop[-1], "then they part"
    left = grow[1:] / grow[:-1]
    assert left[0] > left[1] > left[2], "the shares left by one doubling shrink: no straight line"
    assert left[-1] < 0.5 < left[0]
    assert chapter["halving"](GROW, results)[0] < chapter["halving"](DROP, results)[0] - 0.03


def number(text: str) -> float:
    return float(text.split()[0].replace("−", "-"))


def hold_table(results: list, chapter: dict) -> None:
    kept_growing, left_growing, kept_dropping, left_dropping = (
        number(row[1]) for row in chapter["conclusions"](results)
    )
    assert kept_growing > 0.8 > 0.4 > kept_dropping > chapter["WIDTHS"][1] / chapter["N"]
    assert left_growing < left_dropping


def test_conclusions(chapter):
    hold(chapter["results"], chapter)
    hold_table(chapter["results"], chapter)


def retrained(chapter: dict) -> list[toy.ToyResult]:
    p = [features.power_law(chapter["N"], 1.0)]
    runs = toy.grid(weight_decay=[GROW, DROP], m=chapter["WIDTHS"], seed=chapter["SEEDS"], p=p)
    return toy.sweep(runs, steps=chapter["STEPS"], check=False, progress=False)


def test_they_fall_with_the_wrong_sign_of_the_knob(chapter, monkeypatch, in_this_process):
    class Backwards(engine.ModelBatch):
        def __init__(self, p, starts, decays, **rest):
            super().__init__(p, starts, [-decay for decay in decays], **rest)

    monkeypatch.setattr(sweeps, "ModelBatch", Backwards)
    results = retrained(chapter)
    with pytest.raises(AssertionError):
        hold(results, chapter)
    with pytest.raises(AssertionError):
        hold_table(results, chapter)


def test_they_fall_with_other_data(chapter, monkeypatch):
    """Most of the time the same feature: there is next to nothing to overlap."""
    true = features.power_law
    monkeypatch.setattr(features, "power_law", lambda n, alpha: true(n, 3.0))
    with pytest.raises(AssertionError):
        hold(retrained(chapter), chapter)
