"""The rule on what decides the regime can say each of its words, and refuses what is missing."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import regimes_tables as tables
import torch

from superposition import features
from superposition.ledger.experiments import regimes
from superposition.power_law import fit_power_law
from superposition.toy.engine import ModelBatch, random_start
from superposition.toy.recipes import PUBLISHED

DECAYS, STARTS, SEEDS = 7, 3, 3
GAMMA = np.linspace(0, 1, DECAYS)[:, None, None]
START = np.array([0.0, 0.6, 1.0])[None, :, None]


def values(signal: np.ndarray, noise: float = 0.02) -> np.ndarray:
    scatter = np.random.default_rng(5).standard_normal((DECAYS, STARTS, SEEDS))
    return signal + noise * scatter


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
    noisy = regimes.shares(values(2 * GAMMA + 0 * START, noise=0.6))
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


# What campaigns/regimes.md says, held to the records: every seed that has rows.
TEXT = (Path(__file__).parents[2] / "campaigns" / "regimes.md").read_text(encoding="utf8")


@pytest.mark.parametrize("make", tables.TABLES, ids=lambda make: make.__name__)
def test_each_table_is_made_from_the_records(make: Any) -> None:
    assert make() in TEXT, f"python campaigns/regimes_tables.py {make.__name__}"


def recorded(name: str, **wanted: Any) -> list[dict[str, Any]]:
    rows = tables.recorded(name, **wanted)
    assert rows, f"no rows of {name} with {wanted}"
    return rows


def seed_by_seed(name: str, **wanted: Any) -> list[list[dict[str, Any]]]:
    rows = recorded(name, **wanted)
    return [[row for row in rows if row["seed"] == seed] for seed in tables.seeds(rows)]


def outcomes(rows: list[dict[str, Any]], outcome: str, *names: str) -> dict[Any, float]:
    """The outcome of each row by the value or values of the named columns."""
    found = {tuple(row[name] for name in names): row[outcome] for row in rows}
    assert len(found) == len(rows), f"{names} do not tell the rows apart"
    return {key[0] if len(names) == 1 else key: value for key, value in found.items()}


def word(outcome: str, cell: str, part: str | None = None) -> str:
    decays, starts = tables.PARTS[part] if part else (tables.DECAYS, list(tables.NAMES))
    of = tables.values(tables.cells()[cell], outcome, decays, starts)
    return regimes.verdict(regimes.shares(of), outcome)


def test_the_four_first_cells_have_three_seeds() -> None:
    for cell in ("α = 1, m = 10", "α = 1, m = 30", "α = 1, m = 60", "α = 1.5, m = 30"):
        assert tables.seeds(tables.cells()[cell]) == [0, 1, 2]


def test_what_decides_where() -> None:
    decided = {cell: (word("kept", cell), word("log_loss", cell)) for cell in tables.cells()}
    kept = {cell: found for cell, (found, _) in decided.items()}
    loss = {cell: found for cell, (_, found) in decided.items()}
    assert {c for c, found in kept.items() if found == regimes.DECAY} == {
        "α = 1, m = 10",
        "α = 1.5, m = 10",
        "α = 1.5, m = 30",
    }
    assert all((found == regimes.START) == ("α = 0" in c) for c, found in kept.items())
    assert {c for c, found in loss.items() if found != regimes.START} == {
        "α = 1.5, m = 30",
        "α = 1.5, m = 60",
    }
    assert set(loss.values()) == {regimes.START, regimes.BOTH}
    for cell in ("α = 1, m = 30", "α = 1, m = 60"):
        of = tables.values(tables.cells()[cell], "kept", tables.DECAYS, list(tables.NAMES))
        for seed in range(of.shape[2]):
            found = regimes.shares(of[:, :, [seed]])
            assert found.start > 1.9 * found.decay


def test_without_growth_gamma_decides_what_is_kept_in_one_cell() -> None:
    found = {cell: word("kept", cell, "γ ≥ 0") for cell in tables.cells()}
    assert [c for c, said in found.items() if said == regimes.DECAY] == ["α = 1.5, m = 10"]


def test_the_published_start_stands_apart() -> None:
    for cell in tables.cells():
        assert word("kept", cell, "0, −0.3") in (regimes.DECAY, regimes.NEITHER)
        assert word("log_loss", cell, "0, −0.3") in (regimes.DECAY, regimes.NEITHER)


def test_wide_models_from_0_lose_next_to_nothing_to_decay() -> None:
    for rows in seed_by_seed("grid", m=60, alpha=1.0, weight_decay=1.0):
        kept = outcomes(rows, "kept", "start")
        assert min(kept[0.0], kept[-0.3]) > 0.996 and kept["normal"] < 0.21


def test_growth_of_minus_one_alone_keeps_at_least_92_percent() -> None:
    rows = recorded("grid")
    assert min(row["kept"] for row in rows if row["weight_decay"] == -1.0) == 0.92
    for decay in tables.DECAYS[1:]:
        assert min(row["kept"] for row in rows if row["weight_decay"] == decay) < 0.5
    for rows in seed_by_seed("grid", m=10, alpha=1.0, start=0.0):
        kept, loss = (outcomes(rows, column, "weight_decay") for column in ("kept", "loss"))
        assert kept[-0.33] < 0.32 and loss[-0.33] < loss[-1.0]


def test_what_tells_who_survives() -> None:
    """From N(0, 1) the start tells more at α = 1, n = 300; frequency more at 1.5."""
    for alpha, m in ((1.0, 10), (1.0, 30), (1.0, 60)):
        for row in recorded("grid", m=m, alpha=alpha, weight_decay=1.0, start="normal"):
            assert row["by_start"] > row["by_frequency"]
    for m in (10, 30, 60):
        for row in recorded("grid", m=m, alpha=1.5, weight_decay=1.0, start="normal"):
            assert row["by_start"] < row["by_frequency"]
    for start in (0.0, -0.3):
        some = recorded("grid", weight_decay=1.0, start=start)
        some += recorded("anchors", weight_decay=1.0, start=start)
        chances = [row["by_frequency"] for row in some if 0 < row["kept"] < 0.99]
        assert min(chances) > 0.8


def test_who_survives_at_the_papers_size() -> None:
    for rows in seed_by_seed("anchors", m=32, weight_decay=1.0, steps=2000):
        by_start = {row["start"]: row for row in rows}
        lottery, order = by_start["normal"], by_start[0.0]
        assert lottery["by_start"] > 0.9 > 0.8 > lottery["by_frequency"]
        assert order["by_frequency"] > 0.98
        assert lottery["kept"] < 0.2 * order["kept"]
        assert lottery["of_the_commonest"] < 0.2 < 0.95 < order["of_the_commonest"]


def test_with_the_published_memory_frequency_tells_more_than_the_start() -> None:
    rows = recorded("mechanism", variant="as it is", start="normal")
    rows += recorded("swaps", variant="β2 0.999", start="normal", weight_decay=1.0)
    rows += recorded("definition", start="normal")
    assert all(row["beta2"] == 0.999 for row in rows)
    assert min(row["by_frequency"] for row in rows) > 0.9
    assert max(row["by_start"] for row in rows) < 0.86


def test_the_lotterys_loss_is_what_was_dropped() -> None:
    rows = recorded("grid", weight_decay=1.0, start="normal")
    rows += recorded("anchors", weight_decay=1.0, start="normal", steps=2000)
    assert all(abs(row["dropped_loss"] / row["loss"] - 1) < 0.02 for row in rows)


def all_of(values: list[float], low: float = -np.inf, high: float = np.inf) -> bool:
    """Whether every seed's lies between."""
    return bool(values) and all(low < value < high for value in values)


