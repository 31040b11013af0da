"""The ledger is complete, and it can change its mind: other physics moves the verdicts it must."""

from __future__ import annotations

import csv
import inspect
import re
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import book
from sentences import says
from superposition import geometry
from superposition.ledger import claims, rules
from superposition.ledger.context import Lab, Measurement, NotRun, Spread
from superposition.ledger.experiments import language_models, small_models, toy_models
from superposition.ledger.rules import FAILS, HOLDS, LIMITS, OPEN, Verdict

CLAIM = {claim.id: claim for claim in claims.CLAIMS}
RULED = [claim.id for claim in claims.CLAIMS if claim.rule]


@pytest.fixture(scope="module")
def lab() -> Lab:
    """A quick look, converged or not."""
    return Lab(steps=600, shared_steps=600, tolerance=float("inf"))


def verdict(lab: Lab, claim_id: str) -> Verdict:
    claim = CLAIM[claim_id]
    assert claim.experiment is not None
    return claim.decide(claim.experiment(lab))


def changed(lab: Lab, **physics: object) -> Lab:
    """The same trained models under other physics."""
    other = replace(lab, **physics)  # type: ignore[arg-type]
    other.__dict__["models"] = lab.models
    return other


def test_every_claim_has_all_it_needs() -> None:
    assert list(CLAIM) == [f"C{k:02d}" for k in range(1, 17)]
    for claim in claims.CLAIMS:
        assert claim.press and claim.paper
        assert (book.ROOT / "chapters" / f"{claim.chapter}.ipynb").exists()
        assert bool(claim.limits) == (claim.recorded == LIMITS), f"{claim.id}: say its limits"
        assert bool(claim.rule) != bool(claim.by_hand), f"{claim.id}: a rule, or a verdict by hand"
        if claim.rule:
            sentence = " ".join((inspect.getdoc(claim.rule) or "").split())
            assert claim.experiment and sentence and claim.judged.startswith(sentence)
        else:
            assert claim.recorded in (OPEN, FAILS) and claim.by_hand in claim.judged


def test_the_claims_are_those_that_were_told() -> None:
    told = csv.DictReader((Path(__file__).parent / "claims_as_told.csv").open(encoding="utf8"))
    assert [row["id"] for row in told] == list(CLAIM)


def test_the_page_says_which_verdicts_follow_no_rule_and_which_rules_changed() -> None:
    page = "10_claims_checked"
    says(page, "Four verdicts are set by hand and not by a rule, and their cards say why.")
    by_hand = [claim for claim in claims.CLAIMS if not claim.rule]
    assert [claim.id for claim in by_hand] == ["C10", "C14", "C15", "C16"]
    assert all(claim.judged.startswith("Set by hand, by no rule.") for claim in by_hand)
    says(page, "with seven exceptions that their cards name (C02, C06, C07, C09, C11, C12, C13)")
    changed = [claim for claim in claims.CLAIMS if claim.changed]
    names = ["C02", "C06", "C07", "C09", "C11", "C12", "C13"]
    assert [claim.id for claim in changed] == names
    assert all(claim.changed in claim.judged for claim in changed)
    text = (book.ROOT / "chapters" / f"{page}.ipynb").read_text("utf8")
    assert "typed the verdicts" not in text


def test_each_claim_leads_to_the_chapter_that_tells_it() -> None:
    """The ledger's links are those of its page, and the chapter names the claim or its subject."""
    text = (book.ROOT / "chapters" / "10_claims_checked.ipynb").read_text("utf8")
    (told,) = re.findall(r"Where each is told at length: ([^\n]*?)\.?\\n", text)
    where = {
        claim_id: page
        for claims_of, page in re.findall(
            r"([C\d, and]+?) in \[chapter \d+\]\((\w+)\.ipynb\)", told
        )
        for claim_id in re.findall(r"C\d\d", claims_of)
    }
    assert where == {claim.id: claim.chapter for claim in claims.CLAIMS}
    says("01_embeddings", "Nothing quantum is meant.")  # C14
    says("07_errors_and_skills", "superposition makes larger models more *creative*")  # C15


