"""How the judge and a submission's process talk: frames of plain data, nothing that runs.

A frame is 8 bytes of length (big-endian) and that many bytes of JSON. Arrays travel as their
dtype, shape and raw bytes. There is no pickle on the wire, so a submission can send wrong
values but never code.
"""

from __future__ import annotations

import base64
import json
import math
import numbers
import os
import select
import sys
import time
import types
from typing import Any

import numpy as np

MAX_FRAME = 32 * 2**20  # bytes; a longer answer is refused: as JSON it can fill 25 times as much
MAX_DEPTH = 40


class WireError(Exception):
    """The other side closed, sent something that is no frame, or sent too much."""


def encode(x: Any, depth: int = 0) -> Any:
    """Turn a Python value into JSON-able plain data; what cannot travel becomes 'opaque'."""
    if depth > MAX_DEPTH:
        return {"t": "opaque", "v": "deeply nested"}
    if x is None or x is True or x is False:
        return x
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        x = x.detach().cpu()
        if x.dtype in (torch.bfloat16, torch.float16):
            x = x.to(torch.float32)
        x = x.to_dense() if x.layout is not torch.strided else x
        return {**_array(x.resolve_conj().resolve_neg().numpy()), "t": "tensor"}
    if isinstance(x, np.ndarray | np.generic):
        if np.asarray(x).dtype.kind not in "biufcSU":
            return {"t": "opaque", "v": f"array of {np.asarray(x).dtype}"}
        return {**_array(np.asarray(x)), "t": "scalar" if isinstance(x, np.generic) else "array"}
    if isinstance(x, bool | str):
        return x
    if isinstance(x, int):
        return int(x) if abs(x) < 2**63 else {"t": "big", "v": hex(x)}
    if isinstance(x, float):
        return float(x) if math.isfinite(x) else {"t": "float", "v": repr(float(x))}
    if isinstance(x, numbers.Real):  # fractions, mpmath's and sympy's numbers
        return encode(float(x), depth + 1)
    if isinstance(x, complex):
        return {"t": "complex", "v": [repr(x.real), repr(x.imag)]}
    if isinstance(x, types.GeneratorType):  # used up here, and usable once on the other side
        return {"t": "once", "v": [encode(v, depth + 1) for v in x]}
    if isinstance(x, list | tuple | set | frozenset):
        kind = next(k for k in ("list", "tuple", "set", "frozenset") if _is(x, k))
        return {"t": kind, "v": [encode(v, depth + 1) for v in x]}
    if isinstance(x, dict):
        pairs = [[encode(k, depth + 1), encode(v, depth + 1)] for k, v in x.items()]
        return {"t": "dict", "v": pairs}
    if type(x).__module__.startswith("pandas") and hasattr(x, "to_numpy"):
        return encode(x.to_numpy(), depth + 1)
    return {"t": "opaque", "v": type(x).__name__}


class Opaque:
    """Stands for a value that cannot travel (an open file, a class of the student's own)."""

    def __init__(self, name: str) -> None:
        self.name = str(name)[:80]

    def __repr__(self) -> str:
        return f"<a value of type {self.name}>"


def decode(x: Any) -> Any:
    """The inverse of `encode`; raises WireError on anything malformed."""
    if not isinstance(x, dict):
        if isinstance(x, list):
            raise WireError("a bare list on the wire")
        return x
    kind, v = x.get("t"), x.get("v")
    try:
        if kind in ("array", "tensor", "scalar"):
            return _from_array(x, kind)
        if kind == "big":
            return int(v, 16)
        if kind == "float":
            return float(v)
        if kind == "complex":
            return complex(float(v[0]), float(v[1]))
        if kind in ("list", "tuple", "set", "frozenset", "once"):
            items = [decode(item) for item in v]
            return reader(items) if kind == "once" else _KINDS[kind](items)
        if kind == "dict":
            return {decode(key): decode(value) for key, value in v}
        if kind == "opaque":
            return Opaque(v)
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise WireError(f"malformed {kind}") from error
    raise WireError("unknown kind of value")


def reader(blocks: list[Any]) -> Any:
    """As in checks.py: every block in the same place in memory, written over the one before."""
    place = max(blocks, key=len) * 0
    for block in blocks:
        place[: len(block)] = block
        yield place[: len(block)]


def send(fd: int, message: Any, deadline: float | None = None) -> None:
    """One frame to `fd`; TimeoutError past `deadline`, where the other side does not read."""
    data = json.dumps(message).encode()
    left = memoryview(len(data).to_bytes(8, "big") + data)
    while left:
        part = left
        if deadline is not None:
            part = left[: select.PIPE_BUF]  # what fits when there is room at all
            wait = deadline - time.monotonic()
            if wait <= 0 or not select.select([], [fd], [], wait)[1]:
                raise TimeoutError
        left = left[os.write(fd, part) :]


def receive(fd: int, deadline: float | None = None) -> Any:
    """One frame from `fd`; TimeoutError past `deadline` (on time.monotonic), WireError if junk."""
    size = int.from_bytes(_read(fd, 8, deadline), "big")
    if size > MAX_FRAME:
        raise WireError("an answer too large to read")
    try:
        return json.loads(_read(fd, size, deadline))
    except (ValueError, RecursionError) as error:
        raise WireError("an answer that is no JSON") from error


_KINDS: dict[str, type] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


def _is(x: Any, kind: str) -> bool:
    return isinstance(x, _KINDS[kind])


def _array(a: np.ndarray) -> dict[str, Any]:
    a = np.ascontiguousarray(a) if a.ndim else a
    return {
        "dtype": a.dtype.str,
        "shape": list(a.shape),
        "v": base64.b64encode(a.tobytes()).decode(),
    }


def _from_array(x: dict[str, Any], kind: str) -> Any:
    dtype = np.dtype(x["dtype"])
    if dtype.kind not in "biufcSU":
        raise WireError(f"an array of {dtype}")
    data = np.frombuffer(base64.b64decode(x["v"]), dtype).reshape(x["shape"]).copy()
    if kind == "scalar":
        return data[()]
    if kind == "tensor":
        import torch

        return torch.from_numpy(data)
    return data


def _read(fd: int, size: int, deadline: float | None) -> bytes:
    parts, left = [], size
    while left:
        if deadline is not None:
            wait = deadline - time.monotonic()
            if wait <= 0 or not select.select([fd], [], [], wait)[0]:
                raise TimeoutError
        part = os.read(fd, min(left, 2**20))
        if not part:
            raise WireError("the process ended")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
