"""Every trainer of the book, update by update, against `superposition.toy.model.step`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from superposition import features
from superposition.toy import model

TOLERANCE = 1e-5  # single precision, over a few updates of at most 0.02 an entry
DECAYS = (-1.0, 0.7)  # growth and decay, strong enough that a wrong sign moves a row by 1e-3


def task(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Frequencies (8,), a start W (8, 3) with short and long rows and b (8,), 6 batches of 64.

    Half of the biases are above 0 and each feature is on in some sample of a batch, so that no
    gradient is so near 0 that rounding decides in which direction Adam goes.
    """
    generator = torch.Generator().manual_seed(seed)
    p = features.power_law(8, 0.5, density=3.0)
    W = torch.randn(8, 3, generator=generator) * torch.linspace(0.2, 1.5, 8)[:, None]
    b = torch.linspace(-0.2, 0.2, 8)
    batches = torch.stack([features.sample(p, 64, generator) for _ in range(6)])
    return p, W, b, batches


def reference(
    batches: Iterable[Tensor], W: Tensor, b: Tensor, rates: Sequence[float], weight_decay: float
) -> Iterator[tuple[Tensor, Tensor]]:
    """W and b after each update of the definition, in double precision, with Adam's β2 at 0.99."""
    W, b = (v.clone().double().requires_grad_() for v in (W, b))
    adam = torch.optim.Adam([W, b], betas=(0.9, 0.99))
    for x, lr in zip(batches, rates, strict=True):
        model.step(x.double(), W, b, adam, lr=lr, weight_decay=weight_decay)
        yield W.detach().clone(), b.detach().clone()


def same(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> None:
    """W and b agree to TOLERANCE after an update."""
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.double(), other.double(), rtol=0, atol=TOLERANCE)
