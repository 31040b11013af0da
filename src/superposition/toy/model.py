"""The toy model of superposition: the model, its data, loss, weight decay and training.

n sparse features x are packed into m numbers, h = x W, and unpacked, y = ReLU(h Wᵀ + b). The
arrow of feature i is W_i, row i of W (Elhage et al. 2022, arXiv 2209.10652; training as in Liu,
Liu and Gore 2025, arXiv 2505.10465). Written to be read, not to be fast: `engine.py`, the
browser's `trainer.js`, chapter 2's cells and assignment 2 do the same, and are tested against
`step` update by update.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from superposition import features


def reconstruct(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """The model: samples x (B, n) packed by W (n, m) and unpacked with bias b (n,); (B, n)."""
    return torch.relu(x @ W @ W.T + b)


def loss(x: Tensor, W: Tensor, b: Tensor, sample_weights: Tensor | None = None) -> Tensor:
    """Squared error summed over features, averaged over samples.

    `sample_weights` (B,) says what each sample counts for instead of 1/B, where a sampler draws
    some kinds of samples more often than the data does.
    """
    error = (reconstruct(x, W, b) - x).square().sum(dim=1)
    return error.mean() if sample_weights is None else sample_weights @ error


@torch.no_grad()
def decay_(W: Tensor, lr: float, weight_decay: float) -> None:
    """Weight decay γ of W in place, signed, apart from the gradient (as AdamW has it).

    γ >= 0 shrinks every arrow, W_i ← W_i (1 - ηγ); γ < 0 pulls its length towards 1,
    W_i ← W_i (1 + ηγ (1 - 1/|W_i|)). η is the learning rate.
    """
    if weight_decay >= 0:
        W.mul_(1 - lr * weight_decay)
    else:
        length = W.norm(dim=1, keepdim=True).clamp_min(1e-12)  # an arrow of length 0 stays 0
        W.mul_(1 + lr * weight_decay * (1 - 1 / length))  # γ < 0: a short arrow grows


def step(
    x: Tensor,
    W: Tensor,
    b: Tensor,
    adam: torch.optim.Adam,
    *,
    lr: float,
    weight_decay: float,
    sample_weights: Tensor | None = None,
) -> float:
    """One update on the batch x (B, n), in place; the loss before it.

    The gradient is taken first, then W decays, then Adam (over W and b) goes along the gradient.
    """
    adam.zero_grad()
    before = loss(x, W, b, sample_weights)
    before.backward()
    decay_(W, lr, weight_decay)
    adam.param_groups[0]["lr"] = lr
    adam.step()
    return before.item()


def learning_rate(t: int, steps: int, peak: float) -> float:
    """At step t: up in a straight line for a tenth of the steps, then a cosine down to 5 %."""
    warmup = max(1, steps // 10)
    if t < warmup:
        return peak * (t + 1) / warmup
    cosine = 0.5 * (1 + math.cos(math.pi * (t - warmup) / max(1, steps - warmup)))
    return peak * (0.05 + 0.95 * cosine)


def train(
    p: Tensor,
    m: int,
    weight_decay: float,
    *,
    seed: int = 0,
    steps: int = 20_000,
    batch_size: int = 2048,
    lr: float = 1e-2,
    beta2: float = 0.999,
    bias_start: float | None = None,
) -> tuple[Tensor, Tensor]:
    """W (n, m) and b (n,) after training on frequencies p (n,), by default as published.

    m is the width; weight_decay is γ, decay above 0 and growth below it (`decay_`). b starts at
    N(0, 1), or all of it at `bias_start`.
    """
    generator = torch.Generator().manual_seed(seed)
    n = len(p)
    W = torch.randn(n, m, generator=generator) / math.sqrt(m)
    if bias_start is None:
        b = torch.randn(n, generator=generator)
    else:
        b = torch.full((n,), float(bias_start))
    adam = torch.optim.Adam([W.requires_grad_(), b.requires_grad_()], betas=(0.9, beta2))
    for t in range(steps):
        x = features.sample(p, batch_size, generator)
        rate = learning_rate(t, steps, lr)
        step(x, W, b, adam, lr=rate, weight_decay=weight_decay)
    return W.detach(), b.detach()


@torch.no_grad()
def held_out_loss(W: Tensor, b: Tensor, p: Tensor, samples: int = 400_000) -> tuple[float, float]:
    """Loss on held-out samples, the same at every call, and its standard error.

    `samples` is a multiple of 10,000, at least two of them.
    """
    generator = torch.Generator().manual_seed(31_337)
    losses = torch.empty(samples // 10_000, dtype=torch.float64)
    for k in range(len(losses)):
        losses[k] = loss(features.sample(p, 10_000, generator), W, b)
    return float(losses.mean()), float(losses.std() / len(losses) ** 0.5)
