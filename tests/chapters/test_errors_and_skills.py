"""What chapter 7 says, sentence by sentence, and how it falls when the physics is broken.

The chapter's own cells run here; then its sentences are read again with arrows or read-outs that
obey another physics.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

import cells
from sentences import own_and_seeds, says
from superposition.probes import readout

PAGE = "07_errors_and_skills"


@pytest.fixture(scope="module", params=own_and_seeds({"SEEDS": [2, 3]}))
def page(request: pytest.FixtureRequest) -> dict[str, Any]:
    return cells.run(PAGE, settings=request.param)


def test_the_board_opens_on_a_lamp_that_nobody_switched_on(page):
    says(PAGE, "three of them are on, and one that nobody switched on is the loudest")
    says(PAGE, "That was the worst choice of three, in the narrowest model on this board.")
    on, places = page["worst"].tolist(), page["PLACES"]
    assert page["loudest"][0] not in on and places[0] == min(places)
    assert page["loudest"][places.index(page["N"] // 2)] in on  # the second frame
    assert len(set(on)) == 3 and float(page["excess"](page["shown"][0]).max()) > 0


def test_the_open_cell_reads_as_the_module_does(page):
    """`name_the_brightest` on the module's rounds: the same shares."""
    p, W = page["LAWS"]["crowded"], page["crowded"][10][0].W
    x = page["features"].sample(p, 20_000, torch.Generator().manual_seed(3))
    x = x[(x > 0).any(1)]
    right, mixed, invented = page["name_the_brightest"](x, W)
    assert (right.long() + mixed.long() + invented.long() == 1).all()
    reading = page["readings"]["trained"][10][0]
    assert 1 - float(right.double().mean()) == pytest.approx(reading.wrong, abs=0.015)
    assert float(invented.double().mean()) == pytest.approx(reading.invented, abs=0.004)
    assert sum(page["tallies"][10]) == 100


def kinds(readings: Mapping[int, list[readout.Reading]], m: int) -> tuple[float, float]:
    """Shares mixed up and invented at a width, over seeds."""
    invented = float(np.mean([r.invented for r in readings[m]]))
    return float(np.mean([r.wrong for r in readings[m]])) - invented, invented


def two_kinds(trained: Mapping[int, list[readout.Reading]]) -> None:
    (mixed_7, invented_7), (mixed_14, invented_14) = (kinds(trained, m) for m in (7, 14))
    assert invented_7 / max(invented_14, 1e-9) > 20, "invented answers fall off a cliff"
    assert mixed_7 / mixed_14 < 4, "mixed-up answers fall slowly"
    assert invented_7 > 0


def test_the_two_kinds_of_wrong(page):
    says(PAGE, "The invented ones. Drag and count.")
    says(PAGE, "Below $m=n/2$ mixed-up answers fall slowly")
    says(PAGE, "Invented answers fall off a cliff.")
    trained, random = page["readings"]["trained"], page["readings"]["random"]
    two_kinds(trained)
    says(
        PAGE, "trained arrows invent less than random ones of the same width (and up to $m=10$ mix"
    )
    assert all(kinds(trained, m)[1] < kinds(random, m)[1] for m in random)
    assert all((kinds(trained, m)[0] > kinds(random, m)[0]) == (m <= 10) for m in random)
    says(PAGE, "(and up to $m=10$ mix up more; at $m=5$ they err more in all)")
    assert all((sum(kinds(trained, m)) > sum(kinds(random, m))) == (m == 5) for m in random)
    says(PAGE, "their mixed-up answers first rise, in place of invented ones")
    assert kinds(random, 5)[0] < kinds(random, 10)[0] > kinds(random, 35)[0]
    says(PAGE, "At $n/2$, where opposites pair up, the mixed-up answers drop at once, which")
    assert kinds(trained, 14)[0] > 2.5 * kinds(trained, 20)[0]
    assert kinds(random, 14)[0] < 1.5 * kinds(random, 20)[0]
    says(PAGE, "and answer worst at every width drawn")
    straight = page["readings"]["right angles"]
    wrong = {m: np.mean([r.wrong for r in straight[m]]) for m in straight}
    others = {m: max(np.mean([r.wrong for r in x[m]]) for x in (trained, random)) for m in straight}
    assert all(wrong[m] > others[m] for m in straight)


def test_right_angles_invent_nothing_but_are_silent(page):
    says(PAGE, "are *silent* where only dropped lamps are on")
    assert page["CALLED"] == {"right angles": {"invented": "silent"}}
    x = page["features"].sample(page["LAWS"]["crowded"], 20_000, torch.Generator().manual_seed(3))
    x, kept = x[(x > 0).any(1)], torch.eye(page["N"])[:, :14]
    _, _, invented = page["name_the_brightest"](x, kept)
    assert torch.equal(invented, (x @ kept == 0).all(1))


