"""Golden numbers: trained models are kept under ENGINE_VERSION, so results must not move under it.

python tests/toy/test_golden.py     prints golden.toml anew, after ENGINE_VERSION was raised
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import torch

from superposition import features
from superposition.toy import engine, recipes, variants

FILE = Path(__file__).with_name("golden.toml")
P = features.power_law(12, 1.0, density=1.5)
WAYS = {
    "plain": variants.Packing(4, steps=20),
    "tight frame": variants.Packing(4, start="tight frame", unit=True, steps=20),
    "one bias": variants.Packing(4, one_bias=True, steps=20),
    "second look": variants.Packing(4, looks=1, steps=20),
    "small network": variants.Packing(4, hidden=3, steps=20),
}


def measured() -> dict[str, list[float]]:
    """Of tiny runs of 20 steps: held-out losses, and two numbers that any entry of W, b moves."""
    found = {}
    for recipe in recipes.RECIPES.values():
        widths = (4, 4, 4) if recipe.depends_on_width else (2, 4, 4)
        for start in ("normal", 0.0, -0.3):
            starts = [
                engine.random_start(12, m, seed=1, bias_start=start, dtype=torch.float64)
                for m in widths
            ]
            models = engine.ModelBatch(
                P, starts, [-1.0, 0.5, -0.3], recipe=recipe, seed=1, dtype=torch.float64
            )
            models.train(20)
            weights = torch.linspace(1, 2, models.parameters.numel(), dtype=torch.float64)
            moments = [float(weights @ models.parameters.flatten().pow(k)) for k in (1, 2)]
            losses = models.held_out(batches=4)[0].tolist()
            found[f"{recipe.name}, b from {start}"] = losses + moments
    for name, way in WAYS.items():
        losses, _ = variants.train(P, [way], [3])
        found[f"packing, {name}"] = losses[0].tolist()
    return found


@pytest.fixture(scope="module")
def golden() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf8"))


def test_the_golden_numbers_are_of_this_version(golden: dict) -> None:
    assert golden["engine_version"] == engine.ENGINE_VERSION, (
        "ENGINE_VERSION was raised: take the golden numbers anew (see the head of this file)"
    )


def test_results_move_only_with_a_new_version(golden: dict) -> None:
    now = measured()
    assert list(now) == list(golden["runs"])
    for name, numbers in golden["runs"].items():
        close = 1e-3 if name.startswith("packing") else 1e-7  # single and double precision
        assert now[name] == pytest.approx(numbers, rel=close), (
            f"results moved ({name}): raise ENGINE_VERSION in toy/engine.py, so that no model that "
            "was kept stands for a new one, and take the golden numbers anew"
        )


if __name__ == "__main__":
    print(f"engine_version = {engine.ENGINE_VERSION}")
    print(f'torch = "{torch.__version__}"\n\n[runs]')
    for name, numbers in measured().items():
        print(f'"{name}" = {numbers}')
