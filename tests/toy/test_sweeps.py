"""Training from outside: results, errors, executors, and faithfulness to the plain loop."""

from __future__ import annotations

import math
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import pytest
import torch

from superposition import features, geometry, theory, toy
from superposition.toy import engine, model
from superposition.toy.recipes import PROTOCOLS

P = features.power_law(40, 1.0)
CPU = torch.device("cpu")


def test_result_holds_what_it_promises() -> None:
    r = toy.train(P, 5, -1.0, seed=3, steps=60)
    assert r.W.shape == (40, 5) and r.b.shape == (40,)
    assert r.W.dtype == r.b.dtype == torch.float32
    assert (r.m, r.weight_decay, r.seed, r.protocol, r.steps) == (5, -1.0, 3, "converged", 60)
    assert r.history["step"][-1] == 60
    assert len(r.history["step"]) == len(r.history["loss"])
    assert 0 < r.loss_error < 0.1 * r.loss
    assert r.gain > toy.TOLERANCE and not r.converged, "60 steps cannot have converged"


def test_training_lowers_the_loss_below_doing_nothing() -> None:
    nothing = theory.weak_loss(P, 0)
    assert toy.train(P, 5, -1.0, steps=300, check=False).loss < 0.75 * nothing


def test_same_seed_same_numbers_other_seed_others() -> None:
    a, b, c = (toy.train(P, 5, -1.0, seed=s, steps=50, check=False) for s in (0, 0, 1))
    assert torch.equal(a.W, b.W) and a.loss == b.loss
    assert not torch.allclose(a.W, c.W)


def test_a_sweep_keeps_the_order_and_a_model_does_not_see_its_neighbours() -> None:
    laws = [P, features.exponential(40, 8.0)]
    runs = toy.grid(p=laws, m=[7, 2], weight_decay=[1.0, -1.0], seed=[0, 1])
    results = toy.sweep(runs, steps=20, check=False, progress=False)
    for run, r in zip(runs, results, strict=True):
        assert torch.equal(r.p, run["p"]) and r.W.shape == (40, run["m"])
        assert (r.weight_decay, r.seed) == (run["weight_decay"], run["seed"])
    alone = toy.train(laws[1], 2, -1.0, seed=1, steps=20, check=False)
    # 20 steps: rounding in products of other shapes has not grown yet
    torch.testing.assert_close(results[-1].W, alone.W, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("m", [1, 40, 55])
def test_any_width_from_one_to_beyond_n(m: int) -> None:
    r = toy.train(P, m, -1.0, steps=400, check=False)
    assert r.W.shape == (40, m)
    if m >= 40:  # an orthonormal basis exists: next to nothing is lost
        assert r.loss < 0.02 * theory.weak_loss(P, 0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"m": 0}, "whole number >= 1"),
        ({"m": 2.5}, "whole number >= 1"),
        ({"weight_decay": 1.5}, "between -1 and 1"),
        ({"weight_decay": float("nan")}, "between -1 and 1"),
        ({"p": torch.tensor([0.5, float("nan")])}, r"p\[1\]"),
        ({"p": torch.tensor([0.5, -0.1])}, r"p\[1\]"),
        ({"p": torch.zeros(3)}, "every probability is 0"),
        ({"protocol": "quick"}, "published, converged, brief"),
        ({"steps": 0}, "steps must be"),
        ({"batch": 2.5}, "batch must be"),
    ],
)
def test_bad_settings_say_what_to_do(change: dict, says: str) -> None:
    settings = {"p": P, "m": 5, "weight_decay": -1.0} | change
    with pytest.raises(ValueError, match=says):
        toy.train(**settings)


def test_a_run_with_a_misspelt_or_missing_setting() -> None:
    with pytest.raises(ValueError, match="gamma"):
        toy.sweep([{"p": P, "m": 5, "gamma": 1}])
    with pytest.raises(ValueError, match="at least one"):
        toy.sweep([])


def test_divergence_is_named_and_the_rest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """One law diverges at an absurd step size, seen from outside; the other run is kept."""
    step = engine.Bundle.step

    def push(self: engine.Bundle, lr: float) -> None:
        step(self, lr)
        if len(self.p) == 7:
            with torch.no_grad():
                self.theta.mul_(3.0)

    monkeypatch.setattr(engine.Bundle, "step", push)
    runs = [{"p": P, "m": 3, "weight_decay": 0.1}]
    runs += [{"p": features.linear(7), "m": 2, "weight_decay": 0.1}]
    with pytest.raises(toy.SweepError, match=r"diverged by step \d+ with m = 2.*0\.1") as caught:
        toy.sweep(runs, steps=60, progress=False)
    assert caught.value.results[0] is not None and caught.value.results[1] is None
    with pytest.raises(RuntimeError, match="diverged"):
        toy.train(features.linear(7), 2, 0.1, steps=60)


RUNS = toy.grid(p=P, m=[2, 4], weight_decay=[-1.0, 1.0], seed=[0, 1])


