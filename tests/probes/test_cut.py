"""superposition.probes.cut: the two costs add up to the loss, and each behaves as its name says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from superposition import features, geometry
from superposition.probes.cut import cut_costs

CUTS = np.linspace(0, 0.6, 13)


@pytest.fixture
def arrows() -> tuple[torch.Tensor, torch.Tensor]:
    noise = torch.Generator().manual_seed(3)
    return geometry.random_unit_vectors(40, 10, noise), features.power_law(40, 0.0)


def test_the_two_costs_add_up_to_the_loss(arrows):
    W, p = arrows
    found = cut_costs(W, p, CUTS, samples=4000, seed=5)
    x = features.sample(p, 4000, torch.Generator().manual_seed(5))
    for cut, total in zip(CUTS, found.total, strict=True):
        loss = (torch.relu(x @ W @ W.T - cut) - x).square().sum(1).mean()
        assert total == pytest.approx(float(loss), rel=1e-4)


def test_a_higher_cut_hears_less_and_loses_more_where_nothing_interferes(arrows):
    W, p = arrows
    heard = cut_costs(W, p, CUTS).interference_heard
    assert (np.diff(heard) < 0).all()
    alone = cut_costs(torch.eye(40), p, CUTS)
    assert alone.interference_heard == pytest.approx(np.zeros(13))
    assert (np.diff(alone.signal_lost) > 0).all() and alone.best == 0


def test_bad_input_is_named(arrows):
    W, p = arrows
    with pytest.raises(ValueError, match="agree on n"):
        cut_costs(W, p[:5], CUTS)
    with pytest.raises(ValueError, match="0 or more"):
        cut_costs(W, p, [-0.1])