def test_the_mechanism_takes_the_flood_both_while_it_lasts_and_while_it_is_remembered() -> None:
    of = tables.Treatments()
    both, quick = "decay from 600, reset at 600", "quick b, memory 10"
    assert all_of(of.r("as it is", "below"), 0.5) and all_of(of.r("as it is", "-|b|"), 0.5)
    assert all_of(of.r("as it is", "above"), high=0.25)  # a low bias is not the cause
    assert all_of(of.count("as it is", -1.0), 270)
    for alone in ("decay from 600", "reset at 600", "memory 10"):
        assert all_of(of.r(alone), high=0.25), alone
    for together in (both, quick, "b alone for 600, then reset"):
        assert all_of(of.r(together), 0.5), together
    assert all_of(of.r("decay from 600, memory 10"), 0.4)  # with one seed between the bounds
    for r, parts in zip(of.r(both), zip(*map(of.r, tables.TWO[both]), strict=True), strict=True):
        assert r > sum(parts)


def test_what_the_flood_does_not_cover() -> None:
    of = tables.Treatments()

    def gap(variant: str, decay: float = 1.0) -> np.ndarray:
        from_0, published = (of.count(variant, s, decay) for s in (0.0, "normal"))
        return np.array(from_0) - np.array(published)

    without, under = gap("no decay or growth", 0.0), gap("as it is")
    assert (without > under).all()
    assert (gap("decay from 600, reset at 600") > under).all()


