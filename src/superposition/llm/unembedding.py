"""The output layers of public language models: fetched alone, measured as they arrive.

A model's output (unembedding) matrix W has shape (n, m): one row of width m for each of n
tokens. Its rows stream through memory in blocks, from the hub or from a local folder, and
only sums over them are kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from superposition.llm.checkpoint_file import Place, locate
from superposition.llm.hub import Hub, HubError, HubUnreachable, Source, open_source
from superposition.llm.overlap_cache import OverlapStatistics, record_path, remember, remembered

HEADS = ("lm_head.weight", "embed_out.weight")
EMBEDDINGS = (
    "wte.weight",
    "decoder.embed_tokens.weight",
    "embed_tokens.weight",
    "embed_in.weight",
    "embeddings.word_embeddings.weight",
)
BASES = ("", "model.", "transformer.", "gpt_neox.", "bert.")
BLOCK_BYTES = 1 << 23
PANEL = 1024


@dataclass(frozen=True)
class OutputMatrix:
    """An output matrix that has been found but not read. `note` says what is unusual about it."""

    name: str
    place: Place
    source: Source = field(repr=False)
    note: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m): tokens, width."""
        n, m = self.place.shape
        return n, m

    def blocks(self) -> Iterator[Tensor]:
        """The rows in order, in their stored type: blocks of shape (k, m), about 8 MB each.

        Raises HubError or HubUnreachable where the stream fails: what came is not the whole.
        """
        (n, m), at = self.shape, self.place.start
        row = m * self.place.dtype.itemsize
        block, buffer = max(1, BLOCK_BYTES // row) * row, bytearray()
        for piece in self.source.stream(self.place.file, at, at + n * row):
            buffer += piece
            while len(buffer) >= block:
                yield self._tensor(buffer[:block])
                del buffer[:block]
        if buffer:
            yield self._tensor(buffer)

    def load(self) -> Tensor:
        """The whole matrix, shape (n, m), in its stored type."""
        return torch.cat(list(self.blocks()))

    def _tensor(self, content: bytearray) -> Tensor:
        return torch.frombuffer(content, dtype=self.place.dtype).view(-1, self.shape[1])


def hub_problem(endpoint: str | None = None) -> str:
    """Why the hub does not answer within four seconds, in one line; empty where it does."""
    try:
        Hub("openai-community/gpt2", None, endpoint)
    except HubUnreachable as error:
        return str(error).splitlines()[0]
    except HubError:
        pass  # it answered
    return ""


def output_matrix(
    model_id: str | os.PathLike[str],
    revision: str | None = None,
    *,
    endpoint: str | None = None,
) -> OutputMatrix:
    """Find the output matrix of a model on the hub, or of a local checkpoint folder.

    Only the configuration and a header are read. The matrix is `lm_head.weight` or
    `embed_out.weight` if the checkpoint has it, else the input embedding if the
    configuration ties the two. Raises HubUnreachable, HubError (gated, missing), FileNotFoundError
    (no such folder) or ValueError (a checkpoint that is not as described, or is unsafe).
    """
    return _find(open_source(os.fspath(model_id), revision, endpoint))


def overlap_statistics(
    model_id: str | os.PathLike[str],
    revision: str | None = None,
    *,
    endpoint: str | None = None,
) -> OverlapStatistics:
    """Measure the output matrix of a model on the hub, or of a local checkpoint folder.

    The mean of cos² over n² pairs costs O(n m²), through the Gram matrix of the unit rows
    (see geometry.mean_squared_overlap). A result from the hub is remembered by model and commit;
    where the hub cannot be reached, the last one remembered is returned. Raises what output_matrix
    raises, and ValueError for NaN or infinite rows.
    """
    model = os.fspath(model_id)
    record = record_path(f"{endpoint or ''} {model} {revision or 'main'}")
    known = remembered(record)
    try:
        source = open_source(model, revision, endpoint)
    except HubUnreachable:
        if known is None:
            raise
        return known
    local = not isinstance(source, Hub)
    if known is not None and known.revision == source.revision and not local:
        return known
    found = _find(source)
    overlap, used = _mean_squared_overlap(found)
    result = OverlapStatistics(
        model=model,
        revision=source.revision,
        tensor=found.name,
        note=found.note,
        n=found.shape[0],
        m=found.shape[1],
        zero_rows=found.shape[0] - used,
        mean_squared_overlap=overlap,
    )
    if not local:
        remember(record, result)
    return result


def _find(source: Source) -> OutputMatrix:
    config = _json(source, "config.json") or {}
    names = [base + name for name in HEADS for base in BASES]
    if tied := _ties(config):
        names += [base + name for name in EMBEDDINGS for base in BASES]
    for file in ("model.safetensors", "pytorch_model.bin"):
        wanted, size = names, source.size(file)
        if size is None and (index := _json(source, file + ".index.json")):
            held = index["weight_map"]
            wanted = [name for name in names if name in held][:1]
            file = held[wanted[0]] if wanted else ""
            if "/" in file or "\\" in file:
                raise ValueError(f"{source.name}: the index points outside the repository: {file}")
            size = source.size(file) if file else None
        if size is None or (found := locate(source, file, size, wanted)) is None:
            continue
        name, place = found
        if len(place.shape) != 2 or 0 in place.shape:
            raise ValueError(f"{source.name}: {name} is no matrix but of shape {place.shape}")
        hidden, m = config.get("hidden_size", place.shape[1]), place.shape[1]
        note = f"projected: width {hidden} inside, {m} at the output" if hidden != m else ""
        return OutputMatrix(name, place, source, note)
    raise ValueError(
        f"{source.name} has no output matrix this module knows: looked for "
        f"{' or '.join(HEADS)}{' or a tied input embedding' if tied else ''}"
    )


def _mean_squared_overlap(found: OutputMatrix) -> tuple[float, int]:
    """Mean cos² over pairs of the rows that are not zero, and how many these are.

    Only panels on and above the diagonal of the Gram matrix are computed: it is symmetric.
    """
    m = found.shape[1]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    gram = torch.zeros(m, m, device=device)
    used = 0
    for stored in found.blocks():
        X = stored.to(device).float()
        if not torch.isfinite(X).all():
            raise ValueError(f"{found.source.name}: {found.name} holds NaN or infinite entries")
        size = torch.linalg.vector_norm(X, dim=1, dtype=torch.float64)
        X = X / size.float().clamp_min(torch.finfo(torch.float32).tiny)[:, None]
        used += int((size > 0).sum())
        for a in range(0, m, PANEL):
            gram[a : a + PANEL, a:].addmm_(X[:, a : a + PANEL].T, X[:, a:])
    if used < 2:
        raise ValueError(f"{found.source.name}: an overlap needs two non-zero rows, not {used}")
    squares = sum(
        float(part.triu(a + 1).square().sum(dtype=torch.float64)) * 2
        for a, part in zip(range(0, m, PANEL), gram.split(PANEL), strict=True)
    )
    squares += float(gram.diagonal().square().sum(dtype=torch.float64))
    return max(0.0, (squares - used) / (used * (used - 1))), used


def _ties(config: dict[str, Any]) -> bool:
    """Whether input and output embedding are one: as configured, else the class's default."""
    if "tie_word_embeddings" in config:
        return bool(config["tie_word_embeddings"])
    from transformers import CONFIG_MAPPING  # here, because it takes seconds

    kind = str(config.get("model_type"))
    return kind in CONFIG_MAPPING and bool(CONFIG_MAPPING[kind]().tie_word_embeddings)


def _json(source: Source, name: str) -> Any:
    size = source.size(name)
    return None if size is None else json.loads(source.read(name, 0, size))
