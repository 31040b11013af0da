"""Train one toy model or many, and ask for the results by name.

The way of one call: `train` → `sweep` (what is known? what is missing?) → `bundled` (which models
train together) → `train_bundle`, in a worker → `ModelBatch.train`, the loop, in `engine.py`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, cast, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from superposition.features import check_probabilities
from superposition.running import executors, store
from superposition.running.progress import bar as progress_bar
from superposition.running.progress import estimate, seconds_a_step
from superposition.toy.engine import ENGINE_VERSION, ModelBatch, Start, random_start
from superposition.toy.recipes import CONVERGED, BiasStart, Recipe, chosen

TOLERANCE = CONVERGED.tolerance
_LARGEST = 1_600_000  # entries (model, sample, feature) of a bundle: beyond, sharing gains nothing
_MOST = 16  # models of a bundle
LONG = 3_000  # steps of bundles, about four seconds: processes beat threads, and time is told


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

    def is_of(self, **settings: Any) -> bool:
        """Whether the model has these settings; a list stands for any of its values."""
        return all(_same(getattr(self, name), value) for name, value in settings.items())


def _same(value: Any, wanted: Any) -> bool:
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
        return Sweep(r for r in self._results if r.is_of(**settings))

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


@dataclass(frozen=True)
class Failure:
    """Why a run has no result."""

    reason: str


def train(
    p: Tensor,
    m: int,
    weight_decay: float,
    *,
    seed: int = 0,
    bias_start: BiasStart | Tensor | None = None,
    start: ToyResult | Start | None = None,
    recipe: str | Recipe = "converged",
    steps: int | None = None,
    batch_size: int | None = None,
    check: bool = True,
    device: str | torch.device = "cpu",
    progress: bool = False,
) -> ToyResult:
    """Train one toy model on frequencies p, shape (n,), with m dimensions and decay γ.

    `recipe` is "converged" (the book's), "published" (the paper's), "brief" (for large models and
    maps of many) or a Recipe; `steps` and `batch_size` override its length and its samples a step
    (fewer are noisier, and Adam weighs the decay against noise). b starts at `bias_start`: a
    number, a vector (n,), "normal" for N(0, 1), or None for the recipe's; with `start`, a result
    or (W, b), training goes on from there, with Adam's averages empty.
    With `check`, a half-length run says if it has converged; what has not is trained for longer,
    by doubling, unless `steps` are given.
    Raises ValueError on settings that make no sense and RuntimeError if the loss diverges.

    >>> from superposition import features, toy
    >>> toy.train(features.power_law(9, 1.0), 2, -1.0, steps=20).W.shape
    torch.Size([9, 2])
    """
    spec = RunSpec(
        p=p, m=m, weight_decay=weight_decay, seed=seed, bias_start=bias_start, start=start
    )
    try:
        return sweep(
            [spec],
            recipe=recipe,
            steps=steps,
            batch_size=batch_size,
            check=check,
            device=device,
            progress=progress,
        )[0]
    except SweepError as error:
        raise RuntimeError(str(error)) from error


def grid(**axes: Any) -> list[RunSpec]:
    """Specs of all combinations of the axes, in the order they are given, the last one fastest.

    An axis is a list (or a tuple or range) of what RunSpec takes; a single value stands for a list
    of one. Frequencies with names, p={"power": ..., "linear": ...}, give the specs their `law`. A
    `start` is a list of results or of pairs (W, b).

    >>> from superposition import features, toy
    >>> [spec.m for spec in toy.grid(p=features.linear(9), m=[2, 4], weight_decay=-1.0)]
    [2, 4]
    """
    choices = [_axis(name, values) for name, values in axes.items()]
    return [
        _spec({name: value for part in combination for name, value in part.items()})
        for combination in itertools.product(*choices)
    ]


def _axis(name: str, values: Any) -> list[dict[str, Any]]:
    """The settings along one axis of a grid."""
    if name == "p" and isinstance(values, Mapping):
        return [{"law": law, "p": p} for law, p in values.items()]
    many = (list, range) if name == "start" else (list, tuple, range)  # a pair (W, b) is one start
    return [{name: value} for value in (values if isinstance(values, many) else [values])]


def _spec(settings: Mapping[str, Any]) -> RunSpec:
    known = {field.name for field in fields(RunSpec)}
    needed = {"p", "m", "weight_decay"}
    if not needed <= set(settings) <= known:
        raise ValueError(
            f"a run needs {sorted(needed)} and may have {sorted(known - needed)}, "
            f"not {sorted(settings)}"
        )
    return RunSpec(**settings)


def sweep(
    specs: Iterable[RunSpec | Mapping[str, Any]],
    *,
    recipe: str | Recipe = "converged",
    steps: int | None = None,
    batch_size: int | None = None,
    check: bool = True,
    executor: Executor | None = None,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> Sweep:
    """Train many models; results in the order of `specs`, as `grid` makes them.

    Models that share p and seed are trained together, in bundles spread over the cores, or over
    any `concurrent.futures` executor (a process pool, Dask's). What fails is reported once the
    rest is done, in a SweepError that carries the finished results. Settings as for `train`.
    """
    runs = [spec if isinstance(spec, RunSpec) else _spec(spec) for spec in specs]
    if not runs:
        raise ValueError("there is nothing to train: give at least one run, as grid() makes them")
    recipe = chosen(recipe, steps, batch_size)
    results = [known(run, recipe, check) for run in runs]
    missing = [i for i, result in enumerate(results) if result is None]
    failures: list[Failure] = []
    work = Work(runs, bundled(runs, missing, recipe), recipe, check, torch.device(device))
    with (
        work.pool(executor) as pool,
        progress_bar(len(missing), wanted=progress, long=work.long) as bar,
    ):
        if work.long and executor is None and not bar.disable:
            with suppress(Exception):  # what is wrong with the work, the work itself will say
                bar.write(work.estimate(pool))
        for i, outcome in trained(work, pool):
            if isinstance(outcome, Failure):
                failures.append(outcome)
            else:
                results[i] = outcome
                store.keep(runs[i].place(recipe), vars(outcome))
            bar.update()
    return reported(results, failures)


def known(spec: RunSpec, recipe: Recipe, check: bool) -> ToyResult | None:
    """A run that was kept, if checked where that is asked, and of its first length where not."""
    found = store.find(spec.place(recipe))
    if found is None:
        return None
    result = replace(ToyResult(**found), law=spec.law)
    fits = not math.isnan(result.gain) if check else result.steps == recipe.steps
    return result if fits else None


def bundled(specs: Sequence[RunSpec], runs: Sequence[int], recipe: Recipe) -> list[list[int]]:
    """Which of `runs`, indices of `specs`, train together; the longest work first.

    Together means the same p and seed, and similar m: the narrower are padded to the widest. Where
    the recipe depends on m, it is the same. Two bundles a core or more: the short ones fill the
    time in which the last long one ends.
    """
    groups: dict[tuple[bytes, int, int | None], list[int]] = {}
    for i in sorted(runs, key=lambda i: specs[i].m):
        width = specs[i].m if recipe.depends_on_width else None
        groups.setdefault((specs[i].p.numpy().tobytes(), specs[i].seed, width), []).append(i)
    bundles = []
    for group in groups.values():
        fits = max(1, min(_MOST, _LARGEST // (recipe.batch_size * len(specs[group[0]].p))))
        size = min(fits, math.ceil(len(runs) / (2 * executors.count())))
        pieces = math.ceil(len(group) / size)  # as even as can be
        bundles += [[int(i) for i in piece] for piece in np.array_split(group, pieces)]

    def work(bundle: Sequence[int]) -> int:
        widest = specs[bundle[-1]]
        return len(bundle) * len(widest.p) * widest.m

    return sorted(bundles, key=work, reverse=True)


@dataclass(frozen=True)
class Work:
    """What is to be trained: bundles of indices of `specs`, the longest first."""

    specs: Sequence[RunSpec]
    bundles: Sequence[Sequence[int]]
    recipe: Recipe
    check: bool
    device: torch.device

    @property
    def long(self) -> bool:
        """Whether starting processes pays, and saying how long it takes."""
        return self.device.type == "cpu" and self.recipe.steps * len(self.bundles) > LONG

    def runs(self, bundle: Sequence[int]) -> list[RunSpec]:
        """The specs of a bundle."""
        return [self.specs[i] for i in bundle]

    def pool(self, executor: Executor | None) -> AbstractContextManager[Executor]:
        """The caller's executor, or workers for this work."""
        return (
            nullcontext(executor) if executor else executors.pool(len(self.bundles), long=self.long)
        )

    def estimate(self, pool: Executor) -> str:
        """How long it will take, in words, from a few steps of each bundle on its worker."""
        steps = [
            pool.submit(bundle_step, self.runs(b), self.recipe, self.device) for b in self.bundles
        ]
        seconds = [step.result() for step in steps]
        lengths = self.recipe.lengths(self.check)

        def until(longest: int) -> list[float]:
            widest = (self.specs[bundle[-1]].m for bundle in self.bundles)
            taken = [self.recipe.work(m, lengths[:longest]) for m in widest]
            return [s * t for s, t in zip(seconds, taken, strict=True)]

        # A checked model ends with its second length at the earliest, and else with its last.
        return estimate(sum(map(len, self.bundles)), least=until(2), most=until(len(lengths)))


def trained(work: Work, pool: Executor) -> Iterator[tuple[int, ToyResult | Failure]]:
    """Train in bundles; the index and outcome of each run as it finishes."""
    futures: dict[Future[list[ToyResult | Failure]], Sequence[int]] = {}
    for bundle in work.bundles:
        job = (work.runs(bundle), work.recipe, work.check, work.device)
        try:
            futures[pool.submit(train_bundle, *job)] = bundle
        except RuntimeError as error:  # the executor has died already
            lost = Failure(f"{len(bundle)} runs not taken by the executor: {error!r}")
            yield from ((i, lost) for i in bundle)
    try:
        for future in as_completed(futures):
            bundle = futures[future]
            try:
                outcomes = future.result()
            except Exception as error:  # a worker died: keep what the others finished
                lost = Failure(f"{len(bundle)} runs lost with their worker: {error!r}")
                outcomes = [lost] * len(bundle)
            yield from zip(bundle, outcomes, strict=True)
    finally:  # interrupted: what has not begun is not wanted any more
        for future in futures:
            future.cancel()


def models_of(specs: Sequence[RunSpec], recipe: Recipe, device: torch.device) -> ModelBatch:
    """Runs that share p and seed, before their first step."""
    return ModelBatch(
        specs[0].p,
        [spec.starting_point(recipe) for spec in specs],
        [spec.weight_decay for spec in specs],
        recipe=recipe,
        seed=specs[0].seed,
        device=device,
    )


def bundle_step(specs: Sequence[RunSpec], recipe: Recipe, device: torch.device) -> float:
    """Seconds that a step of the bundle takes, the first few tried."""
    models = models_of(specs, recipe, device)
    return seconds_a_step(lambda t: models.train(t + 1))


def train_bundle(
    specs: Sequence[RunSpec], recipe: Recipe, check: bool, device: torch.device
) -> list[ToyResult | Failure]:
    """Train runs that share p and seed, each until it has converged or is at its longest."""
    models = models_of(specs, recipe, device)
    outcomes: dict[int, ToyResult | Failure] = {}
    left = list(range(len(specs)))  # the specs that `models` still holds, in its order
    half_losses = [math.nan] * len(specs)  # of a run half as long
    *_, longest = recipe.lengths(check)
    for steps in recipe.lengths(check):
        ended = models.branch(steps)
        losses, errors = (x.tolist() for x in ended.held_out())
        go_on = []
        for k, i in enumerate(left):
            gain = expected_gain(half_losses[i], losses[k])
            settled = abs(gain) < recipe.tolerance or not math.isfinite(losses[k])
            if steps < longest and not settled:
                half_losses[i] = losses[k]
                go_on.append(k)
            else:
                outcomes[i] = _outcome(ended, k, specs[i], losses[k], errors[k], gain)
        if not go_on:
            break
        models.keep(go_on)
        left = [left[k] for k in go_on]
    return [outcomes[i] for i in range(len(specs))]


def _outcome(
    models: ModelBatch, k: int, spec: RunSpec, loss: float, error: float, gain: float
) -> ToyResult | Failure:
    """Model k as a result, or what to say if it diverged."""
    recipe = models.recipe
    if not math.isfinite(loss) or loss > 1e6:
        return Failure(
            f"the loss diverged within {recipe.steps} steps with m = {spec.m}, seed = {spec.seed}, "
            f"weight_decay = {spec.weight_decay}, lr = {recipe.lr}: use a smaller lr"
        )
    W, b = models.model(k, spec.m)
    return ToyResult(
        W=W,
        b=b,
        loss=loss,
        loss_error=error,
        p=spec.p,
        m=spec.m,
        weight_decay=spec.weight_decay,
        seed=spec.seed,
        recipe=recipe.name,
        steps=recipe.steps,
        gain=gain,
        tolerance=recipe.tolerance,
        bias_start=spec.bias_said(recipe),
        law=spec.law,
    )


def expected_gain(half: float, full: float) -> float:
    """What the next doubling takes off, if it takes half the share of the last one.

    `half` is the loss after half the steps (nan if there is none), `full` after all.
    """
    if math.isnan(half):
        return math.nan
    return 0.0 if full <= 0 else 0.5 * (half - full) / full


def reported(results: Sequence[ToyResult | None], failures: Sequence[Failure]) -> Sweep:
    """The results, or a SweepError that says what failed and carries the others."""
    if not failures:
        return Sweep(result for result in results if result is not None)
    done = sum(result is not None for result in results)
    reasons = list(dict.fromkeys(failure.reason for failure in failures))
    raise SweepError(
        f"{len(results) - done} of {len(results)} runs failed ({done} kept in .results): "
        + "; ".join(reasons[:3]),
        list(results),
    )