def test_over_a_process_pool() -> None:
    here = toy.sweep(RUNS, steps=20, check=False, progress=False)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        there = toy.sweep(RUNS, steps=20, check=False, executor=pool, progress=False)
    for a, b in zip(here, there, strict=True):
        torch.testing.assert_close(a.W, b.W, rtol=1e-3, atol=1e-3)


def test_over_dask() -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        results = toy.sweep(
            RUNS, steps=20, check=False, executor=client.get_executor(), progress=False
        )
    assert [(r.m, r.weight_decay, r.seed) for r in results] == [
        (r["m"], r["weight_decay"], r["seed"]) for r in RUNS
    ]


class DyingPool(ProcessPoolExecutor):
    """Runs the first bundle; the worker of any later one is killed in the middle."""

    def __init__(self) -> None:
        super().__init__(1, mp_context=get_context("spawn"))
        self.first: object = None

    def submit(self, *args, **kwargs):  # type: ignore[no-untyped-def, override]
        if self.first is None:
            self.first = super().submit(*args, **kwargs)
            self.first.result()
            return self.first
        return super().submit(os._exit, 1)


def test_an_executor_that_dies_half_way_loses_only_its_own_runs() -> None:
    with DyingPool() as pool, pytest.raises(toy.SweepError, match="lost with their worker") as e:
        toy.sweep(RUNS, steps=20, check=False, executor=pool, progress=False)
    kept = [r is not None for r in e.value.results]
    assert any(kept) and not all(kept)


