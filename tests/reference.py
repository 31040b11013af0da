"""The published training written as plainly as possible: what the fast engine answers to."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from superposition import features


def train_reference(
    p: Tensor,
    m: int,
    weight_decays: list[float],
    steps: int,
    seed: int = 0,
    batch: int = 2048,
    lr: float = 1e-2,
    beta2: float = 0.999,
) -> tuple[Tensor, Tensor]:
    """Models for several γ on the same batches: W (K, n, m) and b (K, n), which starts at 0.

    Dense Bernoulli batches, autograd, torch's Adam, the signed decay line by line as published,
    2,000-in-20,000 warm-up and a cosine to 5 %. Only the start of b differs from the paper.
    """
    generator = torch.Generator().manual_seed(seed)
    K, n = len(weight_decays), len(p)
    start = torch.randn(n, m, generator=generator) / m**0.5
    W = start.repeat(K, 1, 1).requires_grad_()
    b = torch.zeros(K, 1, n, requires_grad=True)
    adam = torch.optim.Adam([W, b], lr=lr, betas=(0.9, beta2))
    gamma = torch.tensor(weight_decays).view(K, 1, 1)
    warm = steps // 10
    for t in range(steps):
        cosine = 0.5 * (1 + math.cos(math.pi * max(0, t - warm) / (steps - warm)))
        eta = lr * min((t + 1) / warm, 0.05 + 0.95 * cosine)
        x = features.sample(p, batch, generator)
        y = torch.relu(x @ W @ W.transpose(1, 2) + b)
        loss = (y - x).square().sum(2).mean(1).sum()
        adam.zero_grad()
        loss.backward()
        with torch.no_grad():
            grown = 1 + eta * gamma * (1 - 1 / W.norm(dim=2, keepdim=True))
            W.mul_(torch.where(gamma >= 0, 1 - eta * gamma, grown))
        adam.param_groups[0]["lr"] = eta
        adam.step()
    return W.detach(), b.detach().squeeze(1)


def held_out_loss(W: Tensor, b: Tensor, p: Tensor, rows: int = 400_000) -> tuple[float, float]:
    """Loss of one model on plain fresh data, and its standard error."""
    generator = torch.Generator().manual_seed(31_337)
    losses = []
    for _ in range(rows // 10_000):
        x = features.sample(p, 10_000, generator)
        losses.append(float((torch.relu(x @ W @ W.T + b) - x).square().sum(1).mean()))
    values = torch.tensor(losses, dtype=torch.float64)
    return float(values.mean()), float(values.std() / len(values) ** 0.5)
