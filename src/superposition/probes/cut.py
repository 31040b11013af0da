"""What a cut costs: signal that it removes, interference that it lets through.

A reading is y_j = ReLU(h·W_j + b). With one bias b for all features, the squared error of a sample
splits into that of features which are present (their signal is lowered by b and disturbed) and
that of features which are absent (whatever interference rises above -b is heard).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from superposition import features


@dataclass(frozen=True, kw_only=True)
class CutCosts:
    """Per sample, summed over features, at each cut; `interference` is what absent ones hear."""

    cuts: NDArray[np.float64]  # (k,), the cut is -b
    signal_lost: NDArray[np.float64]  # (k,)
    interference_heard: NDArray[np.float64]  # (k,)
    interference: NDArray[np.float64]  # (some,), h·W_j where feature j is absent and another is not

    @property
    def total(self) -> NDArray[np.float64]:
        """The loss at each cut, (k,)."""
        return self.signal_lost + self.interference_heard

    @property
    def best(self) -> int:
        """Index of the cut with the least loss."""
        return int(self.total.argmin())


def cut_costs(
    W: Tensor, p: Tensor, cuts: Sequence[float], *, samples: int = 20_000, seed: int = 0
) -> CutCosts:
    """Costs of each cut for arrows W, shape (n, m), on data of frequencies p, shape (n,).

    Raises ValueError if W and p disagree on n, or a cut is negative.
    """
    if W.ndim != 2 or p.shape != W.shape[:1]:
        raise ValueError(
            f"W (n, m) and p (n,) must agree on n, not {tuple(W.shape)}, {tuple(p.shape)}"
        )
    if not len(cuts) or min(cuts) < 0:
        raise ValueError("a cut is the bias with its sign turned: give numbers of 0 or more")
    x = features.sample(p, samples, torch.Generator().manual_seed(seed))
    before = x @ W @ W.T  # (samples, n), what a reading is before bias and ReLU
    present = x > 0
    lost, heard = [], []
    for cut in cuts:
        error = ((before - cut).relu() - x).square()
        lost.append(float(error[present].sum()) / samples)
        heard.append(float(error[~present].sum()) / samples)
    disturbed = ~present & (x.sum(dim=1, keepdim=True) > 0)
    return CutCosts(
        cuts=np.asarray(cuts, dtype=float),
        signal_lost=np.asarray(lost),
        interference_heard=np.asarray(heard),
        interference=before[disturbed].double().numpy(),
    )
