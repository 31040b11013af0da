"""One rule for each claim that a measurement can decide: from what was found to a verdict.

The docstring of a rule is the sentence that the ledger's page prints. Every rule can say each of
the three words that a measurement can bring; a test feeds it data for each.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from superposition.ledger.experiments.language_models import (
    PublishedOverlaps,
    RelatedWords,
    Widths,
)
from superposition.ledger.experiments.small_models import Ceiling, Packings, Recovery
from superposition.ledger.experiments.toy_models import (
    Answers,
    Everything,
    Extrapolation,
    Frequent,
    Geometry,
    Overlaps,
)


class Verdict(StrEnum):
    """The four words of the ledger."""

    HOLDS = "holds"
    LIMITS = "holds within limits"
    FAILS = "does not hold"
    OPEN = "not testable here"


HOLDS, LIMITS, FAILS, OPEN = Verdict


def predictable(found: Extrapolation) -> Verdict:
    """Holds if a line through the narrower widths predicts the loss at the widest to 10 %, for
    every list of frequencies; within limits if to a factor of two.
    """
    worst = max(-found.error.low, found.error.high)
    if worst < 0.1:
        return HOLDS
    return LIMITS if worst < np.log(2) else FAILS


def related_words(found: RelatedWords) -> Verdict:
    """Holds if the interval starts above 95 %; within limits if it starts above what the model
    wins with the rows of its table shuffled.
    """
    if found.interval[0] > 0.95:
        return HOLDS
    return LIMITS if found.interval[0] > found.shuffled else FAILS


def widths_of_gpt2(found: Widths) -> Verdict:
    """Holds if one of GPT-2's widths is within 10 % of 4,000; within limits if within a third."""
    factor = min(max(m / found.told, found.told / m) for m in found.widths)
    if factor < 1.1:
        return HOLDS
    return LIMITS if factor < 4 / 3 else FAILS


def keeps_the_frequent(found: Frequent) -> Verdict:
    """Within limits if decay keeps under half of the features and over 60 % of the kept are the
    most frequent; holds if growth, too, keeps under half.
    """
    if found.frequent.mean < 0.6 or found.kept > 0.5:
        return FAILS
    return HOLDS if found.kept_with_growth < 0.5 else LIMITS


def keeps_everything(found: Everything) -> Verdict:
    """Holds if over 90 % of arrows are kept on average, with growth and with decay (at m = 6,
    frequencies as 1/rank); within limits if with growth only.
    """
    if found.kept.mean <= 0.9:
        return FAILS
    return HOLDS if found.kept_with_decay > 0.9 else LIMITS


def interference_halves(found: Overlaps) -> Verdict:
    """Holds if |overlap| falls as m^-1 (to 0.15); within limits if overlap² does (to 0.2). At
    widths that keep every feature.
    """
    if abs(found.absolute.mean + 1) < 0.15:
        return HOLDS
    return LIMITS if abs(found.squared.mean + 1) < 0.2 else FAILS


def geometry_or_rarity(found: Geometry) -> Verdict:
    """Within limits if, with no feature rarer than another, the arrows' cosines predict the loss
    to 15 % at every width, nothing fitted; holds if other frequencies move its exponent by under
    0.3.
    """
    if found.error.high > 0.15:
        return FAILS
    return HOLDS if np.ptp(found.exponents) < 0.3 else LIMITS


def open_models(found: PublishedOverlaps) -> Verdict:
    """Within limits if the interval of the slope holds -1 and the overlaps lie over twice above
    1/m; holds if they lie closer.
    """
    low, high = found.interval
    if not low <= -1 <= high:
        return FAILS
    return HOLDS if found.excess < 2 else LIMITS


def wrong_answers(found: Answers) -> Verdict:
    """Within limits if misreadings fall by half over the widths and vanish without
    overlap; holds if, besides, wrong answers are given with over 90 % confidence on
    average.
    """
    narrow, wide = found.misread[0], found.misread[-1]
    if narrow < max(0.01, 2 * wide) or found.misread_without_overlap > 0.01:
        return FAILS
    return HOLDS if found.confidence > 0.9 else LIMITS


def ceiling(found: Ceiling) -> Verdict:
    """Holds if the law weakens (its exponent is smaller from n/2 to 3n/4 than below n/4), with
    even frequencies and with uneven ones; within limits if it only ends at m = n (under 2 % of the
    loss left): that alone does not suffice, as it is trivial that nothing is lost at m = n.
    """
    if found.left.mean > 0.02:
        return FAILS
    weakens = [abs(last) < abs(first) for first, last in found.exponents.values()]
    return HOLDS if all(weakens) else LIMITS


def better_packing(found: Packings) -> Verdict:
    """Holds if a way to pack is worth over a tenth more width in every seed; within limits if
    only a better read-out of the same code is, likewise (it, too, brings a small model nearer to
    a larger one).
    """
    if found.worth[found.best].low > 1.1:
        return HOLDS
    return LIMITS if found.second_look.low > 1.1 else FAILS


def reading(found: Recovery) -> Verdict:
    """Holds if recovery of the features, above luck and by the better of two readers at each
    width, falls by a third from loose to tight in every seed; within limits if it falls at all.
    """
    if found.fall.low > 1 / 3:
        return HOLDS
    return LIMITS if found.fall.low > 0 else FAILS
