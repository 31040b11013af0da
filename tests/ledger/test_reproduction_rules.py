"""Each rule of the reproduction can say each of its words, and "no" among them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import nbformat
import numpy as np
import pytest

import book
from sentences import says
from superposition.ledger import reproduction as rules
from superposition.ledger.reproduction import IN_PART, NO, YES, Agreement

PAGE = "A_reproduction"


def norms(at_zero: int, between: int, at_one: int) -> np.ndarray:
    return np.repeat([0.05, 0.5, 1.05], [at_zero, between, at_one])


FED: list[tuple[Callable[..., Agreement], tuple[Any, ...], Agreement]] = [
    (
        rules.only_the_power_law_is_straight,
        ({"power": 0.99, "exponential": 0.8, "linear": 0.867},),
        YES,
    ),
    (
        rules.only_the_power_law_is_straight,
        ({"power": 0.99, "exponential": 0.98, "linear": 0.867},),
        NO,
    ),
    (rules.every_law_near_one, ([1.005, 0.984, 0.886],), YES),
    (rules.every_law_near_one, ([1.1, 2.45, 0.95],), NO),
    (rules.every_law_near_one, ([1.1, 0.5, 0.95],), NO),
    (rules.decay_sets_what_is_kept, ([1.0, 0.95], [2.0, 1.5]), YES),
    (rules.decay_sets_what_is_kept, ([1.0, 0.95], [5.0, 1.5]), IN_PART),
    (rules.decay_sets_what_is_kept, ([0.12, 0.95], [2.0, 1.5]), IN_PART),
    (rules.decay_sets_what_is_kept, ([0.12, 0.95], [5.0, 3.4]), NO),
    (rules.decay_sets_what_is_kept, ([0.12, 0.95], [0.5, 2.0]), NO),
    (rules.norms_in_two_peaks, (norms(80, 5, 15),), YES),
    (rules.norms_in_two_peaks, (norms(60, 20, 20),), IN_PART),
    (rules.norms_in_two_peaks, (norms(40, 40, 20),), NO),
    (rules.norms_in_two_peaks, (norms(100, 0, 0),), NO),
    (rules.norms_in_two_peaks, (norms(50, 0, 50) * 2,), NO),
    (rules.growth_moves_the_exponent_less, (0.1, 0.9), YES),
    (rules.growth_moves_the_exponent_less, (0.17, 0.15), NO),
    (rules.loss_is_what_was_not_learned, ([0.5, 1.05, 1.1],), YES),
    (rules.loss_is_what_was_not_learned, ([1.0, 1.5, 1.6],), NO),
    (rules.loss_is_what_was_not_learned, ([0.1, 0.5, 1.1],), NO),
    (rules.exponent_of_the_tail, ({1.0: 0.9, 1.5: 0.55, 2.0: 1.1},), YES),
    (rules.exponent_of_the_tail, ({1.0: 0.85, 1.5: 0.99, 2.0: 0.98},), NO),  # no trend at all
    (rules.exponent_of_the_tail, ({1.0: 0.0, 1.5: 0.5, 2.0: 1.6},), NO),
    (rules.rows_near_one, ([norms(0, 2, 98), norms(0, 0, 100)],), YES),
    (rules.rows_near_one, ([norms(0, 40, 60), norms(0, 0, 100)],), IN_PART),
    (rules.rows_near_one, ([norms(0, 40, 60), norms(60, 0, 40)],), NO),
    (rules.overlap_at_the_bound, ([1.0, 1.2],), YES),
    (rules.overlap_at_the_bound, ([1.0, 1.3],), NO),
    (rules.spread_narrows, ([[0.3, 0.2, 0.1], [0.4, 0.2, 0.1]],), YES),
    (rules.spread_narrows, ([[0.3, 0.2, 0.1], [0.4, 0.1, 0.2]],), NO),
    (rules.loss_falls, ([[0.3, 0.2, 0.1], [0.4, 0.2, 0.1]],), YES),
    (rules.loss_falls, ([[0.3, 0.2, 0.1], [0.4, 0.4, 0.1]],), NO),
    (rules.exponent_then_rises, ({0.0: 0.9, 0.5: 0.9, 1.0: 1.05, 1.5: 1.6, 2.0: 2.1},), YES),
    (rules.exponent_then_rises, ({0.0: 0.9, 0.5: 0.9, 1.0: 1.17, 1.5: 1.6, 2.0: 2.03},), IN_PART),
    (rules.exponent_then_rises, ({0.0: 0.9, 0.5: 0.9, 1.0: 1.0, 1.5: 1.0, 2.0: 1.0},), IN_PART),
    (rules.exponent_then_rises, ({0.0: 0.2, 0.5: 0.9, 1.0: 1.0, 1.5: 1.0, 2.0: 1.0},), NO),
    (rules.loss_rises_with_density, ([[0.3, 0.2], [0.5, 0.3], [0.9, 0.4]],), YES),
    (rules.loss_rises_with_density, ([[0.3, 0.2], [0.5, 0.1], [0.9, 0.4]],), NO),
    (rules.density_leaves_the_exponent, ([1.12, 1.1, 1.1],), YES),
    (rules.density_leaves_the_exponent, ([1.0, 0.55, 0.34],), NO),
    (rules.density_leaves_the_exponent, ([1.0, 1.1, 1.5],), NO),
]


RULES = {
    name: rule
    for name, rule in inspect.getmembers(rules, inspect.isfunction)
    if rule.__module__ == rules.__name__ and not name.startswith("_")
}


@pytest.mark.parametrize(("rule", "data", "expected"), FED)
def test_a_rule_says_what_its_data_say(
    rule: Callable[..., Agreement], data: tuple[Any, ...], expected: Agreement
) -> None:
    assert rule(*data) == expected


def test_the_rule_of_the_tail_needs_a_tail() -> None:
    with pytest.raises(ValueError, match="no α above 1"):
        rules.exponent_of_the_tail({0.0: 1.0, 1.0: 1.0})


def test_every_rule_has_said_yes_and_no_and_in_part_where_it_promises_that() -> None:
    for name, rule in RULES.items():
        said = {expected for fed, _, expected in FED if fed is rule}
        promise = "in part" in " ".join((inspect.getdoc(rule) or "").split()).lower()
        assert said == ({YES, IN_PART, NO} if promise else {YES, NO}), name


def test_every_rule_judges_one_panel_and_the_page_gives_no_reason() -> None:
    """The verdicts' models differ from the paper's in many things, so they name no cause."""
    judging = [panel.rule for panel in rules.PANELS.values()]
    assert set(judging) == set(RULES.values()) and len(judging) == len(RULES)
    page = nbformat.read(book.ROOT / "chapters" / f"{PAGE}.ipynb", as_version=4)
    code = "".join("".join(c.source.split()) for c in page.cells if c.cell_type == "code")
    assert all(code.count(f'settle("{panel}",') == 1 for panel in rules.PANELS)
    says(PAGE, "So the table gives no reason for a *no*.")