def test_what_has_not_converged_is_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """By doublings, from the steps that it has in common with a longer run, and as if alone."""
    monkeypatch.setattr(
        "superposition.running.executors.count", lambda: 1
    )  # so two bundles, of two models
    runs = toy.grid(p=features.power_law(100, 2.0), m=24, weight_decay=[1.0, 0.33, 0.9, -0.33])
    checked = toy.sweep(runs, protocol="brief", progress=False)
    shortest = PROTOCOLS["brief"].steps
    extended = [r.steps > shortest for r in checked]
    assert extended == [False, True, False, True], "so each bundle keeps its second alone"
    for run, r in zip(runs, checked, strict=True):
        single = engine.Bundle(run["p"], [24], [r.weight_decay], 0, PROTOCOLS["brief"], CPU)
        lengths = [r.steps // 4, r.steps // 2, r.steps]
        before, half, alone = (float(single.branch(steps).held_out()[0]) for steps in lengths)
        assert r.history["step"][-1] == r.steps and math.log2(r.steps / shortest).is_integer()
        assert r.loss == pytest.approx(alone, rel=0.02), "the same run, up to rounding"
        assert r.gain == pytest.approx(0.5 * (half / alone - 1), abs=0.01)
        assert r.converged
        if r.steps > shortest:
            assert abs(0.5 * (before / half - 1)) > toy.TOLERANCE - 0.003


def test_a_longer_run_keeps_rare_features_by_its_finer_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the rate and memory of 4,000 steps, 8,000 end 1.9 to 2.1 times higher under growth and
    3.1 to 3.7 times under decay, over three seeds: they lose features that the finer steps keep."""
    runs = toy.grid(p=features.power_law(200, 2.0), m=40, weight_decay=[-0.11, 0.11])
    as_before = replace(PROTOCOLS["converged"], name="coarse", refined=False)
    monkeypatch.setitem(PROTOCOLS, "coarse", as_before)
    coarse, fine = (
        toy.sweep(runs, protocol=name, steps=8000, check=False, progress=False)
        for name in ("coarse", "converged")
    )
    for a, b in zip(coarse, fine, strict=True):
        assert a.loss > 1.5 * b.loss
        assert geometry.represented_fraction(b.W) > geometry.represented_fraction(a.W)


def test_a_loss_that_rises_with_the_steps_has_not_converged() -> None:
    """Some models above γ = 0 are worse after 4,000 steps than after 2,000: no rest either."""
    (short, long), law = [2000, 4000], features.power_law(200, 2.0)
    losses = [toy.train(law, 40, 0.11, steps=steps, check=False).loss for steps in (short, long)]
    r = toy.train(law, 40, 0.11, steps=long)
    assert losses[0] < 0.9 * losses[1] and r.gain < -toy.TOLERANCE and not r.converged
    assert toy.train(law, 40, 0.11).steps == 2 * long, "so it is trained on"


def test_a_brief_run_given_its_length_keeps_to_it() -> None:
    r = toy.train(features.power_law(100, 2.0), 24, -0.33, protocol="brief", steps=200)
    assert r.steps == 200 and not r.converged


def test_a_brief_run_ends_near_a_long_one() -> None:
    """At its first length: its loss over that of the default protocol, averaged over six models.

    Measured 1.020 to 1.028 over three seeds; 1.07 to 1.09 with a memory of 400 steps, which lags
    behind so short a run, and 1.06 to 1.07 with a quarter of the rows.
    """
    runs = toy.grid(p=features.power_law(100, 1.0), m=[8, 16], weight_decay=[-1.0, -0.33, 0.11])
    brief = toy.sweep(runs, protocol="brief", steps=1200, check=False, progress=False)
    long = toy.sweep(runs, check=False, progress=False)
    ratios = [a.loss / b.loss for a, b in zip(brief, long, strict=True)]
    assert 0.97 < sum(ratios) / len(runs) < 1.05, ratios


def test_a_small_batch_is_another_run() -> None:
    a, b = (toy.train(P, 5, -1.0, steps=300, batch=k, check=False) for k in (32, None))
    assert a.loss > b.loss, "less data in as many steps"


def test_gain_foresees_what_doubling_the_budget_does() -> None:
    """The estimate has the right size: within a factor of three over 300 to 1,200 steps.

    Seeds differ by about 0.01 in gain at these sizes, which is the absolute slack.
    """
    p = features.power_law(100, 1.0)
    runs = toy.grid(p=p, m=[6, 20], weight_decay=[-1.0, 1.0], seed=[0, 1])
    by_steps = {s: toy.sweep(runs, steps=s, progress=False) for s in (300, 600, 1200)}
    for short, long in ((300, 600), (600, 1200)):
        for i in range(0, len(runs), 2):
            promised = sum(by_steps[short][j].gain for j in (i, i + 1)) / 2
            loss = [sum(by_steps[s][j].loss for j in (i, i + 1)) for s in (short, long)]
            found = (loss[0] - loss[1]) / loss[0]
            assert promised / 3 - 0.01 < found < promised * 3 + 0.01, (short, runs[i], promised)


def test_the_weak_loss_is_what_was_not_learned() -> None:
    """γ = 1, m far below n: loss ≈ ⟨v²⟩ Σ p over rows that were dropped (Liu et al. 2025).

    Measured 1.00 to 1.17 times that at α = 1 and 1.5 over seeds: the kept ones interfere a little.
    """
    for alpha in (1.0, 1.5):
        p = features.power_law(200, alpha)
        for r in toy.sweep(
            toy.grid(p=p, m=8, weight_decay=1.0, seed=[0, 1]), steps=2000, check=False,
            progress=False,
        ):  # fmt: skip
            predicted = theory.weak_loss(p, r.W.norm(dim=1) > 0.5)
            assert 0.95 < r.loss / predicted < 1.25, (alpha, r.seed)
            assert geometry.represented_fraction(r.W) < 0.2


def test_the_random_bias_of_the_published_start_costs_loss() -> None:
    """b ~ N(0, 1) switches outputs off before they learn; from b = 0 the same steps do better."""
    start = {}
    for name, std in (("published", 1.0), ("zero", 0.0)):
        PROTOCOLS[name + "-test"] = replace(
            PROTOCOLS["published"], name=name, bias_std=std, steps=1000, batch=512
        )
        p = features.power_law(100, 1.0)
        start[name] = toy.train(p, 20, -1.0, protocol=name + "-test", check=False).loss
        del PROTOCOLS[name + "-test"]
    assert start["published"] > 1.5 * start["zero"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("m", "gammas"), [(24, [-1.0, -0.33, -0.11, 0.11, 0.33, 1.0]), (8, [0.11, 0.33, 1.0])]
)
def test_faithful_to_the_plain_loop(m: int, gammas: list[float]) -> None:
    """n = 100, α = 1, m above and below √n: loss at most 3 % above the plain trainer's,
    φ_1/2 within 0.05, and within 3 % the overlap that growth settles to.

    Means over three seeds of ours; between seeds φ differs by 0.02 and the loss by 1 %.
    benchmarks/faithfulness.py runs the whole grid and says where these aims are missed: growth
    with m below √n, where rare rows take several times the published budget to settle.
    """
    p = features.power_law(100, 1.0)
    plain = [model.train(p, m, gamma, steps=6000, bias_start=0.0) for gamma in gammas]
    runs = toy.grid(p=p, m=m, weight_decay=gammas, seed=[0, 1, 2])
    results = toy.sweep(runs, check=False, progress=False)
    for k, (gamma, (W, b)) in enumerate(zip(gammas, plain, strict=True)):
        ours = results[3 * k : 3 * k + 3]
        reference, error = model.held_out_loss(W, b, p)
        losses = [model.held_out_loss(r.W, r.b, p, 200_000)[0] for r in ours]
        assert sum(losses) / 3 < 1.03 * reference + 2 * error, (gamma, losses, reference)
        phi = sum(geometry.represented_fraction(r.W) for r in ours) / 3
        assert phi == pytest.approx(geometry.represented_fraction(W), abs=0.05), gamma
        if gamma == -1.0:
            overlap = sum(geometry.mean_squared_overlap(r.W) for r in ours) / 3
            assert overlap == pytest.approx(geometry.mean_squared_overlap(W), rel=0.03)
