"""Makes the four claims of assignment 3: run it to print both tables.

The first table stands in 03_the_law.md for students to see, the second in its hidden tests. Each
of the eight sets holds one claim of each kind, in an order of its own:
  sound         loss = A m^-a
  floor         loss = A m^-a + B: a straight line through all points is too flat
  ceiling       loss = A m^-a (1 - m/n): it bends down as m nears n = 1000
  undertrained  the widest models were stopped early: their loss is too high, and would still fall
                (by more than `gain`, which is only what twice the training takes off)
"""

from __future__ import annotations

import numpy as np

WIDTHS = np.array([12, 20, 33, 55, 90, 150, 250, 420, 700])
FEATURES = 1000
KINDS = ["sound", "floor", "ceiling", "undertrained"]
BY_FALL = ["ceiling", "sound", "undertrained", "floor"]  # the most to the least, at one exponent
SETS = 8


def claims() -> tuple[list[dict], list[dict]]:
    """(what students see, the truth): per set, claim letter → {loss, gain} and → [kind, a].

    In no set do the kinds stand in the order of how far the loss falls from the first width to
    the last: who sorts by that, and looks at no shape, is wrong for every student.
    """
    rng = np.random.default_rng(20261122)
    shown, truth = [], []
    while len(shown) < SETS:
        seen, known = _one_set(rng)
        falls = sorted(known, key=lambda claim: seen[claim]["loss"][-1] / seen[claim]["loss"][0])
        if [known[claim][0] for claim in falls] != BY_FALL:
            shown.append(seen)
            truth.append(known)
    return shown, truth


def _one_set(rng: np.random.Generator) -> tuple[dict, dict]:
    seen, known = {}, {}
    for letter, k in zip("ABCD", rng.permutation(4), strict=True):
        kind, a = KINDS[k], round(float(rng.uniform(0.75, 1.25)), 2)
        law = rng.uniform(2, 9) * WIDTHS**-a * np.exp(0.002 * rng.normal(size=len(WIDTHS)))
        gain = rng.uniform(0.001, 0.009, size=len(WIDTHS))
        if kind == "floor":
            law = law + law[5]
        if kind == "ceiling":
            law = law * (1 - WIDTHS / FEATURES)
        if kind == "undertrained":
            law[-3:] *= [1.2, 1.7, 2.6]
            gain[-3:] = [0.09, 0.16, 0.24]
        seen[letter] = {
            "loss": [float(f"{v:.4g}") for v in law],
            "gain": [float(f"{v:.2g}") for v in gain],
        }
        known[letter] = [kind, a]
    return seen, known


def tables() -> tuple[str, str]:
    """Both tables as the Python text that stands in the assignment."""
    shown, truth = claims()

    def row(letter: str, claim: dict) -> str:
        return f'"{letter}": {{"loss": {claim["loss"]},\n       "gain": {claim["gain"]}}}'

    rows = ["    {" + ",\n     ".join(row(*item) for item in seen.items()) + "}," for seen in shown]
    known = [f"        {row!r},".replace("'", '"') for row in truth]
    return "CLAIMS = [\n" + "\n".join(rows) + "\n]", "TRUTH = [\n" + "\n".join(known) + "\n    ]"


if __name__ == "__main__":
    print("\n\n".join(tables()))
