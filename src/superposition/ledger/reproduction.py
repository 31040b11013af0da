"""Does a figure of the paper come back? One rule a panel, for the page of the reproduction.

A rule takes what the page measured and answers with one of its words; its docstring is the
sentence that the page prints beside the verdict. Published: Liu, Liu and Gore 2025,
arXiv 2505.10465. Each rule can say "no"; a test feeds it data for every word that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike


class Agreement(StrEnum):
    """Whether a panel agrees with the published one."""

    YES = "yes"
    IN_PART = "in part"
    NO = "no"


YES, IN_PART, NO = Agreement


def _of_two(first: bool, second: bool) -> Agreement:
    """Yes, in part or no: both of two statements are true, one, or none."""
    return (NO, IN_PART, YES)[int(first) + int(second)]


def only_the_power_law_is_straight(r2: Mapping[str, float]) -> Agreement:
    """Yes if the power law's line has the largest R² of the three, by 0.05 or more."""
    others = [value for law, value in r2.items() if law != "power"]
    return YES if r2["power"] >= max(others) + 0.05 else NO


def every_law_near_one(exponents: Sequence[float]) -> Agreement:
    """Yes if the exponents of all three laws lie from 0.8 to 1.2."""
    return YES if min(exponents) >= 0.8 and max(exponents) <= 1.2 else NO


def decay_sets_what_is_kept(
    kept_with_growth: Sequence[float], times_m_over_n: Sequence[float]
) -> Agreement:
    """Two parts: φ is over 0.9 at every width for γ ≤ −0.55; for γ ≥ 0.33 it is 1 to 2.5 times
    m/n, on average over the widths. In part if one of them is true.
    """
    about_m_over_n = min(times_m_over_n) >= 1 and max(times_m_over_n) <= 2.5
    return _of_two(min(kept_with_growth) > 0.9, about_m_over_n)


def norms_in_two_peaks(norms: ArrayLike) -> Agreement:
    """Yes if under 15 % of the rows lie further than 0.3 from both 0 and 1, and either peak holds
    5 % or more; in part if the peaks do, with up to 30 % elsewhere.
    """
    length = np.asarray(norms)
    at_zero, at_one = float((length <= 0.3).mean()), float((np.abs(length - 1) <= 0.3).mean())
    elsewhere = 1 - at_zero - at_one
    if min(at_zero, at_one) < 0.05 or elsewhere > 0.3:
        return NO
    return YES if elsewhere < 0.15 else IN_PART


def growth_moves_the_exponent_less(with_growth: float, with_decay: float) -> Agreement:
    """Yes if over α ≤ 1 the exponent spreads less with growth than with decay."""
    return YES if with_growth < with_decay else NO


def loss_is_what_was_not_learned(ratios: Sequence[float]) -> Agreement:
    """Yes if the loss is 0.9 to 1.25 times the prediction, in the median of the models with decay
    and m ≤ 8 that dropped something.
    """
    return YES if 0.9 < np.median(ratios) < 1.25 else NO


def exponent_of_the_tail(exponents: Mapping[float, float]) -> Agreement:
    """Yes if the exponent is within 0.2 of α − 1 at every α above 1 on this page."""
    tail = {alpha: found for alpha, found in exponents.items() if alpha > 1}
    if not tail:
        raise ValueError("no α above 1 was measured: add one to ALPHAS")
    return YES if all(abs(found - (alpha - 1)) < 0.2 for alpha, found in tail.items()) else NO


def rows_near_one(norms: Sequence[ArrayLike]) -> Agreement:
    """Yes if at α = 0, at every width, 90 % of the rows have a norm within 0.3 of 1; in part if so
    at one width or more.
    """
    near = [float((np.abs(np.asarray(length) - 1) <= 0.3).mean()) >= 0.9 for length in norms]
    if all(near):
        return YES
    return IN_PART if any(near) else NO


def overlap_at_the_bound(ratios: Sequence[float]) -> Agreement:
    """Yes if the mean squared overlap is under 1.25 times the Welch bound at every width, α ≤ 1."""
    return YES if max(ratios) < 1.25 else NO


def spread_narrows(spreads: Sequence[Sequence[float]]) -> Agreement:
    """Yes if the spread of squared overlaps falls with each step in width, at every α."""
    return YES if all((np.diff(spread) < 0).all() for spread in spreads) else NO


def loss_falls(losses: Sequence[Sequence[float]]) -> Agreement:
    """Yes if the loss falls with each step in width, at every α."""
    return YES if all((np.diff(loss) < 0).all() for loss in losses) else NO


def exponent_then_rises(exponents: Mapping[float, float]) -> Agreement:
    """Two parts: the exponent lies from 0.8 to 1.1 at every α ≤ 1; from 1.9 to 2.4 at α = 2. In
    part if one of them is true.
    """
    flat = [found for alpha, found in exponents.items() if alpha <= 1]
    return _of_two(min(flat) >= 0.8 and max(flat) <= 1.1, 1.9 <= exponents[2.0] <= 2.4)


def loss_rises_with_density(losses: Sequence[Sequence[float]]) -> Agreement:
    """Yes if at every width the loss rises with each step in density."""
    return YES if (np.diff(losses, axis=0) > 0).all() else NO


def density_leaves_the_exponent(exponents: Sequence[float]) -> Agreement:
    """Yes if the exponent lies from 0.9 to 1.3 at every density."""
    return YES if min(exponents) >= 0.9 and max(exponents) <= 1.3 else NO


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A panel of the paper's toy figures: what it shows there, in short, and the rule for ours."""

    published: str
    rule: Callable[..., Agreement]

    @property
    def words(self) -> str:
        """The rule as the page prints it."""
        return " ".join((self.rule.__doc__ or "").split())


#: By number of the figure and letter.
PANELS = {
    "1b": Panel(published="only the power law is a line", rule=only_the_power_law_is_straight),
    "1d": Panel(published="slopes 0.886 to 1.005, three lists", rule=every_law_near_one),
    "3a": Panel(published="growth keeps all (φ = 1), decay about m", rule=decay_sets_what_is_kept),
    "3b": Panel(published="lengths near 0 or near 1", rule=norms_in_two_peaks),
    "4b": Panel(
        published="α up to 1 moves the slope, but not under growth",
        rule=growth_moves_the_exponent_less,
    ),
    "5a": Panel(published="the loss is what was dropped", rule=loss_is_what_was_not_learned),
    "5b": Panel(published="slope α − 1 at α = 1.5 and 2", rule=exponent_of_the_tail),
    "6a": Panel(published="lengths near 1 at every width", rule=rows_near_one),
    "6b": Panel(published="squared overlap at Welch's bound", rule=overlap_at_the_bound),
    "6c": Panel(published="its spread narrows with m", rule=spread_narrows),
    "6d": Panel(published="the loss falls with m", rule=loss_falls),
    "6e": Panel(
        published="slope 0.8 to 1.1 up to α = 1, 2 to 2.3 at α = 2",
        rule=exponent_then_rises,
    ),
    "7a": Panel(published="the loss rises with the density", rule=loss_rises_with_density),
    "7b": Panel(published="slope 1.1 at every density", rule=density_leaves_the_exponent),
}
