"""The board in Python: it ships the model's numbers, only those it shows, and names bad input."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pytest
import torch

from superposition import widgets
from superposition.toy.model import reconstruct

TURNS = 2 * np.pi * np.arange(5) / 5
STAR = np.stack([np.sin(TURNS), np.cos(TURNS)], axis=1)
NAMES = ["Paris", "sandwich", "rain", "violin", "Tuesday"]


def readings(settings: dict, on: list[int], cut: float, place: int = 0) -> np.ndarray:
    """What the page computes from the integers that it got (readings.js)."""
    columns = np.array(settings["states"][place]["columns"])[on].sum(axis=0) / settings["per"]
    return np.maximum(0, columns - cut)


def test_the_numbers_shipped_give_the_models_readings():
    W = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
    shipped = widgets.board(W, bias=-0.2).settings
    for on in ([0], [1, 4], [2, 3, 6]):
        x = torch.zeros(1, 7)
        x[0, on] = 1
        ours = reconstruct(x, W, torch.full((7,), -0.2))[0].numpy()
        assert readings(shipped, on, shipped["cut"]) == pytest.approx(ours, abs=2e-4)


def test_a_thousand_lamps_ship_what_they_show():
    random = np.random.default_rng(0)
    several = [random.normal(size=(1000, m)) for m in (10, 20)]
    shipped = widgets.board(several, lamps=[3, 500], on=[500]).settings
    assert shipped["on"] == [1], "places among the lamps, not features"
    for V, state in zip(several, shipped["states"], strict=True):
        assert np.shape(state["arrows"]) == (2, V.shape[1])
        assert np.array(state["columns"]) / shipped["per"] == pytest.approx(
            V[[3, 500]] @ V.T, abs=1e-3
        )
        assert state["label"] == str(V.shape[1])


def test_without_scripts_a_second_look_is_shown_as_taken():
    W = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    b, (scale, cut) = torch.tensor([-0.1, -0.2, 0.0, -0.3, -0.1]), (0.5, 0.1)
    h = W[1] + W[3]
    y = torch.relu(h @ W.T + b)
    again = torch.relu(y + scale * (h - y @ W) @ W.T - cut)
    for at, expected in enumerate([y, again]):
        shown = widgets.board(
            [W, W], NAMES, on=[1, 3], bias=None, biases=b, looks=[(0, 0), (scale, cut)], at=at
        )
        said = ", ".join(f"{name} {r:.2f}" for name, r in zip(NAMES, expected, strict=True))
        assert f"Readings with sandwich, violin on: {said}." in shown.fallback


def test_a_frame_takes_what_it_leaves_out_from_the_board():
    shown = widgets.board(
        STAR, NAMES, bias=-0.1, frames=[{"sentence": "a", "on": ["rain"]}]
    ).settings
    assert shown["frames"] == [{"sentence": "a", "on": [2], "cut": 0.1, "at": 0}]
    assert widgets.board(STAR, bias=None).settings["cutter"] is False


def test_without_scripts_the_board_is_the_figure_of_its_arrival():
    page = widgets.board(STAR, NAMES, on=["Paris"]).page()
    said = "Readings with Paris on: Paris 1.00, sandwich 0.31, rain 0.00"
    assert f'aria-label="{said}' in page.split("<noscript>")[1]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"W": np.ones(3)}, r"shape \(n, m\)"),
        ({"W": np.array([[np.nan, 1.0]])}, "finite"),
        ({"W": [STAR, STAR[:3]]}, "the same n, not 5 and 3"),
        ({"labels": NAMES[:4]}, "5 arrows need 5 labels, not 4"),
        ({"on": ["Rome"]}, "no lamp is called 'Rome'"),
        ({"on": [5]}, "counted from 0 to 4"),
        ({"on": ["rain"], "lamps": ["Paris"]}, "'rain' is no lamp of this board"),
        ({"W": np.eye(100), "labels": None}, "say which by lamps="),
        ({"bias": 0.3}, "bias must be from -1 to 0"),
        ({"frames": [{"on": ["Paris"]}]}, "a frame has a sentence"),
        ({"frames": [{"on": [], "sentence": "x", "cut": 2}]}, "cut lies in 0 to 1"),
        ({"counters": {"loss": [1.0, 2.0]}}, "'loss' needs 1 values, not 2"),
        ({"state_labels": ["a", "b"]}, "as many state_labels"),
        ({"biases": [0.0]}, "biases are 5 finite numbers"),
        ({"biases": [np.inf] * 5}, "biases are 5 finite numbers"),
        ({"looks": [(0.2, 0.0), (0.1, 0.0)]}, "looks are 1 pairs"),
        ({"looks": [(0.2, np.nan)]}, "looks are 1 pairs"),
        ({"looks": [(0.2, 0.0)], "lamps": ["Paris"]}, "needs all 5 lamps"),
        ({"at": 1}, "at must be from 0 to 0"),
        ({"W": np.ones((6000, 2)), "labels": None, "lamps": range(60)}, "fewer lamps"),
    ],
)
def test_bad_input_is_named(settings, says):
    with pytest.raises(ValueError, match=says):
        widgets.board(**{"W": STAR, "labels": NAMES, **settings})


def test_the_examples_in_its_docstring_run():
    module = importlib.import_module("superposition.widgets.board")
    found = doctest.testmod(module)
    assert found.attempted >= 8 and found.failed == 0
