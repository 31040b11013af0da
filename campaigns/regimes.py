"""The runs of campaigns/regimes.md: python campaigns/regimes.py EXPERIMENT [SEED ...].

A row a model is added to records/regimes_EXPERIMENT.csv; a job that has its rows there is skipped.
"""

from __future__ import annotations

import datetime
import functools
import itertools
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from superposition.features import power_law
from superposition.ledger.experiments.regimes import Treated, Treatment, withstands
from superposition.running import records
from superposition.toy import model
from superposition.toy.engine import ENGINE_VERSION
from superposition.toy.recipes import PUBLISHED, Recipe

HERE = Path(__file__).parent
STARTS = ("normal", "0", "-0.3")
DECAYS = (-1.0, -0.33, -0.1, 0.0, 0.1, 0.33, 1.0)
QUICK = Recipe(  # written out: the records stay true when the book's own recipes move
    name="quick",
    steps=2_000,  # four times as many, among the swaps, move the counts and not the starts' order
    batch_size=512,
    final_batch_per_dimension=0,
    stratified=True,  # about as noisy as 2,048 plain samples
    bias_start=0.0,  # not used: every job names its starts
    lr=2e-2,
    lr_scales=False,
    warmup_steps=200,
    warmup_scales=True,
    cooldown_share=0.9,
    final_lr_ratio=0.0,
    beta2=0.99,
    beta2_share=0.0,
    finer_when_longer=False,
    longest_steps=0,
    tolerance=0.03,
)
LONGER = QUICK.with_steps(8_000)
AS_IT_IS = Treatment()
# The published rate, schedule and memory, shortened; 512 samples by strata are as noisy as 2,048.
SHORT = replace(PUBLISHED.with_steps(5_000), name="short", batch_size=512, stratified=True)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Models that differ in γ and start alone, trained together."""

    n: int = 300
    alpha: float = 1.0
    m: int = 30
    runs: tuple[tuple[float, str], ...]  # (γ, start of b)
    recipe: Recipe = QUICK
    treatment: Treatment = AS_IT_IS
    variant: str = ""


def every(
    decays: tuple[float, ...], starts: tuple[str, ...] = STARTS
) -> tuple[tuple[float, str], ...]:
    return tuple(itertools.product(decays, starts))


def grid() -> Iterator[Job]:
    """φ and loss over γ, start, width and frequencies."""
    for alpha, m in itertools.product((1.0, 1.5, 0.0), (30, 10, 60)):
        yield Job(alpha=alpha, m=m, runs=every(DECAYS))


def anchors() -> Iterator[Job]:
    """The paper's size."""
    for m in (10, 18, 32, 56, 100):
        for decay in (1.0, -1.0):
            yield Job(n=1000, m=m, runs=every((decay,)))
    for decay in (1.0, -1.0):
        yield Job(n=1000, m=32, runs=every((decay,)), recipe=LONGER)


def sizes() -> Iterator[Job]:
    """The factor between γ = 1 and −1 at other n; n = 300 is in the grid, m = 32 in the anchors."""
    for n, widths in {100: (10, 30, 60), 200: (10, 20, 30, 60), 1000: (30, 60)}.items():
        for m in widths:
            yield Job(n=n, m=m, runs=every((1.0, -1.0)))


def spreads() -> Iterator[Job]:
    """Narrower bell curves: whether the published one is an extreme."""
    for n, m in ((300, 30), (1000, 32)):
        yield Job(n=n, m=m, runs=every((1.0, -1.0), ("0.1 normal", "0.3 normal")))


SWAPS = {
    "nothing": QUICK,
    "batch of 128": replace(QUICK, batch_size=128),
    "batch of 2,048": replace(QUICK, batch_size=2048),
    "plain samples": replace(QUICK, stratified=False),
    "8,000 steps": LONGER,
    "rate 5e-3": replace(QUICK, lr=5e-3),
    "β2 0.999": replace(QUICK, beta2=0.999),
    "β2 0.9": replace(QUICK, beta2=0.9),
    "rate held for three quarters": replace(QUICK, cooldown_share=0.25),
}


def swaps() -> Iterator[Job]:
    """One part of the recipe at a time."""
    for name, recipe in SWAPS.items():
        yield Job(runs=every((1.0, -1.0)), recipe=recipe, variant=name)


def swaps_large() -> Iterator[Job]:
    """The same at the paper's size; nothing swapped and 8,000 steps are among the anchors."""
    for name, recipe in SWAPS.items():
        if recipe not in (QUICK, LONGER):
            yield Job(n=1000, m=32, runs=every((1.0, -1.0)), recipe=recipe, variant=name)


def published() -> Iterator[Job]:
    """The published rate, schedule, memory and number of steps at the paper's size.

    512 samples by strata, as 2,048 plain ones would take four times as long.
    """
    recipe = replace(PUBLISHED, batch_size=512, stratified=True)
    for decay in (1.0, -1.0):
        yield Job(n=1000, m=32, runs=every((decay,), ("normal", "0")), recipe=recipe)