def test_the_limits_of_c05_are_those_of_the_pages() -> None:
    limits = " ".join(CLAIM["C05"].limits.split())
    assert "though without room half or more are never read" in limits
    says("02_weak_vs_strong", "half of the features or more read 0")
    assert "a table that nobody trained passes, too" in limits
    says("05_real_language_models", "The table that nobody trained passes the test")
    assert (
        "of a table of random numbers all do"
        in toy_models.Everything(kept=spread(1, 1), kept_with_decay=0.2, real=0.96).text
    )


def test_numbers_of_minilm_say_which_rows_they_are_for() -> None:
    """With its 994 place-holders the overlap is 3.35 / m and not 2.43 / m (chapters 1 and 5)."""
    kept = toy_models.Everything(kept=spread(1, 1), kept_with_decay=0.2, real=0.96)
    found = replace(published_overlaps(-1.7, -0.9, 24), real=2.43)
    assert "MiniLM's rows, placeholders aside, 96.0%" in kept.text
    assert "MiniLM's input rows, placeholders aside, 2.4 times" in found.text


TOY = ["C01", "C04", "C05", "C06", "C07", "C09", "C11"]


@pytest.mark.parametrize("claim_id", [*TOY, "C03", "C08"])
def test_the_recorded_verdict_stands(lab: Lab, claim_id: str) -> None:
    assert verdict(lab, claim_id) == CLAIM[claim_id].recorded


@pytest.mark.long
def test_other_seeds_find_the_same() -> None:
    other = Lab(seeds=(11, 12), steps=600, shared_steps=600, tolerance=float("inf"))
    for claim_id in TOY:
        assert verdict(other, claim_id) == CLAIM[claim_id].recorded, claim_id


def test_shuffled_frequencies_take_c04_away(lab: Lab) -> None:
    order = torch.randperm(200, generator=torch.Generator().manual_seed(0))
    assert verdict(changed(lab, relabel=lambda p: p[order]), "C04") == FAILS


@pytest.mark.long
def test_a_flipped_regime_takes_c05_away_and_leaves_c03(lab: Lab) -> None:
    flipped = replace(lab, growth=lab.decay)  # trained anew
    assert verdict(flipped, "C05") == FAILS
    assert verdict(flipped, "C03") == CLAIM["C03"].recorded


def test_random_directions_leave_c06_and_parallel_ones_take_it_away(lab: Lab) -> None:
    """1/m is what any spread of directions gives; rows that all point one way do not."""
    noise = torch.Generator().manual_seed(0)
    spread = changed(lab, rewire=lambda W: geometry.random_unit_vectors(*W.shape, noise))
    assert verdict(spread, "C06") == LIMITS
    assert verdict(changed(lab, rewire=lambda W: W.abs() + 1), "C06") == FAILS


def test_half_the_exponent_takes_c08_away(lab: Lab) -> None:
    halved = tuple((m, 0.1 * m**-0.5) for m, _ in lab.overlaps)
    assert verdict(changed(lab, overlaps=halved), "C08") == FAILS
    floor = tuple((m, (1 + 0.1 * (-1) ** k) / m) for k, (m, _) in enumerate(lab.overlaps))
    assert verdict(changed(lab, overlaps=floor), "C08") == HOLDS


def test_the_wrong_geometry_takes_c07_away(lab: Lab) -> None:
    """Cosines of random directions do not foretell the loss of trained ones at every width."""
    noise = torch.Generator().manual_seed(0)
    other = changed(lab, rewire=lambda W: geometry.random_unit_vectors(*W.shape, noise))
    assert verdict(other, "C07") == FAILS


@pytest.mark.parametrize("claim_id", ["C01", "C07"])
def test_no_exponent_from_runs_that_have_not_converged(lab: Lab, claim_id: str) -> None:
    experiment = CLAIM[claim_id].experiment
    assert experiment is not None
    found = experiment(changed(lab, tolerance=0.0))
    assert isinstance(found, NotRun) and "converged" in found.text
    assert CLAIM[claim_id].decide(found) == OPEN


def test_where_features_are_dropped_c06_says_so(lab: Lab) -> None:
    found = toy_models.interference(
        changed(lab, rewire=lambda W: W * (torch.arange(200)[:, None] < 150))
    )
    assert "though not every feature is kept (m from 6 to 28)" in found.text


