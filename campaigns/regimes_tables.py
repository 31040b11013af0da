"""The tables of campaigns/regimes.md, from the records: python campaigns/regimes_tables.py.

A number stands for all seeds that have rows: their mean and, in brackets, their range.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from superposition import power_law
from superposition.ledger.experiments import regimes
from superposition.running import records

Row = dict[str, Any]
DECAYS = (-1.0, -0.33, -0.1, 0.0, 0.1, 0.33, 1.0)
NAMES = {"normal": "N(0, 1)", 0.0: "0", -0.3: "−0.3"}
WORDS = {
    regimes.DECAY: "decay",
    regimes.START: "start",
    regimes.BOTH: "both",
    regimes.NEITHER: "neither",
}


def recorded(name: str, **wanted: Any) -> list[Row]:
    """The rows of records/regimes_NAME.csv with these values, and log_loss in each."""
    return [
        row | {"log_loss": float(np.log(float(row["loss"])))}
        for row in records.load(f"regimes_{name}")
        if all(row[key] == value for key, value in wanted.items())
    ]


def seeds(rows: Iterable[Row]) -> list[int]:
    """Seeds that have as many rows as the one that has most."""
    counts: dict[int, int] = {}
    for row in rows:
        counts[int(row["seed"])] = counts.get(int(row["seed"]), 0) + 1
    return sorted(seed for seed, count in counts.items() if count == max(counts.values()))


def by_seed(rows: Sequence[Row], measure: Callable[[list[Row]], float]) -> list[float]:
    """The measure of each seed's rows."""
    return [measure([row for row in rows if row["seed"] == seed]) for seed in seeds(rows)]


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Mean and range, as "34 (30–37)"."""
    mean, low, high = (
        f"{number:.{digits}f}".replace("-", "−")
        for number in (np.mean(values), min(values), max(values))
    )
    return mean if low == high else f"{mean} ({low} to {high})"


def one(rows: Sequence[Row], column: str, **wanted: Any) -> list[float]:
    """The column of the only row a seed that has these values."""
    some = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    found = {int(row["seed"]): float(row[column]) for row in some}
    if len(found) != len(some):
        raise ValueError(f"{wanted} does not name one row a seed")
    return [found[seed] for seed in sorted(found)]


def factor(rows: Sequence[Row], start: str | float) -> list[float]:
    """Loss at γ = 1 over −1 from one start, one value a seed that has both."""
    some = [row for row in rows if row["start"] == start]
    lost, grown = (
        {row["seed"]: row["loss"] for row in some if row["weight_decay"] == decay}
        for decay in (1.0, -1.0)
    )
    return [lost[seed] / grown[seed] for seed in sorted(lost.keys() & grown.keys())]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def values(
    rows: Sequence[Row], outcome: str, decays: Sequence[float], starts: Sequence[Any]
) -> Any:
    names = [start if isinstance(start, str) else f"{start:g}" for start in starts]
    return regimes.balanced(rows, outcome, decays, names, seeds(rows))


def word(of: np.ndarray, outcome: str) -> str:
    """The rule's word on all seeds; where a seed alone earns another, how many earn this one."""
    found = regimes.verdict(regimes.shares(of), outcome)
    alone = [
        regimes.verdict(regimes.shares(of[:, :, [seed]]), outcome) for seed in range(of.shape[2])
    ]
    agree = alone.count(found)
    return WORDS[found] + (f" ({agree}/{len(alone)})" if agree < len(alone) else "")


def cells() -> dict[str, list[Row]]:
    """The grid's, in the order of α and m, each with complete seeds only."""
    rows = recorded("grid")
    found = {}
    for alpha, m in itertools.product((1.0, 1.5, 0.0), (10, 30, 60)):
        cell = [row for row in rows if row["alpha"] == alpha and row["m"] == m]
        if cell:
            there = seeds(cell)
            found[f"α = {alpha:g}, m = {m}"] = [row for row in cell if row["seed"] in there]
    return found


