"""The small widgets in Python: what they ship is what the module measured, bad input is named."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from superposition import features, geometry, widgets
from superposition.power_law import fit_power_law
from superposition.probes.cut import cut_costs

WIDTHS = np.array([4, 8, 16, 32, 64])
BENT = 2.0 * WIDTHS**-0.8 * np.exp(-((WIDTHS / 50) ** 1.2))


def test_every_window_of_three_widths_has_the_modules_fit():
    fits = widgets.choose_slope(WIDTHS, BENT).settings["fits"]
    assert [(f["from"], f["to"]) for f in fits] == [(0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (2, 4)]
    for fit in fits:
        window = slice(fit["from"], fit["to"] + 1)
        ours = fit_power_law(WIDTHS[window], BENT[window])
        assert (fit["slope"], fit["r2"]) == (ours.exponent, ours.r2)
    assert fits[0]["slope"] > fits[-1]["slope"] + 0.3, "the curve bends, so slopes can be chosen"


def test_without_scripts_the_slopes_that_count_are_told():
    widget = widgets.choose_slope(WIDTHS, BENT, least=0.9999)
    assert "No window has R² above 0.9999." in widget.page()
    assert "have slopes from −" in widgets.choose_slope(WIDTHS, BENT, least=0.9).page()


@pytest.mark.parametrize("widths", [[1, 2, 3], [1, 2, 2, 3], [4, 3, 2, 1]])
def test_too_few_or_unordered_widths_are_refused(widths):
    with pytest.raises(ValueError, match="four widths or more, rising"):
        widgets.choose_slope(widths, np.ones(len(widths)))


def test_the_cut_ships_what_the_probe_measured():
    W = geometry.random_unit_vectors(30, 8, torch.Generator().manual_seed(1))
    p = features.power_law(30, 0.0)
    (shown,) = widgets.the_cut({"random": W}, p, cuts=[0.0, 0.2], samples=2000).settings["sets"]
    found = cut_costs(W, p, [0.0, 0.2], samples=2000)
    assert shown["lost"] == pytest.approx(found.signal_lost, rel=1e-3)
    assert shown["heard"] == pytest.approx(found.interference_heard, rel=1e-3)
    with pytest.raises(ValueError, match="needs arrows"):
        widgets.the_cut({}, p)


def test_choices_need_a_label_each():
    with pytest.raises(ValueError, match="2 states need as many labels"):
        widgets.choices(["<p>a</p>", "<p>b</p>"], ["a"], label="Which?")
