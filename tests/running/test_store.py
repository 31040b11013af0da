"""Runs that are kept are found again, and anything that could differ is trained anew."""

from __future__ import annotations

import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from superposition import features, geometry, toy
from superposition.probes import dictionaries
from superposition.running import store
from superposition.toy import specs, sweeps, variants
from superposition.toy.recipes import RECIPES

P = features.power_law(20, 1.0)
RUN = toy.grid(p=P, m=3, weight_decay=-1.0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUPERPOSITION_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many models each training took on, as it happens."""
    counts: list[int] = []
    real = sweeps.train_bundle
    monkeypatch.setattr(
        sweeps, "train_bundle", lambda work, *rest: (counts.append(len(work)), real(work, *rest))[1]
    )
    return counts


def sweep(jobs: list = RUN, **settings: object) -> toy.Sweep:
    return toy.sweep(jobs, **{"steps": 20, "check": False, "progress": False, **settings})


def test_a_kept_run_is_not_trained_again_and_is_the_same(folder: Path, trained: list[int]) -> None:
    (first,), (again,) = sweep(), sweep()
    assert trained == [1]
    assert torch.equal(first.W, again.W) and torch.equal(first.b, again.b)
    assert (first.loss, first.steps, first.seed) == (again.loss, again.steps, again.seed)


def test_a_run_that_went_on_does_not_stand_for_one_that_was_not_checked(folder: Path) -> None:
    short = replace(RECIPES["converged"].with_steps(20), longest_steps=40)
    for _ in range(2):
        for check, steps in ((True, 40), (False, 20)):
            assert sweep(steps=None, recipe=short, check=check)[0].steps == steps


def test_only_what_is_missing_is_trained_and_the_order_stays(
    folder: Path, trained: list[int]
) -> None:
    sweep(toy.grid(p=P, m=4, weight_decay=-1.0))
    results = sweep(toy.grid(p=P, m=[5, 4, 3], weight_decay=-1.0))
    assert sum(trained) == 3 and [r.m for r in results] == [5, 4, 3]


@pytest.mark.parametrize(
    "other",
    [
        {"steps": 22},
        {"recipe": "published"},
        {"jobs": toy.grid(p=P, m=3, weight_decay=-0.9)},
        {"jobs": toy.grid(p=P, m=3, weight_decay=-1.0, seed=1)},
        {"jobs": toy.grid(p=features.linear(20), m=3, weight_decay=-1.0)},
    ],
)
def test_other_settings_are_other_runs(folder: Path, trained: list[int], other: dict) -> None:
    sweep(), sweep(**other)
    assert trained == [1, 1]


def test_another_version_of_the_engine_makes_other_runs(
    folder: Path, trained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep()
    monkeypatch.setattr(specs, "ENGINE_VERSION", specs.ENGINE_VERSION + 1)
    sweep()
    assert trained == [1, 1]


def test_a_kept_run_takes_the_name_of_its_law_from_who_asks(
    folder: Path, trained: list[int]
) -> None:
    sweep(toy.grid(p={"one": P}, m=3, weight_decay=-1.0))
    (again,) = sweep(toy.grid(p={"two": P}, m=3, weight_decay=-1.0))
    assert trained == [1] and again.law == "two"


def test_a_run_that_does_not_say_whether_it_converged_is_trained_where_that_is_asked(
    folder: Path, trained: list[int]
) -> None:
    sweep(), sweep(check=True), sweep(check=True), sweep()
    assert trained == [1, 1]


@pytest.mark.parametrize("damage", [b"", b"half of it"])
def test_a_broken_file_costs_a_repeat(folder: Path, trained: list[int], damage: bytes) -> None:
    sweep()
    (file,) = folder.iterdir()
    file.write_bytes(damage)
    sweep(), sweep()
    assert trained == [1, 1]


def test_on_colab_runs_are_kept_at_home_or_where_the_reader_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: list[int]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.delenv("SUPERPOSITION_RUNS", raising=False)
    sweep(), sweep()
    assert trained == [1] and len(list(tmp_path.rglob("runs/*.pt"))) == 1
    monkeypatch.setenv("SUPERPOSITION_RUNS", str(tmp_path / "drive"))
    sweep(), sweep()
    assert trained == [1, 1] and len(list((tmp_path / "drive").iterdir())) == 1


def test_nothing_is_kept_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUPERPOSITION_RUNS", raising=False)
    monkeypatch.chdir(tmp_path)
    assert store.place("toy", RUN[0]) is None
    sweep()
    assert list(tmp_path.iterdir()) == []


def test_ways_to_pack_are_kept_from_every_start(folder: Path) -> None:
    starts = ["usual", "tight frame", "random arrows", "opposite pairs"]
    ways = [variants.Packing(10, start=start, steps=20) for start in starts]
    ways += [variants.Packing(10, looks=1, steps=20)]
    losses, W = variants.train(P, ways, [0, 1])
    assert len(list(folder.iterdir())) == 10
    again, V = variants.train(P, ways, [0, 1])
    np.testing.assert_array_equal(losses, again)
    assert all(
        torch.equal(a, b) for x, y in zip(W, V, strict=True) for a, b in zip(x, y, strict=True)
    )


def test_scores_of_readers_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    W = geometry.random_unit_vectors(20, 8, torch.Generator().manual_seed(0))
    settings = {"samples": 300, "steps": 20}
    once = dictionaries.read_all([(W, P, 0), (W, P, 1)], **settings)
    assert len(list(folder.iterdir())) == 2
    monkeypatch.setattr(dictionaries, "read", lambda *_, seed, **__: {"seed": seed})
    again = dictionaries.read_all([(W, P, 0), (W, P, 2), (W, P, 1)], **settings)
    assert again == [once[0], {"seed": 2}, once[1]]
    assert dictionaries.read_all([(W, P, 0)], **{**settings, "steps": 21}) == [{"seed": 0}]
    monkeypatch.setattr(dictionaries, "VERSION", dictionaries.VERSION + 1)
    assert dictionaries.read_all([(W, P, 1)], **settings) == [{"seed": 1}]
