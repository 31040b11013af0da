"""The fast trainer against the plain reference, over a grid of both regimes.

    python benchmarks/faithfulness.py --n 100 --m 4 8 24 --alpha 0.5 1 1.5 2 --steps 20000

One line per setting: losses, φ_1/2 and mean squared overlaps of both, means over the seeds, and
which of the three aims hold (loss at most 3 % above, φ within 0.05, overlap within 3 %). A minute
or two for each m, α and seed at n = 100 and 20,000 steps.

Seen at n = 100, m = 4 and 8 (α 0.5, 1, 2; m = 8 also 1.5) and m = 24 (α 1, 2), two or three seeds
of each, the reference from the engine's own plain sampler: the loss is never above its aim by
more than two standard errors, nor is φ off under decay. Under growth with m = 8, below √n, φ is
lower than the reference's by 0.08 to 0.23 in nine of twelve settings. There the reference still
moves: at α = 1, γ = -1 its φ is 0.78 after 20,000 steps and 0.68 after 60,000, and 0.71 with
β2 = 0.99; ours is 0.65. At α = 2 it does not move, and both Adam's memory and the noise of the
rows count: at γ = -0.33 φ is 0.93 there and 0.75 here, 0.83 with forced features drawn as often as
they occur (so rare ones are noisier), and 0.85 with the published length and memory. Below √n the
overlap differs between seeds of the reference by 5 % (median), so an aim of 3 % decides nothing
there.

Seen at n = 200, m = 8 and 40 (α 0.5 to 2, two seeds of the reference): the loss is never above its
aim by more than two standard errors (means up to 11 % at α = 2, m = 40). At m = 40 φ is within its
aim throughout and the overlap in 92 %. At m = 8 φ is too low in seven settings under growth, by
0.06 to 0.22.
"""

from __future__ import annotations

import argparse

import numpy as np

from superposition import features, geometry, toy
from superposition.toy import model

GAMMAS = [-1.0, -0.33, -0.11, 0.11, 0.33, 1.0]

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--n", type=int, default=100)
parser.add_argument("--m", type=int, nargs="+", default=[4, 8, 24])
parser.add_argument("--alpha", type=float, nargs="+", default=[0.5, 1.0, 1.5, 2.0])
parser.add_argument("--seeds", type=int, default=1)
parser.add_argument("--steps", type=int, default=20_000, help="of the reference")
parser.add_argument("--beta2", type=float, default=0.999, help="Adam's, of the reference")
options = parser.parse_args()

print("    n    m    α      γ   loss: reference  ours   φ: ref  ours   overlap: ref   ours   holds")
held = []
for m in options.m:
    for alpha in options.alpha:
        p = features.power_law(options.n, alpha)
        rows: list[list[list[float]]] = [[] for _ in GAMMAS]
        for seed in range(options.seeds):
            plain = [
                model.train(
                    p,
                    m,
                    gamma,
                    seed=seed,
                    steps=options.steps,
                    beta2=options.beta2,
                    bias_start=0.0,
                )
                for gamma in GAMMAS
            ]
            runs = toy.grid(p=p, m=m, weight_decay=GAMMAS, seed=seed)
            ours = toy.sweep(runs, progress=False)
            for k, (r, (W, b)) in enumerate(zip(ours, plain, strict=True)):
                rows[k].append(
                    [
                        model.held_out_loss(W, b, p)[0],
                        model.held_out_loss(r.W, r.b, p)[0],
                        geometry.represented_fraction(W),
                        geometry.represented_fraction(r.W),
                        geometry.mean_squared_overlap(W),
                        geometry.mean_squared_overlap(r.W),
                    ]
                )
        for gamma, values in zip(GAMMAS, rows, strict=True):
            a = np.mean(values, axis=0)
            holds = (a[1] <= 1.03 * a[0], abs(a[3] - a[2]) <= 0.05, abs(a[5] / a[4] - 1) <= 0.03)
            held.append(holds)
            names = [
                name if ok else "-" * len(name)
                for name, ok in zip(("loss", "φ", "overlap"), holds, strict=True)
            ]
            print(
                f"{options.n:5} {m:4} {alpha:4} {gamma:6}  {a[0]:12.4f} {a[1]:8.4f} {a[2]:8.2f} "
                f"{a[3]:5.2f} {a[4]:12.4f} {a[5]:8.4f}   " + " ".join(names),
                flush=True,
            )
share = np.mean(held, axis=0)
print(
    f"held: loss {share[0]:.0%}, φ {share[1]:.0%}, overlap {share[2]:.0%} of {len(held)} settings"
)
