"""The engine's parts against what they must equal: the data's law, autograd, the decay."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from superposition import features
from superposition.toy import engine, model, recipes

CPU = torch.device("cpu")
PUBLISHED, CONVERGED, BRIEF = recipes.PROTOCOLS.values()


def dense(rows: engine.Rows, n: int) -> torch.Tensor:
    x = torch.zeros(len(rows.weight) * n)
    x[rows.flat] = rows.value
    return x.view(-1, n)


@pytest.mark.parametrize("strata", [True, False])
@pytest.mark.parametrize("density", [0.7, 3.0])
def test_rows_follow_the_law_of_the_data(strata: bool, density: float) -> None:
    """Weighted moments of the rows equal those of independent Bernoulli features."""
    n = 12
    p = features.power_law(n, 0.5, density).double()
    sampler = engine.Sampler(p, strata, 3, CPU)
    weight, first, second, pairs = 0.0, 0.0, 0.0, 0.0
    repeats = 60
    for _ in range(repeats):
        rows = sampler.draw(20_000)
        x, w = dense(rows, n).double(), rows.weight.double()
        weight = weight + w.sum() / repeats
        first = first + (w @ x) / repeats
        second = second + (w @ x.square()) / repeats
        pairs = pairs + ((x * w[:, None]).T @ x) / repeats
    # Five standard errors of 1.2 million plain rows; strata are never noisier for the rarest.
    rows_seen = 20_000 * repeats

    def near(got: torch.Tensor, expected: torch.Tensor, chance: torch.Tensor, kurtosis: float):
        error = 5 * expected * (kurtosis / (chance * rows_seen)).sqrt()
        assert bool(((got - expected).abs() < error).all()), (got / expected - 1).abs().max()

    assert float(weight) == pytest.approx(1 - sampler.empty, abs=5 * 0.5 / rows_seen**0.5)
    near(first, p, p, 4 / 3)
    near(second, p * features.MEAN_SQUARE_VALUE, p, 9 / 5)
    off = ~torch.eye(n, dtype=torch.bool)
    both = torch.outer(p, p)[off]
    near(pairs[off], both, both, 16 / 9)


def test_a_certain_and_an_impossible_feature() -> None:
    rows = engine.Sampler(torch.tensor([1.0, 0.5, 0.0]), True, 0, CPU).draw(4000)
    x = dense(rows, 3)
    assert bool((x[:, 0] > 0).all()) and bool((x[:, 2] == 0).all())
    assert rows.empty == 0.0
    assert float(rows.weight @ (x[:, 1] > 0).float()) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("protocol", [CONVERGED, PUBLISHED])
def test_gradient_equals_autograd(protocol: recipes.Protocol) -> None:
    """The sparse, weighed, bundled gradient is that of the plain loss on the same rows."""
    p = features.power_law(30, 1.0, 2.0)
    bundle = engine.Bundle(p, [3, 7], [0.5, -0.5], 1, protocol, CPU)
    with torch.no_grad():  # a bias of both signs, so that every branch is taken
        bundle.theta[:, :, 7] = torch.linspace(-0.3, 0.3, 30).view(-1, 1)
    rows = bundle.sampler.draw(200)
    x = dense(rows, 30)
    fast = bundle._gradient(rows)
    for k, m in enumerate([3, 7]):
        W = bundle.theta[:, k, :m].detach().clone().requires_grad_()
        b = bundle.theta[:, k, 7].detach().clone().requires_grad_()
        y = torch.relu(x @ W @ W.T + b)
        loss = rows.weight @ (y - x).square().sum(1) + rows.empty * b.relu().square().sum()
        loss.backward()
        torch.testing.assert_close(fast[:, k, :m], W.grad, rtol=1e-3, atol=1e-6)
        torch.testing.assert_close(fast[:, k, 7], b.grad, rtol=1e-3, atol=1e-6)
        assert bool((fast[:, k, m:7] == 0).all()), "the padding must not move"
        per_row, empty = bundle.row_losses(rows)
        total = float(per_row[k] @ rows.weight + rows.empty * empty[k])
        assert total == pytest.approx(float(loss.detach()), rel=1e-4)


def test_decay_shrinks_and_growth_pulls_to_norm_one() -> None:
    """With the gradient silenced only the decay acts: (1 - ηγ), or ηγ W (1 - 1/||W||)."""
    p = features.power_law(6, 1.0)
    bundle = engine.Bundle(p, [2, 2], [0.5, -0.5], 0, CONVERGED, CPU)
    bundle._gradient = lambda rows: torch.zeros_like(bundle.theta)  # type: ignore[method-assign]
    before = bundle.theta.detach().clone()
    bundle.step(0.1)
    after = bundle.theta.detach()
    torch.testing.assert_close(after[:, 0], before[:, 0] * torch.tensor([0.95, 0.95, 1.0]))
    norm = before[:, 1, :2].norm(dim=1)
    expected = norm - 0.1 * 0.5 * (norm - 1)
    torch.testing.assert_close(after[:, 1, :2].norm(dim=1), expected)


def test_training_rows_are_about_as_noisy_as_the_published_batch() -> None:
    """Adam weighs decay against gradient noise: 512 strata must not be far quieter than 2,048.

    The ratio of noise (root mean square over entries of a feature's row of W) is about 1 by
    design. Measured 0.8 to 1.6 over ranks and α; the bounds allow a factor of two.
    """
    for alpha in (0.5, 1.0, 1.5):
        p = features.power_law(100, alpha)
        noise = {}
        for protocol in (CONVERGED, PUBLISHED):
            bundle = engine.Bundle(p, [8], [-1.0], 0, replace(CONVERGED, steps=150), CPU)
            bundle.run()
            bundle.sampler = engine.Sampler(p, protocol.strata, 5, CPU)
            grads = [
                bundle._gradient(bundle.sampler.draw(protocol.batch)).detach() for _ in range(150)
            ]
            noise[protocol.name] = torch.stack(grads)[..., :8].var(0).mean((1, 2)).sqrt()
        ratio = noise["converged"] / noise["published"]
        blocks = ratio.view(10, 10).mean(1)
        assert float(blocks.min()) > 0.5 and float(blocks.max()) < 2.0, (alpha, blocks)


@pytest.mark.parametrize("protocol", recipes.PROTOCOLS.values(), ids=lambda p: p.name)
def test_no_tensor_is_made_on_another_device(protocol: recipes.Protocol) -> None:
    """A GPU in disguise: what is made without saying where lands on a device without numbers."""
    p, bundles = features.power_law(20, 1.0), []
    for elsewhere in ("meta", "cpu"):
        with torch.device(elsewhere):
            bundle = engine.Bundle(p, [3, 4], [-1.0, 1.0], 0, replace(protocol, steps=6), CPU)
            bundle.branch(3)
            bundle.keep([1, 0])
            bundle.run()
            bundles.append((bundle.theta, *bundle.held_out(1, batches=2)))
    for a, b in zip(*bundles, strict=True):
        assert torch.equal(a, b)


def test_adams_memory_is_the_published_one_at_any_length() -> None:
    for steps in (20_000, 500):
        assert replace(PUBLISHED, steps=steps).beta2 == 0.999  # torch's default, as published


def test_learning_rate_warms_up_and_falls() -> None:
    rates = [recipes.learning_rate(replace(PUBLISHED, steps=1000), t) for t in range(1000)]
    assert rates[0] == pytest.approx(1e-4) and max(rates) == pytest.approx(1e-2)
    assert rates[-1] == pytest.approx(5e-4, rel=1e-2)
    assert rates.index(max(rates)) in (99, 100)
    assert sorted(rates[100:], reverse=True) == rates[100:]


def test_runs_of_several_lengths_have_their_first_steps_in_common() -> None:
    short, long = (replace(BRIEF, steps=steps) for steps in (400, 800))
    rates = [[recipes.learning_rate(r, t) for t in range(r.steps)] for r in (short, long)]
    assert short.fork == 300 and rates[0][:300] == rates[1][:300]
    assert max(rates[0]) == BRIEF.lr == rates[1][500] and rates[0][-1] < 1e-3 * BRIEF.lr
    assert replace(CONVERGED, steps=400).fork == 0, "its warm-up depends on its length"
    assert replace(BRIEF, steps=300, longest=1300).lengths(True) == [150, 300, 600, 1200]
    assert replace(BRIEF, steps=300, longest=1300).lengths(False) == [300]


def test_a_longer_converged_run_takes_finer_steps_and_the_others_do_not() -> None:
    long, short = CONVERGED.of(16_000), CONVERGED.of(2000)
    assert (long.steps, long.lr, long.memory) == (16_000, CONVERGED.lr / 2, 4 * CONVERGED.memory)
    assert short == replace(CONVERGED, steps=2000)
    for protocol in (PUBLISHED, BRIEF):
        assert protocol.of(3 * protocol.steps) == replace(protocol, steps=3 * protocol.steps)
    given = recipes.chosen("converged", 16_000, 256)
    assert given == replace(long, batch=256, longest=0)
    assert CONVERGED.lengths(True) == [2000, 4000, 8000] and given.lengths(True) == [8000, 16_000]


@pytest.mark.parametrize("protocol", [CONVERGED, BRIEF], ids=lambda p: p.name)
def test_a_branch_is_a_run_of_its_own_length(protocol: recipes.Protocol) -> None:
    p = features.power_law(20, 1.0)

    def bundle(steps: int) -> engine.Bundle:
        return engine.Bundle(p, [3, 4], [-1.0, 1.0], 0, replace(protocol, steps=steps), CPU)

    trunk, alone = bundle(160), bundle(160)
    alone.run()
    assert trunk.branch(240).protocol == trunk.protocol.of(240), "longer, with what suits it"
    trunk = bundle(160)
    branches = [trunk.branch(steps) for steps in (80, 160)]
    assert torch.equal(branches[1].theta, alone.theta) and alone.done == 160
    for (step, losses), (t, expected) in zip(branches[1].history, alone.history, strict=True):
        assert step == t and torch.equal(losses, expected)
    assert branches[0].done == 80 and branches[0].history[-1][0] == 80
    assert not torch.equal(branches[0].theta, branches[1].theta)


def test_models_that_are_kept_train_on_as_they_would_have() -> None:
    p = features.power_law(20, 1.0)
    whole, part = (
        engine.Bundle(p, [3, 3, 4], [-1.0, 0.3, 1.0], 0, replace(BRIEF, steps=80), CPU)
        for _ in range(2)
    )
    part.branch(40)
    part.keep([0, 2])
    whole.run()
    part.run()
    torch.testing.assert_close(part.theta, whole.theta[:, [0, 2]], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(part.history[-1][1], whole.history[-1][1][[0, 2]])
    assert part.history[0][1].shape == (2,)


def test_held_out_loss_agrees_with_plain_data() -> None:
    p = features.power_law(60, 1.0)
    bundle = engine.Bundle(p, [6], [-1.0], 0, replace(CONVERGED, steps=200), CPU)
    bundle.run()
    loss, error = bundle.held_out(11)
    theta = bundle.theta.detach()
    plain, plain_error = model.held_out_loss(theta[:, 0, :6], theta[:, 0, 6], p)
    assert abs(float(loss[0]) - plain) < 5 * (float(error[0]) ** 2 + plain_error**2) ** 0.5