def test_ranges_are_not_printed_like_confidence_intervals(lab: Lab) -> None:
    """A range over laws or seeds is called one; brackets are left to confidence intervals."""
    assert f"{Spread(-1.1, -1.2, -1.0):.2f}" == "-1.10 (from -1.20 to -1.00)"
    for claim_id in TOY:
        experiment = CLAIM[claim_id].experiment
        assert experiment is not None
        found = experiment(lab)
        assert isinstance(found, Measurement) and "[" not in found.text, claim_id
    found = toy_models.interference(lab)
    assert f"overlap² falls as m^{found.squared.mean:.2f} (from " in found.text


def test_without_interference_c09_falls(lab: Lab) -> None:
    clean = changed(lab, rewire=lambda W: torch.eye(len(W)))
    assert verdict(clean, "C09") == FAILS


def spread(low: float, high: float) -> Spread:
    return Spread.over([low, high])


def words(start: float) -> Measurement:
    return language_models.RelatedWords(
        share=start + 0.02, interval=(start, start + 0.04), shuffled=0.55
    )


def widths(*found: int) -> Measurement:
    return language_models.Widths(told=4000, widths=found, vocabulary=50_257)


def frequent(share: float, kept: float, kept_with_growth: float) -> Measurement:
    return toy_models.Frequent(
        frequent=spread(share - 0.02, share + 0.02), kept=kept, kept_with_growth=kept_with_growth
    )


def everything(kept: float, kept_with_decay: float) -> Measurement:
    return toy_models.Everything(
        kept=spread(kept, kept), kept_with_decay=kept_with_decay, real=None
    )


def overlaps(squared: float, absolute: float) -> Measurement:
    return toy_models.Overlaps(
        squared=spread(squared, squared),
        absolute=spread(absolute, absolute),
        widths=(14, 20, 28),
        every_feature_kept=True,
        crowded={6: (0.6, 1.3)},
        squared_everywhere=spread(-1.2, -1.1),
    )


def cosines(worst: float, *exponents: float) -> Measurement:
    return toy_models.Geometry(error=spread(0.0, worst), exponents=exponents, widths=(9, 14, 20))


def published_overlaps(low: float, high: float, excess: float) -> Measurement:
    return language_models.PublishedOverlaps(
        count=25, exponent=(low + high) / 2, interval=(low, high), excess=excess, real=None
    )


def answers(narrow: float, wide: float, without: float, confidence: float) -> Measurement:
    return toy_models.Answers(
        misread=(narrow, wide), misread_without_overlap=without, confidence=confidence, sure=0.1
    )


def full_width(even: tuple[float, float], uneven: tuple[float, float], left: float) -> Measurement:
    exponents = {"even": even, "uneven": uneven}
    return small_models.Ceiling(exponents=exponents, left=spread(left, left))


def packings(low: float, high: float, look: float) -> Measurement:
    worth = {"growth": spread(low, high), "unit rows": spread(0.1, 0.2)}
    return small_models.Packings(
        worth=worth, second_look=spread(look, look + 0.1), trained_together=spread(1.5, 1.6)
    )


def recovery(low: float, high: float) -> Measurement:
    return small_models.Recovery(
        widths=(6, 26),
        above={"dictionary learning": (0.7, 0.9), "sparse autoencoder": (0.1, 0.9)},
        fall=spread(low, high),
    )