def decides() -> str:
    def described(name: str, rows: list[Row]) -> list[str]:
        line = [name, str(len(seeds(rows)))]
        for outcome in ("kept", "log_loss"):
            of = values(rows, outcome, DECAYS, list(NAMES))
            found = regimes.shares(of)
            explained = found.decay + found.start + found.interaction
            parts = (found.decay, found.start, found.interaction)
            line += [", ".join(f"{part / explained:.2f}" for part in parts), word(of, outcome)]
        return line + [spread(factor(rows, start), 2) for start in NAMES]

    header = ["cell", "seeds", "φ: γ, start, both", "word", "ln loss: γ, start, both", "word"]
    header += [f"factor from {name}" for name in NAMES.values()]
    return table(header, [described(name, rows) for name, rows in cells().items()])


PARTS: dict[str, tuple[Sequence[float], Sequence[Any]]] = {
    "γ ≥ 0": (DECAYS[3:], list(NAMES)),
    "γ = ±1": ((-1.0, 1.0), list(NAMES)),
    "N(0, 1), 0": (DECAYS, ["normal", 0.0]),
    "N(0, 1), −0.3": (DECAYS, ["normal", -0.3]),
    "0, −0.3": (DECAYS, [0.0, -0.3]),
}


def of_parts() -> str:
    """The words of a part of the decays or of the starts."""
    lines = []
    for (name, rows), (said, outcome) in itertools.product(
        cells().items(), (("φ", "kept"), ("loss", "log_loss"))
    ):
        words = [word(values(rows, outcome, *part), outcome) for part in PARTS.values()]
        lines.append([f"{name}: {said}", *words])
    return table(["cell", *PARTS], lines)


def anchors() -> str:
    lines = []
    for m, start in itertools.product((10, 18, 32, 56, 100), NAMES):
        rows = recorded("anchors", m=m, steps=2000, start=start)
        if not rows:
            continue
        decayed = [row for row in rows if row["weight_decay"] == 1.0]
        lines.append(
            [
                str(m),
                NAMES[start],
                str(len(decayed)),
                spread([1000 * k for k in one(decayed, "kept")]),
                spread([100 * k for k in one(decayed, "of_the_commonest")]),
                spread(one(decayed, "loss"), 3),
                spread(one(rows, "loss", weight_decay=-1.0), 3),
                spread(factor(rows, start), 2),
            ]
        )
    header = ["m", "start", "seeds", "kept at γ = 1", "of the 100 commonest"]
    return table([*header, "loss at γ = 1", "loss at γ = −1", "factor"], lines)


def survivors() -> str:
    sets = {f"n = 300, {name}": rows for name, rows in cells().items() if "α = 0" not in name}
    for m in (10, 18, 32, 56, 100):
        sets[f"n = 1,000, α = 1, m = {m}"] = recorded("anchors", m=m, steps=2000)
    lines = []
    for name, rows in sets.items():
        if not rows:
            continue
        chances = {
            start: [one(rows, column, weight_decay=1.0, start=start) for column in columns]
            for start, columns in {
                "normal": ("by_frequency", "by_start"),
                0.0: ("by_frequency",),
                -0.3: ("by_frequency",),
            }.items()
        }
        lines.append([name])
        for columns in chances.values():
            lines[-1].append("; ".join("–" if np.isnan(c).any() else spread(c, 2) for c in columns))
    header = ["cell", "from N(0, 1): commoner; began higher", "0: commoner", "−0.3: commoner"]
    return table(header, lines)


def swaps(name: str = "swaps") -> str:
    """What one part of the recipe changes; at the paper's size with the commonest and the loss."""
    rows = recorded(name)
    large = rows[0]["n"] == 1000
    lines = []
    for variant in dict.fromkeys(row["variant"] for row in rows):
        some = [row for row in rows if row["variant"] == variant]
        line = [variant, str(len(seeds(some)))]
        for start in NAMES:
            n = some[0]["n"]
            line.append(spread([n * k for k in one(some, "kept", weight_decay=1.0, start=start)]))
        if large:
            for start in ("normal", 0.0):
                hundred, loss = (
                    one(some, column, weight_decay=1.0, start=start)
                    for column in ("of_the_commonest", "loss")
                )
                line.append(f"{spread([100 * k for k in hundred])}; {spread(loss, 2)}")
        for start in ("normal", 0.0):
            line.append(spread(one(some, "loss", weight_decay=-1.0, start=start), 3))
        lines.append(line)
    header = ["swap", "seeds", *(f"kept from {start}" for start in NAMES.values())]
    if large:
        header += ["of the 100 commonest; loss: N(0, 1)", "0"]
    return table([*header, "γ = −1: loss from N(0, 1)", "0"], lines)


