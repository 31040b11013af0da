"""What chapter 5 concludes, held to its words, and seen to fall when the physics is broken.

The chapter's own cells run here, in this process, with fewer features (cell `settings`); then
the closing table is made again from arrows, losses or read-outs that obey another physics.
"""

import re
from dataclasses import replace

import pytest
import torch

import cells
from cells import code_cells
from sentences import own_and_seeds, says
from superposition import features, geometry, plots, widgets
from superposition.llm import minilm

SMALL = {
    "N": 24,
    "STEPS": 1500,
    "WIDTHS": [3, 5, 7, 9, 11, 15, 18, 24],
    "FEW": [5, 9, 15],
    "SMALL_N": 12,
    "LARGE_N": 32,
    "LARGE_WIDTH": 20,
    "SMALL_WIDTHS": [2, 3, 4, 5, 7, 9],
}


def no_model():
    raise minilm.ModelUnavailable("no network, in this test")


@pytest.fixture(scope="module")
def chapter():
    """The chapter's names after its code cells have run at the sizes of SMALL, without MiniLM."""
    said: list[str] = []
    names = {"print": lambda *words: said.append(" ".join(map(str, words))), "printed": said}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(plots, "table", lambda *args, **kwargs: None)
        monkeypatch.setattr(plots, "show", lambda fig, alt, caption="": said.append(caption))
        monkeypatch.setattr(widgets, "state_slider", lambda *args, **kwargs: None)
        monkeypatch.setattr(minilm, "minilm_folder", no_model)
        for cell, code in code_cells("06_scaling_limits"):
            exec(code, names)
            if cell == "settings":
                names |= SMALL
    plots.plt.close("all")
    return names


def table(chapter: dict, **other) -> dict[str, list[str]]:
    """The closing table, made again with `other` results: what, and the words of its row."""
    parts = [other.get(k, chapter[k]) for k in ("strong", "smaller", "readings", "skill")]
    return {row[0]: row[1:] for row in chapter["conclusions"](*parts)}


def number(rows: dict[str, list[str]], what: str, k: int = 0) -> float:
    """The k-th number in the measured cell of the row that begins with `what`."""
    (row,) = (row for name, row in rows.items() if name.startswith(what))
    return float(re.findall(r"\d[\d.]*(?:e[-+]\d+)?", row[0])[k])


def hold(rows: dict[str, list[str]]) -> None:
    """What the chapter says. Over seeds the ratio to the pairs' loss scatters by about 0.05."""
    assert 0.8 < number(rows, "loss over that of opposite pairs") < 1.2, "pairs"
    share = number(rows, "features with an opposite")
    formula = float(next(row for name, row in rows.items() if name.startswith("features"))[1])
    assert share == pytest.approx(formula, abs=0.1), "opposites"
    assert number(rows, "largest loss from m = n on") < 1e-6, "the end"
    wrong, invented = (
        [number(rows, f"share {kind}", k) for k in (0, 1)] for kind in ("wrong", "invented")
    )
    assert invented[0] / invented[1] > 1.5 * wrong[0] / wrong[1], "invented answers go first"
    assert number(rows, "sure answers: wrong over promised") > 1.2, "sure answers"
    whole, exam = (
        number(rows, f"{name}: width") for name in ("meetings noticed", "pairs that pass the exam")
    )
    assert exam < whole, "a strict mark makes a slope into a step"
    assert number(rows, "meetings noticed: loss", 1) > 3, "the loss falls on all the while"
    assert number(rows, "half noticed") > 1.1, "a crowd needs more width"


def test_conclusions(chapter):
    hold(table(chapter))


def changed(models: dict, change) -> dict:
    """Models by law, every result r replaced by change(r)."""
    return {k: [[change(r) for r in row] for row in rows] for k, rows in models.items()}


def loss_of(W: torch.Tensor, p: torch.Tensor, relu: bool = True) -> float:
    x = features.sample(p, 20_000, torch.Generator().manual_seed(0))
    y = x @ W @ W.T
    y = y.relu() if relu else y - (y - x).mean(0)  # without the ReLU, at its best bias
    return float((y - x).square().sum(1).mean())


def test_they_fall_with_random_arrows(chapter):
    def at_random(r):
        W = geometry.random_unit_vectors(len(r.p), r.m, torch.Generator().manual_seed(r.seed))
        return replace(r, W=W, loss=loss_of(W, r.p))

    with pytest.raises(AssertionError, match="pairs"):
        hold(table(chapter, strong=changed(chapter["strong"], at_random)))


def test_they_fall_without_the_relu(chapter):
    def linear(r):
        return replace(r, loss=loss_of(r.W, r.p, relu=False))

    with pytest.raises(AssertionError, match="pairs"):
        hold(table(chapter, strong=changed(chapter["strong"], linear)))


def test_they_fall_with_arrows_turned_at_random(chapter):
    """The losses as trained, but arrows of another geometry."""

    def turned(r):
        generator = torch.Generator().manual_seed(5)
        return replace(r, W=torch.randn(r.W.shape, generator=generator))

    with pytest.raises(AssertionError, match="opposites"):
        hold(table(chapter, strong=changed(chapter["strong"], turned)))


def test_they_fall_if_something_is_left_beyond_n(chapter):
    def more(r):
        return replace(r, loss=r.loss + 1e-4 * (r.m >= len(r.p)))

    with pytest.raises(AssertionError, match="the end"):
        hold(table(chapter, strong=changed(chapter["strong"], more)))


