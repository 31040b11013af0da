"""How much the Gram matrix and the streaming save, measured side by side in one run.

    python benchmarks/heads.py            # a head of GPT-2's size: n = 50,257, m = 768
    python benchmarks/heads.py --large    # also 152,064 × 8,192 in bf16, from a loopback hub

The first compares with the published method, all pairs in blocks. The second streams a
synthetic head of Qwen2.5-72B's size and reports its memory, and its time against the bound
that the arithmetic sets: n m² multiply-adds at the speed of one large matrix product.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from superposition.llm import unembedding


def write_head(folder: Path, n: int, m: int, dtype: torch.dtype) -> torch.Tensor:
    """A safetensors checkpoint of one head; returns the rows that it repeats, shape (k, m)."""
    kinds = {torch.float32: "F32", torch.bfloat16: "BF16"}
    size = n * m * dtype.itemsize
    entry = {"dtype": kinds[dtype], "shape": [n, m], "data_offsets": [0, size]}
    header = json.dumps({"lm_head.weight": entry}).encode()
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(min(n, 2048), m, generator=generator).add(0.1).to(dtype)
    content = rows.view(torch.uint8).numpy().tobytes()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        while size > 0:
            size -= file.write(content[:size])
    (folder / "config.json").write_text('{"model_type": "qwen2"}')
    return rows


def all_pairs(W: torch.Tensor) -> float:
    """The published method: every pair's cosine, block by block."""
    U = W / W.norm(dim=1, keepdim=True)
    n, total = len(U), 0.0
    for rows in U.split(1024):
        total += float((rows @ U.T).square().sum(dtype=torch.float64))
    return (total - n) / (n * (n - 1))


def against_all_pairs(folder: Path, n: int, m: int) -> None:
    write_head(folder, n, m, torch.float32)
    W = torch.randn(n, m, generator=torch.Generator().manual_seed(1)) + 0.1
    found = unembedding.output_matrix(folder)
    with open(folder / "model.safetensors", "r+b") as file:  # rows that all differ
        file.seek(found.place.start)
        file.write(W.numpy().tobytes())
    unembedding.overlap_statistics(folder)  # warm
    times = []
    for _ in range(3):
        began = time.perf_counter()
        ours = unembedding.overlap_statistics(folder).mean_squared_overlap
        times.append(time.perf_counter() - began)
    began = time.perf_counter()
    theirs = all_pairs(W)
    slow = time.perf_counter() - began
    fast = sorted(times)[1]
    print(f"n = {n:,}, m = {m}: all pairs {slow:.1f} s, Gram matrix {fast:.2f} s (file and all)")
    print(f"  {slow / fast:.0f} times faster; relative difference {abs(ours / theirs - 1):.1e}")


def serve(folder: str, pipe) -> None:
    from hub import loopback_hub

    with loopback_hub({"org/large": Path(folder)}) as hub:
        pipe.send(hub.url)
        pipe.recv()
        pipe.send(hub.served)


def large(folder: Path, n: int, m: int) -> None:
    rows = write_head(folder, n, m, torch.bfloat16)
    here, there = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(str(folder), there))
    server.start()
    url = here.recv()
    began = time.perf_counter()
    found = unembedding.overlap_statistics("org/large", endpoint=url)
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    here.send("stop")
    served = here.recv()
    server.join()
    X = torch.randn(2048, m)
    began = time.perf_counter()
    X.T @ X
    bound = (time.perf_counter() - began) * n / 2048 / 2  # half: the Gram matrix is symmetric
    copies = torch.full((len(rows),), n // len(rows), dtype=torch.float64)
    copies[: n % len(rows)] += 1
    U = torch.nn.functional.normalize(rows.double(), dim=1)
    squares = float(copies @ (U @ U.T).square() @ copies)
    expected = (squares - n) / (n * (n - 1))  # known, because the rows repeat
    print(f"n = {n:,}, m = {m:,}, bf16, {n * m * 2 / 1e9:.2f} GB from a loopback hub:")
    print(f"  {took:.0f} s; the arithmetic alone needs at least {bound:.0f} s here")
    print(f"  peak memory {peak:.2f} GiB; {served / (n * m * 2):.4f} bytes served per byte of head")
    error = abs(found.mean_squared_overlap / expected - 1)
    print(f"  mean squared overlap {found.mean_squared_overlap:.6f}, relative error {error:.1e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.large:  # first, so that the peak memory is its own
            large(Path(scratch) / "large", 152_064, 8_192)
        against_all_pairs(Path(scratch) / "gpt2", 50_257, 768)
