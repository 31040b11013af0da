"""The definition against arithmetic done by hand: it is what everything else is tested against."""

from __future__ import annotations

import math

import pytest
import torch

from superposition import features
from superposition.toy import model


def test_two_features_in_one_number_by_hand() -> None:
    """x = (2, 0), W = (1, -1/2), b = (0, 3): h = 2, y = relu(2, -1 + 3) = (2, 2), loss 4."""
    W, b = torch.tensor([[1.0], [-0.5]]), torch.tensor([0.0, 3.0])
    x = torch.tensor([[2.0, 0.0], [0.0, 0.0]])
    assert model.reconstruct(x, W, b).tolist() == [[2.0, 2.0], [0.0, 3.0]]
    assert float(model.loss(x, W, b)) == (4 + 9) / 2, "the sum over features, the mean of samples"
    assert float(model.loss(x, W, b, torch.tensor([0.5, 2.0]))) == 0.5 * 4 + 2 * 9


def test_decay_shrinks_and_growth_pulls_to_length_one() -> None:
    W = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    for gamma, lengths in ((0.5, [4.75, 0.475, 0.0]), (-0.5, [4.8, 0.525, 0.0])):
        decayed = W.clone()
        model.decay_(decayed, 0.1, gamma)
        torch.testing.assert_close(decayed.norm(dim=1), torch.tensor(lengths))


@pytest.mark.parametrize("gamma", [0.5, -0.5])
def test_one_update_takes_the_gradient_first_then_decays_then_steps(gamma: float) -> None:
    """One feature in one number, y = w² x + b: Adam's first step is lr × the gradient's sign.

    At w = 1.05 and b = 0.2 the output is too high. At lr γ = 0.6 the decayed w would make it too
    low (γ > 0), so the sign of the step tells which w the gradient was taken at.
    """
    W, b = torch.tensor([[1.05]]), torch.tensor([0.2])
    adam = torch.optim.Adam([W.requires_grad_(), b.requires_grad_()], eps=1e-12)
    x, lr = torch.tensor([[1.0]]), 1.2
    before = model.step(x, W, b, adam, lr=lr, weight_decay=gamma)
    assert before == pytest.approx((1.05**2 + 0.2 - 1) ** 2, rel=1e-5)
    factor = 1 - lr * gamma if gamma >= 0 else 1 + lr * gamma * (1 - 1 / 1.05)
    assert float(W.detach()) == pytest.approx(1.05 * factor - lr, rel=1e-5)
    assert float(b.detach()) == pytest.approx(0.2 - lr, rel=1e-5), "b does not decay"


def test_the_learning_rate_warms_up_and_falls() -> None:
    rates = [model.learning_rate(t, 1000, 1e-2) for t in range(1000)]
    assert rates[0] == pytest.approx(1e-4) and rates[99] == max(rates) == pytest.approx(1e-2)
    assert sorted(rates[100:], reverse=True) == rates[100:]
    assert rates[-1] == pytest.approx(5e-4, rel=1e-2)


def test_the_shortest_training_is_one_step_at_the_full_rate() -> None:
    assert model.learning_rate(0, 1, 1e-2) == 1e-2
    start = model.train(features.power_law(6, 1.0), 2, 0.0, steps=0)
    end = model.train(features.power_law(6, 1.0), 2, 0.0, steps=1, batch_size=64)
    assert not torch.equal(start[0], end[0])


def test_training_learns_and_the_start_of_the_bias_is_the_one_asked_for() -> None:
    p = features.power_law(12, 1.0)
    settings = {"steps": 400, "batch_size": 128, "lr": 2e-2, "beta2": 0.99}
    W, b = model.train(p, 4, -1.0, **settings, bias_start=0.0)
    trained, error = model.held_out_loss(W, b, p, 100_000)
    unlearned = features.MEAN_SQUARE_VALUE * float(p.sum())
    assert trained + 5 * error < 0.6 * unlearned
    for bias_start, spread in ((None, 1.0), (-2.0, 0.0)):
        _, b = model.train(
            features.linear(2000), 1, 0.0, steps=2, batch_size=2, lr=1e-9, bias_start=bias_start
        )
        assert float(b.mean()) == pytest.approx(bias_start or 0.0, abs=5 / math.sqrt(2000))
        assert float(b.std()) == pytest.approx(spread, abs=0.1)
