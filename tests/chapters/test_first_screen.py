"""The first screen of the book: its story and its five-line model say what the toy model gives."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from cells import code_cells
from superposition import widgets
from superposition.toy.model import reconstruct

THINGS = ["Paris", "sandwich", "rain", "violin", "Tuesday"]


@pytest.fixture(scope="module")
def screen() -> dict:
    """Names that the first cells leave, and the board among them."""
    kept, names = {}, {}
    true = widgets.board
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(widgets, "board", lambda *a, **k: kept.setdefault("board", true(*a, **k)))
        for cell, code in code_cells("00_start_here"):
            if cell in ("board", "whole-model"):
                exec(code, names)
    return names | kept


def model(on: list[str], cut: float) -> dict[str, float]:
    """Readings by the module's model, of five arrows 72° apart."""
    turns = 2 * torch.pi * torch.arange(5, dtype=torch.float64) / 5
    W = torch.stack([turns.cos(), turns.sin()], dim=1)
    x = torch.tensor([[float(thing in on) for thing in THINGS]], dtype=torch.float64)
    y = reconstruct(x, W, torch.full((5,), -cut, dtype=torch.float64))[0]
    return dict(zip(THINGS, y.tolist(), strict=True))


# Who is on, the cut, and the readings that the sentence is about.
STORY = [
    (["Paris"], 0, {"Paris": 1.00, "sandwich": 0.31, "rain": 0, "violin": 0, "Tuesday": 0.31}),
    (["Paris"], 0.31, {"Paris": 0.69, "sandwich": 0, "rain": 0, "violin": 0, "Tuesday": 0}),
    (["Paris", "sandwich"], 0.31, {"Paris": 1.00, "sandwich": 1.00}),
    (["Paris", "rain"], 0.31, {"Paris": 0, "rain": 0, "sandwich": 0.31, "violin": 0, "Tuesday": 0}),
]


@pytest.mark.parametrize("k", range(4))
def test_a_frame_says_what_the_model_gives(screen: dict, k: int) -> None:
    on, cut, expected = STORY[k]
    settings = screen["board"].settings
    frame = settings["frames"][k]
    assert [THINGS[lamp] for lamp in frame["on"]] == on and frame["cut"] == cut
    found = model(on, cut)
    for thing, reading in expected.items():
        assert round(found[thing], 2) == reading
    columns = np.array(settings["states"][0]["columns"])[frame["on"]].sum(axis=0)
    shown = np.maximum(0, columns / settings["per"] - cut)
    assert shown == pytest.approx(list(found.values()), abs=2e-4)
    known = {f"{value:.2f}" for value in (cut, *found.values())}
    numbers = re.findall(r"\d\.\d\d", frame["sentence"])
    assert numbers and set(numbers) <= known


def test_the_board_arrives_at_its_first_frame(screen: dict) -> None:
    settings = screen["board"].settings
    assert settings["labels"] == THINGS
    first = settings["frames"][0]
    assert (settings["on"], settings["cut"]) == (first["on"], first["cut"])


def test_five_lines_are_the_whole_model(screen: dict) -> None:
    assert screen["y"] == pytest.approx(list(model(["Paris", "rain"], 0.31).values()))
    assert (screen["y"] > 0).tolist() == [False, True, False, False, False]


def test_without_the_cut_the_one_nobody_switched_on_is_loudest() -> None:
    found = model(["Paris", "rain"], 0)
    assert max(found, key=found.get) == "sandwich"
    assert round(found["sandwich"], 2) == 0.62 and round(found["Paris"], 2) == 0.19


def test_the_numbers_fall_with_another_angle(screen: dict, monkeypatch) -> None:
    """Arrows 60° apart would tell another story."""
    monkeypatch.setattr(torch, "pi", torch.pi * 5 / 6)
    with pytest.raises(AssertionError):
        test_a_frame_says_what_the_model_gives(screen, 0)
