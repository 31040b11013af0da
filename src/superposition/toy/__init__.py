"""The toy model: read model.py first. `train` one model, `sweep` over many.

model     the model, its data, loss, decay and training, to be read
recipes   how long, how many samples a step, which learning rate
sampler   sparse samples, drawn by strata
engine    the same as model, for many models at once, and fast
specs     what is to be trained: settings of a run, and grids of them
results   what came of it, asked for by name
sweeps    train and sweep: bundles on workers, until they have converged
measuring their losses again, on more held-out samples
variants  other ways to pack and to read
"""

from .engine import ENGINE_VERSION
from .measuring import measured_again
from .recipes import RECIPES, Recipe
from .results import Sweep, SweepError, ToyResult
from .specs import RunSpec, grid
from .sweeps import TOLERANCE, sweep, train

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
    "measured_again",
    "sweep",
    "train",
]
