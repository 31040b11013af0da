"""What a reader who waits is told: how long, from steps that were taken, and before they wait."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from superposition import features, toy
from superposition.running import executors, progress, store
from superposition.toy import engine, sweeps, variants
from superposition.toy.recipes import RECIPES, Recipe

P = features.power_law(12, 1.0)
CPU = torch.device("cpu")
RUNS = toy.grid(p=P, m=[2, 3], weight_decay=-1.0)
SHORT = replace(RECIPES["converged"].with_steps(8), longest_steps=16)
GROWING = replace(
    RECIPES["brief"], steps=8, longest_steps=16, warmup_steps=2, final_batch_per_dimension=400
)


@pytest.fixture(autouse=True)
def _told(monkeypatch: pytest.MonkeyPatch, in_this_process: None) -> None:
    """As in a notebook outside the book's build, where eight steps are long."""
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(sweeps, "LONG", 1)
    monkeypatch.setattr(variants, "LONG", 1)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, without the bar, which goes to stderr."""
    return capsys.readouterr().out


def test_the_sentence_counts_cores_and_the_longest_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "count", lambda: 2)
    monkeypatch.setattr(store, "folder", lambda: None)
    told = progress.estimate(8, least=[30.0, 30.0, 20.0], most=[90.0, 20.0, 20.0])
    assert told == "Training 8 models on 2 cores: 40 to 90 seconds."
    monkeypatch.setattr(store, "folder", lambda: Path("kept"))
    monkeypatch.setattr(executors, "count", lambda: 1)
    told = progress.estimate(1, least=[200.0], most=[200.0])
    assert told == (
        "Training 1 model on 1 core: about 4 minutes. Kept in kept, and not trained again."
    )


def test_a_step_is_timed_without_its_first(monkeypatch: pytest.MonkeyPatch) -> None:
    now, taken = [0.0], []

    def step(t: int) -> None:
        taken.append(t)
        now[0] += 100.0 if t == 0 else 2.0

    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    assert progress.seconds_a_step(step) == 2.0 and taken == list(range(len(taken)))


@pytest.mark.parametrize("recipe", [SHORT, GROWING], ids=["alike", "shared, growing batches"])
@pytest.mark.parametrize("check", [True, False])
def test_work_counts_the_samples_that_training_draws(
    monkeypatch: pytest.MonkeyPatch, recipe: Recipe, check: bool
) -> None:
    """With nothing converged, so that a checked model takes all of its lengths."""
    drawn: list[int] = []
    real = engine.ModelBatch.step
    monkeypatch.setattr(
        engine.ModelBatch,
        "step",
        lambda self, batch, lr: (drawn.append(len(batch.sample_weights)), real(self, batch, lr))[1],
    )
    never = replace(recipe, tolerance=0.0)
    toy.sweep(RUNS[:1], recipe=never, check=check, progress=False)
    assert sum(drawn) / recipe.batch_size == never.work(2, never.lengths(check))


def test_a_sweep_says_how_long_before_it_trains(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []
    real = sweeps.train_bundle
    monkeypatch.setattr(
        sweeps, "train_bundle", lambda *job: (heard.append(said(capsys)), real(*job))[1]
    )
    toy.sweep(RUNS, recipe=SHORT)
    assert heard[0].startswith("Training 2 models on 1 core: ")


def test_a_checked_sweep_tells_the_least_and_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "seconds_a_step", lambda step: 2.5)
    monkeypatch.setattr(store, "folder", lambda: None)
    for check, told in ((True, "30 to 70 seconds"), (False, "about 20 seconds")):
        with executors.pool(1, long=False) as pool:
            assert told in sweeps.time_needed([RUNS], SHORT, check, CPU, pool)


def test_what_is_kept_is_not_announced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SUPERPOSITION_RUNS", str(tmp_path))
    toy.sweep(RUNS[:1], recipe=SHORT)
    assert "Training 1 model on" in said(capsys)
    toy.sweep(RUNS, recipe=SHORT)
    assert "Training 1 model on" in said(capsys), "the other is there already"
    toy.sweep(RUNS, recipe=SHORT)
    assert said(capsys) == ""


def test_ways_to_pack_say_how_long_too(capsys: pytest.CaptureFixture[str]) -> None:
    ways = [variants.Packing(3, steps=8), variants.Packing(3, looks=1, frozen=True, steps=8)]
    variants.train(P, ways, [0, 1])
    assert said(capsys).startswith("Training 4 models on 1 core: ")


def test_the_books_pages_show_neither(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TQDM_DISABLE", "1")
    toy.sweep(RUNS, recipe=SHORT)
    variants.train(P, [variants.Packing(3, steps=8)], [0])
    assert capsys.readouterr() == ("", "")


def test_work_that_cannot_be_timed_still_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("no such machine")

    monkeypatch.setattr(sweeps, "ModelBatch", broken)
    with pytest.raises(toy.SweepError, match="no such machine"):
        toy.sweep(RUNS, recipe=SHORT)