def test_they_fall_without_interference(page):
    """Right angles, the rest dropped: wrong answers are then of another kind."""
    dropped = page["readings"]["right angles"]
    with pytest.raises(AssertionError):
        two_kinds(dropped)


def broken(sure: Mapping[tuple[str, int], readout.Calibration], half: float) -> None:
    early = [found for (_, m), found in sure.items() if m <= half]
    assert len(early) >= 15 and all(found.overconfident for found in early), "sure answers"


def test_what_it_says_of_sure_answers(page):
    sure, half = page["sure"], page["N"] / 2
    says(PAGE, "Up to $m=n/2$ the sure answers break their promise, whatever the data")
    broken(sure, half)

    says(PAGE, "and $m=10$ they promise fewer than 3 in 100, and more than 9 in 100 are wrong")
    says(PAGE, "They are given with 97 %, on average.")
    crowd = sure["crowded", 10]
    assert 0.025 < crowd.promised < 0.03 < 0.09 < crowd.actual

    says(PAGE, "At $m=30$ the promise is kept where one lamp is on; where three are, the surest,")
    assert not any(sure[law, 30].overconfident for law in ("even", "Zipf"))
    says(PAGE, "above 0.97, still err about four times as often as they promise")
    assert 3.4 < page["calibration"](("crowded", 30), 0.97).ratio < 4.5


def test_they_fall_if_the_sure_keep_their_promise(page):
    """The same answers, but as many of the sure ones wrong as they promise."""
    kept = {
        key: readout.Calibration(
            answers=found.answers,
            wrong=round(found.promised * found.answers),
            promised=found.promised,
        )
        for key, found in page["sure"].items()
    }
    with pytest.raises(AssertionError, match="sure answers"):
        broken(kept, page["N"] / 2)


def test_the_open_cell_holds_answers_to_their_promise(page):
    parts = page["given"]["crowded", 10]
    for one in parts:
        promised, outcome = page["promise_and_outcome"](one.confidence, one.wrong)
        found = readout.calibration(one.confidence, one.wrong)
        assert (promised, outcome) == pytest.approx((found.promised, found.actual))


def test_what_it_says_of_overconfidence_on_average(page):
    says(PAGE, "With three on, the average over all answers says the opposite.")
    says(PAGE, "Overconfidence on average is negative at all four widths")
    for models in page["given"].values():
        for a in models:
            right = 1 - float(a.wrong.double().mean())
            assert float(a.confidence.double().mean()) < right
    assert len(page["ASKED_WIDTHS"]) == 4
    says(PAGE, "too modest on the whole, and too bold where it is surest")
    for m in page["ASKED_WIDTHS"]:
        assert page["calibration"](("crowded", m), 0.97).overconfident
    modest = page["calibration"](("crowded", 10), 0.5, 0.7)
    assert modest.interval[1] < modest.promised


def test_confidence_moved_to_a_crowd_is_overconfidence(page):
    says(PAGE, "asked about three, it is too bold on average as well, and more of the sure answers")
    laws = page["LAWS"]
    for run in [*page["crowded"][10], *page["crowded"][14]]:
        home, away = (
            readout.read_strongest(run.W, laws["crowded"], fitted=laws[k])
            for k in ("crowded", "even")
        )
        assert away.overconfidence > 0.02 > 0 > home.overconfidence
        assert away.sure_answers.actual > home.sure_answers.actual
    for where, fitted in (("three lamps", "crowded"), ("one lamp", "even")):
        first = readout.read_strongest(
            page["crowded"][10][0].W, laws["crowded"], fitted=laws[fitted]
        )
        assert page["moved"][where][0] == first


def width_at(page: dict[str, Any], scores: list[float], level: float) -> float:
    """Width at which a score first reaches a level, by straight lines against log m."""
    rising = np.maximum.accumulate(scores)
    return float(np.exp(np.interp(level, rising, np.log(page["INSIDE"]))))


def skill_comes(page: dict[str, Any], skill: Mapping[int, np.ndarray]) -> None:
    mild = [page["mean_share"](skill[m]).mean() for m in page["INSIDE"]]
    strict = [page["passed"](skill[m]).mean() for m in page["INSIDE"]]
    assert mild[0] < 0.1 and mild[-1] > 0.9, "from hardly ever to nearly always"
    wide, narrow = (width_at(page, y, 0.8) / width_at(page, y, 0.1) for y in (mild, strict))
    assert narrow < 0.9 * wide, "a strict mark makes a slope into a step"
    assert width_at(page, strict, 0.1) > width_at(page, mild, 0.1), "and later"


