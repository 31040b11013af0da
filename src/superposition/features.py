"""How often each feature is active, and batches of sparse data drawn from those frequencies.

Feature i of n is active with probability p_i, independently of the others; when active,
its value is uniform on (0, 2). This is the data of Elhage et al. 2022 (arXiv 2209.10652)
with the value range of Liu, Liu and Gore 2025 (arXiv 2505.10465).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

MEAN_SQUARE_VALUE = 4 / 3  # <v^2> of a value uniform on (0, 2)


def power_law(n: int, alpha: float, density: float = 1.0) -> Tensor:
    """Probabilities p_i ∝ i^-alpha, shape (n,), that sum to `density` (E, features per sample).

    Raises ValueError where n < 1, density <= 0, or the most frequent feature would
    have to be active with probability above 1.

    >>> power_law(4, 1.0)
    tensor([0.4800, 0.2400, 0.1600, 0.1200])
    """
    if not np.isfinite(alpha) or alpha < 0:
        raise ValueError(f"alpha must be a finite number >= 0, not {alpha}")
    return _scaled(_ranks(n) ** -float(alpha), density)


def exponential(n: int, scale: float, density: float = 1.0) -> Tensor:
    """Probabilities p_i ∝ exp(-i / scale), shape (n,), that sum to `density`; scale in ranks."""
    if not np.isfinite(scale) or scale <= 0:
        raise ValueError(f"scale must be a finite number > 0, not {scale}")
    # Counted from rank 1, which leaves p as it is, so that no small scale makes all of them 0.
    return _scaled(np.exp((1 - _ranks(n)) / scale), density)


def linear(n: int, density: float = 1.0) -> Tensor:
    """Probabilities falling on a straight line, p_i ∝ n + 1 - i, shape (n,), sum `density`.

    >>> linear(4)
    tensor([0.4000, 0.3000, 0.2000, 0.1000])
    """
    return _scaled(n + 1 - _ranks(n), density)


def check_probabilities(p: Tensor | Sequence[float] | np.ndarray) -> Tensor:
    """Return p as a float32 vector, shape (n,), or raise ValueError saying what is wrong."""
    p = torch.as_tensor(np.asarray(p) if not isinstance(p, Tensor) else p)
    p = p.detach().to(torch.float32)
    if p.ndim != 1 or len(p) == 0:
        raise ValueError(
            f"p must be a non-empty vector of probabilities, not of shape {tuple(p.shape)}"
        )
    bad = ~torch.isfinite(p) | (p < 0) | (p > 1)
    if bad.any():
        i = int(bad.nonzero()[0])
        raise ValueError(f"p[{i}] = {p[i].item():g} is not a probability: use values from 0 to 1")
    if not (p > 0).any():
        raise ValueError("every probability is 0, so no feature is ever active: raise at least one")
    return p


def sample(p: Tensor, batch_size: int, generator: torch.Generator | None = None) -> Tensor:
    """A batch of feature vectors, shape (batch_size, n): Bernoulli(p_i) times uniform (0, 2).

    The batch is made on the device of `generator` (of `p` without one).

    >>> sample(power_law(4, 0.0), 1000).shape
    torch.Size([1000, 4])
    """
    p = check_probabilities(p)
    if int(batch_size) < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    device = p.device if generator is None else generator.device
    p = p.to(device)
    shape = (int(batch_size), len(p))
    active = torch.rand(shape, generator=generator, device=device) < p
    return active * torch.rand(shape, generator=generator, device=device).mul_(2)


def _ranks(n: int) -> np.ndarray:
    if not float(n).is_integer() or n < 1:
        raise ValueError(f"n, the number of features, must be a whole number >= 1, not {n}")
    return np.arange(1, int(n) + 1, dtype=np.float64)


def _scaled(relative: np.ndarray, density: float) -> Tensor:
    if not np.isfinite(density) or density <= 0:
        raise ValueError(f"density must be a finite number > 0, not {density}")
    share = relative / relative.sum()
    most = share.max()
    if density * most > 1:
        raise ValueError(
            f"density {density:g} would make the most frequent feature active with probability "
            f"{density * most:.3g}: with these frequencies use at most {1 / most:.3g}"
        )
    return torch.from_numpy(density * share).to(torch.float32)