def swaps_large() -> str:
    return swaps("swaps_large")


class Treatments:
    """What the treatments of one width restore, by seed."""

    def __init__(self, name: str = "mechanism"):
        rows = recorded(name)
        whole = [row for row in rows if row["variant"] == "as it is"]
        self.seeds = seeds(whole)
        self.kept = {
            (row["variant"], row["start"], row["weight_decay"], row["seed"]): row["n"] * row["kept"]
            for row in rows
        }

    def count(self, variant: str, start: Any = "normal", decay: float = 1.0) -> list[float]:
        """Features kept, a seed each, of the seeds that have them."""
        keys = [(variant, start, decay, seed) for seed in self.seeds]
        return [self.kept[key] for key in keys if key in self.kept]

    def r(self, variant: str, start: Any = "normal") -> list[float]:
        """0: as few as from N(0, 1); 1: as many as from 0."""
        low, high = self.count("as it is"), self.count("as it is", 0.0)
        changed = self.count(variant, start)
        return [(k - a) / (b - a) for k, a, b in zip(changed, low, high, strict=False)]


# What each candidate foretells of r, from campaigns/regimes.md; "more": also more than the two
# changes that are combined added, "shorter": also more for the shorter memory.
NO, YES, MORE, SHORTER, SILENT = "no", "yes", "more", "shorter", "·"
FORETOLD: dict[tuple[str, str | float], tuple[str, str, str, str, str, str]] = {
    ("as it is", "below"): (NO, NO, YES, YES, NO, SILENT),
    ("as it is", "above"): (NO, YES, NO, NO, NO, SILENT),
    ("as it is", "-|b|"): (NO, NO, YES, YES, NO, SILENT),
    ("as it is", 1.0): (NO, YES, NO, NO, YES, SILENT),
    ("decay from 600", "normal"): (NO, NO, NO, NO, NO, SILENT),
    ("reset at 600", "normal"): (NO, NO, NO, NO, NO, SILENT),
    ("decay from 600, reset at 600", "normal"): (NO, NO, MORE, NO, NO, SILENT),
    ("decay from 2,500", "normal"): (NO, NO, YES, NO, NO, SILENT),
    ("memory 100", "normal"): (NO, NO, YES, NO, NO, SILENT),
    ("memory 10", "normal"): (NO, NO, SHORTER, NO, NO, SILENT),
    ("b alone for 600, then reset", "normal"): (SILENT,) * 6,
    ("decay from 600, memory 10", "normal"): (SILENT, SILENT, YES, NO, NO, YES),
    ("quick b", "normal"): (SILENT, SILENT, NO, YES, NO, NO),
    ("quick b, memory 10", "normal"): (SILENT, SILENT, YES, YES, NO, MORE),
}
SAID = {
    "below": "biases above 0 moved to 0",
    "above": "biases below 0 moved to 0",
    "-|b|": "−\\|b\\|",
    1.0: "+1 for all",
    "decay from 600": "decay off for 600 steps",
    "reset at 600": "g² emptied at 600",
    "decay from 600, reset at 600": "both of these",
    "decay from 2,500": "decay off for 2,500 steps",
    "memory 100": "memory of g² 100",
    "decay from 600, memory 10": "decay off for 600 steps, memory 10",
    "quick b": "b ten times as fast",
    "quick b, memory 10": "b ten times as fast, memory 10",
}
TWO = {
    "decay from 600, reset at 600": ("decay from 600", "reset at 600"),
    "quick b, memory 10": ("quick b", "memory 10"),
}


