"""What is to be trained: one model's settings, and grids of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from superposition.features import check_probabilities
from superposition.running import store
from superposition.toy.engine import ENGINE_VERSION, Start, random_start
from superposition.toy.recipes import BiasStart, Recipe
from superposition.toy.results import ToyResult


@dataclass(frozen=True, kw_only=True, eq=False)
class RunSpec:
    """What one model is trained on and from. Raises ValueError on settings that make no sense."""

    p: Tensor  # (n,), frequencies of the features
    m: int  # width
    weight_decay: float  # γ, from -1 to 1; negative is growth
    seed: int = 0  # of the start and of the batches
    bias_start: BiasStart | Tensor | None = None  # b starts there, (n,) or all; None: the recipe's
    start: ToyResult | Start | None = None  # go on from there: a result, or W (n, m) and b (n,)
    law: str | None = None  # a name for p, by which results are asked for

    def __post_init__(self) -> None:
        p = check_probabilities(self.p).cpu()
        if int(self.m) != self.m or self.m < 1:
            raise ValueError(f"m, the width, must be a whole number >= 1, not {self.m}")
        if not -1 <= float(self.weight_decay) <= 1:
            raise ValueError(f"weight_decay must lie between -1 and 1, not {self.weight_decay}")
        checked = {
            "p": p,
            "m": int(self.m),
            "weight_decay": float(self.weight_decay),
            "seed": int(self.seed),
            "bias_start": _checked_bias(self.bias_start, len(p)),
            "start": _checked_start(self.start, len(p), int(self.m)),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def starting_point(self, recipe: Recipe) -> Start:
        """W (n, m) and b (n,) before the first step."""
        bias = recipe.bias_start if self.bias_start is None else self.bias_start
        W, b = random_start(len(self.p), self.m, seed=self.seed, bias_start=bias)
        if self.start is not None:
            W, continued = cast(Start, self.start)  # __post_init__ took it out of a result
            b = continued if self.bias_start is None else b
        return W, b

    def bias_said(self, recipe: Recipe) -> BiasStart | str:
        """How b started: a number, "normal", "given" (a vector) or "continued" (from `start`)."""
        if isinstance(self.bias_start, Tensor):
            return "given"
        if self.bias_start is not None:
            return self.bias_start
        return recipe.bias_start if self.start is None else "continued"

    def place(self, recipe: Recipe) -> Path | None:
        """Where the trained model is kept."""
        continued = () if self.start is None else self.starting_point(recipe)
        settings = (self.p, self.m, self.weight_decay, self.seed, self.bias_start, *continued)
        return store.place(ENGINE_VERSION, "toy", recipe, *settings)


def _checked_bias(bias: Any, n: int) -> BiasStart | Tensor | None:
    if bias is None:
        return None
    if isinstance(bias, str) and bias == "normal":
        return "normal"
    how = f'use None, "normal", a finite number, or a vector of {n} finite numbers'
    try:
        values = torch.as_tensor(bias).detach().to("cpu", torch.float32)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"bias_start is {bias!r}: {how}") from None
    if values.ndim > 1 or (values.ndim == 1 and len(values) != n):
        raise ValueError(f"bias_start has shape {tuple(values.shape)}: {how}")
    if not bool(values.isfinite().all()):
        raise ValueError(f"bias_start holds a value that is not finite: {how}")
    return values if values.ndim else float(bias)


def _checked_start(start: Any, n: int, m: int) -> Start | None:
    if start is None:
        return None
    pair = (start.W, start.b) if isinstance(start, ToyResult) else start
    try:
        W, b = (torch.as_tensor(x).detach().to("cpu", torch.float32) for x in pair)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError("start must be a result of train, or a pair (W, b)") from None
    if W.shape != (n, m) or b.shape != (n,):
        raise ValueError(
            f"start has W {tuple(W.shape)} and b {tuple(b.shape)}, but this model needs "
            f"W {(n, m)} and b {(n,)}"
        )
    if not bool(W.isfinite().all() and b.isfinite().all()):
        raise ValueError("start holds a value that is not finite: go on from a model that is")
    return W, b


def grid(**axes: Any) -> list[RunSpec]:
    """Specs of all combinations of the axes, in the order they are given, the last one fastest.

    An axis is a list (or a tuple or range) of what RunSpec takes; a single value stands for a list
    of one. Frequencies with names, p={"power": ..., "linear": ...}, give the specs their `law`. A
    `start` is a list of results or of pairs (W, b).

    >>> from superposition import features, toy
    >>> [spec.m for spec in toy.grid(p=features.linear(9), m=[2, 4], weight_decay=-1.0)]
    [2, 4]
    """
    known = {field.name for field in fields(RunSpec)}
    needed = {"p", "m", "weight_decay"}
    if not needed <= set(axes) <= known:
        raise ValueError(
            f"a run needs {sorted(needed)} and may have {sorted(known - needed)}, "
            f"not {sorted(axes)}"
        )
    choices = [_axis(name, values) for name, values in axes.items()]
    return [
        RunSpec(**{name: value for part in combination for name, value in part.items()})
        for combination in itertools.product(*choices)
    ]


def _axis(name: str, values: Any) -> list[dict[str, Any]]:
    """The settings along one axis of a grid."""
    if name == "p" and isinstance(values, Mapping):
        return [{"law": law, "p": p} for law, p in values.items()]
    many = (list, range) if name == "start" else (list, tuple, range)  # a pair (W, b) is one start
    return [{name: value} for value in (values if isinstance(values, many) else [values])]
