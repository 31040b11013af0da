"""What chapter 6 says, sentence by sentence, and how it falls when the physics is broken.

The chapter's own cells run here; then its sentences are read again with losses or arrows that
obey another physics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import cells
from sentences import own_and_seeds, says
from superposition import features, geometry, theory, toy

PAGE = "06_scaling_limits"


@pytest.fixture(scope="module", params=own_and_seeds({"SEEDS": [2, 3]}))
def page(request: pytest.FixtureRequest) -> dict[str, Any]:
    return cells.run(PAGE, settings=request.param)


def test_the_boards_frames(page):
    """Numbers in its sentences come from the arrows; the rest is held here."""
    half, end, shown = page["HALF"], page["END"], page["shown"]
    i, j = 0, page["partner"]
    silent = 0.005  # what the board writes as 0
    alone = shown[half].W @ shown[half].W[i]
    assert (torch.cat([alone[:i], alone[i + 1 :]]) < silent).all(), "heard alone"
    both = shown[half].W @ (shown[half].W[i] + shown[half].W[j])
    assert (both[[i, j]] < silent).all(), "both stay dark"
    last = shown[end].W @ (shown[end].W[i] + shown[end].W[j])
    assert last[[i, j]].numpy() == pytest.approx([1, 1], abs=0.004)
    last[[i, j]] = 0
    assert (last < silent).all(), "nothing else is heard"
    assert page["heard"] > 0


def test_what_the_board_leaves_out(page):
    says(PAGE, "(The board leaves out the model's bias; the loss has it.)")
    for run in page["shown"][: page["HALF"]]:
        assert loss_of(run.W, run.p) > 1.1 * run.loss, "the loss has the bias"


def dims(run: toy.ToyResult, i: int, j: int) -> None:
    """Two opposites at 1.5 and 0.5, then both at 1, without the bias."""
    uneven, equal = (run.W[[i, j]] @ (v * run.W[i] + w * run.W[j]) for v, w in ((1.5, 0.5), (1, 1)))
    assert float(uneven[0]) == pytest.approx(1, abs=0.05), "the stronger is dimmed"
    assert uneven[1] < 0 and (equal < 0.005).all(), "to nothing"


def test_what_opposites_do_to_each_other(page):
    says(PAGE, "on together dim each other, at equal strength to nothing (step 3).")
    half = page["shown"][page["HALF"]]
    dims(half, 0, page["partner"])
    with pytest.raises(AssertionError):
        dims(turned(half), 0, page["partner"])


def pairs_and_end(even: toy.Sweep, n: int) -> None:
    """What the page says of the way from n/2 to n; the ratio scatters by 0.01 or so."""
    for run in even.where(m=n // 2):
        U = geometry.unit_rows(run.W)
        close = (U @ U.T) < -0.9
        assert (close.sum(1) == 1).all(), "opposites"
        assert (U @ U.T).amin(1).max() < -0.9999, "opposites"
    near = [run for run in even if n / 2 <= run.m < n]
    ratio = np.mean([run.loss / theory.pair_loss(run.p, run.m) for run in near])
    assert abs(ratio - 1) < 0.05, "pairs"
    assert all(run.loss < 1e-6 for run in even if run.m >= n), "the end"


def test_pairs_from_half_way_and_nothing_at_the_end(page):
    says(PAGE, "At 40. At 20 something else happens")
    says(PAGE, "At $m = n/2$ the chatter stops: **every arrow has one exact opposite**.")
    says(PAGE, "At $m=n/2$ every least cosine is below −0.9999.")
    says(PAGE, "At $m = n$ every lamp has a number of its own, and the loss is zero but for round")
    says(PAGE, "Beyond $n/2$ there is room to part the pairs, one after the other.")
    n = page["N"]
    pairs_and_end(page["even"][n], n)
    for run in page["even"][n].where(m=[25, 30, 35]):
        U = geometry.unit_rows(run.W)
        paired = ((U @ U.T) < -0.9).any(1).double().mean()
        assert float(paired) == pytest.approx(2 * (1 - run.m / n), abs=0.1)


def changed(runs: toy.Sweep, change: Callable[[toy.ToyResult], toy.ToyResult]) -> toy.Sweep:
    return toy.Sweep(change(run) for run in runs)


def loss_of(W: torch.Tensor, p: torch.Tensor, relu: bool = True) -> float:
    x = features.sample(p, 20_000, torch.Generator().manual_seed(0))
    y = x @ W @ W.T
    y = y.relu() if relu else y - (y - x).mean(0)  # without the ReLU, at its best bias
    return float((y - x).square().sum(1).mean())


def at_random(run: toy.ToyResult) -> toy.ToyResult:
    W = geometry.random_unit_vectors(len(run.p), run.m, torch.Generator().manual_seed(run.seed))
    return replace(run, loss=loss_of(W, run.p))


def without_relu(run: toy.ToyResult) -> toy.ToyResult:
    return replace(run, loss=loss_of(run.W, run.p, relu=False))


def turned(run: toy.ToyResult) -> toy.ToyResult:
    """The losses as trained, but arrows of another geometry."""
    return replace(run, W=torch.randn(run.W.shape, generator=torch.Generator().manual_seed(5)))


def more_beyond(run: toy.ToyResult) -> toy.ToyResult:
    return replace(run, loss=run.loss + 1e-4 * (run.m >= len(run.p)))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (at_random, "pairs"),
        (without_relu, "pairs"),
        (turned, "opposites"),
        (more_beyond, "the end"),
    ],
)
def test_they_fall_under_another_physics(page, change, what):
    n = page["N"]
    with pytest.raises(AssertionError, match=what):
        pairs_and_end(changed(page["even"][n], change), n)


def falls_off(middle: np.ndarray, slopes: np.ndarray, n: int) -> None:
    before, after = slopes[middle < n / 2], slopes[middle > n / 2]
    assert before.argmax() == len(before) - 1, "steepest at the last step before n/2"
    assert after[0] < before[-1] / 2, "drops where the pairs take over"
    assert (np.diff(after) > 0).all() and after[-1] > 3, "each gain larger than the one before"


def test_the_gain_does_not_fade(page):
    says(PAGE, "the curves do not flatten, they *fall off*")
    says(PAGE, "With equally common things they clearly do once: on the way to $n/2$")
    says(PAGE, "on the way to $n/2$ the slope is steepest at the last step, and there it drops, as")
    says(PAGE, "But then, as a share of what is left, each gain is larger than the one before")
    says(PAGE, "Slopes of 1.6 and more occur from the first bend on, and again near the end.")
    for n, (middle, each) in page["slopes"].items():
        falls_off(middle, each.mean(0), n)
        bent = (middle > n**0.5) & (middle < n / 2)
        assert (each.mean(0)[bent] > 1.6).all() and each.mean(0)[-1] > 1.6


def test_that_falls_for_one_straight_line(page):
    middle, _ = page["slopes"][page["N"]]
    with pytest.raises(AssertionError):
        falls_off(middle, np.ones_like(middle), page["N"])


def test_the_floor_is_passed(page):
    says(PAGE, "The trained models come down to it and go *through* it, to the solid line")
    for n, runs in page["even"].items():
        widths, losses = page["mean_losses"](runs)
        floor = np.array([theory.interference_floor(page["EVEN"][n], int(m)) for m in widths])
        above = losses.mean(0) > floor
        assert above[widths < n / 2].all()
        assert not above[widths >= n / 2].any()


def test_what_is_folded_about_the_floor():
    """Nothing clipped where a feature is on, silence where it is off: five in four, by hand."""
    says(PAGE, "*The floor* counts what features that are on together do to each other")
    says(PAGE, "as little as geometry allows, and lamps that are off stay silent.")
    n, m = 5, 4
    simplex = torch.eye(n, dtype=torch.float64) - 1 / n  # five arrows in four dimensions
    U = geometry.unit_rows(simplex)
    p = features.power_law(n, 0.0, density=0.5)
    cross = (U @ U.T).square().fill_diagonal_(0)
    by_hand = 4 / 3 * float(p.double() @ cross @ p.double())
    assert theory.interference_floor(p, m) == pytest.approx(by_hand, rel=1e-5)
    assert by_hand == pytest.approx(4 / 3 * 0.5**2 * (n - m) / (m * n), rel=1e-5)


def test_a_halving_is_one_halving(page, monkeypatch):
    said = []
    monkeypatch.setattr(page["plots"], "to_svg", lambda fig, alt, words: said.append(words))
    for halvings in (0, 1, 2):
        page["price"](halvings)
    assert [words.split(":")[0] for words in said] == [
        "After 0 halvings",
        "After 1 halving",
        "After 2 halvings",
    ]


def test_what_it_says_of_a_plateau_above_the_pairs(page):
    says(PAGE, "The even and the crowded models (three things on, on average) meet their line.")
    for name, ratio in page["ratios"].items():
        if not name.startswith("Zipf"):
            assert abs(ratio.mean(0) - 1).max() < 0.1, name
    says(PAGE, "stop a tenth or more above theirs, from either start")
    assert page["ratios"]["Zipf"].shape == (2, 3) and page["ratios"]["Zipf"].min() > 1.09
    says(PAGE, "(Models that *start* as opposite pairs, the crosses, stay on it.)")
    crosses = page["ratios"]["Zipf, from pairs"]
    assert crosses.shape == (2, 3) and abs(crosses - 1).max() < 0.06


def test_how_well_its_losses_are_known(page):
    """No point is hollow: what half the steps say, against the shorter measurement's error."""
    says(PAGE, "Losses are from 400,000 held-out rounds and have a standard error of 6 % at most")
    says(PAGE, "judged on those 41,000, twice the steps would change no loss by 3 %, or by more")
    says(PAGE, "or by more than twice the error that they leave.")
    kinds = [*page["even"].values(), page["crowded"], page["zipf"], page["started"]]
    models = [run for runs in kinds for run in runs if run.m < len(run.p)]
    assert all(run.loss_error < 0.06 * run.loss for run in models)
    sizes = [(p, list(dict.fromkeys(run.m for run in runs))) for runs in kinds for p in [runs[0].p]]
    first = [  # as training measures them, by which `gain` is told
        run
        for p, widths in sizes
        for run in toy.sweep(
            toy.grid(p=p, m=widths, weight_decay=-1.0, seed=page["SEEDS"]), steps=page["STEPS"]
        )
        if run.m < len(p)
    ]
    assert all(abs(run.gain) < max(0.03, 2 * run.loss_error / run.loss) for run in first)
    says(PAGE, "the 41,000 of a sweep would leave more than 10 %")
    assert max(run.loss_error / run.loss for run in first) > 0.1


