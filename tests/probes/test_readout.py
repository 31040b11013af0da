"""Read-outs and combinations against cases that can be worked out by hand."""

import numpy as np
import pytest
import torch

from superposition import features, geometry
from superposition.probes import readout


def test_arrows_at_right_angles_are_never_misread():
    reading = readout.read_strongest(torch.eye(8), features.power_law(8, 1.0, density=2.0))
    assert reading.wrong == reading.invented == reading.sure_answers.wrong == 0
    assert np.isnan(reading.confidence_wrong) and reading.sure > 0.5


def test_equal_arrows_are_misread_as_often_as_counting_says():
    """Two features, each present half of the time, one arrow: the first is always named.

    Of the samples that hold anything the second is strongest in 1/2, and alone in 1/3.
    """
    W, p = torch.ones(2, 1), torch.tensor([0.5, 0.5])
    reading = readout.read_strongest(W, p, samples=40_000)
    assert reading.samples == pytest.approx(30_000, abs=500)
    assert reading.wrong == pytest.approx(1 / 2, abs=0.012)  # 4 standard errors
    assert reading.invented == pytest.approx(1 / 3, abs=0.011)
    assert reading.confidence == pytest.approx(0.5) and reading.sure == 0
    assert reading.overconfidence == pytest.approx(0, abs=0.012)


def test_a_lost_row_changes_the_answer():
    p = torch.tensor([0.3, 0.3, 0.3])
    dropped = readout.read_strongest(torch.eye(3)[:, :2], p)
    assert 0.2 < dropped.wrong < 0.5


def test_confidence_depends_on_where_it_was_fitted():
    p, sparse = (features.power_law(48, 0.0, density=E) for E in (3.0, 1.0))
    W = geometry.random_unit_vectors(48, 16, torch.Generator().manual_seed(0))
    there, elsewhere = (readout.read_strongest(W, p, fitted=f) for f in (None, sparse))
    # Over 5 seeds -0.067 ± 0.004 and 0.113 ± 0.002: one temperature for near-ties and clear
    # cases alike is too modest on average where it was fitted, and too bold in a crowd.
    assert -0.1 < there.overconfidence < 0 and 0.08 < elsewhere.overconfidence < 0.15
    assert there.wrong == elsewhere.wrong


def test_combinations_against_a_case_by_hand():
    """Cosine c = -0.8: alone the smaller reading is -0.8 v, up to 0; together it is
    min v - 0.8 max v for values from 1 to 2, above 0 with probability 0.55."""
    W = torch.tensor([[1.0, 0.0], [-0.8, 0.6], [0.0, 0.0]])
    p = torch.tensor([1e-9, 1e-9, 0.5])
    pairs = torch.tensor([[0, 1], [1, 0]])
    hits = readout.combination_hits(W, p, pairs, samples=40_000)
    assert hits == pytest.approx([0.55, 0.55], abs=0.012)
    loose = readout.combination_hits(W, p, pairs, samples=40_000, false_alarms=0.5)
    assert (loose > hits + 0.2).all()


def test_right_angles_notice_all_and_opposites_nothing():
    p = features.power_law(6, 0.0, density=0.5)
    pairs = torch.tensor([[0, 1]])
    assert readout.combination_hits(torch.eye(6), p, pairs)[0] == 1
    opposite = torch.eye(6)
    opposite[1] = -opposite[0]
    assert readout.combination_hits(opposite, p, pairs)[0] < 0.02


def noisy_answers(noise: float, scale: float, samples: int = 200_000):
    """One of ten axes plus Gaussian noise, read by softmax(scale z / noise²): confidence, wrong.

    With scale = 1 that is the posterior of the axes (equally frequent), so it is honest.
    """
    generator = torch.Generator().manual_seed(0)
    truth = torch.randint(10, (samples,), generator=generator)
    z = torch.eye(10)[truth] + noise * torch.randn(samples, 10, generator=generator)
    confidence, answer = (scale * z / noise**2).softmax(1).max(1)
    return z, truth, confidence, answer != truth


def test_an_honest_reader_keeps_its_promise():
    z, truth, confidence, wrong = noisy_answers(noise=0.35, scale=1.0)
    found = readout.calibration(confidence, wrong)
    assert found.answers > 100_000 and 0.01 < found.promised < 0.03
    error = (found.promised / found.answers) ** 0.5  # of a share of rare errors
    assert found.actual == pytest.approx(found.promised, abs=4 * error)
    assert found.ratio == pytest.approx(1, abs=4 * error / found.promised)
    assert found.interval[0] < found.actual < found.interval[1] and not found.overconfident
    assert readout.temperature(z, truth) == pytest.approx(0.35**2, rel=0.02)


@pytest.mark.parametrize(("scale", "low", "high"), [(1.5, 1.3, 9), (0.7, 0, 0.85)])
def test_a_reader_too_bold_or_too_modest_is_caught(scale, low, high):
    """Also where the bold one's sure answers are wrong less often than one time in ten."""
    _, _, confidence, wrong = noisy_answers(noise=0.35, scale=scale)
    found = readout.calibration(confidence, wrong)
    assert low < found.ratio < high and found.actual < 0.1
    assert found.overconfident == (scale > 1)


def test_the_interval_over_answers_holds_the_promise_as_often_as_it_says():
    rng = np.random.default_rng(0)
    confidence = torch.from_numpy(rng.uniform(0.91, 1, (400, 500)))
    wrong = torch.from_numpy(rng.random((400, 500))) > confidence
    found = [readout.calibration(c, w) for c, w in zip(confidence, wrong, strict=True)]
    inside = np.mean([f.interval[0] <= f.promised <= f.interval[1] for f in found])
    assert 0.92 < inside < 0.98


def test_calibrations_are_pooled_by_answers():
    none = readout.Calibration(answers=0, wrong=0, promised=float("nan"))
    some = readout.Calibration(answers=100, wrong=4, promised=0.02)
    more = readout.Calibration(answers=300, wrong=0, promised=0.06)
    both = readout.pooled([none, some, more])
    assert both == readout.Calibration(answers=400, wrong=4, promised=pytest.approx(0.05))
    assert both.ratio == pytest.approx(0.2) and np.isnan(readout.pooled([none]).promised)
    assert np.isnan(none.actual) and np.isnan(none.interval).all() and not none.overconfident
    with pytest.raises(ValueError, match="its confidence"):
        readout.calibration(torch.ones(3), torch.ones(2, dtype=torch.bool))


def test_answers_in_a_range_of_confidence():
    """0.95 and 0.6 promise 0.05 and 0.4; each range holds its own answers and no other."""
    confidence, wrong = torch.tensor([0.95, 0.6, 0.6]), torch.tensor([True, False, True])
    low = readout.calibration(confidence, wrong, above=0.5, up_to=0.7)
    assert (low.answers, low.wrong) == (2, 1) and low.promised == pytest.approx(0.4)
    everything = readout.calibration(confidence, wrong, above=0.0)
    assert (everything.answers, everything.wrong) == (3, 2)


def test_a_reading_is_the_shares_of_its_answers():
    p = features.power_law(24, 0.0, density=3.0)
    W = geometry.random_unit_vectors(24, 8, torch.Generator().manual_seed(0))
    given, reading = readout.answers(W, p), readout.read_strongest(W, p)
    assert reading.wrong == pytest.approx(float(given.wrong.double().mean()))
    assert (given.wrong | ~given.invented).all() and given.invented.any()
    assert reading.samples == len(given.confidence)
