"""Ways to pack, and the ruler that measures them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from superposition import features, geometry, theory
from superposition.toy import recipes, variants
from superposition.toy.engine import ModelBatch
from superposition.toy.variants import Packing

P = features.power_law(20, 1.0)


def test_a_tight_frame_reaches_the_bound():
    W = variants.tight_frame(30, 6, torch.Generator().manual_seed(0))
    torch.testing.assert_close(W.norm(dim=1), torch.ones(30))
    assert geometry.mean_squared_overlap(W) == pytest.approx(geometry.welch_bound(30, 6), rel=1e-4)


def test_each_rule_holds_its_model_alone():
    ways = [
        Packing(5, steps=30, **rule)
        for rule in ({}, {"unit": True}, {"frozen": True}, {"one_bias": True})
    ]
    trained = variants.train_packings(P, ways, seed=0)
    W = [packed.W for packed in trained]
    start, _ = ways[0].starting_point(P, seed=0)
    one = torch.ones(20)
    assert torch.allclose(W[1].norm(dim=1), one, atol=1e-5)
    assert not torch.allclose(W[0].norm(dim=1), one, atol=1e-2)
    assert torch.equal(W[2], start) and not torch.allclose(W[0], start, atol=1e-2)
    b = [packed.b for packed in trained]
    assert float(b[3].std()) < 1e-6 < 1e-3 < float(b[0].std())
    assert float(b[2].abs().max()) > 1e-3, "the bias of frozen rows is trained"


def test_each_start_is_what_it_is_called():
    rows = {
        start: Packing(12, start=start).starting_point(P, seed=0)[0]
        for start in ("usual", "tight frame", "random arrows", "opposite pairs")
    }
    draw = [torch.Generator().manual_seed(0) for _ in range(2)]
    assert torch.equal(rows["tight frame"], variants.tight_frame(20, 12, draw[0]))
    arrows = geometry.random_unit_vectors(20, 12, draw[1])
    assert torch.equal(rows["random arrows"], arrows) and not arrows.equal(rows["usual"])
    assert torch.equal(rows["opposite pairs"], theory.opposite_pairs(P, 12))


@pytest.mark.parametrize("recipe", recipes.RECIPES.values(), ids=lambda r: r.name)
def test_plain_ways_train_as_the_engine_does_by_any_recipe(recipe, monkeypatch):
    """Also by one whose rate, batch and memory change with the width and on the way."""
    short = replace(recipe, steps=12, warmup_steps=2)
    monkeypatch.setattr(Packing, "recipe", short)
    ways = [Packing(5, weight_decay=-1.0), Packing(5, weight_decay=0.5)]
    starts = [way.starting_point(P, seed=3) for way in ways]
    models = ModelBatch(P, starts, [-1.0, 0.5], recipe=short, seed=3)
    models.train()
    for k, packed in enumerate(variants.train_packings(P, ways, seed=3)):
        assert torch.equal(packed.W, models.W[:, k]) and torch.equal(packed.b, models.b[:, k])


def test_ways_of_two_lengths_do_not_train_side_by_side():
    with pytest.raises(ValueError, match=r"\[20, 30\] steps: give ways of one length"):
        variants.train_packings(P, [Packing(5, steps=20), Packing(5, steps=30)], seed=0)


def test_both_trainers_train_the_plain_model_alike():
    """The read-outs' trainer without a read-out to add, against the engine's.

    Rows and starts are the same, so the losses part by rounding alone. (Weights part sooner: Adam
    makes a full step of a gradient that is zero but for rounding.) Hence few steps.
    """
    way = Packing(5, steps=40)
    engine, _ = variants.train(P, [way], [0, 1])
    autograd = [packed.loss for packed in variants.train_read_out(P, way, [0, 1])]
    np.testing.assert_allclose(autograd, engine[0], rtol=0.01)
    assert abs(np.log(engine[0, 0] / engine[0, 1])) > 0.01, "or the line above could not fail"


def test_a_second_look_beats_the_plain_read_out():
    p = features.power_law(40, 1.0)
    losses, _ = variants.train(p, [Packing(10, steps=800), Packing(10, steps=800, looks=1)], [0, 1])
    # Longer runs of wider models halve the loss; seeds scatter by a few per cent.
    assert (losses[1] < 0.85 * losses[0]).all()


def test_a_frozen_model_with_a_second_look_keeps_the_plain_rows():
    """The read-out alone is trained, and better than the plain one; with W it does better still."""
    p = features.power_law(40, 1.0)
    plain, look = Packing(10, steps=800), Packing(10, steps=800, looks=1)
    losses, rows = variants.train(p, [plain, replace(look, frozen=True), look], [0, 1])
    for seed in (0, 1):
        assert torch.equal(rows[1][seed], rows[0][seed])
        assert not torch.allclose(rows[2][seed], rows[0][seed], atol=0.1)
    assert (losses[1] < 0.95 * losses[0]).all() and (losses[2] < 0.95 * losses[1]).all()


def test_effective_width_is_exact_on_a_power_law():
    m = np.array([4, 8, 16])
    loss = 3 / m**1.5
    np.testing.assert_allclose(variants.effective_width(m, loss, 3 / 10**1.5), 10)
    assert np.isnan(variants.effective_width(m, loss, [10.0, 1e-6])).all()
    with pytest.raises(ValueError, match="does not fall"):
        variants.effective_width(m, loss[::-1], 0.1)


def test_the_interval_covers_at_its_rate():
    draws = np.random.default_rng(0).normal(size=(2000, 3))
    inside = [low < 0 < high for _, low, high in map(variants.mean_interval, draws)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)  # 4 standard errors
