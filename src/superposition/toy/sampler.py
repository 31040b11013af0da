"""Sparse samples of the data, drawn so that few of them tell as much as many plain ones.

A plain sample of n rare features is mostly empty, and rare features hardly occur. So samples are
drawn by strata: every sample is made to hold one feature, chosen with q_i ∝ p_i^0.85 at evenly
spaced quantiles; the others stay independent. A sample whose active features are S then comes
Σ_S q_i / p_i times as often as in the data, so it counts for the inverse (importance sampling,
balance heuristic), and the empty sample, which no stratum holds, is added exactly. The expected
loss is the same.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor

# The forced feature is drawn with q_i ∝ p_i^power. In training 0.85 keeps 512 samples about as
# noisy as the published batch of 2,048, against whose noise Adam weighs the decay; a held-out
# loss wants more samples of rare features instead.
TRAIN_POWER, HELD_OUT_POWER = 0.85, 0.5
HELD_OUT_SEED = 987_654_321  # every held-out loss is taken on the same fresh samples


@dataclass
class SparseBatch:
    """B samples of n features, of which only the active entries are stored."""

    n: int
    entries: Tensor  # (entry,), sample * n + feature of each active entry, rising
    values: Tensor  # (entry,)
    sample_weights: Tensor  # (B,), what a sample counts for in the expected loss
    empty_weight: float  # what the empty sample counts for besides; 0 where the batch holds it

    @property
    def sample(self) -> Tensor:
        """(entry,)"""
        return self.entries // self.n

    @property
    def feature(self) -> Tensor:
        """(entry,)"""
        return self.entries % self.n

    def dense(self) -> Tensor:
        """x, (B, n)."""
        x = self.values.new_zeros(len(self.sample_weights) * self.n)
        x[self.entries] = self.values
        return x.view(-1, self.n)

    def by_sample(self) -> Tensor:
        """x as a sparse matrix, (B, n)."""
        return self._sparse(
            self.sample, self.feature, self.values, (len(self.sample_weights), self.n)
        )

    def weighted_by_feature(self) -> Tensor:
        """(s x)ᵀ, with s what each sample counts for, as a sparse matrix, (n, B)."""
        order = torch.argsort(self.feature, stable=True)
        feature, sample = self.feature[order], self.sample[order]
        values = self.values[order] * self.sample_weights[sample]
        return self._sparse(feature, sample, values, (self.n, len(self.sample_weights)))

    def split(self, size: int) -> list[SparseBatch]:
        """The samples in order, at most `size` to a part; the empty sample, shared out by size."""
        B = len(self.sample_weights)
        firsts = torch.arange(0, B + size, size, device=self.entries.device).clamp_max_(B)
        cuts = torch.searchsorted(self.entries, firsts * self.n).tolist()
        parts = []
        for k, (first, last) in enumerate(itertools.pairwise(cuts)):
            sample_weights = self.sample_weights[k * size : (k + 1) * size]
            parts.append(
                SparseBatch(
                    self.n,
                    self.entries[first:last] - k * size * self.n,
                    self.values[first:last],
                    sample_weights,
                    self.empty_weight * len(sample_weights) / B,
                )
            )
        return parts

    @staticmethod
    def _sparse(row: Tensor, column: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
        return torch.sparse_coo_tensor(
            torch.stack([row, column]),
            values,
            shape,
            is_coalesced=True,
            check_invariants=False,
            device=values.device,
        )


class Sampler:
    """Draws batches for one frequency law p, shape (n,)."""

    def __init__(
        self,
        p: Tensor,
        *,
        seed: int,
        stratified: bool = True,
        power: float = TRAIN_POWER,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ):
        self.n, self.stratified, self.dtype = len(p), stratified, dtype
        self.device = torch.device(device)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        p = p.to(self.device, torch.float64)
        # A Poisson number of events of rate -log(1 - p_i) hits entry i at least once with
        # probability exactly p_i: independent features without drawing n numbers a sample.
        rate = -torch.log1p(-p.clamp_max(1 - 1e-9))
        self.total_rate, self.rate_cdf = rate.sum(), (rate / rate.sum()).cumsum(0)
        q = p**power
        q = q / q.sum()
        self.q_cdf, self.q_over_p = q.cumsum(0), torch.where(p > 0, q / p, 0.0)
        self.empty_weight = float((1 - p).prod()) if stratified else 0.0

    def draw(self, batch_size: int) -> SparseBatch:
        """The next batch of so many samples."""
        g, device = self.generator, self.device
        count = int(torch.poisson(batch_size * self.total_rate.reshape(1), generator=g))
        sample = torch.randint(batch_size, (count,), generator=g, device=device)
        entries = sample * self.n + self._pick(self.rate_cdf, self._uniform(count))
        if self.stratified:
            samples = torch.arange(batch_size, device=device)
            forced = self._pick(self.q_cdf, (samples + self._uniform(batch_size)) / batch_size)
            entries = torch.cat([entries, samples * self.n + forced])
        entries = torch.unique(entries)  # sorted; an entry hit twice is active once
        sample_weights = torch.full((batch_size,), 1 / batch_size, device=device, dtype=self.dtype)
        if self.stratified:
            sample, feature = entries // self.n, entries % self.n
            times_as_often = torch.bincount(sample, self.q_over_p[feature], minlength=batch_size)
            sample_weights = (sample_weights / times_as_often).to(self.dtype)
        values = 2 * torch.rand(len(entries), generator=g, device=device, dtype=self.dtype)
        return SparseBatch(self.n, entries, values, sample_weights, self.empty_weight)

    def _uniform(self, count: int) -> Tensor:
        return torch.rand(count, generator=self.generator, device=self.device, dtype=torch.float64)

    def _pick(self, cdf: Tensor, u: Tensor) -> Tensor:
        return torch.searchsorted(cdf, u).clamp_max_(self.n - 1)
