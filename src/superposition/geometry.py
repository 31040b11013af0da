"""Measures of how n feature vectors share m dimensions, with the bounds they stand against."""

from __future__ import annotations

import torch
from torch import Tensor


def represented_fraction(W: Tensor, threshold: float = 0.5) -> float:
    """φ_1/2: the share of rows of W, shape (n, m), with norm above `threshold`.

    From 0 (nothing is represented) to 1 (everything is); Liu et al. 2025, section 3.

    >>> represented_fraction(torch.eye(4)[:, :3])
    0.75
    """
    return float(represented(W, threshold).double().mean())


def represented(W: Tensor, threshold: float = 0.5) -> Tensor:
    """Which features have an arrow: True where a row of W (n, m) is longer than `threshold`, (n,).

    >>> represented(torch.tensor([[1.0, 0.0], [0.3, 0.3], [0.0, -0.9]]))
    tensor([ True, False,  True])
    """
    return _matrix(W).float().norm(dim=1) > threshold


def mean_squared_overlap(W: Tensor) -> float:
    """Mean of cos²(W_i, W_j) over pairs i ≠ j of rows of W, shape (n, m); zero rows left out.

    Through the m × m Gram matrix, so O(n m²) rather than O(n² m): with unit rows U,
    Σ_ij (U_i·U_j)² = ||UᵀU||².

    >>> triangle = torch.tensor([[1.0, 0.0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]])
    >>> round(mean_squared_overlap(triangle), 3)
    0.25
    """
    U = unit_rows(W)
    n = len(U)
    if n < 2:
        raise ValueError(f"an overlap needs at least two non-zero rows; W has {n}")
    gram = U.T @ U if n > U.shape[1] else U @ U.T
    return max(0.0, float((gram.square().sum() - n) / (n * (n - 1))))


def mean_absolute_overlap(W: Tensor) -> float:
    """Mean of |cos(W_i, W_j)| over pairs i ≠ j of rows of W, shape (n, m); zero rows left out."""
    U = unit_rows(W)
    n = len(U)
    if n < 2:
        raise ValueError(f"an overlap needs at least two non-zero rows; W has {n}")
    total = sum(float((block @ U.T).abs().sum()) for block in U.split(2048))
    return max(0.0, (total - n) / (n * (n - 1)))


def pair_cosines(W: Tensor) -> Tensor:
    """cos(W_i, W_j), each pair of non-zero rows of W (n', m) once, shape (n' (n' - 1) / 2,).

    >>> pair_cosines(torch.tensor([[2.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])).tolist()
    [0.0, -1.0, 0.0]
    """
    U = unit_rows(W)
    i, j = torch.triu_indices(len(U), len(U), offset=1)
    return (U @ U.T)[i, j].clamp(-1, 1)


def unit_rows(W: Tensor) -> Tensor:
    """The non-zero rows of W scaled to norm 1, in float64, shape (n', m)."""
    W = _matrix(W).double()
    norms = W.norm(dim=1, keepdim=True)
    keep = norms[:, 0] > 0
    return W[keep] / norms[keep]


def random_unit_vectors(n: int, m: int, generator: torch.Generator | None = None) -> Tensor:
    """n directions drawn evenly from the unit sphere in m dimensions, shape (n, m)."""
    _check_sizes(n, m)
    device = "cpu" if generator is None else generator.device
    W = torch.randn(int(n), int(m), generator=generator, device=device)
    return W / W.norm(dim=1, keepdim=True)


def welch_bound(n: int, m: int) -> float:
    """Least possible mean squared overlap of n unit vectors in m dimensions (Welch 1974).

    (n - m) / (m (n - 1)) for n > m, reached by tight frames; 0 for n <= m.

    >>> welch_bound(3, 2)
    0.25
    """
    _check_sizes(n, m)
    return 0.0 if n <= m else (n - m) / (m * (n - 1))


def _matrix(W: Tensor) -> Tensor:
    W = torch.as_tensor(W).detach()
    if W.ndim != 2 or 0 in W.shape:
        raise ValueError(
            f"W must be a matrix of n rows and m columns, not of shape {tuple(W.shape)}"
        )
    if not torch.isfinite(W).all():
        raise ValueError("W holds NaN or infinite entries: was it trained with too large a step?")
    return W


def _check_sizes(n: int, m: int) -> None:
    for name, value in (("n", n), ("m", m)):
        if not float(value).is_integer() or value < 1:
            raise ValueError(f"{name} must be a whole number >= 1, not {value}")
