"""The engine's parts against what they must equal: the data's law, autograd, the decay."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from superposition import features
from superposition.toy import engine, model, recipes, sampler

PUBLISHED, CONVERGED, BRIEF = recipes.RECIPES.values()


def models(
    p: torch.Tensor,
    widths: list[int],
    weight_decays: list[float],
    recipe: recipes.Recipe = CONVERGED,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> engine.ModelBatch:
    starts = [
        engine.random_start(len(p), m, seed=seed, bias_start=recipe.bias_start, dtype=dtype)
        for m in widths
    ]
    return engine.ModelBatch(p, starts, weight_decays, recipe=recipe, seed=seed, dtype=dtype)


@pytest.mark.parametrize("strata", [True, False])
@pytest.mark.parametrize("density", [0.7, 3.0])
def test_samples_follow_the_law_of_the_data(strata: bool, density: float) -> None:
    """Weighted moments of the samples equal those of independent Bernoulli features."""
    n = 12
    p = features.power_law(n, 0.5, density).double()
    source = sampler.Sampler(p, seed=3, stratified=strata)
    weight, first, second, pairs = 0.0, 0.0, 0.0, 0.0
    repeats = 60
    for _ in range(repeats):
        batch = source.draw(20_000)
        x, w = batch.dense().double(), batch.sample_weights.double()
        weight = weight + w.sum() / repeats
        first = first + (w @ x) / repeats
        second = second + (w @ x.square()) / repeats
        pairs = pairs + ((x * w[:, None]).T @ x) / repeats
    # Five standard errors of 1.2 million plain rows; strata are never noisier for the rarest.
    samples_seen = 20_000 * repeats

    def near(got: torch.Tensor, expected: torch.Tensor, chance: torch.Tensor, kurtosis: float):
        error = 5 * expected * (kurtosis / (chance * samples_seen)).sqrt()
        assert bool(((got - expected).abs() < error).all()), (got / expected - 1).abs().max()

    assert float(weight) == pytest.approx(1 - source.empty_weight, abs=5 * 0.5 / samples_seen**0.5)
    near(first, p, p, 4 / 3)
    near(second, p * features.MEAN_SQUARE_VALUE, p, 9 / 5)
    off = ~torch.eye(n, dtype=torch.bool)
    both = torch.outer(p, p)[off]
    near(pairs[off], both, both, 16 / 9)


def test_a_certain_and_an_impossible_feature() -> None:
    batch = sampler.Sampler(torch.tensor([1.0, 0.5, 0.0]), seed=0).draw(4000)
    x = batch.dense()
    assert bool((x[:, 0] > 0).all()) and bool((x[:, 2] == 0).all())
    assert batch.empty_weight == 0.0
    assert float(batch.sample_weights @ (x[:, 1] > 0).float()) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("recipe", [CONVERGED, PUBLISHED], ids=lambda r: r.name)
@pytest.mark.parametrize("rate", [0.01, 0.4])
@pytest.mark.parametrize("widths", [[3, 7, 7], [20, 24, 24]], ids=["by samples", "by pairs"])
def test_one_update_is_that_of_the_definition(
    recipe: recipes.Recipe, rate: float, widths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`model.step` on the same batch: three updates, both signs of γ, a padded model, b of both
    signs and one arrow of length 0. The empty sample that strata add goes last in the batch."""
    p, double, gammas = features.power_law(30, 1.0, 2.0), torch.float64, [0.5, -0.5, 0.0]
    by_pairs = engine.ModelBatch.half_gradient_by_pairs
    took = []
    monkeypatch.setattr(
        engine.ModelBatch,
        "half_gradient_by_pairs",
        lambda self, batch: took.append(self.m) or by_pairs(self, batch),
    )
    fast = models(p, widths, gammas, recipe, seed=1, dtype=double)
    fast.b[:] = torch.linspace(-0.3, 0.3, 30, dtype=double)[:, None]
    fast.W[4] = 0
    plain = []
    for k, m in enumerate(widths):
        W, b = (x.requires_grad_() for x in fast.model(k, m))
        plain.append((W, b, torch.optim.Adam([W, b], betas=(0.9, recipe.beta2))))
    for t in range(3):
        batch = fast.sampler.draw(600)  # more than one part of 512
        x = torch.cat([batch.dense(), torch.zeros(1, 30, dtype=double)])
        empty = torch.tensor([batch.empty_weight], dtype=double)
        counts = torch.cat([batch.sample_weights, empty])
        losses = fast.loss(batch)
        fast.step(batch, rate)
        for k, (W, b, adam) in enumerate(plain):
            loss = model.step(x, W, b, adam, lr=rate, weight_decay=gammas[k], sample_weights=counts)
            assert float(losses[k]) == pytest.approx(loss, rel=1e-9)
            ours, theirs = fast.model(k, widths[k]), (W.detach(), b.detach())
            for mine, other in zip(ours, theirs, strict=True):
                torch.testing.assert_close(mine, other, rtol=1e-6, atol=1e-8, msg=f"{k}, {t}")
    assert bool((fast.W[:, 0, widths[0] :] == 0).all()), "the padding must not move"
    assert took == ([24] * 3 if widths[0] == 20 else [])


