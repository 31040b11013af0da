"""The rule on what decides the regime can say each of its words, and refuses what is missing."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from superposition import features
from superposition.ledger.experiments import regimes
from superposition.running import records
from superposition.toy.engine import ModelBatch, random_start
from superposition.toy.recipes import PUBLISHED

RNG = np.random.default_rng(5)
DECAYS, STARTS, SEEDS = 7, 3, 3
GAMMA = np.linspace(0, 1, DECAYS)[:, None, None]
START = np.array([0.0, 0.6, 1.0])[None, :, None]


def values(signal: np.ndarray, noise: float = 0.02) -> np.ndarray:
    return signal + noise * RNG.standard_normal((DECAYS, STARTS, SEEDS))


@pytest.mark.parametrize("outcome", ["kept", "log_loss"])
@pytest.mark.parametrize(
    ("signal", "noise", "word"),
    [
        (1 - GAMMA + 0 * START, 0.02, regimes.DECAY),
        (0 * GAMMA + START, 0.02, regimes.START),
        (1 - GAMMA + START, 0.02, regimes.BOTH),
        (GAMMA * START, 0.02, regimes.BOTH),  # the start counts only under decay
        ((GAMMA - 0.5) * (START - 0.5), 0.02, regimes.BOTH),  # interaction alone
        (0.01 * GAMMA + 0 * START, 0.001, regimes.NEITHER),  # too small to matter
        (0.2 * GAMMA + 0 * START, 1.0, regimes.NEITHER),  # the seeds decide
    ],
)
def test_the_rule_can_say_every_word(
    outcome: str, signal: np.ndarray, noise: float, word: str
) -> None:
    assert regimes.verdict(regimes.shares(values(signal, noise)), outcome) == word


def test_shares_sum_to_one_and_find_what_was_put_in() -> None:
    found = regimes.shares(values(2 * (GAMMA - 0.5) + (START - START.mean()), noise=0.0))
    assert found.decay + found.start + found.interaction + found.seeds == pytest.approx(1)
    assert found.interaction == pytest.approx(0, abs=1e-12)
    assert found.decay / found.start == pytest.approx(4 * GAMMA.var() / START.var())


def test_scatter_of_seeds_counts_for_neither_factor() -> None:
    noisy = regimes.shares(values(2 * GAMMA + 0 * START, noise=0.5))
    assert regimes.verdict(noisy, "kept") == regimes.DECAY
    assert noisy.seeds > 0.2


def runs() -> list[dict[str, object]]:
    return [
        {"weight_decay": g, "start": s, "seed": k, "kept": g + k}
        for g, s, k in itertools.product([-1.0, 1.0], [0.0, "normal"], [0, 1])
    ]


def test_a_table_finds_each_run_whatever_their_order() -> None:
    found = regimes.balanced(runs()[::-1], "kept", [-1.0, 1.0], ["normal", "0"], [0, 1])
    assert found.tolist() == [[[-1, 0], [-1, 0]], [[1, 2], [1, 2]]]


def test_a_missing_double_or_broken_run_is_named() -> None:
    def ask(some: list[dict[str, object]]) -> None:
        regimes.balanced(some, "kept", [-1.0, 1.0], ["normal", "0"], [0, 1])

    with pytest.raises(ValueError, match=r"1 of 8 runs .* missing, first \(1.0, 'normal', 1\)"):
        ask(runs()[:-1])
    with pytest.raises(ValueError, match="two runs"):
        ask([*runs(), runs()[0]])
    with pytest.raises(ValueError, match="not a number"):
        ask([*runs()[:-1], runs()[-1] | {"kept": float("nan")}])
    with pytest.raises(ValueError, match="two decays"):
        regimes.shares(np.zeros((1, 3, 3)))


P = features.power_law(30, 1.0)
RUNS = ((1.0, "normal"), (1.0, "0"), (-1.0, "0"))
RECIPE = replace(PUBLISHED, batch_size=64, stratified=True).with_steps(40)


def trained(until: int, runs: tuple[tuple[float, str], ...] = RUNS, **does: Any) -> regimes.Treated:
    models = regimes.Treated(P, 4, runs, recipe=RECIPE, seed=1, treatment=regimes.Treatment(**does))
    models.train(until)
    return models


def test_each_start_is_the_one_that_is_named() -> None:
    _, published = random_start(30, 4, seed=1, bias_start="normal")
    b = {
        name: regimes.bias(name, 30, 4, 1) for name in ("normal", "below", "above", "-|b|", "-0.3")
    }
    assert torch.equal(b["normal"], published)
    assert torch.equal(b["below"] + b["above"], published)
    assert float(b["below"].max()) == float(b["above"].min()) == 0
    assert torch.equal(b["-|b|"].abs(), published.abs()) and float(b["-|b|"].max()) < 0
    assert torch.equal(b["-0.3"], torch.full((30,), -0.3))
    torch.testing.assert_close(regimes.bias("0.3 normal", 30, 4, 1), 0.3 * published)
    models = trained(0)
    assert torch.equal(models.b[:, 0], published) and not models.b[:, 1:].any()
    with pytest.raises(ValueError, match="use a number, a number and normal, or one of"):
        regimes.bias("high", 30, 4, 1)
    with pytest.raises(ValueError, match="finite"):
        regimes.bias("nan", 30, 4, 1)


def test_without_treatment_they_train_as_the_engine_does() -> None:
    treated = trained(40)
    starts = [
        random_start(30, 4, seed=1, bias_start="normal" if s == "normal" else 0.0) for _, s in RUNS
    ]
    plain = ModelBatch(P, starts, [decay for decay, _ in RUNS], recipe=RECIPE, seed=1)
    plain.train()
    assert torch.equal(treated.parameters, plain.parameters)


def test_a_reset_leaves_nothing_of_what_adam_remembered() -> None:
    """After the step that follows, both averages are of that step's gradient alone."""
    models = trained(21, reset_at=20)
    gradient = models.first_moment / 0.1
    assert float(models.adam_steps) == 1
    torch.testing.assert_close(models.second_moment, (1 - RECIPE.beta2) * gradient.square())
    assert float(trained(21).adam_steps) == 21


