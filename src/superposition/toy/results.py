"""What came of training: one model's result, and many of them, asked for by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class ToyResult:
    """One trained model and how far to trust it."""

    W: Tensor  # (n, m), rows W_i
    b: Tensor  # (n,)
    loss: float  # held-out, on fresh data, summed over features
    loss_error: float  # standard error of `loss` from the finite held-out set
    p: Tensor  # (n,)
    m: int
    weight_decay: float
    seed: int
    recipe: str
    steps: int
    gain: float  # estimated share of the loss that twice the steps take off (or add); nan: unasked
    tolerance: float  # of the recipe
    bias_start: float | str  # a number, "normal", "given" or "continued"
    law: str | None = None  # the name that the caller gave to p

    @property
    def converged(self) -> bool:
        """Whether twice the steps would change the loss by less than `tolerance` of it."""
        return abs(self.gain) < self.tolerance


def _same(value: Any, wanted: Any) -> bool:
    """Whether a setting has the value asked for, or one of a list of them."""
    if isinstance(wanted, (list, tuple, set, range)):
        return any(_same(value, one) for one in wanted)
    if isinstance(value, Tensor):
        wanted = torch.as_tensor(wanted)
        return value.shape == wanted.shape and torch.equal(value, wanted.to(value))
    if isinstance(value, float) and isinstance(wanted, (int, float)):
        return math.isclose(value, wanted, rel_tol=1e-9, abs_tol=1e-12)
    return bool(value == wanted)


class Sweep(Sequence[ToyResult]):
    """The results of a sweep, in the order of its specs, to be asked by name.

    >>> from superposition import features, toy
    >>> runs = toy.grid(p=features.power_law(9, 1.0), m=[2, 3], weight_decay=[-1.0, 1.0])
    >>> trained = toy.sweep(runs, steps=20, check=False, progress=False)
    >>> [(r.m, r.weight_decay) for r in trained.where(m=3)]
    [(3, -1.0), (3, 1.0)]
    >>> trained.one(m=2, weight_decay=1.0).W.shape
    torch.Size([9, 2])
    """

    def __init__(self, results: Iterable[ToyResult]):
        self._results = list(results)

    def where(self, **settings: Any) -> Sweep:
        """The results with these settings (fields of ToyResult); a list stands for any of it.

        `p` is compared by its values; `law` by the name given in the spec.
        """
        known = {field.name for field in fields(ToyResult)} | {"converged"}
        if unknown := set(settings) - known:
            raise ValueError(f"results have no {sorted(unknown)}: ask by {sorted(known)}")
        return Sweep(
            r
            for r in self._results
            if all(_same(getattr(r, name), value) for name, value in settings.items())
        )

    def one(self, **settings: Any) -> ToyResult:
        """The one result with these settings. Raises LookupError if there is none, or several."""
        found = self.where(**settings)
        if len(found) != 1:
            asked = ", ".join(
                f"{name}=a vector" if isinstance(value, Tensor) else f"{name}={value!r}"
                for name, value in settings.items()
            )
            hint = "name more settings" if len(found) else f"there are {self._described()}"
            raise LookupError(
                f"{len(found)} of {len(self)} results have {asked or 'these settings'}: {hint}"
            )
        return found[0]

    def column(self, name: str) -> NDArray[Any]:
        """One value of each result, such as "loss", "m" or "converged", in order; (results,)."""
        values = [getattr(r, name) for r in self._results]
        mixed = len({type(value) for value in values}) > 1  # "normal" beside 0.0
        return np.array(values, dtype=object if mixed else None)

    def _described(self) -> str:
        return "; ".join(
            f"{name} {sorted({getattr(r, name) for r in self._results})[:12]}"
            for name in ("m", "weight_decay", "seed")
        )

    @overload
    def __getitem__(self, index: int) -> ToyResult: ...
    @overload
    def __getitem__(self, index: slice) -> Sweep: ...
    def __getitem__(self, index: int | slice) -> ToyResult | Sweep:
        found = self._results[index]
        return Sweep(found) if isinstance(found, list) else found

    def __len__(self) -> int:
        return len(self._results)

    def __add__(self, other: Iterable[ToyResult]) -> Sweep:
        return Sweep([*self, *other])

    def __repr__(self) -> str:
        return f"Sweep of {len(self)} models: {self._described()}"


class SweepError(RuntimeError):
    """Some runs of a sweep failed; `results` holds the others in order, None where one failed."""

    def __init__(self, message: str, results: list[ToyResult | None]):
        super().__init__(message)
        self.results = results
