"""The trainer in the browser and the one in Python are the same model, trained the same way."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

import updates
from conftest import note
from superposition import features, geometry, power_law, toy

pytestmark = pytest.mark.browser
# Both regimes, m below and above √n, even and skewed frequencies, few and many features at once:
# n, m, α, γ, E and how many seeds.
# The fourth has several optima: single runs there scatter by 6 to 7 % in loss and 0.05 in φ, in
# Python alone too. Means of 32 are 1.7 % apart by chance, of 8 would be 3.3 %, too much for a
# bound of 5 %. Elsewhere runs scatter by 1 to 3 % and 0.03.
SETTINGS = [
    (60, 8, 1.0, -1.0, 1.0, 3),
    (60, 8, 1.0, 1.0, 1.0, 3),
    (40, 6, 0.5, -0.33, 1.0, 3),
    (60, 12, 1.5, 0.33, 1.0, 32),
    (40, 4, 0.0, 0.11, 1.0, 3),
    (60, 12, 2.0, -1.0, 1.0, 3),
    (40, 6, 1.0, -1.0, 0.5, 4),
    (12, 4, 0.0, -1.0, 4.0, 4),
]
ENGINE = (files("superposition.widgets") / "js" / "trainer.js").read_text("utf8")


def in_browser(
    page: Page, n: int, m: int, alpha: float, decay: float, density: float, seeds: int
) -> np.ndarray:
    """Held-out loss and φ_1/2 for each seed, trained by the page's engine; shape (seeds, 2)."""
    return np.array(
        page.evaluate(
            f"""([n, m, alpha, weightDecay, density, seeds]) => {{
              {ENGINE}
              const engine = superpositionEngine();
              return seeds.map((seed) => {{
                const settings = {{ n, m, alpha, density, weightDecay, seed }};
                const trained = new engine.Trainer(settings).advance(4000);
                return [trained.heldOutLoss(40960), engine.measure(trained).represented];
              }});
            }}""",
            [n, m, alpha, decay, density, list(range(seeds))],
        )
    )


@pytest.mark.parametrize(("n", "m", "alpha", "decay", "density", "seeds"), SETTINGS)
def test_loss_and_represented_fraction_agree(
    page: Page, n: int, m: int, alpha: float, decay: float, density: float, seeds: int
) -> None:
    theirs = in_browser(page, n, m, alpha, decay, density, seeds)
    p = features.power_law(n, alpha, density)
    runs = toy.grid(p=[p], m=m, weight_decay=decay, seed=list(range(seeds)))
    ours = np.array(
        [
            (result.loss, geometry.represented_fraction(result.W))
            for result in toy.sweep(runs, check=False, progress=False)
        ]
    )
    (loss, phi), (loss_py, phi_py) = theirs.mean(0), ours.mean(0)
    note(
        f"n={n} m={m} α={alpha} γ={decay} E={density}: loss {loss:.4f} in the browser, "
        f"{loss_py:.4f} in Python ({loss / loss_py - 1:+.1%}); φ {phi:.3f} and {phi_py:.3f}"
    )
    assert abs(loss / loss_py - 1) < 0.05
    assert abs(phi - phi_py) < 0.05


