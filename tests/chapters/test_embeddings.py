"""What chapter 1 says, sentence by sentence, and how it falls when the physics is broken.

The chapter's own cells run here, so that its functions can be called again: with other seeds,
with rows shuffled, with directions that are not random, with no model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import cells
from sentences import own_and_seeds, says
from superposition import geometry
from superposition.llm import minilm

PAGE = "01_embeddings"


@pytest.fixture(scope="module", params=own_and_seeds({"SEED": 1}, {"SEED": 2}))
def chapter(request: pytest.FixtureRequest) -> dict[str, Any]:
    return cells.run(PAGE, settings=request.param)


def test_the_board_shows_what_its_frames_say(chapter):
    says(PAGE, "*excellent*, and *bad* comes second.")
    says(PAGE, "look at *apple*: one arrow has to serve the fruit and the firm at once")
    near = chapter["neighbours"]
    assert near("good")[:2] == ["excellent", "bad"]
    assert {"apples", "iphone"} <= set(near("apple"))
    assert chapter["tokenizer"].unk_token_id not in chapter["ids"]
    assert len(chapter["WORDS"]) == len(set(chapter["ids"])) == 60
    words, table = chapter["WORDS"], chapter["arrows"] @ chapter["arrows"].T

    def answers(word: str) -> list[str]:
        return [words[i] for i in table[words.index(word)].argsort(descending=True)[1:4].tolist()]

    assert {"bad", "great"} <= set(answers("good"))
    assert {"apples", "iphone"} <= set(answers("apple"))
    assert answers("paris")[0] == "france"


def hold(measured: dict, shuffled: dict) -> None:
    for key, (share, low, _) in measured.items():
        assert share > max(shuffled[key]), f"{key}: not beyond all grey marks"
        assert low > np.mean(shuffled[key]) and share < 1, f"{key}: no gap, or none fails"


def test_related_words_lie_closer_for_most_pairs(chapter):
    says(PAGE, "Related words do lie closer, for most pairs: each blue point lies beyond")
    says(PAGE, "in context the shuffled model wins more than a coin would")
    hold(chapter["measured"], chapter["shuffled"])
    # Twenty shuffles spread by about 0.08 each, so their mean by 0.02.
    assert np.mean(chapter["shuffled"]["in context", "easy"]) > 0.55


@pytest.mark.parametrize("seed", range(3))
def test_that_falls_with_the_rows_shuffled(chapter, seed):
    E, noise = chapter["E"], torch.Generator().manual_seed(100 + seed)
    table = E[torch.randperm(len(E), generator=noise)]
    measured = {
        (name, test): chapter["share_won"](won)
        for name, kind in chapter["KINDS"].items()
        for test, won in chapter["contests"](kind, table).items()
    }
    with pytest.raises(AssertionError):
        hold(measured, chapter["shuffled"])


def test_unrelated_words_do_not_score_zero(chapter):
    says(PAGE, "any two words score well above 0")
    says(PAGE, "*Eiffel* and *sandwich* seemed faintly related. They score what any two words")
    says(PAGE, "On this page, in context, 0.2 is what any two words get.")
    assert chapter["unrelated"].mean() == pytest.approx(0.2, abs=0.03)
    assert 0.25 < chapter["closer"]["Sandwich"] < 0.75 and chapter["closer"]["Paris"] < 0.1


def test_what_is_folded_about_rows_and_the_flat_picture(chapter):
    says(PAGE, "*Eiffel* is not in the table. It is read as *e*, *##iff*, *##el*")
    says(PAGE, "This table has 994 placeholders that no text ever used.")
    says(PAGE, "they keep less than half of the variance, and most neighbours on the page are not")
    tokenizer, E = chapter["tokenizer"], chapter["E"]
    assert tokenizer.tokenize("Eiffel") == ["e", "##iff", "##el"]
    idle = [i for token, i in tokenizer.get_vocab().items() if token.startswith("[unused")]
    used = sorted(set(range(len(E))) - set(idle))
    assert len(idle) == 994 and E[idle].norm(dim=1).mean() < E[used].norm(dim=1).mean() / 2
    between = chapter["cosines"](E[idle], E[idle])
    assert (between.sum() - len(idle)) / (len(idle) * (len(idle) - 1)) > 0.5
    full = chapter["in_context"](chapter["SIGHTS"] + chapter["PLACES"] + chapter["DISHES"], E)
    u, s, _ = torch.linalg.svd(full - full.mean(0), full_matrices=False)
    assert s[:2].square().sum() / s.square().sum() < 0.5
    flat = u[:, :2] * s[:2]
    near = chapter["cosines"](full, full).fill_diagonal_(-2).topk(5).indices
    page = torch.cdist(flat, flat).fill_diagonal_(torch.inf).topk(5, largest=False).indices
    assert (near[:, :, None] == page[:, None, :]).any(2).double().mean() < 0.5


def room(names: dict[str, Any]) -> None:
    """What the page says of random arrows."""
    for m in names["WIDTHS"]:
        square = float(names["random_cosines"](m).square().mean())
        assert square * m == pytest.approx(1, abs=0.06)  # 20,000 pairs: four standard errors
    for m, count in names["packed"].items():
        q = names["forbidden_share"](m, 0.5)
        assert count > 0.9 * (1 - (1 - q) ** names["TRIES"]) / q, "fewer than is proven"
    assert 800 < names["packed"][32] < 1300


def test_the_room_grows_exponentially(chapter):
    says(PAGE, "The typical cosine falls as $1/\\sqrt m$, and its square as $1/m$")
    says(PAGE, "About 1,000. At right angles there would be 32.")
    says(PAGE, "each further dimension *multiplies* the number of arrows")
    room(chapter)
    kept = np.array(list(chapter["packed"].values()))
    steps = np.diff(np.log(kept)) / np.diff(chapter["PACKED_WIDTHS"])
    assert (steps > np.log(1.05)).all(), "at least 5 % more arrows with each dimension"


def test_that_falls_when_directions_are_not_random(monkeypatch):
    """Directions with a common part: the cosines stop narrowing, and few arrows fit."""
    true = geometry.random_unit_vectors

    def leaning(n, m, generator=None):
        u = true(n, m, generator)
        u[:, 0] += 0.7
        return u / u.norm(dim=1, keepdim=True)

    monkeypatch.setattr(geometry, "random_unit_vectors", leaning)
    monkeypatch.setattr(minilm, "load_model", no_model)
    with pytest.raises(AssertionError):
        room(cells.run(PAGE))


def test_the_count_of_tokens(chapter):
    says(PAGE, "The claim has the tokens right and the width wrong")
    assert min(chapter["ratios"]) > 1
    assert (min(chapter["gpt2"]), max(chapter["gpt2"])) == (768, 1600)


def test_the_share_of_forbidden_directions(chapter):
    noise = torch.Generator().manual_seed(5)
    for m, tolerance in ((3, 0.5), (16, 0.3), (64, 0.3)):
        q = chapter["forbidden_share"](m, tolerance)
        beyond = geometry.random_unit_vectors(40_000, m, noise)[:, 0].abs() > tolerance
        assert float(beyond.double().mean()) == pytest.approx(q, abs=4 * (q / 40_000) ** 0.5)
        assert q <= 2 * (1 - tolerance**2) ** (m / 2)
    assert chapter["forbidden_share"](3, 0.5) == pytest.approx(0.5)  # Archimedes: evenly spread


def test_packed_arrows_are_within_tolerance(chapter):
    """In the plane at tolerance 1/2 at most three lines fit; random play finds two or three."""
    assert chapter["pack"](2, 0.5, torch.Generator().manual_seed(2)) in (2, 3)
    assert chapter["pack"](1, 0.5, torch.Generator().manual_seed(2)) == 1


def test_its_closing_sentence(chapter):
    says(PAGE, "A word is a direction, and far more directions fit than dimensions, if they may")
    assert chapter["packed"][40] > 40 * 20


def no_model(name=None):
    raise minilm.ModelUnavailable("no network, in this test")


def test_without_a_model_the_rest_still_runs(monkeypatch):
    monkeypatch.setattr(minilm, "load_model", no_model)
    names = cells.run(PAGE)
    assert names["model"] is None
    room(names)