def test_the_parts_of_a_batch_are_its_samples_in_order() -> None:
    batch = sampler.Sampler(features.power_law(30, 1.0), seed=2).draw(25)
    for size in (7, 25, 40):
        parts = batch.split(size)
        assert [len(part.sample_weights) for part in parts] == {7: [7, 7, 7, 4]}.get(size, [25])
        assert torch.equal(torch.cat([part.dense() for part in parts]), batch.dense())
        assert torch.equal(torch.cat([part.sample_weights for part in parts]), batch.sample_weights)
        assert sum(part.empty_weight for part in parts) == pytest.approx(batch.empty_weight)


def test_the_published_schedule_is_the_definitions() -> None:
    for steps in (20_000, 700):
        recipe = PUBLISHED.with_steps(steps)
        ours = [recipe.learning_rate(t) for t in range(steps)]
        assert ours == pytest.approx([model.learning_rate(t, steps, 1e-2) for t in range(steps)])


def test_training_samples_are_about_as_noisy_as_the_published_batch() -> None:
    """Adam weighs decay against gradient noise: 512 strata must not be far quieter than 2,048.

    The ratio of noise (root mean square over entries of a feature's row of W) is about 1 by
    design. Measured 0.8 to 1.6 over ranks and α; the bounds allow a factor of two.
    """
    for alpha in (0.5, 1.0, 1.5):
        p = features.power_law(100, alpha)
        noise = {}
        for recipe in (CONVERGED, PUBLISHED):
            trained = models(p, [8], [-1.0], CONVERGED.with_steps(150))
            trained.train()
            source = sampler.Sampler(p, seed=5, stratified=recipe.stratified)
            grads = [trained.gradient(source.draw(recipe.batch_size)) for _ in range(150)]
            noise[recipe.name] = torch.stack(grads)[..., :8].var(0).mean((1, 2)).sqrt()
        ratio = noise["converged"] / noise["published"]
        blocks = ratio.view(10, 10).mean(1)
        assert float(blocks.min()) > 0.5 and float(blocks.max()) < 2.0, (alpha, blocks)


@pytest.mark.parametrize("recipe", recipes.RECIPES.values(), ids=lambda r: r.name)
def test_no_tensor_is_made_on_another_device(recipe: recipes.Recipe) -> None:
    """A GPU in disguise: what is made without saying where lands on a device without numbers."""
    p, found = features.power_law(20, 1.0), []
    for elsewhere in ("meta", "cpu"):
        with torch.device(elsewhere):
            trained = models(p, [4, 4], [-1.0, 1.0], recipe.with_steps(6))
            trained.branch(3)
            trained.keep([1, 0])
            trained.train()
            found.append((trained.parameters, *trained.held_out(seed=1, batches=2)))
    for a, b in zip(*found, strict=True):
        assert torch.equal(a, b)


def test_adams_memory_is_the_published_one_at_any_length() -> None:
    for steps in (20_000, 500):
        assert PUBLISHED.with_steps(steps).beta2 == 0.999  # torch's default, as published


def test_learning_rate_warms_up_and_falls() -> None:
    recipe = PUBLISHED.with_steps(1000)
    rates = [recipe.learning_rate(t) for t in range(1000)]
    assert rates[0] == pytest.approx(1e-4) and max(rates) == pytest.approx(1e-2)
    assert rates[-1] == pytest.approx(5e-4, rel=1e-2)
    assert rates.index(max(rates)) in (99, 100)
    assert sorted(rates[100:], reverse=True) == rates[100:]


def test_runs_of_several_lengths_have_their_first_steps_in_common() -> None:
    short, long = (BRIEF.with_steps(steps) for steps in (800, 1600))
    rates = [[r.learning_rate(t) for t in range(r.steps)] for r in (short, long)]
    assert short.shared_steps == 400 and rates[0][:400] == rates[1][:400]
    assert max(rates[0]) == BRIEF.lr == rates[1][500] and rates[0][-1] < 1e-3 * BRIEF.lr
    assert CONVERGED.with_steps(400).shared_steps == 0, "its warm-up depends on its length"
    assert replace(BRIEF, steps=300, longest_steps=1300).lengths(check=True) == [
        150,
        300,
        600,
        1200,
    ]
    assert replace(BRIEF, steps=300, longest_steps=1300).lengths(check=False) == [300]