def test_with_no_decay_neither_displacement_nor_spread_does_it() -> None:
    of = tables.Treatments("held")
    full = 300
    for variant in ("b alone for 600, then reset", "b to 0 at 600, reset"):
        for start in ("normal", 1.0):
            lost = of.count("as it is", start, 0.0)
            r = [
                (k - a) / (full - a)
                for k, a in zip(of.count(variant, start, 0.0), lost, strict=True)
            ]
            assert all_of(r, 0.5), (variant, start)
    kept = {start: of.count("reset at 600", start, 0.0) for start in ("normal", 1.0)}
    assert all_of(kept["normal"], high=of.count("as it is", "normal", 0.0)[0] + 1)
    assert all_of(kept[1.0], 255)
    moved = "decay from 600, b to 0, reset"
    published, zero = of.count(moved), of.count(moved, 0.0)
    assert all(a < 0.65 * b for a, b in zip(published, zero, strict=True))


def test_sgd_has_the_counts_near_and_not_the_losses() -> None:
    for rows in seed_by_seed("mechanism", variant="SGD"):
        runs = {(r["start"], r["weight_decay"]): r for r in rows}
        assert all(runs[0.0, decay]["of_the_commonest"] == 1 for decay in (0.01, 0.003))
        for decay in (0.01, 0.003):
            published, zero = runs["normal", decay], runs[0.0, decay]
            assert published["kept"] > 0.75 * zero["kept"]
            assert 1 < published["loss"] / zero["loss"] < 1.8
        (adam,) = (
            r
            for r in recorded("mechanism", variant="no decay or growth", start=0.0)
            if r["weight_decay"] == 0 and r["seed"] == rows[0]["seed"]
        )
        assert runs[0.0, 0.0]["loss"] / adam["loss"] == pytest.approx(2, abs=0.1)
    recipe = replace(PUBLISHED.with_steps(5_000), lr=1e-2)
    summed = sum(map(recipe.learning_rate, range(recipe.steps)))
    assert summed == pytest.approx(26, abs=0.5)
    sgd = 0.1 * summed / recipe.lr
    assert [0.01 * sgd, 0.003 * sgd] == pytest.approx([2.6, 0.8], abs=0.05)


def test_room_is_not_m_over_n() -> None:
    large = recorded("anchors", n=1000, m=32, weight_decay=1.0, steps=2000)
    small = recorded("grid", n=300, m=10, alpha=1.0, weight_decay=1.0)
    spans = [
        (min(r["kept"] for r in rows), max(r["kept"] for r in rows)) for rows in (large, small)
    ]
    assert spans[0] == pytest.approx((0.02, 0.27), abs=0.005)
    assert spans[1] == pytest.approx((0.05, 0.11), abs=0.005)


def test_growth_keeps_lengths_and_not_the_loss() -> None:
    factors = []
    for rows in seed_by_seed("grid", m=60, alpha=1.0, weight_decay=-1.0):
        by_start = {row["start"]: row for row in rows}
        assert by_start["normal"]["kept"] == pytest.approx(0.955, abs=0.01)
        factors.append(by_start["normal"]["loss"] / by_start[0.0]["loss"])
    assert [min(factors), max(factors)] == pytest.approx([2.45, 3.81], abs=0.05)


def test_no_swap_of_the_recipe_changes_the_order_of_the_starts() -> None:
    rows = recorded("swaps", weight_decay=1.0)
    kept = outcomes(rows, "kept", "variant", "start", "seed")
    for variant, _, seed in kept:
        published, zero, below = (kept[variant, s, seed] for s in ("normal", 0.0, -0.3))
        assert 2 * published < zero <= below, variant
    near = {
        variant: (round(300 * share), round(300 * kept[variant, -0.3, seed]))
        for (variant, start, seed), share in kept.items()
        if start == 0.0 and seed == 0 and share > 0.85 * kept[variant, -0.3, seed]
    }
    assert near == {"batch of 128": (131, 145), "8,000 steps": (220, 245)}