def test_decay_waits_for_its_step() -> None:
    """Until then the models are those of no decay, and shorter after."""
    none = ((0.0, "normal"), (0.0, "0"))
    late = trained(20, RUNS[:2], decay_from=20)
    assert torch.equal(late.parameters, trained(20, none).parameters)
    assert not torch.equal(late.parameters, trained(20, RUNS[:2]).parameters)
    late.train()
    assert bool((late.W.norm(dim=2).mean(0) < trained(40, none).W.norm(dim=2).mean(0)).all())


def test_arrows_wait_while_b_moves() -> None:
    start, held, free = trained(0), trained(20, arrows_from=20), trained(21, arrows_from=20)
    assert torch.equal(held.W, start.W) and not torch.equal(held.b, start.b)
    assert not torch.equal(free.W, start.W)


def test_b_is_put_to_zero_before_its_step_and_arrows_are_left() -> None:
    before, after = trained(20), trained(20, bias_to_zero_at=20)
    drawn: list[torch.Tensor] = []
    after.update = lambda gradient, lr: drawn.append(after.b.clone())  # type: ignore[method-assign]
    after.step(after.sampler.draw(8), 0.1)
    assert before.b.any() and not drawn[0].any()
    assert torch.equal(after.W, before.W)


def test_a_start_moves_an_exponent_only_beyond_the_seeds_and_a_tenth() -> None:
    assert regimes.start_moves_exponent([-1.0, -0.9, -1.1], [-0.7, -0.6, -0.8])
    assert regimes.start_moves_exponent([-0.7, -0.6], [-1.0, -0.9])
    assert not regimes.start_moves_exponent([-1.0, -0.7], [-0.75, -0.4])  # the seeds overlap
    assert not regimes.start_moves_exponent([-1.0, -1.01], [-0.95, -0.96])  # too near


def test_a_quick_bias_moves_ten_times_as_far() -> None:
    start, quick, plain = trained(0), trained(1, quick_bias_until=1), trained(1)
    torch.testing.assert_close(quick.b - start.b, 10 * (plain.b - start.b), atol=1e-6, rtol=1e-3)
    assert torch.equal(quick.W, plain.W)


def test_plain_descent_goes_along_the_gradient() -> None:
    models, start = trained(1, ((0.0, "normal"),), sgd=0.5), trained(0, ((0.0, "normal"),))
    rate = 0.5 * RECIPE.learning_rate(0) / RECIPE.lr
    torch.testing.assert_close(
        start.parameters - models.parameters, rate * models.first_moment, atol=1e-7, rtol=1e-3
    )
    assert not models.second_moment.any()


