"""The toy model of superposition: y = ReLU(W Wᵀ x + b), trained to give back its input.

The loss is E ||y - x||², summed over features. AdamW decays W only, with a signed strength γ:
γ >= 0 shrinks rows, W_i ← W_i (1 - ηγ); γ < 0 grows them towards norm 1,
W_i ← W_i + ηγ W_i (1 - 1/||W_i||)  (Liu, Liu and Gore 2025, arXiv 2505.10465).
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm.auto import tqdm

from superposition.features import check_probabilities
from superposition.running import executors, records
from superposition.toy.engine import Bundle
from superposition.toy.recipes import Protocol, chosen

TOLERANCE = 0.03  # a run has converged if twice its budget would change the loss by less
_FLOATS = 1_600_000  # B × n × K of a bundle: beyond that, a model more no longer shares calls
_PER_FEATURE = 10  # what a feature costs besides its m products, in such products
_PER_STEP = 25_000  # what a step of a bundle costs besides its models, in such products
_LONG = 3_000  # steps of bundles, about four seconds: from here on processes beat threads


@dataclass(frozen=True)
class ToyResult:
    """One trained model and how far to trust it."""

    W: Tensor  # (n, m), rows W_i
    b: Tensor  # (n,)
    loss: float  # held-out, on fresh data, summed over features
    loss_error: float  # standard error of `loss` from the finite held-out set
    history: dict[str, list[float]]  # "step" and "loss" (noisy: one batch each)
    p: Tensor  # (n,)
    m: int
    weight_decay: float
    seed: int
    protocol: str
    steps: int
    gain: float  # estimated share of the loss that twice the steps take off (or add); nan: unasked

    @property
    def converged(self) -> bool:
        """Whether twice the steps would change the loss by less than TOLERANCE of it."""
        return abs(self.gain) < TOLERANCE


class SweepError(RuntimeError):
    """Some runs of a sweep failed; `results` holds the others in order, None where one failed."""

    def __init__(self, message: str, results: list[ToyResult | None]):
        super().__init__(message)
        self.results = results


def train(p: Tensor, m: int, weight_decay: float, *, seed: int = 0, protocol: str = "converged",
          steps: int | None = None, batch: int | None = None, check: bool = True,
          device: str | torch.device = "cpu", progress: bool = False) -> ToyResult:  # fmt: skip
    """Train one toy model on frequencies p, shape (n,), with m dimensions and decay γ.

    `protocol` is "converged" (the book's), "published" (the paper's) or "brief" (for maps of many
    models); `steps` and `batch` override its length and its rows a step (fewer are noisier, and
    Adam weighs the decay against noise). With `check`, a half-length run says if it has converged;
    what has not is trained for longer, by doubling, unless `steps` are given.
    Raises ValueError on settings that make no sense and RuntimeError if the loss diverges.
    """
    run = {"p": p, "m": m, "weight_decay": weight_decay, "seed": seed}
    try:
        return sweep([run], protocol=protocol, steps=steps, batch=batch, check=check,
                     device=device, progress=progress)[0]  # fmt: skip
    except SweepError as error:
        raise RuntimeError(str(error)) from error


def grid(**axes: Any) -> list[dict[str, Any]]:
    """All combinations of p=[...], m=[...], weight_decay=[...], seed=[...], last axis fastest.

    A single value stands for a list of one.
    """
    lists = [list(v) if isinstance(v, (list, tuple, range)) else [v] for v in axes.values()]
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*lists)]


def sweep(
    runs: Iterable[Mapping[str, Any]], *, protocol: str = "converged", steps: int | None = None,
    batch: int | None = None, check: bool = True, executor: Executor | None = None,
    device: str | torch.device = "cpu", progress: bool = True,
) -> list[ToyResult]:  # fmt: skip
    """Train many models; results in the order of `runs`, dicts as `grid` makes them.

    Models that share p and seed are trained together, in bundles spread over the cores, or over
    any `concurrent.futures` executor (a process pool, Dask's). What fails is reported once the
    rest is done, in a SweepError that carries the finished results.
    """
    jobs = [_checked(run) for run in runs]
    if not jobs:
        raise ValueError("there is nothing to train: give at least one run, as grid() makes them")
    recipe = chosen(protocol, steps, batch)
    device = torch.device(device)
    places = [records.place("toy", recipe, *job.values()) for job in jobs]
    results = [_known(path, recipe, check) for path in places]
    wanted = [i for i, result in enumerate(results) if result is None]
    bundles = [[wanted[k] for k in some] for some in _bundles([jobs[i] for i in wanted], recipe)]
    failures: list[str] = []
    long = device.type == "cpu" and recipe.steps * len(bundles) > _LONG
    # tqdm's own variable, which its notebook bar overlooks; the book's build sets it
    hidden = not progress or bool(os.environ.get("TQDM_DISABLE"))
    with (
        nullcontext(executor) if executor else executors.pool(len(bundles), long=long) as pool,
        tqdm(total=len(wanted), disable=hidden, leave=False, unit="model", delay=1) as bar,
    ):
        futures: dict[Future[list[ToyResult | str]], list[int]] = {}
        for bundle in bundles:
            work = [jobs[i] for i in bundle]
            try:
                futures[pool.submit(_train_bundle, work, recipe, check, device)] = bundle
            except RuntimeError as error:  # the executor has died already
                failures.append(f"{len(bundle)} runs not taken by the executor: {error!r}")
        try:
            for future in as_completed(futures):
                bundle = futures[future]
                try:
                    for i, outcome in zip(bundle, future.result(), strict=True):
                        if isinstance(outcome, str):
                            failures.append(outcome)
                        else:
                            results[i] = outcome
                            records.keep(places[i], vars(outcome))
                except Exception as error:  # a worker died: keep what the others finished
                    failures.append(f"{len(bundle)} runs lost with their worker: {error!r}")
                bar.update(len(bundle))
        finally:  # interrupted: what has not begun is not wanted any more
            for future in futures:
                future.cancel()
    if failures:
        done = sum(r is not None for r in results)
        raise SweepError(
            f"{len(jobs) - done} of {len(jobs)} runs failed ({done} kept in .results): "
            + "; ".join(failures[:3]), results,
        )  # fmt: skip
    return [r for r in results if r is not None]


def _known(path: Path | None, recipe: Protocol, check: bool) -> ToyResult | None:
    """A run that was kept, if checked where that is asked, and of its first length where not."""
    known = ToyResult(**found) if (found := records.load(path)) else None
    fits = known and (known.gain == known.gain if check else known.steps == recipe.steps)
    return known if fits else None


def _train_bundle(runs: Sequence[dict[str, Any]], recipe: Protocol, check: bool,
                  device: torch.device) -> list[ToyResult | str]:  # fmt: skip
    """Train runs that share p and seed; an error message in the place of one that diverged."""
    p, seed = runs[0]["p"], runs[0]["seed"]
    widths, decays = [r["m"] for r in runs], [r["weight_decay"] for r in runs]
    trunk = Bundle(p, widths, decays, seed, recipe, device)
    outcomes: list[ToyResult | str] = [""] * len(runs)
    left, shorter = list(range(len(runs))), None  # indices, and losses of half the steps
    *_, longest = recipe.lengths(check)
    for steps in recipe.lengths(check):
        bundle, on = trunk.branch(steps), []
        losses, errors = bundle.held_out()
        for k, i in enumerate(left):
            gain = math.nan if shorter is None else _gain(float(shorter[k]), float(losses[k]))
            if steps < longest and not abs(gain) < TOLERANCE and bool(losses[k].isfinite()):
                on.append(k)
            else:
                outcomes[i] = _outcome(bundle, k, runs[i], float(losses[k]), float(errors[k]), gain)
        if not on:
            break
        trunk.keep(on)
        left, shorter = [left[k] for k in on], losses[on]
    return outcomes


def _outcome(bundle: Bundle, k: int, run: dict[str, Any], loss: float, error: float,
             gain: float) -> ToyResult | str:  # fmt: skip
    """Model k of a bundle as a result, or what to say if it diverged."""
    steps, curve = zip(*((t, float(losses[k])) for t, losses in bundle.history), strict=True)
    if not math.isfinite(loss) or loss > 1e6:
        bad = next((s for s, v in zip(steps, curve, strict=True) if not v < 1e6), bundle.done)
        return (
            f"the loss diverged by step {bad} with m = {run['m']}, seed = {run['seed']}, "
            f"weight_decay = {run['weight_decay']}, lr = {bundle.protocol.lr}: use a smaller lr"
        )
    theta, m = bundle.theta[:, k].detach().cpu(), run["m"]
    return ToyResult(
        W=theta[:, :m].clone(), b=theta[:, bundle.m].clone(), loss=loss, loss_error=error,
        history={"step": list(map(float, steps)), "loss": list(curve)}, p=run["p"], m=m,
        weight_decay=run["weight_decay"], seed=run["seed"], protocol=bundle.protocol.name,
        steps=bundle.done, gain=gain,
    )  # fmt: skip


def _gain(half: float, full: float) -> float:
    """What the next doubling takes off, if it takes half the share of the last one."""
    return 0.0 if full <= 0 else 0.5 * (half - full) / full


def _bundles(runs: Sequence[dict[str, Any]], recipe: Protocol) -> list[list[int]]:
    """Indices of runs that train together, the longest work first.

    Together means the same p and seed, and similar m: the narrower are padded to the widest. Two
    bundles a core or more: the short ones fill the time in which the last long one ends.
    """
    groups: dict[tuple[bytes, int], list[int]] = {}
    for i, run in enumerate(runs):
        groups.setdefault((run["p"].numpy().tobytes(), run["seed"]), []).append(i)

    def cost(bundle: Sequence[int]) -> int:
        widest = runs[bundle[-1]]
        return _PER_STEP + len(bundle) * len(widest["p"]) * (widest["m"] + _PER_FEATURE)

    bundles = []
    for group in groups.values():
        group.sort(key=lambda i: runs[i]["m"])
        fits = max(1, min(16, _FLOATS // (recipe.batch * len(runs[group[0]]["p"]))))
        size = min(fits, math.ceil(len(runs) / (2 * executors.count())))
        # The cheapest way to cut the sorted group into pieces of at most `size`.
        best: list[tuple[int, list[list[int]]]] = [(0, [])]
        for end in range(1, len(group) + 1):
            cuts = [(start, group[start:end]) for start in range(max(0, end - size), end)]
            best.append(min((best[k][0] + cost(x), [*best[k][1], x]) for k, x in cuts))
        bundles += best[-1][1]
    return sorted(bundles, key=cost, reverse=True)


def _checked(run: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(run) - {"p", "m", "weight_decay", "seed"}
    if unknown or not {"p", "m", "weight_decay"} <= set(run):
        raise ValueError(f"a run needs p, m, weight_decay (and may have seed), not {sorted(run)}")
    m, decay, seed = run["m"], float(run["weight_decay"]), run.get("seed", 0)
    if int(m) != m or m < 1:
        raise ValueError(f"m, the width, must be a whole number >= 1, not {m}")
    if not -1 <= decay <= 1:
        raise ValueError(f"weight_decay must lie between -1 and 1, not {decay}")
    p = check_probabilities(run["p"]).cpu()
    return {"p": p, "m": int(m), "weight_decay": decay, "seed": int(seed)}