def treated(
    variant: str,
    *runs: tuple[float, str],
    m: int = 30,
    beta2: float = 0.999,
    **does: float,
) -> Job:
    """A job under a treatment, at γ = 1 from N(0, 1) and from 0 unless said."""
    return Job(
        m=m,
        runs=runs or ((1.0, "normal"), (1.0, "0")),
        recipe=replace(SHORT, beta2=beta2),
        treatment=Treatment(**does),  # type: ignore[arg-type]
        variant=variant,
    )


def mechanism() -> Iterator[Job]:
    """The experiments whose outcomes campaigns/regimes.md foretells."""
    job = treated
    starts = ("normal", "0", "-0.3", "-1", "1", "0.3", "below", "above", "-|b|")
    yield job("as it is", *every((1.0,), starts))
    yield job("decay from 600", decay_from=600)
    yield job("reset at 600", reset_at=600)
    yield job("decay from 600, reset at 600", decay_from=600, reset_at=600)
    yield job("decay from 2,500", decay_from=2500)
    yield job("memory 100", beta2=0.99)
    yield job("memory 10", beta2=0.9)
    yield job("b alone for 600, then reset", decay_from=600, arrows_from=600, reset_at=600)
    yield job("no decay or growth", *every((0.0, -1.0), ("normal", "0")))
    yield job("SGD", *every((0.01, 0.003, 0.0), ("normal", "0")), sgd=0.1)
    yield job("decay from 600, memory 10", decay_from=600, beta2=0.9)
    yield job("quick b", quick_bias_until=600)
    yield job("quick b, memory 10", quick_bias_until=600, beta2=0.9)
    yield job("no decay", *every((0.0,), ("1", "-|b|", "below", "-1")))


def wide() -> Iterator[Job]:
    """The treatments where decay drops nothing from 0."""
    job = functools.partial(treated, m=60)
    yield job("as it is", *every((1.0,), ("normal", "0", "-0.3", "1", "below", "above", "-|b|")))
    yield job("decay from 600", decay_from=600)
    yield job("reset at 600", reset_at=600)
    yield job("decay from 600, reset at 600", decay_from=600, reset_at=600)
    yield job("memory 10", beta2=0.9)
    yield job("decay from 600, memory 10", decay_from=600, beta2=0.9)
    yield job("b alone for 600, then reset", decay_from=600, arrows_from=600, reset_at=600)


def held() -> Iterator[Job]:
    """Displacement or spread: arrows that wait for b, and arrows moved, then freed of b."""
    none = every((0.0,), ("normal", "1", "-|b|"))
    yield treated("as it is", *none)
    yield treated("reset at 600", *none, reset_at=600)
    yield treated("b alone for 600, then reset", *none, arrows_from=600, reset_at=600)
    yield treated("b to 0 at 600, reset", *none, bias_to_zero_at=600, reset_at=600)
    late = {"decay_from": 600, "reset_at": 600}
    yield treated("decay from 600, b to 0, reset", bias_to_zero_at=600, **late)


def room() -> Iterator[Job]:
    """What an emptied model takes back, against its width."""
    for m in (10, 20, 60):
        yield Job(m=m, runs=((1.0, "1"), (1.0, "normal")), recipe=SHORT)


UP = DECAYS
LOOPS = {
    "up and down": (("normal", "0"), (*UP, *UP[-2::-1])),
    "down first": (STARTS, (1.0, 0.0, -1.0, 0.0, 1.0)),
}


def run(job: Job, seed: int, warm: Tensor | None = None, stage: int = 0) -> Treated:
    """The trained models of a job."""
    models = Treated(
        power_law(job.n, job.alpha),
        job.m,
        job.runs,
        recipe=job.recipe,
        seed=seed,
        treatment=job.treatment,
        warm=warm,
        batches=stage,
    )
    models.train()
    return models


def described(job: Job, seed: int, models: Treated, seconds: float) -> list[dict[str, object]]:
    """A row a model: what was run, what came out, and what ran it."""
    recipe = job.recipe
    asked = {
        "variant": job.variant,
        "n": job.n,
        "alpha": job.alpha,
        "m": job.m,
        "seed": seed,
        "recipe": recipe.name,
        "steps": recipe.steps,
        "batch_size": recipe.batch_size,
        "stratified": recipe.stratified,
        "lr": recipe.lr,
        "beta2": recipe.beta2,
    }
    provenance = dict(
        zip(
            records.PROVENANCE,
            (
                "python campaigns/regimes.py " + " ".join(sys.argv[1:]),
                commit(),
                str(ENGINE_VERSION),
                f"{platform.machine()} {platform.system()}",
                datetime.date.today().isoformat(),
            ),
            strict=True,
        )
    )
    ran = {"cpu_seconds": round(seconds / models.K, 1)} | provenance
    return [
        asked
        | {"weight_decay": decay, "start": start}
        | {name: f"{value:.5g}" for name, value in found.items()}
        | ran
        for (decay, start), found in zip(job.runs, models.rows(), strict=True)
    ]