def test_a_grown_model_keeps_what_a_fresh_one_drops() -> None:
    rows = recorded("loop", variant="up and down, stage 6", alpha=1.0, seed=0)
    grown = outcomes(rows, "kept", "start")
    fresh = outcomes(recorded("grid", weight_decay=1.0, m=30, alpha=1.0, seed=0), "kept", "start")
    assert [round(300 * grown[s]) for s in ("normal", 0.0)] == [243, 276]
    assert [round(300 * fresh[s]) for s in ("normal", 0.0, -0.3)] == [30, 182, 268]


def test_the_plain_trainer_shows_the_contrast() -> None:
    kept = outcomes(recorded("definition", seed=0), "kept", "start")
    assert [round(300 * kept[s]) for s in ("normal", 0.0, -0.3)] == [20, 173, 289]


def test_a_packed_arrows_gradient_foretells_who_stays() -> None:
    rows = recorded("packed", seed=0)
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
    (small,) = recorded("packed", weight_decay=1.0, batch_size=128, seed=0)
    assert 30 <= round(300 * small["kept"]) == 58 <= 60


def test_a_curve_a_third_as_wide_restores_at_300_and_is_between_at_1000() -> None:
    rows = {n: tables.curves(n) for n in (300, 1000)}
    assert all_of(tables.restored(rows[300], "0.3 normal"), 0.5)
    assert all_of(tables.restored(rows[300], "0.1 normal"), 0.99)
    assert all_of(tables.restored(rows[1000], "0.3 normal"), 0.25, 0.5)
    hundred = tables.one(rows[1000], "of_the_commonest", weight_decay=1.0, start="0.3 normal")
    assert all_of(hundred, 0.4, 0.55)
    for some in rows.values():
        zero = tables.one(some, "loss", weight_decay=-1.0, start=0.0)
        for start in ("0.1 normal", "0.3 normal"):
            grown = tables.one(some, "loss", weight_decay=-1.0, start=start)
            assert all(a / b < 1.03 for a, b in zip(grown, zero, strict=True))


def test_the_start_moves_the_exponents() -> None:
    widths = (10, 18, 32, 56, 100)
    slopes = {}
    for decay, start in itertools.product((1.0, -1.0), tables.NAMES):
        rows = recorded("anchors", steps=2000, weight_decay=decay, start=start)
        losses = np.array([tables.one(rows, "loss", m=m) for m in widths]).T
        assert losses.shape == (3, 5)
        slopes[decay, start] = [fit_power_law(widths, loss).exponent for loss in losses]
        bent = fit_power_law(widths, losses).misfit < 0.01
        assert bent == (start != "normal")
    for decay, one, other in itertools.product((1.0, -1.0), tables.NAMES, tables.NAMES):
        told = regimes.start_moves_exponent(slopes[decay, one], slopes[decay, other])
        alike = decay == -1 and "normal" not in (one, other)
        assert told == (one != other and not alike)
    means = {key: round(float(-np.mean(of)), 2) for key, of in slopes.items()}
    assert [means[1.0, s] for s in tables.NAMES] == [0.14, 1.11, 0.90]
    assert [means[-1.0, s] for s in tables.NAMES] == [0.99, 1.42, 1.41]
    for rows in seed_by_seed("anchors", m=100, weight_decay=1.0):
        kept = outcomes(rows, "kept", "start")
        assert kept[-0.3] < kept[0.0]


def test_the_start_and_not_n_carries_the_factor() -> None:
    for m in (10, 30, 60):
        factors, _ = tables.factors_by_size(m)
        found = regimes.shares(np.log(factors))
        assert regimes.verdict(found, "log_loss") == regimes.START
    (_, from_0, _), *_, (_, large, _) = tables.factors_by_size(30)[0]
    assert all(b > 1.9 * a for a, b in zip(from_0, large, strict=True))


