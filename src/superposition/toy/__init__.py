"""The toy model: read model.py first."""

from .sweeps import TOLERANCE, SweepError, ToyResult, grid, sweep, train

__all__ = ["TOLERANCE", "SweepError", "ToyResult", "grid", "sweep", "train"]