@functools.cache
def commit() -> str:
    """Of the checkout that runs; "-dirty" where anything but the records is changed."""
    git = ["git", "-C", str(HERE.parent)]
    short = [*git, "rev-parse", "--short=9", "HEAD"]
    changed = [*git, "status", "--porcelain", "--", ".", ":!records"]
    name, changes = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        for command in (short, changed)
    )
    return name + "-dirty" * bool(changes)


def write(path: Path, rows: list[dict[str, object]]) -> None:
    for row in rows:
        records.append(path, row)


def there(path: Path, job: Job, seed: int) -> bool:
    """Whether the last model of the job has its row."""
    decay, start = job.runs[-1]
    wanted = {
        "variant": job.variant,
        "n": job.n,
        "alpha": job.alpha,
        "m": job.m,
        "seed": seed,
        "steps": job.recipe.steps,
        "weight_decay": decay,
        "start": start,
    }
    return path.exists() and any(
        all(row[name] == records.parsed(str(value)) for name, value in wanted.items())
        for row in records.load(path.stem, path=path)
    )


def loop(path: Path, seed: int) -> None:
    """γ up and down again, each stage from where the last one ended, with Adam's averages empty."""
    for alpha, (name, (starts, decays)) in itertools.product((1.0, 1.5), LOOPS.items()):
        warm = None
        jobs = [
            Job(alpha=alpha, runs=every((decay,), starts), variant=f"{name}, stage {k}")
            for k, decay in enumerate(decays)
        ]
        if there(path, jobs[-1], seed):
            continue
        for stage, job in enumerate(jobs):
            began = time.process_time()
            models = run(job, seed, warm, stage)
            warm = models.parameters.clone()
            write(path, described(job, seed, models, time.process_time() - began))


def definition(path: Path, seed: int) -> None:
    """The same contrast by the plain trainer of toy/model.py: nothing of the engine is in it."""
    job = Job(runs=every((1.0,)), recipe=replace(PUBLISHED.with_steps(2_000), name="definition"))
    if there(path, job, seed):
        return
    p = power_law(job.n, job.alpha)
    models = Treated(p, job.m, job.runs, recipe=job.recipe, seed=seed)  # only reads the results
    began = time.process_time()
    for k, (decay, start) in enumerate(job.runs):
        W, b = model.train(
            p,
            job.m,
            decay,
            seed=seed,
            steps=job.recipe.steps,
            bias_start=None if start == "normal" else float(start),
        )
        models.W[:, k], models.b[:, k] = W, b
    write(path, described(job, seed, models, time.process_time() - began))


def packed(path: Path, seed: int) -> None:
    """What decay takes from a grown model, beside what each arrow's gradient foretells."""
    grown = Job(alpha=1.5, runs=((-1.0, "0"),))
    jobs = [
        Job(
            alpha=1.5,
            runs=every((0.25, 0.5, 1.0, 2.0, 4.0, 8.0), ("0",)),
            recipe=replace(
                QUICK,
                name="plain",
                batch_size=batch_size,
                stratified=False,
                lr=1e-2,
                warmup_steps=50,
                cooldown_share=0.25,
            ),
            variant=f"batch of {batch_size}",
        )
        for batch_size in (128, 512)
    ]
    if there(path, jobs[-1], seed):
        return
    start = run(grown, seed)
    W, b = start.model(0, grown.m)
    for job in jobs:
        began = time.process_time()
        models = run(job, seed, start.parameters)
        limit = withstands(W, b, start.p, job.recipe.batch_size)
        rows = described(job, seed, models, time.process_time() - began)
        for k, (decay, _) in enumerate(job.runs):
            kept = models.W[:, k].norm(dim=1) > 0.5
            rows[k]["foretold"] = f"{float((limit > decay).double().mean()):.5g}"
            rows[k]["agree"] = f"{float((kept == (limit > decay)).double().mean()):.5g}"
        write(path, rows)


BY_HAND = {"loop": loop, "definition": definition, "packed": packed}
EXPERIMENTS = {
    "grid": grid,
    "anchors": anchors,
    "sizes": sizes,
    "spreads": spreads,
    "swaps": swaps,
    "swaps_large": swaps_large,
    "published": published,
    "mechanism": mechanism,
    "wide": wide,
    "held": held,
    "room": room,
}


def main(experiment: str, *seeds: str) -> None:
    """Run what has no rows yet, one job after another on one core."""
    torch.set_num_threads(1)
    path = HERE.parent / "records" / f"regimes_{experiment}.csv"
    for seed in map(int, seeds or ("0",)):
        if experiment in BY_HAND:
            BY_HAND[experiment](path, seed)
            continue
        for job in EXPERIMENTS[experiment]():
            if not there(path, job, seed):
                began = time.process_time()
                models = run(job, seed)
                write(path, described(job, seed, models, time.process_time() - began))


if __name__ == "__main__":
    main(*sys.argv[1:])