def test_a_brief_step_goes_with_the_width_and_its_batch_with_the_rate() -> None:
    recipe, m = BRIEF.with_steps(1600), 100
    narrow, wide = ([recipe.learning_rate(t, w) for t in range(1600)] for w in (m // 4, m))
    assert narrow == pytest.approx([2 * rate for rate in wide]) and max(wide) == BRIEF.lr / 10
    samples = [recipe.samples(t, m) for t in range(1600)]
    assert samples[:800] == [BRIEF.batch_size] * 800 and samples[-1] == 20 * m
    growing = range(801, samples.index(20 * m))
    for t in growing:
        assert samples[t] * wide[t] == pytest.approx(BRIEF.batch_size * max(wide), rel=2e-3)
    assert len(growing) > 200, "it grows by and by"
    assert {recipe.samples(t, 10) for t in range(1600)} == {BRIEF.batch_size}, "enough for m = 10"
    for other in (PUBLISHED, CONVERGED):
        assert other.learning_rate(5000, 4) == other.learning_rate(5000, 400)
        assert {other.samples(t, 400) for t in range(0, other.steps, 99)} == {other.batch_size}


def test_adams_brief_memory_grows_to_a_tenth_of_the_steps() -> None:
    memory = [1 / (1 - BRIEF.beta2_at(t)) for t in (0, 199, 400, 1600)]
    assert memory == pytest.approx([20, 20, 40, 160])
    assert PUBLISHED.beta2_at(20_000) == pytest.approx(0.999)


def test_training_takes_the_recipes_batch_rate_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    p, took = features.power_law(20, 1.0), []
    recipe = replace(
        BRIEF, steps=40, warmup_steps=4, batch_size=8, final_batch_per_dimension=10, beta2=0.5
    )
    adam = engine.adam

    def watched(*args, **settings):  # type: ignore[no-untyped-def]
        took.append((len(drawn[-1].sample_weights), settings["lr"], settings["beta2"]))
        return adam(*args, **settings)

    trained, drawn = models(p, [4], [-1.0], recipe), []
    draw = trained.sampler.draw
    monkeypatch.setattr(trained.sampler, "draw", lambda B: drawn.append(draw(B)) or drawn[-1])
    monkeypatch.setattr(engine, "adam", watched)
    trained.train()
    due = [
        (recipe.samples(t, 4), recipe.learning_rate(t, 4), recipe.beta2_at(t)) for t in range(40)
    ]
    assert took == due and len({B for B, _, _ in took}) > 5
    assert took[-1][2] > took[0][2]


def test_models_of_two_widths_cannot_share_a_recipe_that_depends_on_m() -> None:
    with pytest.raises(ValueError, match="'brief' depends on m: give models of one width"):
        models(features.power_law(20, 1.0), [3, 4], [-1.0, 1.0], BRIEF)


def test_a_longer_converged_run_takes_finer_steps_and_the_others_do_not() -> None:
    long, short = CONVERGED.with_steps(16_000), CONVERGED.with_steps(2000)
    assert (long.steps, long.lr, long.warmup_steps) == (16_000, CONVERGED.lr / 2, 1600)
    assert 1 - long.beta2 == pytest.approx((1 - CONVERGED.beta2) / 4)
    assert short == replace(CONVERGED, steps=2000, warmup_steps=200)
    assert PUBLISHED.with_steps(60_000) == replace(PUBLISHED, steps=60_000, warmup_steps=6000)
    assert BRIEF.with_steps(3600) == replace(BRIEF, steps=3600)
    given = recipes.chosen("converged", 16_000, 256)
    assert given == replace(long, batch_size=256, longest_steps=0)
    assert CONVERGED.lengths(check=True) == [2000, 4000, 8000] and given.lengths(check=True) == [
        8000,
        16_000,
    ]


@pytest.mark.parametrize("recipe", [CONVERGED, BRIEF], ids=lambda r: r.name)
def test_a_branch_is_a_run_of_its_own_length(recipe: recipes.Recipe) -> None:
    p = features.power_law(20, 1.0)
    recipe = replace(recipe.with_steps(160), warmup_steps=16)

    def fresh() -> engine.ModelBatch:
        return models(p, [4, 4], [-1.0, 1.0], recipe)

    trunk, alone = fresh(), fresh()
    alone.train()
    assert trunk.branch(240).recipe == trunk.recipe.with_steps(240), "longer, with what suits it"
    trunk = fresh()
    branches = [trunk.branch(steps) for steps in (80, 160, 320)]
    longer = fresh()
    longer.recipe = recipe.with_steps(320)
    longer.train()
    assert torch.equal(branches[2].parameters, longer.parameters)
    assert torch.equal(branches[1].parameters, alone.parameters) and alone.steps_done == 160
    assert branches[0].steps_done == 80
    assert not torch.equal(branches[0].parameters, branches[1].parameters)


def test_models_that_are_kept_train_on_as_they_would_have() -> None:
    p = features.power_law(20, 1.0)
    whole, part = (models(p, [4, 4, 4], [-1.0, 0.3, 1.0], BRIEF.with_steps(80)) for _ in range(2))
    part.branch(40)
    part.keep([0, 2])
    whole.train()
    part.train()
    torch.testing.assert_close(part.parameters, whole.parameters[:, [0, 2]], rtol=1e-3, atol=1e-4)


def test_held_out_loss_agrees_with_plain_data() -> None:
    p = features.power_law(60, 1.0)
    trained = models(p, [6], [-1.0], CONVERGED.with_steps(200))
    trained.train()
    loss, error = trained.held_out(seed=11)
    plain, plain_error = model.held_out_loss(*trained.model(0, 6), p)
    assert abs(float(loss[0]) - plain) < 5 * (float(error[0]) ** 2 + plain_error**2) ** 0.5
