"""Wrong answers: when a read-out of the code errs, and when a combination is seen.

A code h = Wᵀx holds features x, shape (n,), in m numbers; z = W h reads them back (the toy
model before its bias and its ReLU). Nothing is trained here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest
from torch import Tensor

from superposition import features

SURE = 0.9  # an answer given with a higher confidence is called sure


@dataclass(frozen=True)
class Calibration:
    """What the confidences of some answers promised, and what came of it.

    An answer of confidence c promises to be wrong with probability 1 - c. Over K answers

        promised = (1/K) Σ (1 - c_k),   actual = (1/K) Σ [answer k is wrong].

    A calibrated read-out has actual = promised up to chance, whatever the confidences are: its
    answers above 0.9 need not be wrong one time in ten, but as often as they say themselves.
    (Murphy 1973, doi 10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2, calls it reliability.)
    """

    answers: int  # K
    wrong: int  # of these
    promised: float  # share, from 0 to 1; nan: there are no answers

    @property
    def actual(self) -> float:
        """Share of the answers that is wrong; nan: there are none."""
        return self.wrong / self.answers if self.answers else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of `actual`: over answers, so for these models and no others."""
        if not self.answers:
            return float("nan"), float("nan")
        found = binomtest(self.wrong, self.answers).proportion_ci(method="wilson")
        return float(found.low), float(found.high)

    @property
    def ratio(self) -> float:
        """Actual over promised error: 1 if calibrated, above 1 if overconfident."""
        return self.actual / self.promised if self.promised else float("nan")

    @property
    def overconfident(self) -> bool:
        """More wrong than promised by more than chance: the whole interval lies above."""
        return self.interval[0] > self.promised


def calibration(
    confidence: Tensor, wrong: Tensor, above: float = SURE, up_to: float = 1.0
) -> Calibration:
    """Calibration of the answers given with a confidence > `above` and <= `up_to`.

    confidence, wrong (answers,): from 0 to 1, and true or false.
    """
    if confidence.shape != wrong.shape:
        raise ValueError(
            f"each answer needs its confidence: {len(confidence)} confidences, {len(wrong)} answers"
        )
    sure = (confidence > above) & (confidence <= up_to)
    return Calibration(
        answers=int(sure.sum()),
        wrong=int(wrong[sure].sum()),
        promised=_share(1 - confidence.double()[sure]),
    )


def pooled(parts: Sequence[Calibration]) -> Calibration:
    """The answers of several models, such as those of several seeds, taken together."""
    answers = sum(part.answers for part in parts)
    promised = sum(part.promised * part.answers for part in parts if part.answers)
    return Calibration(
        answers=answers,
        wrong=sum(part.wrong for part in parts),
        promised=promised / answers if answers else float("nan"),
    )


@dataclass(frozen=True)
class Reading:
    """How well the strongest feature is read back; every value is a share, from 0 to 1."""

    wrong: float  # answers that are not the strongest feature
    invented: float  # answers that were not in the code at all (a part of `wrong`)
    confidence: float  # mean over all answers
    confidence_wrong: float  # mean over wrong answers; nan: there are none
    samples: int  # answers judged
    sure_answers: Calibration  # those given with a confidence above 0.9

    @property
    def overconfidence(self) -> float:
        """Mean confidence less the share that is right: 0 for a calibrated read-out."""
        return self.confidence - (1 - self.wrong)

    @property
    def sure(self) -> float:
        """Share of the answers that is sure."""
        return self.sure_answers.answers / self.samples


@dataclass(frozen=True)
class Answers:
    """Which feature is strongest? What was answered, sample by sample; each shape (answers,)."""

    confidence: Tensor  # from 0 to 1
    wrong: Tensor  # not the strongest feature
    invented: Tensor  # not in the code at all (a part of `wrong`)


def answers(
    W: Tensor, p: Tensor, *, fitted: Tensor | None = None, samples: int = 20_000, seed: int = 0
) -> Answers:
    """Name the strongest feature of each sample by the largest z, with a confidence.

    W (n, m), p (n,). Confidence is the largest entry of softmax(z / T); T
    maximises the likelihood of the right answers on other samples, of the same frequencies or of
    `fitted`, (n,). Samples with no active feature are left out.
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = features.sample(p, samples, generator)
        x = x[(x > 0).any(dim=1)]
        return x, x @ W @ W.T, x.argmax(dim=1)

    _, z, truth = draw(p if fitted is None else fitted)
    T = temperature(z, truth)
    x, z_new, truth_new = draw(p)
    confidence, answer = (z_new / T).softmax(dim=1).max(dim=1)
    wrong = answer != truth_new
    invented = wrong & (x.gather(1, answer[:, None])[:, 0] == 0)
    return Answers(confidence=confidence, wrong=wrong, invented=invented)


def read_strongest(
    W: Tensor, p: Tensor, *, fitted: Tensor | None = None, samples: int = 20_000, seed: int = 0
) -> Reading:
    """Shares over all `answers`, to which the settings go."""
    given = answers(W, p, fitted=fitted, samples=samples, seed=seed)
    return Reading(
        wrong=_share(given.wrong),
        invented=_share(given.invented),
        confidence=_share(given.confidence),
        confidence_wrong=_share(given.confidence[given.wrong]),
        samples=len(given.wrong),
        sure_answers=calibration(given.confidence, given.wrong),
    )


def temperature(z: Tensor, truth: Tensor) -> float:
    """T that makes softmax(z / T) most likely, from e^-5 to e^3: z (samples, n), truth (samples,).

    (Guo et al. 2017, arXiv 1706.04599, call it temperature scaling.)
    """

    def surprise(log_t: float) -> float:
        return float(torch.nn.functional.cross_entropy(z / np.exp(log_t), truth))

    return float(np.exp(minimize_scalar(surprise, bounds=(-5, 3), method="bounded").x))


def combination_hits(
    W: Tensor,
    p: Tensor,
    pairs: Tensor,
    *,
    false_alarms: float = 1e-3,
    samples: int = 50_000,
    seed: int = 0,
) -> NDArray[np.float64]:
    """How often "a and b are both here" is noticed, for each pair (a, b) of `pairs`, (k, 2).

    The detector says yes if min(z_a, z_b) is above a threshold, which a share `false_alarms` of
    the samples with just one of the two reaches (values from 0 to 2, as in the data). Where both
    are present their values are from 1 to 2, so that only interference can hide them. W (n, m),
    p (n,). Returns the share noticed, shape (k,).
    """
    generator = torch.Generator().manual_seed(seed)
    x = features.sample(p, samples, generator)
    K, hits = W @ W.T, []
    z = x @ K
    for pair in torch.as_tensor(pairs):
        value = torch.rand(2, samples, 2, generator=generator)
        one = 2 * value[0]
        one[torch.arange(samples), torch.arange(samples) % 2] = 0  # a alone, b alone, in turn
        without, both = (
            (z[:, pair] + (want - x[:, pair]) @ K[pair][:, pair]).amin(dim=1)
            for want in (one, 1 + value[1])
        )
        threshold = without.sort().values[-max(1, int(false_alarms * samples))]
        hits.append(float((both > threshold).double().mean()))
    return np.array(hits)


def _share(values: Tensor) -> float:
    return float(values.double().mean())
