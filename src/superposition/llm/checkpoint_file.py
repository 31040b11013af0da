"""Where a tensor lies in a checkpoint file, found without reading the rest of the file.

Two formats: safetensors, a JSON header and then raw tensors, and PyTorch's `.bin`, a zip
archive of one pickle and one uncompressed entry per storage. The pickle may hold tensors and
nothing else: anything it asks to import or to call beyond that is refused before it runs.
"""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import torch

from superposition.llm.hub import Source

TAIL = 1 << 16  # a zip archive's directory is at its end, and mostly within this many bytes
LARGEST_HEADER = 1 << 26
DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}
STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


@dataclass(frozen=True)
class Place:
    """A row-major tensor in a file: its shape, its type, and its first byte."""

    file: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    start: int


def locate(source: Source, file: str, size: int, names: Sequence[str]) -> tuple[str, Place] | None:
    """The first of `names` that the checkpoint file holds, and where; None if it holds none.

    Raises ValueError where the file is of neither format, damaged, or more than tensors.
    """
    read = _safetensors if file.endswith(".safetensors") else _archive
    return read(source, file, size, names)


def _safetensors(source: Source, file: str, size: int, names: Sequence[str]) -> Any:
    head = source.read(file, 0, min(size, TAIL))
    length = int.from_bytes(head[:8], "little")
    if not 2 <= length <= min(LARGEST_HEADER, size - 8):
        raise ValueError(f"{file} is not a safetensors file, or it is cut short")
    if len(head) < 8 + length:
        head += source.read(file, len(head), 8 + length)
    header = json.loads(head[8 : 8 + length])
    for name in names:
        if name not in header:
            continue
        shape, kind = tuple(header[name]["shape"]), header[name]["dtype"]
        start, stop = (8 + length + offset for offset in header[name]["data_offsets"])
        if kind not in DTYPES:
            raise ValueError(f"{file}: {name} is of type {kind}; use an unquantised checkpoint")
        if stop - start != prod(shape) * DTYPES[kind].itemsize or stop > size:
            raise ValueError(f"{file}: the header's place for {name} does not fit its shape")
        return name, Place(file, shape, DTYPES[kind], start)
    return None


class _Storage(NamedTuple):
    key: str
    dtype: torch.dtype


class _Tensor(NamedTuple):
    """What the pickle says of one tensor; offset and stride in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def _rebuild(storage: _Storage, offset: int, shape: Any, stride: Any, *_: Any) -> _Tensor:
    return _Tensor(_Storage(*storage), int(offset), tuple(shape), tuple(stride))


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
    ("torch._utils", "_rebuild_parameter"): lambda tensor, *_: tensor,
    **{("torch", name): dtype for name, dtype in STORAGES.items()},
}


class _TensorsOnly(pickle.Unpickler):
    """Reads a state dict as descriptions of tensors; refuses whatever else a pickle can name."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise ValueError(
                f"refused: the checkpoint's pickle asks for {module}.{name}, which is no tensor. "
                "Nothing of it was run. Use a revision with safetensors"
            ) from None

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, *_ = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise ValueError(f"refused: the checkpoint's pickle refers to {pid!r}")
        return _Storage(str(key), dtype)


def _archive(source: Source, file: str, size: int, names: Sequence[str]) -> Any:
    try:
        with zipfile.ZipFile(_Window(source, file, size)) as archive:
            entries = {info.filename: info for info in archive.infolist()}
    except zipfile.BadZipFile:
        if source.read(file, 0, min(4, size)) == b"PK\3\4":
            raise ValueError(f"{file} is a damaged zip archive") from None
        raise ValueError(
            f"{file} is in PyTorch's format from before 1.6, a pickle that cannot be read in part: "
            "load it with torch.load(..., weights_only=True) and save it again, or use a revision "
            "with safetensors"
        ) from None

    def entry(name: str) -> tuple[int, int]:
        """First byte and length of one entry's content."""
        info = entries.get(name)
        if info is None or info.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{file}: no uncompressed entry {name}")
        at = info.header_offset
        head = source.read(file, at, at + 30)  # ends in the lengths of two fields that follow it
        at += 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:], "little")
        if head[:4] != b"PK\3\4" or at + info.file_size > size:
            raise ValueError(f"{file}: the archive's directory does not match its entries")
        return at, info.file_size

    pickled = next((name for name in entries if name.endswith("/data.pkl")), "")
    start, length = entry(pickled)
    if length > LARGEST_HEADER:
        raise ValueError(f"{file}: a pickle of {length:,} bytes holds more than names")
    try:
        state = _TensorsOnly(io.BytesIO(source.read(file, start, start + length))).load()
    except (pickle.UnpicklingError, TypeError, AttributeError, IndexError, EOFError) as error:
        raise ValueError(f"{file}: not a plain dictionary of tensors: {error}") from None
    for name in names:
        if not isinstance(state, dict) or not isinstance(state.get(name), _Tensor):
            continue
        found: _Tensor = state[name]
        if found.stride != torch.empty(found.shape, device="meta").stride():
            raise ValueError(f"{file}: the rows of {name} are not stored one after another")
        key, dtype = found.storage
        start, length = entry(pickled.removesuffix("data.pkl") + f"data/{key}")
        if (found.offset + prod(found.shape)) * dtype.itemsize > length:
            raise ValueError(f"{file}: {name} is larger than its storage")
        return name, Place(file, found.shape, dtype, start + found.offset * dtype.itemsize)
    return None


class _Window(io.RawIOBase):
    """A file to seek in, for zipfile: its tail is read once, the rest as it is asked for."""

    def __init__(self, source: Source, file: str, size: int):
        self.source, self.file, self.size, self.at = source, file, size, 0
        self.first = max(0, size - TAIL)
        self.tail = source.read(file, self.first, size)

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.size)[whence]
        if self.at < 0:
            raise OSError("before the start of the file")
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, count: int = -1) -> bytes:
        stop = self.size if count < 0 else min(self.size, self.at + count)
        start, self.at = self.at, max(self.at, stop)
        if start >= self.first:
            return self.tail[start - self.first : stop - self.first]
        return self.source.read(self.file, start, stop)