RULES_FED = [
    ("C01", toy_models.Extrapolation(error=spread(0.01, 0.08)), HOLDS),
    ("C01", toy_models.Extrapolation(error=spread(0.01, 0.5)), LIMITS),
    ("C01", toy_models.Extrapolation(error=spread(0.01, 0.8)), FAILS),
    ("C01", toy_models.Extrapolation(error=spread(-0.8, 0.01)), FAILS),
    ("C02", words(0.96), HOLDS),
    ("C02", words(0.6), LIMITS),
    ("C02", words(0.52), FAILS),
    ("C03", widths(768, 3800), HOLDS),
    ("C03", widths(768, 5000), LIMITS),
    ("C03", widths(768, 1600), FAILS),
    ("C03", widths(768, 40_000), FAILS),
    ("C04", frequent(0.9, 0.2, 0.3), HOLDS),
    ("C04", frequent(0.9, 0.2, 0.9), LIMITS),
    ("C04", frequent(0.5, 0.2, 0.3), FAILS),
    ("C04", frequent(0.9, 0.6, 0.3), FAILS),
    ("C05", everything(0.95, 0.95), HOLDS),
    ("C05", everything(0.95, 0.2), LIMITS),
    ("C05", everything(0.85, 0.95), FAILS),
    ("C06", overlaps(-2.0, -1.1), HOLDS),
    ("C06", overlaps(-1.1, -0.5), LIMITS),
    ("C06", overlaps(-0.7, -0.35), FAILS),
    ("C07", cosines(0.1, 1.0, 1.1), HOLDS),
    ("C07", cosines(0.1, 1.0, 1.4), LIMITS),
    ("C07", cosines(0.4, 1.0, 1.1), FAILS),
    ("C08", published_overlaps(-1.1, -0.9, 1.5), HOLDS),
    ("C08", published_overlaps(-1.1, -0.9, 20), LIMITS),
    ("C08", published_overlaps(-0.6, -0.4, 1.5), FAILS),
    ("C08", published_overlaps(-1.9, -1.2, 1.5), FAILS),
    ("C09", answers(0.3, 0.04, 0.0, 0.95), HOLDS),
    ("C09", answers(0.3, 0.04, 0.0, 0.3), LIMITS),
    ("C09", answers(0.3, 0.2, 0.0, 0.95), FAILS),
    ("C09", answers(0.3, 0.04, 0.2, 0.95), FAILS),
    ("C11", full_width((-2, -1), (-2, -1), 0.0), HOLDS),
    ("C11", full_width((-2, -1), (-1, -2), 0.0), LIMITS),
    ("C11", full_width((-2, -1), (-2, -1), 0.3), FAILS),
    ("C12", packings(1.2, 1.4, 1.3), HOLDS),
    ("C12", packings(0.9, 1.1, 1.3), LIMITS),
    ("C12", packings(0.8, 0.95, 1.0), FAILS),
    ("C13", recovery(0.4, 0.6), HOLDS),
    ("C13", recovery(0.1, 0.6), LIMITS),
    ("C13", recovery(-0.2, 0.0), FAILS),
]


@pytest.mark.parametrize(("claim_id", "found", "expected"), RULES_FED)
def test_rules_reach_every_verdict(claim_id: str, found: Measurement, expected: Verdict) -> None:
    assert CLAIM[claim_id].decide(found) == expected
    assert found.text


def test_every_rule_is_fed_data_for_each_of_its_words() -> None:
    assert {(claim_id, word) for claim_id, _, word in RULES_FED} == {
        (claim_id, word) for claim_id in RULED for word in (HOLDS, LIMITS, FAILS)
    }
    assert {CLAIM[claim_id].rule.__name__ for claim_id in RULED} == {
        name for name, _ in inspect.getmembers(rules, inspect.isfunction)
    }


def test_what_could_not_run_is_open_and_no_rule_is_asked() -> None:
    for claim_id in RULED:
        assert CLAIM[claim_id].decide(NotRun("no model weights at hand")) == OPEN


def test_a_moved_verdict_fails_the_command(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def judged(moved: str) -> list[claims.Judged]:
        return [
            claims.Judged(
                claim=claim, found=None, verdict=FAILS if claim.id == moved else claim.recorded
            )
            for claim in claims.CLAIMS
        ]

    monkeypatch.setattr(claims, "judge", lambda lab: judged(""))
    assert claims.main() == 0
    monkeypatch.setattr(claims, "judge", lambda lab: judged("C06"))
    assert claims.main() == 1
    assert "C06: holds within limits -> does not hold" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("superposition.claims", run_name="__main__")
    assert ended.value.code == 1


def test_without_the_weights_the_ledger_still_runs(lab: Lab) -> None:
    bare = changed(lab)
    bare.__dict__["language_model"] = None
    assert isinstance(language_models.related_words(bare), NotRun)
    assert toy_models.keeps_everything(bare).real is None
    assert "MiniLM" not in language_models.open_models(bare).text
