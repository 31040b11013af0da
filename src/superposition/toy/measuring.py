"""The loss of trained models, more precisely than training takes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch

from superposition.toy.model import loss
from superposition.toy.results import Sweep, ToyResult
from superposition.toy.sampler import HELD_OUT_POWER, HELD_OUT_SEED, Sampler

_BATCH = 20_000


@torch.no_grad()
def measured_again(results: Iterable[ToyResult], *, samples: int = 400_000) -> Sweep:
    """The same models, their losses taken on ten times the held-out samples, fresh ones.

    A sweep takes 41,000. Where two rare features have to meet before a model errs, few of those
    samples hold an error, and the loss comes with a standard error of ten per cent and more.
    `samples` is a multiple of 20,000, at least two of them.
    """
    models = list(results)
    losses = np.empty((len(models), samples // _BATCH))
    alike: dict[tuple[float, ...], list[int]] = {}
    for i, model in enumerate(models):
        alike.setdefault(tuple(model.p.tolist()), []).append(i)
    for same in alike.values():
        p = models[same[0]].p
        sampler = Sampler(p, seed=HELD_OUT_SEED + 1, power=HELD_OUT_POWER)
        for k in range(losses.shape[1]):
            batch = sampler.draw(_BATCH)
            x = batch.dense()
            for i in same:
                W, b = models[i].W, models[i].b
                empty = batch.empty_weight * b.relu().square().sum()
                losses[i, k] = loss(x, W, b, batch.sample_weights) + empty
    error = losses.std(axis=1, ddof=1) / losses.shape[1] ** 0.5
    return Sweep(
        replace(model, loss=float(mean), loss_error=float(scatter))
        for model, mean, scatter in zip(models, losses.mean(axis=1), error, strict=True)
    )
