"""What `model.py` defines, for many models at once and 20 to 100 times faster.

It computes the same: tests/toy/test_engine.py::test_one_update_is_that_of_the_definition holds
every update to `model.step` on the same batch. Three things make it quick:

* batches are drawn by strata (`sampler.py`), so that fewer samples do;
* a sample has few active features of n (about two at density 1), so packing, x W, is a sparse
  product, and only unpacking, h Wᵀ, is a dense one; where W is wide and samples outnumber
  features, dense products are over pairs of features instead;
* models that share a frequency law and a seed share their batches, along an axis of models.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam

from superposition.toy.recipes import BiasStart, Recipe
from superposition.toy.sampler import HELD_OUT_POWER, HELD_OUT_SEED, Sampler, SparseBatch

# Trained models are kept under this number. Raise it when results move: the golden numbers of
# tests/toy/test_golden.py fail until it is raised and they are taken anew.
ENGINE_VERSION = 1

Start = tuple[Tensor, Tensor]  # W (n, m) and b (n,)


def random_start(
    n: int,
    m: int,
    *,
    seed: int,
    bias_start: BiasStart | Tensor,
    dtype: torch.dtype = torch.float32,
) -> Start:
    """W with entries N(0, 1/m), and b at a number, at N(0, 1) ("normal") or as given, (n,).

    Drawn on the processor, so that the start is the same on any device.
    """
    generator = torch.Generator("cpu").manual_seed(seed)
    W = torch.randn(n, m, generator=generator, device="cpu", dtype=dtype) / m**0.5
    if isinstance(bias_start, str):
        return W, torch.randn(n, generator=generator, device="cpu", dtype=dtype)
    return W, torch.as_tensor(bias_start, device="cpu", dtype=dtype).expand(n)


class ModelBatch:
    """K models of the same n features, trained on the same batches.

    `W` and `b` are views of one storage, `parameters` (feature, model, width + 1): the last column
    is b, so that one product applies both. A narrower model is padded with columns of zeros, whose
    gradient is exactly zero.
    """

    def __init__(
        self,
        p: Tensor,
        starts: Sequence[Start],
        weight_decays: Sequence[float],
        *,
        recipe: Recipe,
        seed: int,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ):
        self.p, self.recipe = p, recipe
        self.n, self.m = len(p), max(W.shape[1] for W, _ in starts)
        if recipe.depends_on_width and len({W.shape[1] for W, _ in starts}) > 1:
            raise ValueError(f"recipe {recipe.name!r} depends on m: give models of one width")
        self.sampler = Sampler(
            p,
            seed=1_000_003 + seed,  # apart from the seed of the start
            stratified=recipe.stratified,
            device=device,
            dtype=dtype,
        )
        shape = (self.n, len(starts), self.m + 1)
        self.parameters = torch.zeros(shape, device=device, dtype=dtype)
        for k, (W, b) in enumerate(starts):
            self.W[:, k, : W.shape[1]] = W.to(device)
            self.b[:, k] = b.to(device)
        self.weight_decay = torch.tensor(weight_decays, device=device, dtype=dtype)
        self.grows = min(weight_decays) < 0
        # Adam's averages of the gradient and of its square, and its count of steps
        self.first_moment = torch.zeros_like(self.parameters)
        self.second_moment = torch.zeros_like(self.parameters)
        self.adam_steps = torch.zeros((), device=device)
        self.steps_done = 0

    @property
    def K(self) -> int:
        return self.parameters.shape[1]

    @property
    def W(self) -> Tensor:
        """(feature, model, width)"""
        return self.parameters[:, :, : self.m]

    @property
    def b(self) -> Tensor:
        """(feature, model)"""
        return self.parameters[:, :, self.m]

    def model(self, k: int, m: int) -> Start:
        """W (n, m) and b (n,) of model k, whose width is m: copies, on the processor."""
        return self.W[:, k, :m].detach().cpu().clone(), self.b[:, k].detach().cpu().clone()

    def forward(self, batch: SparseBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Packed samples, residuals, and the outputs at the batch's active entries.

        hidden (model, sample, width + 1) ends in a 1, which carries b through the product.
        residual (model, sample, feature) is y - x where the output is on and 0 where it is off,
        since no gradient comes through there (`loss` adds what was missed). at_entries is y,
        (model, entry).
        """
        B = len(batch.sample_weights)
        hidden = torch.sparse.mm(batch.by_sample(), self.parameters.view(self.n, -1))
        hidden = hidden.view(B, self.K, self.m + 1).transpose(0, 1)  # (model, sample, width + 1)
        hidden[:, :, self.m] = 1.0  # overwrites x b, which the sparse product put there
        unpack = self.parameters.permute(1, 2, 0)  # (model, width + 1, feature)
        residual = torch.bmm(hidden, unpack).relu_()  # (model, sample, feature); still y
        at_entries = self.subtract_(residual.view(self.K, -1), batch)
        return hidden, residual, at_entries

    @staticmethod
    def subtract_(y: Tensor, batch: SparseBatch) -> Tensor:
        """Make outputs y (model, sample * feature) the residual, in place; y at active entries.

        Where x is 0, nearly everywhere, the residual is y, so only the active entries change.
        """
        at_entries = y.index_select(1, batch.entries)  # (model, entry)
        error = torch.where(at_entries > 0, at_entries - batch.values, 0.0)
        y.index_copy_(1, batch.entries, error)
        return at_entries

    def gradient(self, batch: SparseBatch) -> Tensor:
        """d loss / d parameters, (feature, model, width + 1)."""
        # Both ways give the same. Pairs of features are the quicker way from about these sizes
        # on: at m = 100 with 2,048 samples, three times at n = 200 and 1.7 times at n = 1,000
        # (benchmarks/engine.py --gradient prints both sides of the border).
        by_pairs = self.m >= 20 and len(batch.sample_weights) >= 1.2 * self.n
        half = self.half_gradient_by_pairs(batch) if by_pairs else self.half_gradient(batch)
        gradient = half.mul_(2)
        # In the empty sample x = 0 and y = relu(b): b has a gradient from it, W has none.
        gradient[:, :, self.m] += 2 * batch.empty_weight * self.b.relu()
        return gradient

    def half_gradient(self, batch: SparseBatch) -> Tensor:
        """Half the gradient on the batch's own samples, by three products over samples.

        W stands twice in relu(x W Wᵀ + b), so its gradient has two terms. With R the residual
        and s what each sample counts for:

        * unpacking, 2 Rᵀ (s h): how far off output i was, times what was read (b reads the 1);
        * packing, 2 (s x)ᵀ (R W): the same errors sent back through Wᵀ to where x was stored.
        """
        B = len(batch.sample_weights)
        hidden, residual, _ = self.forward(batch)
        unpacking = torch.bmm((hidden * batch.sample_weights.view(1, B, 1)).mT, residual)
        # (R W)ᵀ, not R W: few long rows are multiplied faster than many short ones (one step at
        # m = 10, n = 1,000: 1.1 ms for 1.9)
        pack_back = self.parameters.permute(1, 2, 0)  # (model, width + 1, feature)
        back = torch.bmm(pack_back, residual.mT)  # (model, width + 1, sample)
        back[:, self.m] = 0.0  # b packs nothing
        back = back.permute(2, 0, 1).reshape(B, -1)  # (sample, model * (width + 1))
        packing = torch.sparse.mm(batch.weighted_by_feature(), back).view(self.parameters.shape)
        return packing.add_(unpacking.permute(2, 0, 1))

    def half_gradient_by_pairs(self, batch: SparseBatch) -> Tensor:
        """The same by two products over pairs of features: cheaper for many samples and wide W.

        With G = W Wᵀ, (feature, feature), y = relu(x G + b), and the two terms are P W and Pᵀ W
        for P = (s x)ᵀ R. As x is sparse, a sample costs the same at any width.
        """
        half = torch.empty_like(self.parameters)
        parts = batch.split(512)  # so that a part's residual stays in the processor's cache
        by_sample = [part.by_sample() for part in parts]
        by_feature = [part.weighted_by_feature() for part in parts]
        for k in range(self.K):
            W, b = self.W[:, k], self.b[:, k].contiguous()
            G = W @ W.T
            P, b_half = torch.zeros_like(G), torch.zeros_like(b)
            for part, x, weighted in zip(parts, by_sample, by_feature, strict=True):
                residual = torch.sparse.mm(x, G).add_(b).relu_()  # (sample, feature); still y
                self.subtract_(residual.view(1, -1), part)
                P.addmm_(weighted, residual)
                b_half.addmv_(residual.T, part.sample_weights)
            half[:, k, : self.m] = (P + P.T) @ W
            half[:, k, self.m] = b_half
        return half

    def decay(self, lr: float) -> None:
        """Weight decay of W, each model with its own signed γ: see `model.decay_`."""
        gamma = self.weight_decay.view(1, -1, 1)  # (1, model, 1)
        factor = 1 - lr * gamma.clamp_min(0)
        if self.grows:
            length = self.W.norm(dim=2, keepdim=True).clamp_min_(1e-12)  # (feature, model, 1)
            factor = factor + lr * gamma.clamp_max(0) * (1 - 1 / length)
        self.W.mul_(factor)

    @torch.no_grad()
    def update(self, gradient: Tensor, lr: float) -> None:
        """One update of all models: W decays, then Adam goes along the gradient.

        A subclass that trains by a further rule adds it here.
        """
        self.decay(lr)
        adam(  # the function: the class spends a tenth of a small step on its book-keeping
            [self.parameters],
            [gradient],
            [self.first_moment],
            [self.second_moment],
            [],  # no running maxima of g²: those are amsgrad's
            [self.adam_steps],
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=self.recipe.beta2_at(self.steps_done),
            lr=lr,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )

    @torch.no_grad()
    def step(self, batch: SparseBatch, lr: float) -> None:
        """One update on a batch."""
        self.update(self.gradient(batch), lr)

    def train(self, until: int | None = None) -> None:
        """Take the recipe's steps, all or up to `until`, from where the models are."""
        recipe = self.recipe
        for t in range(self.steps_done, recipe.steps if until is None else until):
            batch = self.sampler.draw(recipe.samples(t, self.m))
            self.step(batch, recipe.learning_rate(t, self.m))
            self.steps_done = t + 1

    def branch(self, steps: int) -> ModelBatch:
        """A copy of the models, trained to the end of a run of `steps`.

        These themselves are left where a run of twice the steps would still be the same. So runs
        of several lengths, asked for in rising order, share the steps that they have in common.
        """
        own, self.recipe = self.recipe, self.recipe.with_steps(steps)
        self.train(self.recipe.shared_steps)  # at its rates: a shorter run's would be falling
        end = copy.deepcopy(self)
        self.recipe = own
        end.train()
        return end

    def keep(self, models: Sequence[int]) -> None:
        """Go on with these of the models alone."""
        self.first_moment = self.first_moment[:, models].contiguous()
        self.second_moment = self.second_moment[:, models].contiguous()
        self.weight_decay = self.weight_decay[models]
        self.parameters = self.parameters[:, models].contiguous()

    @torch.no_grad()
    def loss(self, batch: SparseBatch) -> Tensor:
        """Loss of each model on a batch, (model,), in double precision."""
        _, residual, at_entries = self.forward(batch)
        x = batch.values.square().expand_as(at_entries)
        missed = torch.where(at_entries > 0, torch.zeros_like(x), x)  # off, where x is not 0
        error = residual.square().sum(2).index_add_(1, batch.sample, missed)  # (model, sample)
        empty = self.b.relu().square().sum(0)  # (model,), error of the empty sample
        return (error * batch.sample_weights).sum(1).double() + batch.empty_weight * empty.double()

    @torch.no_grad()
    def held_out(
        self, *, seed: int = HELD_OUT_SEED, batches: int = 80, batch_size: int = 512
    ) -> tuple[Tensor, Tensor]:
        """Loss on fresh samples and its standard error over batches, each (model,)."""
        sampler = Sampler(
            self.p,
            seed=seed,
            power=HELD_OUT_POWER,
            device=self.sampler.device,
            dtype=self.sampler.dtype,
        )
        losses = torch.stack([self.loss(sampler.draw(batch_size)) for _ in range(batches)])
        return losses.mean(0), losses.std(0) / batches**0.5