def test_survivors_are_told_by_frequency_and_by_start() -> None:
    p = torch.tensor([0.4, 0.3, 0.2, 0.1])
    W = torch.tensor([[1.0, 0.0], [0.0, 0.9], [0.3, 0.0], [0.0, 0.0]])
    found = regimes.survivors(W, p, torch.tensor([1.0, -1.0, 0.5, 0.0]))
    assert found["kept"] == 0.5
    assert found["of_the_commonest"] == 1
    assert found["dropped_loss"] == pytest.approx(4 / 3 * 0.3)
    assert found["by_frequency"] == 1
    assert found["by_start"] == 0.5
    assert np.isnan(regimes.survivors(W, p, torch.zeros(4))["by_start"])
    assert np.isnan(regimes.survivors(torch.ones(4, 2), p, torch.arange(4.0))["by_frequency"])


def test_what_withstands_more_decay_is_what_is_active_more_often() -> None:
    """And a larger batch, being quieter, lets each arrow withstand more."""
    models = regimes.Treated(P, 8, ((-1.0, "0"),), recipe=RECIPE.with_steps(400), seed=0)
    models.train()
    W, b = models.model(0, 8)
    few, many = (regimes.withstands(W, b, P, size, batches=60) for size in (64, 1024))
    assert float(many.mean()) > 1.2 * float(few.mean())
    assert float(few[:5].mean()) > 1.5 * float(few[-10:].mean())


# What campaigns/regimes.md says, held to the records.
GRID_DECAYS = (-1.0, -0.33, -0.1, 0.0, 0.1, 0.33, 1.0)
GRID_STARTS = ("normal", "0", "-0.3")


def recorded(name: str, **wanted: float | str) -> list[dict[str, Any]]:
    rows = [
        row | {"log_loss": float(np.log(float(row["loss"])))}
        for row in records.load(f"regimes_{name}")
        if all(row[key] == value for key, value in wanted.items())
    ]
    assert rows, f"no rows of {name} with {wanted}"
    return rows


def divided(
    outcome: str,
    *,
    m: int,
    alpha: float,
    starts: tuple[str, ...] = GRID_STARTS,
    decays: tuple[float, ...] = GRID_DECAYS,
) -> regimes.Shares:
    rows = recorded("grid", m=m, alpha=alpha)
    seeds = sorted({int(row["seed"]) for row in rows})
    return regimes.shares(regimes.balanced(rows, outcome, decays, starts, seeds))


def word(outcome: str, **cell: Any) -> str:
    return regimes.verdict(divided(outcome, **cell), outcome)


def features_kept(rows: list[dict[str, Any]], *names: str) -> dict[Any, int]:
    """How many features each run kept, by the value or values of the named columns."""
    return {
        row[names[0]] if len(names) == 1 else tuple(row[name] for name in names): round(
            row["n"] * row["kept"]
        )
        for row in rows
    }


def test_what_decides_with_and_without_room() -> None:
    assert [word("kept", m=m, alpha=1.0) for m in (30, 60)] == [regimes.BOTH] * 2
    for m, alpha in ((10, 1.0), (30, 1.5)):
        assert word("kept", m=m, alpha=alpha) == regimes.DECAY
    for m, alpha in ((10, 1.0), (30, 1.0), (60, 1.0), (30, 1.5)):
        assert word("log_loss", m=m, alpha=alpha) == regimes.START
    for m in (30, 60):
        found = divided("kept", m=m, alpha=1.0)
        assert found.start >= found.decay
    cells = ((10, 1.0), (30, 1.0), (60, 1.0), (30, 1.5))
    not_growth = GRID_DECAYS[GRID_DECAYS.index(0.0) :]
    assert [word("kept", m=m, alpha=alpha, decays=not_growth) for m, alpha in cells] == [
        regimes.BOTH,
        regimes.START,
        regimes.BOTH,
        regimes.BOTH,
    ]
    assert word("kept", m=30, alpha=1.0, starts=("0", "-0.3")) == regimes.DECAY
    assert word("kept", m=60, alpha=1.0, starts=("0", "-0.3")) == regimes.NEITHER


def test_who_survives_at_the_papers_size() -> None:
    by_start = {
        row["start"]: row for row in recorded("anchors", m=32, weight_decay=1.0, steps=2000)
    }
    lottery, order = by_start["normal"], by_start[0.0]
    assert lottery["by_start"] > 0.85 > 0.75 > lottery["by_frequency"]
    assert order["by_frequency"] > 0.98
    assert lottery["kept"] < 0.3 * order["kept"]
    assert lottery["of_the_commonest"] < 0.2 < 0.95 < order["of_the_commonest"]