def test_the_published_recipe_ends_where_the_quick_one_does() -> None:
    rows = recorded("published", seed=0)
    assert {(row["n"], row["m"], row["steps"], row["beta2"]) for row in rows} == {
        (1000, 32, 20_000, 0.999)
    }
    kept, commonest, loss = (
        outcomes(rows, column, "start", "weight_decay")
        for column in ("kept", "of_the_commonest", "loss")
    )
    assert [round(1000 * kept[s, 1.0]) for s in ("normal", 0.0)] == [23, 141]
    assert [round(100 * commonest[s, 1.0]) for s in ("normal", 0.0)] == [10, 97]
    found = [loss[s, decay] for decay in (1.0, -1.0) for s in ("normal", 0.0)]
    assert found == pytest.approx([0.958, 0.374, 0.254, 0.156], abs=6e-4)
    assert kept["normal", 1.0] <= 0.08 and commonest["normal", 1.0] <= 0.25, "as foretold"
    assert kept[0.0, 1.0] >= 0.14 and commonest[0.0, 1.0] >= 0.95, "as foretold"
    (lottery,) = (r for r in rows if r["start"] == "normal" and r["weight_decay"] == 1)
    told = [lottery["by_start"], lottery["by_frequency"]]
    assert told == pytest.approx([0.93, 0.74], abs=0.005)
    quick = recorded("anchors", m=32, steps=2000, seed=0)
    for row in quick:
        if row["start"] != -0.3:
            same = row["start"], row["weight_decay"]
            assert row["loss"] / loss[same] == pytest.approx(1, abs=0.1)
            assert abs(row["kept"] - kept[same]) < 0.01


def test_an_emptied_model_takes_back_m_to_2m_of_the_commonest() -> None:
    rows = recorded("room", start=1.0, seed=0) + recorded(
        "mechanism", variant="as it is", start=1.0
    )
    for row in rows:
        assert row["m"] <= round(300 * row["kept"]) <= 2 * row["m"] + 2
        assert row["by_frequency"] > 0.99
    kept = outcomes(recorded("room", start=1.0, seed=0), "kept", "m")
    assert [round(300 * kept[m]) for m in (10, 20, 60)] == [19, 41, 103]


def test_where_decay_drops_next_to_nothing_from_0_the_flood_foretells_as_well() -> None:
    of = tables.Treatments("wide")
    assert all_of(of.count("as it is", 0.0), 298.5) and all_of(of.count("as it is", -0.3), 299.5)
    both = "decay from 600, reset at 600"
    restoring = [both, "decay from 600, memory 10", "b alone for 600, then reset"]
    assert all_of([k for variant in restoring for k in of.r(variant)], 0.5)
    assert all_of(of.r("as it is", "below"), 0.5)
    assert all_of(of.r("as it is", "above") + of.r("reset at 600") + of.r("memory 10"), high=0.25)
    assert sum(k > 0.25 for k in of.r("decay from 600")) == 1 and max(of.r("decay from 600")) < 0.5


def test_no_swap_at_the_papers_size_brings_the_published_start_near() -> None:
    """By what was foretold of each: the commonest and the losses, at both ends."""
    rows = recorded("swaps_large")
    assert len({row["variant"] for row in rows}) == 6
    commonest, loss = (
        outcomes(rows, column, "variant", "seed", "weight_decay", "start")
        for column in ("of_the_commonest", "loss")
    )
    for variant, seed, *_ in loss:
        lost, grown = ((variant, seed, decay) for decay in (1.0, -1.0))
        assert 2 * commonest[*lost, "normal"] < commonest[*lost, 0.0]
        assert loss[*lost, "normal"] > 1.5 * loss[*lost, 0.0]
        assert loss[*grown, "normal"] > 1.3 * loss[*grown, 0.0]


def test_the_figure_of_phi_from_other_starts() -> None:
    rows = recorded("grid", alpha=1.0, weight_decay=1.0)
    mean = {
        (m, start): float(np.mean([r["kept"] for r in rows if (r["m"], r["start"]) == (m, start)]))
        for m in (30, 60)
        for start in (0.0, -0.3)
    }
    found = [mean[30, 0.0], mean[30, -0.3], mean[60, 0.0], mean[60, -0.3]]
    assert found == pytest.approx([0.60, 0.89, 1, 1], abs=0.005)


def test_the_loop_does_not_close() -> None:
    def kept(variant: str) -> list[int]:
        found = outcomes(recorded("loop", variant=variant, alpha=1.0, seed=0), "kept", "start")
        return [round(300 * found[start]) for start in ("normal", 0.0, -0.3) if start in found]

    assert kept("up and down, stage 0") == [295, 300]
    assert kept("up and down, stage 12") == [257, 294]
    visits = [kept(f"down first, stage {stage}") for stage in (0, 2, 4)]
    assert visits == [[30, 182, 268], [233, 266, 297], [184, 235, 274]]