@pytest.mark.parametrize("gamma", updates.DECAYS)
def test_the_trainer_makes_the_updates_of_the_definition(page: Page, gamma: float) -> None:
    """The same start and batches: W and b after each update, at the trainer's own rates."""
    _, W, b, batches = updates.task()
    sparse = []
    for x in batches:
        some = x[x.any(dim=1)]  # as the trainer's sampler has it: samples without features are
        sample, feature = some.nonzero(as_tuple=True)  # no rows, and counted by `empty`
        counts = torch.bincount(sample, minlength=len(some))
        sparse.append(
            {
                "index": feature.tolist(),
                "value": some[sample, feature].tolist(),
                "start": [0, *counts.cumsum(0).tolist()],
                "weight": [1 / len(x)] * len(some),
                "empty": 1 - len(some) / len(x),
            }
        )
    n, m = W.shape
    seen = page.evaluate(
        f"""([n, m, weightDecay, W, b, batches]) => {{
          {ENGINE}
          const given = {{ n, m, alpha: 0, density: 1, weightDecay, steps: 20 }};
          const trainer = new (superpositionEngine().Trainer)(given);
          trainer.W.set(W);
          trainer.b.set(b);
          trainer.sampler = {{ draw: () => batches[trainer.step] }};
          return batches.map(() => {{
            const rate = trainer.learningRate();
            trainer.advance(1);
            return {{ rate, W: [...trainer.W], b: [...trainer.b] }};
          }});
        }}""",
        [n, m, gamma, W.flatten().tolist(), b.tolist(), sparse],
    )
    rates = [after["rate"] for after in seen]
    assert max(rates) == pytest.approx(0.02)  # of 20 steps two warm up
    for after, theirs in zip(seen, updates.reference(batches, W, b, rates, gamma), strict=True):
        ours = torch.tensor(after["W"]).view(n, m), torch.tensor(after["b"])
        updates.same(ours, theirs)


def test_the_fits_agree(page: Page) -> None:
    x, y = [4, 6, 9, 13, 19], [0.26, 0.15, 0.12, 0.07, 0.052]
    theirs = page.evaluate(
        f"([x, y]) => {{ {ENGINE} return superpositionEngine().fitPowerLaw(x, y); }}", [x, y]
    )
    ours = power_law.fit_power_law(x, y)
    assert theirs["exponent"] == pytest.approx(ours.exponent, abs=1e-6)
    assert theirs["interval"] == pytest.approx(list(ours.interval), abs=1e-3)
    assert theirs["prefactor"] == pytest.approx(ours.prefactor, rel=1e-6)


def test_the_gradient_is_the_slope_of_the_loss(page: Page) -> None:
    worst = page.evaluate(f"""() => {{
      {ENGINE}
      const engine = superpositionEngine(), random = engine.generator(3), n = 7, m = 3;
      const W = Float64Array.from({{ length: n * m }}, () => engine.normal(random));
      const b = Float64Array.from({{ length: n }}, () => 0.3 * engine.normal(random));
      const model = {{ n, m, W, b }};
      const grad = {{ W: new Float64Array(n * m), b: new Float64Array(n) }};
      const rows = new engine.Sampler(engine.powerLaw(n, 1, 2), random).draw(200);
      engine.lossOf(model, rows, grad);
      let worst = 0;
      for (const [x, g] of [[W, grad.W], [b, grad.b]])
        for (let i = 0; i < x.length; i++) {{
          const h = 1e-6, at = x[i];
          x[i] = at + h;
          const up = engine.lossOf(model, rows);
          x[i] = at - h;
          const slope = (up - engine.lossOf(model, rows)) / (2 * h);
          x[i] = at;
          worst = Math.max(worst, Math.abs(slope - g[i]) / (1e-3 + Math.abs(slope)));
        }}
      return worst;
    }}""")
    assert worst < 1e-3


def test_the_rows_have_the_frequencies_they_stand_for(page: Page) -> None:
    """Weighed by the sampler, features are active p_i of the time and together p_1 p_2."""
    seen, pair, p = page.evaluate(f"""() => {{
      {ENGINE}
      const engine = superpositionEngine(), n = 8, p = engine.powerLaw(n, 1, 1.5);
      const sampler = new engine.Sampler(p, engine.generator(1)), seen = new Array(n).fill(0);
      let pair = 0;
      for (let t = 0; t < 400; t++) {{
        const rows = sampler.draw(512);
        for (let r = 0; r < 512; r++) {{
          const active = rows.index.slice(rows.start[r], rows.start[r + 1]);
          for (const i of active) seen[i] += rows.weight[r] / 400;
          if (active.includes(0) && active.includes(1)) pair += rows.weight[r] / 400;
        }}
      }}
      return [seen, pair, [...p]];
    }}""")
    # 204,800 rows: the rarest frequency is known to about 0.5 %, the pair to 1 %.
    np.testing.assert_allclose(seen, p, rtol=0.02)
    assert pair == pytest.approx(p[0] * p[1], rel=0.04)