def test_with_the_published_memory_frequency_tells_more_than_the_start() -> None:
    rows = recorded("mechanism", variant="as it is", start="normal", seed=0)
    rows += recorded("swaps", variant="β2 0.999", start="normal", weight_decay=1.0)
    rows += recorded("definition", start="normal")
    assert all(row["beta2"] == 0.999 for row in rows)
    by_frequency, by_start = (sorted(r[k] for r in rows) for k in ("by_frequency", "by_start"))
    assert [by_frequency[0], by_frequency[-1]] == pytest.approx([0.95, 0.97], abs=0.005)
    assert [by_start[0], by_start[-1]] == pytest.approx([0.71, 0.78], abs=0.005)


def test_at_about_30_numbers_the_start_moves_the_contrast_more_than_n() -> None:
    cells = [
        recorded("grid", n=300, m=30, alpha=1.0),
        recorded("anchors", n=1000, m=32, steps=2000),
    ]
    losses = [{(r["weight_decay"], r["start"]): r["loss"] for r in rows} for rows in cells]
    small, large = (
        np.array([loss[1.0, s] / loss[-1.0, s] for s in ("normal", 0.0, -0.3)]) for loss in losses
    )
    by_n = np.maximum(small / large, large / small)
    assert by_n.max() < min(small.max() / small.min(), large.max() / large.min())


def test_room_is_not_m_over_n() -> None:
    large = recorded("anchors", n=1000, m=32, weight_decay=1.0)
    small = recorded("grid", n=300, m=10, alpha=1.0, weight_decay=1.0)
    spans = [sorted(r["kept"] for r in rows)[::2] for rows in (large, small)]
    assert spans[0] == pytest.approx([0.02, 0.27], abs=0.005)
    assert spans[1] == pytest.approx([0.05, 0.09], abs=0.005)


def test_growth_keeps_lengths_and_not_the_loss() -> None:
    by_start = {r["start"]: r for r in recorded("grid", m=60, alpha=1.0, weight_decay=-1.0)}
    assert by_start["normal"]["kept"] == pytest.approx(0.96, abs=0.005)
    factor = by_start["normal"]["loss"] / by_start[0.0]["loss"]
    assert factor == pytest.approx(3.8, abs=0.05)


def test_the_lotterys_loss_is_what_was_dropped() -> None:
    rows = recorded("grid", weight_decay=1.0, start="normal")
    rows += recorded("anchors", weight_decay=1.0, start="normal", steps=2000)
    assert all(abs(row["dropped_loss"] / row["loss"] - 1) < 0.02 for row in rows)


def test_the_mechanism_takes_the_flood_both_while_it_lasts_and_while_it_is_remembered() -> None:
    kept = {
        (row["variant"], row["start"], row["weight_decay"]): row["kept"]
        for row in recorded("mechanism", seed=0)
    }

    def restored(variant: str, start: str | float = "normal") -> float:
        low, high = kept["as it is", "normal", 1.0], kept["as it is", 0.0, 1.0]
        return float((kept[variant, start, 1.0] - low) / (high - low))

    assert restored("as it is", "below") > 0.5 and restored("as it is", "-|b|") > 0.5
    assert restored("as it is", "above") < 0.25  # a low bias is not the cause
    assert kept["as it is", -1.0, 1.0] > 0.9
    alone = [restored(v) for v in ("decay from 600", "reset at 600", "memory 10", "memory 100")]
    assert max(alone) < 0.25
    assert restored("decay from 600, reset at 600") > 0.5
    assert restored("decay from 600, memory 10") > 0.5
    assert restored("quick b, memory 10") > restored("quick b") + restored("memory 10") > 0.25
    assert restored("b alone for 600, then reset") > 0.5
    for decay in (0.01, 0.003):  # under SGD the start hardly matters
        assert kept["SGD", "normal", decay] > 0.75 * kept["SGD", 0.0, decay]
    assert kept["no decay", 1.0, 0.0] < 0.9 and kept["no decay", "-|b|", 0.0] < 0.9


