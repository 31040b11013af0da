"""Train one toy model or many.

The way of one call: `train` → `sweep` (what is known? what is missing?) → `bundled` (which models
train together) → `train_bundle`, in a worker → `ModelBatch.train`, the loop, in `engine.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from superposition.running import executors, store
from superposition.running.progress import bar as progress_bar
from superposition.running.progress import estimate, seconds_a_step
from superposition.toy.engine import ModelBatch, Start
from superposition.toy.recipes import CONVERGED, BiasStart, Recipe, chosen
from superposition.toy.results import Sweep, SweepError, ToyResult
from superposition.toy.specs import RunSpec

TOLERANCE = CONVERGED.tolerance
_MOST_MODELS_A_BUNDLE = 16
_MOST_ENTRIES_A_BUNDLE = 1_600_000  # (model, sample, feature): beyond, sharing gains nothing
LONG = 3_000  # steps of bundles, about four seconds: processes beat threads, and time is told


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
    device: torch.device | str = "cpu",
    progress: bool = False,
) -> ToyResult:
    """Train one toy model on frequencies p, shape (n,), with m dimensions and decay γ.

    `recipe` is "converged" (the book's), "published" (the paper's), "brief" (for large models and
    maps of many) or a Recipe; `steps` and `batch_size` override its length and its samples a step
    (fewer are noisier, and Adam weighs the decay against noise). b starts at `bias_start`: a
    number, a vector (n,), "normal" for N(0, 1), or None for the recipe's; with `start`, a result
    or (W, b), training goes on from there, with Adam's averages empty.
    With `check`, a half-length run says if it has converged; what has not is trained for longer,
    by doubling, unless `steps` are given. `device` is torch's; results are on the processor.
    Raises ValueError on settings that make no sense and RuntimeError if the loss diverges.

    >>> from superposition import features, toy
    >>> toy.train(features.power_law(9, 1.0), 2, -1.0, steps=20).W.shape
    torch.Size([9, 2])
    """
    spec = RunSpec(
        p=p, m=m, weight_decay=weight_decay, seed=seed, bias_start=bias_start, start=start
    )
    return sweep(
        [spec],
        recipe=recipe,
        steps=steps,
        batch_size=batch_size,
        check=check,
        device=device,
        progress=progress,
    )[0]


def sweep(
    specs: Iterable[RunSpec],
    *,
    recipe: str | Recipe = "converged",
    steps: int | None = None,
    batch_size: int | None = None,
    check: bool = True,
    device: torch.device | str = "cpu",
    executor: Executor | None = None,
    progress: bool = True,
) -> Sweep:
    """Train many models; results in the order of `specs`, as `grid` makes them.

    Models that share p and seed are trained together, in bundles spread over the cores, or over
    any `concurrent.futures` executor (a process pool, Dask's). What fails is reported once the
    rest is done, in a SweepError that carries the finished results. Settings as for `train`.
    """
    runs = list(specs)
    if not runs:
        raise ValueError("there is nothing to train: give at least one run, as grid() makes them")
    recipe = chosen(recipe, steps, batch_size)
    results = {run: result for run in runs if (result := known(run, recipe, check))}
    missing = [run for run in dict.fromkeys(runs) if run not in results]
    bundles = bundled(missing, recipe)
    device = torch.device(device)
    # A GPU is shared by threads: processes would each make a context of their own on it.
    long = device.type == "cpu" and recipe.steps * len(bundles) > LONG
    failures: list[str] = []
    with (
        nullcontext(executor) if executor else executors.pool(len(bundles), long=long) as pool,
        progress_bar(len(missing), wanted=progress, long=long) as bar,
    ):
        if long and executor is None and not bar.disable:
            with suppress(Exception):  # what is wrong with the work, the work itself will say
                bar.write(time_needed(bundles, recipe, check, device, pool))
        for run, outcome in trained(bundles, recipe, check, device, pool):
            if isinstance(outcome, str):
                failures.append(outcome)
            else:
                results[run] = outcome
                store.keep(run.place(recipe), vars(outcome))
            bar.update()
    if failures:
        done = [results.get(run) for run in runs]
        failed = done.count(None)
        raise SweepError(
            f"{failed} of {len(runs)} runs failed ({len(runs) - failed} kept in .results): "
            + "; ".join(list(dict.fromkeys(failures))[:3]),
            done,
        )
    return Sweep(results[run] for run in runs)


def known(spec: RunSpec, recipe: Recipe, check: bool) -> ToyResult | None:
    """A run that was kept, if checked where that is asked, and of its first length where not."""
    found = store.find(spec.place(recipe))
    if found is None:
        return None
    result = replace(ToyResult(**found), law=spec.law)
    fits = not math.isnan(result.gain) if check else result.steps == recipe.steps
    return result if fits else None


def bundled(specs: Sequence[RunSpec], recipe: Recipe) -> list[list[RunSpec]]:
    """Which models train together, the widest last; the bundle with the longest work first.

    Together means the same p and seed, and similar m: the narrower are padded to the widest. Where
    the recipe depends on m, it is the same. Two bundles a core or more: the short ones fill the
    time in which the last long one ends.
    """
    groups: dict[tuple[bytes, int, int | None], list[RunSpec]] = {}
    for spec in sorted(specs, key=lambda spec: spec.m):
        width = spec.m if recipe.depends_on_width else None
        groups.setdefault((spec.p.numpy().tobytes(), spec.seed, width), []).append(spec)
    bundles: list[list[RunSpec]] = []
    for group in groups.values():
        fits = _MOST_ENTRIES_A_BUNDLE // (recipe.batch_size * len(group[0].p))
        fair = math.ceil(len(specs) / (2 * executors.count()))
        size = max(1, min(fits, fair, _MOST_MODELS_A_BUNDLE))
        pieces = math.ceil(len(group) / size)  # as even as can be
        bundles += [list(piece) for piece in np.array_split(np.array(group), pieces)]

    def work(bundle: Sequence[RunSpec]) -> int:
        return len(bundle) * len(bundle[-1].p) * bundle[-1].m

    return sorted(bundles, key=work, reverse=True)


def time_needed(
    bundles: Sequence[Sequence[RunSpec]],
    recipe: Recipe,
    check: bool,
    device: torch.device,
    pool: Executor,
) -> str:
    """How long training will take, in words, from a few steps of each bundle on its worker."""
    seconds = list(pool.map(partial(bundle_step, recipe=recipe, device=device), bundles))
    lengths = recipe.lengths(check)
    # A checked model ends with its second length at the earliest, and else with its last.
    least, most = (
        [s * recipe.work(bundle[-1].m, taken) for s, bundle in zip(seconds, bundles, strict=True)]
        for taken in (lengths[:2], lengths)
    )
    return estimate(sum(map(len, bundles)), least=least, most=most)


def trained(
    bundles: Sequence[Sequence[RunSpec]],
    recipe: Recipe,
    check: bool,
    device: torch.device,
    pool: Executor,
) -> Iterator[tuple[RunSpec, ToyResult | str]]:
    """Train in bundles; each run as it finishes, with its result or why it has none."""
    futures: dict[Future[list[ToyResult | str]], Sequence[RunSpec]] = {}
    for bundle in bundles:
        try:
            futures[pool.submit(train_bundle, bundle, recipe, check, device)] = bundle
        except RuntimeError as error:  # the executor has died already
            lost = f"{len(bundle)} runs not taken by the executor: {error!r}"
            yield from ((run, lost) for run in bundle)
    try:
        for future in as_completed(futures):
            bundle = futures[future]
            try:
                outcomes = future.result()
            except Exception as error:  # a worker died: keep what the others finished
                outcomes = [f"{len(bundle)} runs lost with their worker: {error!r}"] * len(bundle)
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
) -> list[ToyResult | str]:
    """Train runs that share p and seed, each until it has converged or is at its longest.

    In the order of `specs`, each its result or why it has none.
    """
    models = models_of(specs, recipe, device)
    outcomes: dict[RunSpec, ToyResult | str] = {}
    left = list(specs)  # what `models` still holds, in its order
    half_losses = [math.nan] * len(left)  # of a run half as long
    lengths = recipe.lengths(check)
    for steps in lengths:
        ended = models.branch(steps)
        losses, errors = (x.tolist() for x in ended.held_out())
        go_on = []
        for k, spec in enumerate(left):
            gain = expected_gain(half_losses[k], losses[k])
            settled = abs(gain) < recipe.tolerance or not math.isfinite(losses[k])
            if steps < lengths[-1] and not settled:
                go_on.append(k)
            else:
                outcomes[spec] = _outcome(ended, k, spec, losses[k], errors[k], gain)
        if not go_on:
            break
        models.keep(go_on)
        left, half_losses = [left[k] for k in go_on], [losses[k] for k in go_on]
    return [outcomes[spec] for spec in specs]


def _outcome(
    models: ModelBatch, k: int, spec: RunSpec, loss: float, error: float, gain: float
) -> ToyResult | str:
    """Model k as a result, or what to say if it diverged."""
    recipe = models.recipe
    if not math.isfinite(loss) or loss > 1e6:
        return (
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