def came_out(of: Treatments, variant: str, start: str | float, foretold: str) -> str:
    """How many seeds came out as foretold; "–": none of them outside the bounds of neither."""
    r = of.r(variant, start)
    if foretold == SILENT:
        return SILENT
    right = []
    for k, value in enumerate(r):
        if 0.25 <= value <= 0.5:
            continue
        good = (value > 0.5) == (foretold != NO)
        if foretold == MORE:
            good &= value > sum(of.r(part)[k] for part in TWO[variant])
        if foretold == SHORTER:
            good &= value > of.r("memory 100")[k]
        right.append(good)
    return f"{sum(right)}/{len(right)}" if right else "–"


def mechanism() -> str:
    """Kept of 300 and r for each treatment at γ = 1, m = 30, with what A to F foretold."""
    of = Treatments()
    lines = []
    for (variant, start), foretold in FORETOLD.items():
        name = SAID.get(start if variant == "as it is" else variant, variant)
        kept, r = of.count(variant, start), of.r(variant, start)
        found = [came_out(of, variant, start, word) for word in foretold]
        lines.append([name, str(len(kept)), spread(kept), spread(r, 2), *found])
    return table(["change", "seeds", "kept", "r", *"ABCDEF"], lines)


def wide() -> str:
    """The same at m = 60, beside what F foretold."""
    of = Treatments("wide")
    lines = []
    for (variant, start), foretold in {
        ("as it is", "below"): YES,
        ("as it is", "above"): NO,
        ("as it is", "-|b|"): SILENT,
        ("as it is", 1.0): SILENT,
        ("decay from 600", "normal"): NO,
        ("reset at 600", "normal"): NO,
        ("memory 10", "normal"): NO,
        ("decay from 600, reset at 600", "normal"): YES,
        ("decay from 600, memory 10", "normal"): YES,
        ("b alone for 600, then reset", "normal"): YES,
    }.items():
        name = SAID.get(start if variant == "as it is" else variant, variant)
        if name == "both of these":
            name = "decay off for 600 steps, g² emptied"
        kept = of.count(variant, start)
        if kept:
            found = came_out(of, variant, start, foretold)
            lines.append([name, spread(kept), spread(of.r(variant, start), 2), found])
    return table(["change", "kept", "r", "F"], lines)


def held() -> str:
    """Kept of 300 at γ = 0 where arrows wait for b, or are moved and then freed of it."""
    of, unchanged = Treatments("held"), Treatments()
    starts = ("normal", 1.0, "-|b|")
    lines = []
    for variant, name in {
        "as it is": "nothing",
        "reset at 600": "g² emptied at 600",
        "b alone for 600, then reset": "arrows wait 600 steps, then g² emptied",
        "b to 0 at 600, reset": "b put to 0 at 600, g² emptied",
    }.items():
        lines.append([name, *(spread(of.count(variant, start, 0.0)) for start in starts)])
    full = spread(unchanged.count("no decay or growth", 0.0, 0.0))
    return table([f"γ = 0 (from 0: {full})", "N(0, 1)", "+1 for all", "−\\|b\\|"], lines)


CURVES = {"normal": "N(0, 1)", "0.3 normal": "0.3 N(0, 1)", "0.1 normal": "0.1 N(0, 1)", 0.0: "0"}


def curves(n: int) -> list[Row]:
    """The quick runs at γ = ±1 from bell curves of three widths and from 0."""
    known = {300: ("grid", {"m": 30, "alpha": 1.0}), 1000: ("anchors", {"m": 32, "steps": 2000})}
    name, wanted = known[n]
    rows = [*recorded("spreads", n=n), *recorded(name, **wanted)]
    return [row for row in rows if abs(row["weight_decay"]) == 1 and row["start"] in CURVES]


def restored(rows: Sequence[Row], start: str | float) -> list[float]:
    """r at γ = 1, one value a seed: 0 as few kept as from N(0, 1), 1 as many as from 0."""
    kept, low, high = (one(rows, "kept", weight_decay=1.0, start=s) for s in (start, "normal", 0.0))
    return [(k - a) / (b - a) for k, a, b in zip(kept, low, high, strict=True)]


