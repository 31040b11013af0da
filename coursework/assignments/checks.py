# Helpers of the checks below. They take what a question may be answered with: Python numbers,
# lists, NumPy arrays or torch tensors, in any precision.
import numbers

import numpy as np


def num(x):
    """x as a float64 array; a TypeError says what it is if it holds no real numbers."""
    if hasattr(x, "detach"):
        x = x.detach().cpu()
        x = (x.float() if "float16" in str(x.dtype) else x).numpy()
    if x is None or x is Ellipsis or isinstance(x, str | bytes | bool | dict | set):
        raise TypeError(f"expected numbers, not {type(x).__name__}")
    x = float(x) if isinstance(x, numbers.Real) else x  # however large; fractions too
    x = np.asarray([num(v) for v in x] if isinstance(x, list | tuple) else x)
    if x.dtype.kind not in "fiu":
        raise TypeError(f"expected real numbers, not {x.dtype}")
    return x.astype(np.float64)


def one(x):
    """x as one float; an array with a single entry will do."""
    x = num(x)
    assert x.size == 1, f"expected one number, not an array of shape {x.shape}"
    return float(x.reshape(()))


def call(f, *args):
    """f(*args) with arrays given as NumPy arrays, or, if f does not take those, as tensors."""
    assert callable(f), f"expected a function, not {type(f).__name__}"
    try:  # with copies: a function that works in its input must not change what it is held against
        return f(*(a.copy() if isinstance(a, np.ndarray) else a for a in args))
    except Exception as first:
        import torch

        for dtype in (torch.float64, torch.float32):
            tensors = [
                torch.tensor(a, dtype=dtype) if isinstance(a, np.ndarray) else a for a in args
            ]
            try:
                return f(*tensors)
            except Exception:
                continue
        raise first


def stream(f, blocks):
    """f of a reader of the blocks; as `call`, arrays or tensors."""
    assert callable(f), f"expected a function, not {type(f).__name__}"
    try:
        return f(reader([B.copy() for B in blocks]))
    except Exception:
        import torch

        return f(reader([torch.tensor(B) for B in blocks]))


def reader(blocks):
    """An iterator that can be used once and, as one over a file, has one place in memory: each
    block is written over the one before it."""
    place = max(blocks, key=len) * 0
    for next_one in blocks:
        place[: len(next_one)] = next_one
        yield place[: len(next_one)]


def near(got, wanted, rtol=2e-4, atol=1e-6):
    """Same shape and close: wide enough for single precision, too narrow for another formula."""
    got, wanted = num(got), np.asarray(wanted, dtype=np.float64)
    assert got.shape == wanted.shape, f"shape {got.shape}, expected {wanted.shape}"
    return bool(np.allclose(got, wanted, rtol=rtol, atol=atol))