def test_what_the_flood_does_not_cover() -> None:
    kept = features_kept(recorded("mechanism", seed=0), "variant", "start", "weight_decay")

    def gap(variant: str, decay: float = 1.0) -> int:
        return kept[variant, 0.0, decay] - kept[variant, "normal", decay]

    assert gap("no decay or growth", 0.0) == 149 and gap("as it is") == 143
    both = "decay from 600, reset at 600"
    assert kept[both, 0.0, 1.0] == 285 and gap(both) == 171
    lost = [("no decay or growth", "normal"), ("no decay", 1.0), ("no decay", "-|b|")]
    assert [round(100 - kept[v, s, 0.0] / 3) for v, s in lost] == [50, 44, 11]
    assert kept[both, "normal", 1.0] == 114
    assert kept["b alone for 600, then reset", "normal", 1.0] - 114 == 143
    assert kept["as it is", 0.3, 1.0] == 89


def test_sgd_has_the_counts_near_and_not_the_losses() -> None:
    runs = {(r["start"], r["weight_decay"]): r for r in recorded("mechanism", variant="SGD")}
    for decay, factor, commonest in ((0.01, 1.5, 0.8), (0.003, 1.7, 0.83)):
        published, zero = runs["normal", decay], runs[0.0, decay]
        assert published["loss"] / zero["loss"] == pytest.approx(factor, abs=0.05)
        assert published["of_the_commonest"] == pytest.approx(commonest, abs=0.005)
        assert zero["of_the_commonest"] == 1
    (adam,) = recorded("mechanism", variant="no decay or growth", start=0.0, weight_decay=0.0)
    assert runs[0.0, 0.0]["loss"] / adam["loss"] == pytest.approx(2, abs=0.05)
    recipe = replace(PUBLISHED.with_steps(5_000), lr=1e-2)
    summed = sum(map(recipe.learning_rate, range(recipe.steps)))
    assert summed == pytest.approx(26, abs=0.5)
    sgd = 0.1 * summed / recipe.lr
    assert [0.01 * sgd, 0.003 * sgd] == pytest.approx([2.6, 0.8], abs=0.05)


def test_no_swap_of_the_recipe_changes_the_order_of_the_starts() -> None:
    kept = {
        (row["variant"], row["start"]): row["kept"] for row in recorded("swaps", weight_decay=1.0)
    }
    for variant in {variant for variant, _ in kept}:
        assert 2 * kept[variant, "normal"] < kept[variant, 0.0] <= kept[variant, -0.3], variant
    count = features_kept(recorded("swaps", weight_decay=1.0), "variant", "start")
    near = {v: (a, count[v, -0.3]) for (v, s), a in count.items() if s == 0.0}
    near = {v: pair for v, pair in near.items() if pair[0] > 0.85 * pair[1]}
    assert near == {"batch of 128": (131, 145), "8,000 steps": (220, 245)}


def test_a_grown_model_keeps_what_a_fresh_one_drops() -> None:
    grown = {
        row["start"]: row["kept"]
        for row in recorded("loop", variant="up and down, stage 6", alpha=1.0)
    }
    fresh = {
        row["start"]: row["kept"]
        for row in recorded("grid", weight_decay=1.0, m=30, alpha=1.0, seed=0)
    }
    assert grown["normal"] > 5 * fresh["normal"]
    assert grown[0.0] > 1.3 * fresh[0.0]
    assert [round(300 * fresh[-0.3]), round(300 * grown[0.0])] == [268, 276]


def test_the_plain_trainer_shows_the_contrast() -> None:
    kept = {row["start"]: row["kept"] for row in recorded("definition")}
    assert kept["normal"] < 0.2 < 0.4 < kept[0.0] < 0.8 < kept[-0.3]


def test_a_packed_arrows_gradient_foretells_who_stays() -> None:
    rows = recorded("packed")
    assert all(row["agree"] > 0.9 for row in rows if row["weight_decay"] >= 2)
    assert all(row["kept"] < 0.05 for row in rows if row["weight_decay"] == 8)
    for row in rows:
        foretold = row["foretold"] / row["kept"]
        match row["weight_decay"]:
            case 2.0:
                assert 0.8 < foretold < 1
            case decay:
                assert (foretold > 1) == (decay < 2)
        rank = max(1, round(300 * row["kept"]))  # the last of those kept, in order of frequency
        active = float(features.power_law(300, 1.5)[rank - 1]) * row["batch_size"]
        assert (active < 0.1) == (row["weight_decay"] <= 0.5)
    (small,) = recorded("packed", weight_decay=1.0, batch_size=128)
    assert 30 <= round(300 * small["kept"]) == 58 <= 60