def test_the_open_cell_is_the_modules_pair_loss(page):
    for n, m, density in ((40, 20, 1.0), (40, 31, 3.0), (100, 100, 1.0)):
        p = features.power_law(n, 0.0, density=density)
        loss = theory.pair_loss(p, m)
        assert page["pair_loss"](n, m, density) == pytest.approx(loss, rel=1e-5)


def test_where_real_models_stand(page):
    says(
        PAGE, "With one feature a token all 30 models (published sizes) lie between the first bend"
    )
    assert len(page["sizes"]) == 30
    first, second, fullest = page["past"](1)
    assert (first, second) == (30, 0)
    says(PAGE, "and the fullest would be about two doublings from its end")
    assert 1.8 < -np.log2(fullest) < 2.3
    says(PAGE, "With ten thousand, none has reached even the first bend.")
    assert page["past"](10_000)[0] == 0


def test_what_a_halving_costs(page):
    says(PAGE, "About 7 times. And if the text grows along with the model, nearly 50 times the")
    assert 6.5 < page["larger"] < 7.5 and 44 < page["larger"] ** 2 < 50
    says(PAGE, "Two routes to the price agree within them.")
    low, high = np.quantile(page["draws"], [0.025, 0.975])
    assert all(low < factor < high for factor in page["direct"].values())
    assert np.median(page["draws"]) == pytest.approx(page["larger"], rel=0.02)
    says(PAGE, "At the top parameters grow faster with width, so the true price is rather higher")
    top = page["width"].argmax()
    steps = (
        np.log(page["START"] / 1e6 / page["parameters"][top]),
        np.log(12_288 / page["width"][top]),
    )
    assert page["wide"] < steps[0] / steps[1] < 3  # the table counts in millions
    says(PAGE, "with one feature a token, GPT-3 would reach its end within two halvings")
    m, tokens = page["LARGER"]["GPT-3"]
    assert page["wider"] * m < tokens < page["wider"] ** 2 * m
    says(PAGE, "half the difference between the narrower and the wider half of Chinchilla's table")
    assert page["narrow"] < page["k"] < page["wide"], "one straight line"


def test_one_halving_is_one(page):
    told = [page["price"](halvings) for halvings in (0, 1, 2)]
    assert "After 1 halving:" in told[1]
    assert "After 0 halvings:" in told[0] and "After 2 halvings:" in told[2]


def test_what_is_out_of_reach(page):
    says(PAGE, "About 3 %. Most of what is left is out of its reach.")
    says(PAGE, "A larger model touches neither.")
    assert 0.02 < page["by_size"] / page["total"] < 0.04
    assert page["by_size"] < page["by_text"] < page["fit"].E


def test_its_closing_sentence(page):
    says(PAGE, "**The end comes where features run out, and nobody has counted them; on the way")
    n = page["N"]
    assert all(run.loss < 1e-6 for run in page["even"][n].where(m=n))
    assert all(run.loss > 1e-3 for run in page["even"][n] if run.m < n)
    says(PAGE, "each halving of what size can change costs about seven times the parameters.**")
    low, high = np.quantile(page["draws"], [0.025, 0.975])
    assert 5 < low < 6.5 < page["larger"] < 7.5 < high < 9
    assert all(6.5 < factor < 8 for factor in page["direct"].values())
