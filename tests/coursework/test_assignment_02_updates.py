"""Assignment 2's solution, update by update, against the definition of the model."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import updates
from superposition.toy import model


@pytest.mark.parametrize("gamma", updates.DECAYS)
def test_the_solution_of_assignment_2_makes_the_updates_of_the_definition(
    solved: dict[str, dict[str, Any]], gamma: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain descent there, and decay after it: gradient and decay are the definition's."""
    names = solved["02_regimes"]
    _, W, b, batches = updates.task()
    rate = 0.1
    ours, theirs = (W.numpy(), b.numpy()), (W.double(), b.double())
    for x in batches:
        dW, db = names["toy_gradient"](*ours, x.numpy())
        ours = names["decay_step"](ours[0] - rate * dW, rate, gamma), ours[1] - rate * db
        W, b = (v.clone().requires_grad_() for v in theirs)
        model.loss(x.double(), W, b).backward()
        theirs = (W - rate * W.grad).detach(), (b - rate * b.grad).detach()
        model.decay_(theirs[0], rate, gamma)
        updates.same(tuple(torch.as_tensor(v) for v in ours), theirs)


def test_it_trains_by_these_two(
    solved: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = solved["02_regimes"]
    gradient, decay, called = names["toy_gradient"], names["decay_step"], []
    monkeypatch.setitem(names, "toy_gradient", lambda *a: called.append("g") or gradient(*a))
    monkeypatch.setitem(names, "decay_step", lambda *a: called.append("d") or decay(*a))
    names["train"](updates.task()[0], 3, -1.0, 0)
    assert called == ["g", "d"] * 2000