def test_what_a_detector_is_allowed_and_which_pairs_it_gets(page):
    says(PAGE, "it is allowed one false alarm in a thousand rounds with just one of the two on.")
    says(PAGE, "over twenty pairs drawn at random, less any that are opposites.")
    W, p, pairs = page["even"][14][0].W, page["LAWS"]["even"], page["PAIRS"]
    noise = torch.Generator().manual_seed(1)
    for (a, b), told in zip(pairs.tolist(), page["skill"][14][0], strict=True):
        x = page["features"].sample(p, 50_000, noise)
        x[:, [a, b]] = 0
        one, both = x.clone(), x.clone()
        coin = torch.rand(len(x), generator=noise) < 0.5
        one[coin, a] = 2 * torch.rand(int(coin.sum()), generator=noise)
        one[~coin, b] = 2 * torch.rand(int((~coin).sum()), generator=noise)
        both[:, [a, b]] = 1 + torch.rand(len(x), 2, generator=noise)
        alarm, meeting = ((y @ W @ W[[a, b]].T).amin(1) for y in (one, both))
        share = (meeting > alarm.quantile(0.999)).double().mean()
        assert abs(told - share) < 0.15
    assert len(pairs) == 20
    for m in page["INSIDE"]:
        for run, told in zip(page["even"][m], page["skill"][m], strict=True):
            cosines = torch.cosine_similarity(*run.W[pairs].unbind(1))
            assert (np.isnan(told) == (cosines < page["OPPOSITE"]).numpy()).all()


def test_what_it_says_of_skills(page):
    says(
        PAGE, "Room is enough: random arrows, which have learned nothing whatever, acquire it too,"
    )
    says(PAGE, "though later; at $m=10$ training about doubles what is noticed")
    by_width = page["by_start"]
    random, mild = by_width["random arrows"], by_width["noticed (mild)"]
    at = page["INSIDE"].index(10)
    assert 1.9 < mild[:, at].mean() / random[:, at].mean() < 2.5
    random = random.mean(0)
    assert width_at(page, random, 0.8) > 1.5 * width_at(page, mild.mean(0), 0.8), "later"
    says(PAGE, "a model at the left edge cannot do it and one at the right edge can")
    says(PAGE, "The strict one goes from nearly none to most within a narrower stretch, and later.")
    skill_comes(page, page["skill"])
    says(PAGE, "can go together, so in the toy the contrast is false.")
    assert random[0] < 0.1 and random[-1] > 0.9
    says(PAGE, "The mild share climbs over a wide stretch, while the loss falls all the way.")
    left = np.array(page["curves"]["loss left"])
    assert (np.diff(left) < 0).all()
    says(PAGE, "when one meeting in ten is noticed, most of the loss is left; when one pair in ten")
    log_m = np.log(page["INSIDE"])
    mild, strict = (
        np.interp(np.log(width_at(page, page["curves"][name], 0.1)), log_m, left)
        for name in ("noticed (mild)", "passed (strict)")
    )
    assert mild > 0.5 > strict


def test_they_fall_if_skills_come_one_by_one(page):
    """m features kept at right angles: each pair is noticed at a stroke."""
    kept = {m: page["noticed"]([torch.eye(page["N"])[:, :m]] * 2) for m in page["INSIDE"]}
    with pytest.raises(AssertionError):
        skill_comes(page, kept)


def test_opposites_are_never_noticed_together(page):
    says(PAGE, "A pair that shares one number in opposite directions is noticed hardly ever")
    says(PAGE, "Two opposites, and there are $n-m$ such pairs.")
    says(PAGE, "the loss is tiny and nearly every meeting is noticed")
    assert len(page["blind"]) >= 3
    for m, share in page["blind"].items():
        assert max(share) < 0.1 < 0.9 < page["mean_share"](page["skill"][m]).min()
        for run in page["even"][m]:
            U = torch.nn.functional.normalize(run.W, dim=1)
            opposite = page["OPPOSITE"] > U @ U.T
            assert int(opposite.sum()) == 2 * (page["N"] - m)
        assert all(page["blindest"](r.W)[1] < -0.9 for r in page["even"][m])
    W, (a, b) = page["blind_W"], page["pair"]
    both, apart = W[a] + W[b], W[page["first"]] + W[page["apart"]]
    assert (W[[a, b]] @ both < 0.02).all(), "both stay dark"
    assert (W[[page["first"], page["apart"]]] @ apart > 0.9).all(), "both are heard"


def test_its_own_suddenness_is_the_marks(page):
    says(PAGE, "Some, like ours, are made by the way of scoring")
    mild, strict = (page["curves"][name] for name in ("noticed (mild)", "passed (strict)"))
    jumps = [np.diff(score).max() for score in (mild, strict)]
    assert jumps[1] > 1.5 * jumps[0], "the same hits, cut at nine in ten"


def test_its_closing_sentence(page):
    says(PAGE, "A smooth loss tells neither which errors remain, nor how sure they are, nor which")
    two_kinds(page["readings"]["trained"])  # which errors remain: one loss, two laws
    broken(page["sure"], page["N"] / 2)  # how sure they are
    skill_comes(page, page["skill"])  # a skill whose place depends on the marking