def spreads() -> str:
    """What narrower curves keep."""
    lines = []
    for n in (300, 1000):
        rows = curves(n)
        for start, name in CURVES.items():
            lost, grown = (one(rows, "loss", weight_decay=g, start=start) for g in (1.0, -1.0))
            kept, commonest = (
                one(rows, column, weight_decay=1.0, start=start)
                for column in ("kept", "of_the_commonest")
            )
            lines.append(
                [
                    f"{n:,}",
                    name,
                    spread([n * k for k in kept]),
                    spread(restored(rows, start), 2),
                    spread([100 * k for k in commonest]),
                    spread(lost, 3),
                    spread(grown, 3),
                ]
            )
    header = ["n", "b from", "kept at γ = 1", "r", "% of the commonest tenth", "loss at γ = 1"]
    return table([*header, "loss at γ = −1"], lines)


SIZES = (100, 200, 300, 1000)


def factors_by_size(m: int) -> tuple[np.ndarray, list[int]]:
    """Factors of the losses (n, starts, seeds) at one width, and the seeds that all n have."""
    rows = [
        row
        for row in (
            *recorded("sizes"),
            *recorded("grid", alpha=1.0),
            *recorded("anchors", steps=2000),
        )
        if row["m"] == m and abs(row["weight_decay"]) == 1
    ]
    of_each = [{int(row["seed"]) for row in rows if row["n"] == n} for n in SIZES]
    shared = sorted(set.intersection(*of_each))
    factors = [
        [
            factor([row for row in rows if row["n"] == n and row["seed"] in shared], start)
            for start in NAMES
        ]
        for n in SIZES
    ]
    return np.array(factors), shared


def sizes() -> str:
    """The factor of the losses at each n, and what carries its logarithm by the rule."""
    lines = []
    for m in (10, 30, 60):
        factors, _ = factors_by_size(m)
        found = regimes.shares(np.log(factors))
        said = WORDS[regimes.verdict(found, "log_loss")].replace("decay", "n")
        for n, by_start in zip(SIZES, factors, strict=True):
            lines.append([str(m), f"{n:,}", *(spread(f, 2) for f in by_start), ""])
        lines[-1][-1] = f"{found.decay:.2f}, {found.start:.2f}, {found.interaction:.2f}: {said}"
    return table(["m", "n", *NAMES.values(), "n, start, both: word"], lines)


def exponents() -> str:
    """Of the loss over widths that every seed has; a bent curve gets its local slopes alone."""
    lines = []
    for decay, start in itertools.product((1.0, -1.0), NAMES):
        rows = recorded("anchors", steps=2000, weight_decay=decay, start=start)
        there = sorted({int(row["seed"]) for row in rows})
        of_each = [{int(row["m"]) for row in rows if row["seed"] == seed} for seed in there]
        widths = sorted(set.intersection(*of_each))
        losses = np.array(
            [
                [one([r for r in rows if r["seed"] == seed], "loss", m=m)[0] for m in widths]
                for seed in there
            ]
        )
        law = power_law.fit_power_law(widths, losses)
        _, slopes = power_law.local_exponents(widths, losses)
        alone = [power_law.fit_power_law(widths, loss).exponent for loss in losses]
        interval = "bent" if law.misfit is not None and law.misfit < 0.01 else str(law)
        if law.misfit is None:
            interval = "one seed"
        lines.append(
            [
                f"{decay:+g}".replace("-", "−"),
                NAMES[start],
                str(len(there)),
                spread(alone, 2),
                ", ".join(f"{slope:.2f}" for slope in slopes).replace("-", "−"),
                interval.replace("-", "−"),
            ]
        )
    widths_said = " to ".join(map(str, widths))
    header = ["γ", "start", "seeds", "slope of a straight line", f"local slopes, m = {widths_said}"]
    return table([*header, "95 % interval"], lines)


TABLES = (
    decides,
    of_parts,
    anchors,
    survivors,
    swaps,
    swaps_large,
    mechanism,
    wide,
    held,
    spreads,
    sizes,
    exponents,
)

if __name__ == "__main__":
    for make in TABLES:
        print(f"{make.__name__}\n{make()}\n")