def test_they_fall_without_interference(chapter):
    """Right angles, the rest dropped: wrong answers are then of another kind."""
    dropped = {m: 2 * rs for m, rs in chapter["readings"]["right angles"].items()}
    with pytest.raises((AssertionError, ZeroDivisionError)):
        hold(table(chapter, readings=chapter["readings"] | {"trained": dropped}))


def test_they_fall_if_skills_come_one_by_one(chapter):
    noticed, even = chapter["noticed"], chapter["LAWS"]["even"]
    kept = {m: noticed([torch.eye(24)[:, :m]] * 2, even) for m in chapter["inside"]}
    with pytest.raises(AssertionError, match=r"a slope into a step|a crowd needs"):
        hold(table(chapter, skill={"even": kept, "crowded": kept}))


def test_they_fall_if_the_sure_keep_their_promise(chapter):
    """The same readings, but as many of the sure answers wrong as they promise."""

    def honest(reading):
        sure = reading.sure_answers
        kept = replace(sure, wrong=round(sure.promised * sure.answers))
        return replace(reading, sure_answers=kept)

    trained = {m: [honest(r) for r in rs] for m, rs in chapter["readings"]["trained"].items()}
    with pytest.raises(AssertionError, match="sure answers"):
        hold(table(chapter, readings=chapter["readings"] | {"trained": trained}))


def test_confidence_moved_to_a_crowd_is_overconfidence(chapter):
    ask = chapter["asked_in_a_crowd"]
    for row in chapter["strong"]["crowded"]:
        if 24 / 5 < row[0].m < 12:
            home, away = (ask(row[0], chapter["LAWS"][k]) for k in ("crowded", "even"))
            assert away[0] > 0.02 > home[0] and away[1] > home[1]


def test_opposites_are_never_noticed_together(chapter):
    rows = [row for row in chapter["strong"]["even"] if 12 < row[0].m < 24]
    assert rows
    for r in (r for row in rows for r in row):
        pair, cosine = chapter["blindest"](r)
        hits = chapter["readout"].combination_hits(r.W, r.p, torch.tensor([pair]))
        assert cosine < -0.9 and hits[0] < 0.1
        assert chapter["skill"]["even"][r.m].mean() > 0.8


def test_where_real_models_stand_and_what_a_halving_costs(chapter):
    assert all(n**0.5 < m < n / 2 for m, n in chapter["sizes"])
    low, high = (torch.tensor(chapter["halving"]).quantile(q).item() for q in (0.025, 0.975))
    for fit in chapter["published"].CHINCHILLA_FITS.values():
        assert low < 2 ** (1 / fit.alpha) < high, "two routes to one price"
    assert chapter["by_size"] / chapter["total"] < 0.05 < chapter["by_text"] / chapter["total"]


def test_without_a_model_the_page_says_what_it_leaves_out(chapter):
    assert any("left out below: no network" in line for line in chapter["printed"])
    assert any(line.startswith("Left out, for want") for line in chapter["printed"])


PAGE = "06_scaling_limits"


@pytest.fixture(scope="module", params=own_and_seeds({"SEEDS": [2, 3]}))
def page(request):
    """The page at its own size, down to the table of confidences moved to a crowd."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(widgets, "state_slider", lambda *args, **kwargs: None)
        return cells.run(PAGE, settings=request.param, last="moved")


def test_what_it_says_of_sure_answers(page):
    says(PAGE, "Up to $m=n/2$ they break it, whatever the data")
    promise = {key: page["promise"](rs) for key, rs in page["cases"].items()}
    early = [found for (_, m), found in promise.items() if m <= page["N"] / 2]
    assert len(early) >= 12 and all(found.overconfident for found in early)

    says(PAGE, "and $m=10$ they promise fewer than 3 in 100, and more than 9 in 100 are wrong")
    crowded = promise["crowded, strong", 10]
    assert crowded.promised < 0.03 < 0.09 < crowded.actual

    says(PAGE, "Only nearer the wall, where hardly any answer is wrong, does the gap close.")
    for law in ("crowded", "even", "Zipf"):
        ratio = {m: promise[f"{law}, strong", m].ratio for m in (20, 30)}
        assert ratio[30] < 0.8 * ratio[20] and ratio[30] < 1.5


def test_what_it_says_of_overconfidence_on_average(page):
    says(PAGE, "Overconfidence in that sense is negative at every width")
    assert all(r.overconfidence < 0 for rs in page["cases"].values() for r in rs)


def test_what_it_says_of_a_plateau_above_the_pairs(page):
    says(PAGE, "The even and the crowded models meet their line.")
    says(PAGE, "The Zipf models stop above theirs at $m=20$ and $25$, from either start")
    over, strong = page["over_pairs"], page["strong"]
    for law in ("even", "crowded"):
        assert abs(over(strong[law]).mean() - 1) < 0.1
    stopped = [r for row in strong["Zipf"] for r in row if r.m in (20, 25)]
    assert len(stopped) == 4
    assert all(r.loss > 1.1 * page["theory"].pair_loss(r.p, r.m) for r in stopped)
    says(PAGE, "models that *start* as opposite pairs and are trained as the others are")
    plain = {row[0].m: min(r.loss for r in row) for row in strong["Zipf"]}
    assert page["started"] and all(loss < plain[m] for m, loss in page["started"].items())


def test_what_it_says_of_where_the_law_begins(page):
    says(PAGE, "And twice as many features need half as much width again")
    rows = page["about_the_end"](page["strong"], page["smaller"])
    (ratio,) = (row[1] for row in rows if row[0].startswith("the same: width"))
    assert 1.3 < float(ratio.split()[0]) < 1.7
