"""Feature directions found again from hidden states alone."""

import pytest
import torch

from superposition import features, geometry
from superposition.probes import dictionaries

N, M = 16, 10
GOLDEN = {
    "dictionary learning": 0.852,
    "sparse autoencoder": 0.978,
    "hidden states": 0.685,
    "random directions": 0.526,
}


@pytest.fixture
def W():
    return geometry.random_unit_vectors(N, M, torch.Generator().manual_seed(0))


def test_recovery_ignores_order_and_length_but_not_direction(W):
    shuffled = 3 * W[torch.randperm(N, generator=torch.Generator().manual_seed(1))]
    assert dictionaries.recovery(W, shuffled) == pytest.approx(1)
    assert dictionaries.recovery(W, -W) < 0.9
    assert dictionaries.recovery(W, W[:1].expand(N, M)) < 0.5, "a direction serves one row only"


def test_hidden_states_are_never_empty(W):
    H = dictionaries.hidden_states(W, features.power_law(N, 0.0, 0.5), 1000)
    assert H.shape[1] == M and abs(len(H) - 1000) < 100
    assert (H.norm(dim=1) > 0).all()


def test_both_readers_find_the_rows_of_a_roomy_model_and_not_those_of_another(W):
    p = features.power_law(N, 0.0, 0.5)
    (found,) = dictionaries.read_all([(W, p, 0)], samples=2000, steps=1000)
    for name in ("dictionary learning", "sparse autoencoder"):
        assert found[name] > 0.85 > found["hidden states"] + 0.05
    assert found["hidden states"] > found["random directions"]
    learned = dictionaries.sparse_autoencoder(dictionaries.hidden_states(W, p, 2000), N, steps=1000)
    other = geometry.random_unit_vectors(N, M, torch.Generator().manual_seed(5))
    assert dictionaries.recovery(other, learned) < 0.8


def test_scores_move_only_with_a_new_version(W):
    """They are kept under VERSION. Other releases of scikit-learn may part by less than 0.01."""
    (found,) = dictionaries.read_all([(W, features.power_law(N, 0.0), 0)], samples=500, steps=100)
    assert dictionaries.VERSION == 1, "it was raised: take these numbers anew"
    assert found == pytest.approx(GOLDEN, abs=0.01), "scores moved: raise dictionaries.VERSION"
