"""Many toy models trained side by side: how the batches are drawn and how one step is taken.

Three things make it quick without changing what is minimised:

* rows are drawn by strata. Every row forces one active feature, chosen with q_i ∝ p_i^0.85
  at evenly spaced quantiles; the others stay Bernoulli. A row with active features S then
  comes Σ_S q_i / p_i times as often as in the data, so it is weighed by the inverse
  (importance sampling, balance heuristic), and the empty row is added exactly;
* a row has about two active features of n, so only the read-out is a dense product;
* models that share a frequency law and a seed share their rows, along an instance axis.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim.adam import adam

from superposition.toy.recipes import Protocol, learning_rate

# Forced features are drawn with q_i ∝ p_i^power. In training 0.85 keeps 512 rows about as noisy
# as the published batch of 2,048, against whose noise Adam weighs the decay; a held-out loss
# wants more rows of rare features instead.
TRAIN_POWER, HELD_OUT_POWER = 0.85, 0.5
HELD_OUT_SEED = 987_654_321  # every held-out loss is taken on the same fresh rows


@dataclass
class Rows:
    """A sparse batch: entry `flat` = row * n + feature is active with `value`."""

    flat: Tensor
    value: Tensor
    weight: Tensor  # (B,), what a row counts for in the expected loss
    empty: float  # probability of the empty row, where that is added exactly


class Sampler:
    """Draws sparse rows for one frequency law p, shape (n,)."""

    def __init__(
        self, p: Tensor, strata: bool, seed: int, device: torch.device, power: float = TRAIN_POWER
    ):
        self.n, self.strata, self.device = len(p), strata, device
        self.generator = torch.Generator(device).manual_seed(seed)
        p = p.to(device, torch.float64)
        # A Poisson number of events of rate -log(1 - p_i) hits entry i at least once with
        # probability exactly p_i: Bernoulli rows without drawing n numbers for each.
        rate = -torch.log1p(-p.clamp_max(1 - 1e-9))
        self.total, self.rate_cdf = rate.sum(), (rate / rate.sum()).cumsum(0)
        q = p**power
        q = q / q.sum()
        self.q_cdf, self.odds = q.cumsum(0), torch.where(p > 0, q / p, 0.0)
        self.empty = float((1 - p).prod()) if strata else 0.0

    def draw(self, batch: int) -> Rows:
        g, device = self.generator, self.device
        count = int(torch.poisson(batch * self.total.reshape(1), generator=g))
        row = torch.randint(batch, (count,), generator=g, device=device)
        flat = row * self.n + self._pick(self.rate_cdf, self._uniform(count))
        if self.strata:
            rows = torch.arange(batch, device=device)
            forced = self._pick(self.q_cdf, (rows + self._uniform(batch)) / batch)
            flat = torch.cat([flat, rows * self.n + forced])
        flat = torch.unique(flat)  # sorted; an entry hit twice is active once
        weight = torch.full((batch,), 1 / batch, device=device)
        if self.strata:  # a row of features S is drawn Σ_S q_i / p_i times as often as in the data
            odds = torch.bincount(flat // self.n, self.odds[flat % self.n], minlength=batch)
            weight = (weight / odds).float()
        value = 2 * torch.rand(len(flat), generator=g, device=device)
        return Rows(flat, value, weight, self.empty)

    def _uniform(self, count: int) -> Tensor:
        return torch.rand(count, generator=self.generator, device=self.device, dtype=torch.float64)

    def _pick(self, cdf: Tensor, u: Tensor) -> Tensor:
        return torch.searchsorted(cdf, u).clamp_max_(self.n - 1)


class Bundle:
    """K models (n, m, γ) on shared rows; `theta` (n, K, m + 1) holds W, and b in its last column.

    A narrower model is padded with columns of zeros: their gradient is exactly zero.
    """

    def __init__(self, p: Tensor, widths: Sequence[int], decays: Sequence[float], seed: int,
                 protocol: Protocol, device: torch.device):  # fmt: skip
        n, K, m = len(p), len(widths), max(widths)
        self.p = p
        self.sampler = Sampler(p, protocol.strata, 1_000_003 + seed, device)
        self.n, self.K, self.m, self.protocol = n, K, m, protocol
        self.theta = torch.zeros(n, K, m + 1, device=device)
        for k, width in enumerate(widths):
            g = torch.Generator("cpu").manual_seed(seed)  # there, the same start on any device
            start = torch.randn(n, width, generator=g, device="cpu") / width**0.5
            self.theta[:, k, :width] = start.to(device)
            if protocol.bias_std:
                b = protocol.bias_std * torch.randn(n, generator=g, device="cpu")
                self.theta[:, k, m] = b.to(device)
        decay = torch.tensor(decays, dtype=torch.float32, device=device).view(1, K, 1)
        self.shrink, self.grow = decay.clamp_min(0), decay.clamp_max(0)
        self.grows = bool((self.grow < 0).any())
        # Adam's averages and its count of steps
        self.moments = [torch.zeros_like(self.theta), torch.zeros_like(self.theta)]
        self.taken = torch.zeros((), device=device)
        self.done, self.every = 0, max(1, protocol.steps // 40)
        self.history: list[tuple[int, Tensor]] = []  # step and loss (K,) over one batch

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """One update of all K models: decoupled signed decay on W, then Adam on the gradient."""
        grad = self._gradient(self.sampler.draw(self.protocol.batch))
        W = self.theta[:, :, : self.m]
        factor = 1 - lr * self.shrink
        if self.grows:
            norm = W.norm(dim=2, keepdim=True).clamp_min_(1e-12)
            factor = factor + lr * self.grow * (1 - 1 / norm)
        W.mul_(factor)
        first, second = self.moments
        adam(  # the function, for the class spends a tenth of a small step on its book-keeping
            [self.theta], [grad], [first], [second], [], [self.taken], fused=True, amsgrad=False,
            beta1=0.9, beta2=self.protocol.beta2, lr=lr, weight_decay=0.0, eps=1e-8,
            maximize=False,
        )  # fmt: skip

    def _forward(self, rows: Rows) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Residuals D (K, B, n) where the output is on, hidden h (K, B, m + 1) ending in 1."""
        B, n, K, m = len(rows.weight), self.n, self.K, self.m
        row, column = rows.flat // n, rows.flat % n
        X = torch.sparse_coo_tensor(
            torch.stack([row, column]),
            rows.value,
            (B, n),
            is_coalesced=True,
            check_invariants=False,
            device=rows.value.device,
        )
        h = torch.sparse.mm(X, self.theta.view(n, -1)).view(B, K, m + 1)
        h[:, :, m] = 1.0  # carries b through the product
        h = h.transpose(0, 1)
        D = torch.bmm(h, self.theta.permute(1, 2, 0)).relu_()
        on = D.view(K, -1).index_select(1, rows.flat)
        D.view(K, -1).index_copy_(1, rows.flat, torch.where(on > 0, on - rows.value, 0.0))
        return D, h, on, row, column

    def _gradient(self, rows: Rows) -> Tensor:
        D, h, _, row, column = self._forward(rows)
        K, B, n, m = self.K, len(rows.weight), self.n, self.m
        weight = rows.weight.view(1, B, 1)
        through_output = torch.bmm(h.mul_(weight).transpose(1, 2), D)  # Dᵀ h would be slower
        u = torch.bmm(D, self.theta.transpose(0, 1)).mul_(weight)
        u[:, :, m] = 0.0
        order = torch.argsort(column, stable=True)
        XT = torch.sparse_coo_tensor(
            torch.stack([column[order], row[order]]), rows.value[order], (n, B),
            is_coalesced=True, check_invariants=False, device=rows.value.device,
        )  # fmt: skip
        grad = torch.sparse.mm(XT, u.transpose(0, 1).reshape(B, -1)).view(n, K, m + 1)
        grad = grad.add_(through_output.permute(2, 0, 1)).mul_(2)
        grad[:, :, m] += 2 * rows.empty * self.theta[:, :, m].relu()
        return grad

    @torch.no_grad()
    def row_losses(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Squared error summed over features, per row (K, B), and of the empty row (K,)."""
        D, _, on, row, _ = self._forward(rows)
        missed = torch.where(on > 0, torch.zeros_like(on), rows.value.square().expand_as(on))
        loss = D.square().sum(2).index_add_(1, row, missed)
        return loss, self.theta[:, :, self.m].relu().square().sum(0)

    @torch.no_grad()
    def held_out(
        self, seed: int = HELD_OUT_SEED, batches: int = 80, size: int = 512
    ) -> tuple[Tensor, Tensor]:
        """Expected loss on fresh strata and its standard error over batches, each (K,)."""
        sampler = Sampler(self.p, True, seed, self.sampler.device, HELD_OUT_POWER)
        means = []
        for _ in range(batches):
            rows = sampler.draw(size)
            loss, empty = self.row_losses(rows)
            means.append((loss * rows.weight).sum(1).double() + rows.empty * empty.double())
        stacked = torch.stack(means)
        return stacked.mean(0), stacked.std(0) / batches**0.5

    def run(self) -> None:
        """Train to the protocol's end."""
        self._train(self.protocol, self.protocol.steps)

    def branch(self, steps: int) -> Bundle:
        """The models as a run of `steps` leaves them; these stop where a longer run parts from it.

        So the runs of several lengths, asked for in rising order, share what they have in common.
        """
        recipe = self.protocol.of(steps)
        self._train(recipe, recipe.fork)
        end = copy.deepcopy(self)
        end.protocol = recipe
        end._train(recipe, steps)
        return end

    def keep(self, models: Sequence[int]) -> None:
        """Go on with these of the K models alone."""
        self.K = len(models)
        self.theta = self.theta[:, models].contiguous()
        self.moments = [moment[:, models].contiguous() for moment in self.moments]
        self.shrink, self.grow = self.shrink[:, models], self.grow[:, models]
        self.history = [(step, losses[models]) for step, losses in self.history]

    def _train(self, recipe: Protocol, until: int) -> None:
        for t in range(self.done, until):
            self.step(learning_rate(recipe, t))
            if (t + 1) % self.every == 0 or t + 1 == recipe.steps:
                rows = self.sampler.draw(recipe.batch)
                loss, empty = self.row_losses(rows)
                losses = (loss * rows.weight).sum(1) + rows.empty * empty
                self.history.append((t + 1, losses))
        self.done = max(self.done, until)
