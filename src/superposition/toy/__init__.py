"""The toy model: read model.py first. `train` one model, `sweep` over many.

model     the model, its data, loss, decay and training, to be read
recipes   how long, how many samples a step, which learning rate
sampler   sparse samples, drawn by strata
engine    the same as model, for many models at once, and fast
sweeps    train, grid, sweep, and results asked by name
variants  other ways to pack and to read
"""

from .engine import ENGINE_VERSION
from .recipes import RECIPES, Recipe
from .sweeps import TOLERANCE, RunSpec, Sweep, SweepError, ToyResult, grid, sweep, train

__all__ = [
    "ENGINE_VERSION",
    "RECIPES",
    "TOLERANCE",
    "Recipe",
    "RunSpec",
    "Sweep",
    "SweepError",
    "ToyResult",
    "grid",
    "sweep",
    "train",
]
