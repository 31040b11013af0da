"""What chapter 5 says of real rows and of its own small GPTs, held to what the page measures."""

import numpy as np
import pytest
import torch

import cells
from sentences import own_and_seeds, says
from superposition import geometry
from superposition.llm import unembedding
from superposition.power_law import fit_power_law

PAGE = "05_real_language_models"


def offline(**how):
    """The page's names, without the hub."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(unembedding, "hub_answers", lambda _: "no network, in this test")
        return cells.run(PAGE, **how)


@pytest.fixture(scope="module", params=own_and_seeds({"SEED": 2}))
def page(request):
    """Down to its verdict on the small GPTs."""
    return offline(settings=request.param, last="small-verdict")


@pytest.fixture(scope="module")
def rows():
    """Down to the lengths of MiniLM's rows, which no seed moves."""
    names = offline(last="represented")
    if names["minilm"] is None:
        pytest.skip("no weights of MiniLM")
    return names


def falls_more_slowly(widths, overlaps) -> bool:
    """Overlap falls with the width, and the interval of its exponent lies above -1."""
    fit = fit_power_law(widths, overlaps)
    return -1 < fit.interval[0] < fit.interval[1] < 0


def test_its_own_gpts_do_not_follow_the_law(page):
    says(PAGE, "their overlap falls more slowly, and the interval of its exponent excludes $-1$")
    says(PAGE, "Training lifts them off it, and the wide ones further than the narrow ones.")
    assert falls_more_slowly(page["WIDTHS"], page["overlap"])
    assert all(np.diff(page["ratios"]) > 0) and page["ratios"][0] > 1.05


def test_rows_that_follow_the_law_would_break_it():
    widths = [8, 16, 32, 64]
    rows = [geometry.random_unit_vectors(512, m, torch.Generator().manual_seed(m)) for m in widths]
    assert not falls_more_slowly(widths, [geometry.mean_squared_overlap(W) for W in rows])


@pytest.mark.chapters
def test_the_length_of_a_row_cannot_tell_a_kept_token(rows):
    says(PAGE, "The table that nobody trained passes the test with a higher mark than MiniLM.")
    assert rows["control"] == 1 > rows["minilm"].represented > 0.9
    says(PAGE, "none of the tokens that occur in our text has a short row")
    assert not (rows["short"] & rows["used"]).any()
    says(PAGE, "About half of the short rows are place-holders")
    assert 0.45 < (rows["short"] & rows["placeholder"]).sum() / rows["short"].sum() < 0.55
    says(PAGE, "the rank correlation would be near $+1$")
    assert abs(rows["rank"].statistic) < 0.2


@pytest.mark.chapters
def test_minilm_without_place_holders_is_the_number_of_the_other_chapters(rows):
    says(PAGE, "What we can measure is its *input* table, the rows that tokens enter by.")
    whole, named = (geometry.mean_squared_overlap(W) * 384 for W in (rows["W"], rows["named"]))
    assert whole == pytest.approx(3.35, abs=0.01) and named == pytest.approx(2.43, abs=0.01)
