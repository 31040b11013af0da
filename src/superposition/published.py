"""What others published: numbers to compare with, each with its source, never computed here.

The numbers are tables in `published_numbers/`, a row a model or value, with a column for the
source; here they get names. Nothing of them may appear in a figure as a result of ours; figures
draw them in `plots.PUBLISHED`. Values read off a printed figure have about two meaningful digits.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

PAPER = "Liu, Liu and Gore 2025, arXiv 2505.10465"


@dataclass(frozen=True)
class Value:
    """One published number: `value` ± `error` (None where no error is given), and its source."""

    value: float
    source: str
    error: float | None = None


@dataclass(frozen=True)
class Model:
    """A public language model: width m and vocabulary n of its output matrix (n, m)."""

    family: str
    name: str
    repo: str
    m: int
    vocabulary: int
    source: str


@dataclass(frozen=True)
class LossFit:
    """L(N, D) = E + A / N^alpha + B / D^beta; N parameters, D tokens, L nats per token."""

    E: float
    A: float
    B: float
    alpha: float
    beta: float
    source: str


def read(name: str) -> str:
    """The text of a file in `published_numbers/`."""
    return resources.files("superposition").joinpath("published_numbers", name).read_text("utf8")


def table(name: str) -> list[dict[str, str]]:
    """The rows of a table in `published_numbers/`, by column."""
    return list(csv.DictReader(read(f"{name}.csv").splitlines()))


def values(quantity: str) -> list[Value]:
    """The rows of `values.csv` for a quantity, in order; a range is two rows, low and high."""
    return [
        Value(float(row["value"]), row["source"], float(row["error"]) if row["error"] else None)
        for row in table("values")
        if row["quantity"] == quantity
    ]


def by_case(quantity: str) -> dict[str, list[Value]]:
    """As `values`, by the column `case`."""
    cases = [row["case"] for row in table("values") if row["quantity"] == quantity]
    found: dict[str, list[Value]] = {case: [] for case in cases}
    for case, value in zip(cases, values(quantity), strict=True):
        found[case].append(value)
    return found


def _numbers(quantity: str) -> dict[str, float]:
    """The bare numbers of a quantity that has one a case."""
    return {case: value.value for case, (value,) in by_case(quantity).items()}


def _range(found: list[Value]) -> tuple[float, float]:
    low, high = found
    return low.value, high.value


def _models() -> tuple[Model, ...]:
    return tuple(
        Model(
            family=row["family"],
            name=row["name"],
            repo=row["repo"],
            m=int(row["m"]),
            vocabulary=int(row["vocabulary"]),
            source=row["source"],
        )
        for row in table("models")
    )


def _overlaps() -> dict[str, tuple[tuple[int, float], ...]]:
    found: dict[str, tuple[tuple[int, float], ...]] = {}
    for row in table("overlaps"):
        point = (int(row["m"]), float(row["overlap"]))
        found[row["family"]] = (*found.get(row["family"], ()), point)
    return found


def _loss_fits() -> dict[str, LossFit]:
    letters = ("E", "A", "B", "alpha", "beta")
    return {
        row["name"]: LossFit(**{x: float(row[x]) for x in letters}, source=row["source"])
        for row in table("chinchilla_fits")
    }


#: The 27 models whose output matrices the paper measures. OPT-350m is projected to m = 512
#: from a hidden width of 1024; Pythia pads its vocabulary to suit the hardware.
MODELS: tuple[Model, ...] = _models()
#: Mean squared overlap of normalised output rows, by family: (m, value).
OVERLAPS: dict[str, tuple[tuple[int, float], ...]] = _overlaps()
#: α_m of L = A / m^α_m + B(family, corpus) over 4 families and 4 corpora.
LOSS_EXPONENT: Value = values("loss_exponent")[0]

#: Toy model, n = 10,240, strong superposition (γ = -1): α_m by frequency law.
STRONG_EXPONENTS: dict[str, Value] = {
    law: value for law, (value,) in by_case("strong_exponent").items()
}
#: R² of a straight line in log-log, same set; weak is γ = 0.1.
STRONG_R2: dict[str, float] = _numbers("strong_r2")
WEAK_R2: dict[str, float] = _numbers("weak_r2")
#: Mean squared overlap of rows in the strong regime (n = 1000): (m, value).
STRONG_OVERLAPS: tuple[tuple[int, float], ...] = tuple(
    (int(m), value) for m, value in _numbers("strong_overlap").items()
)
#: α_m in the strong regime: its range for α ≤ 1, and at α = 2 after rising towards 2(α - 1).
STRONG_EXPONENT_RANGES: dict[str, tuple[float, float]] = {
    case: _range(found) for case, found in by_case("strong_exponent_range").items()
}
#: φ_1/2 at α = 1: it is 1 up to the first γ and about m/n, a little above, from the second.
PHI_HALF_ALPHA_1: dict[str, float] = _numbers("phi_half_alpha_1")
#: Strong-regime exponents for densities E over `DENSITY_RANGE`, in order; the densities between
#: the two ends are not given in our source.
DENSITY_EXPONENTS: tuple[Value, ...] = tuple(values("density_exponent"))
DENSITY_RANGE: tuple[float, float] = _range(values("density_range"))

_PROTOCOLS: dict[str, dict[str, Any]] = tomllib.loads(read("protocols.toml"))
TOY_PROTOCOL, LARGE_PROTOCOL = _PROTOCOLS["toy"], _PROTOCOLS["large"]

#: L(N, D), fitted to Chinchilla's models.
CHINCHILLA_FITS: dict[str, LossFit] = _loss_fits()
#: Chinchilla's models: (parameters in millions, d_model).
CHINCHILLA_TABLE: tuple[tuple[int, int], ...] = tuple(
    (int(row["parameters_in_millions"]), int(row["m"])) for row in table("chinchilla_models")
)
#: N ∝ m^k over that table, and the α_m it implies with the re-fit's α.
PARAMETERS_PER_WIDTH: Value = values("parameters_per_width")[0]
CHINCHILLA_EXPONENT: Value = values("chinchilla_exponent")[0]
