"""The files of a local checkpoint folder, read as the hub's are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 20  # bytes read at once


class HubError(OSError):
    """The hub answered, but not with what was asked for: the message says what to do."""


class Folder:
    """The files of a local checkpoint folder; the same three methods as `Hub`."""

    revision: str | None = None

    def __init__(self, path: Path):
        self.path, self.name, self.bytes_read = Path(path), str(path), 0

    def size(self, name: str) -> int | None:
        """Bytes in the file, or None where there is no such file."""
        file = self.path / name
        return file.stat().st_size if file.is_file() else None

    def stream(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from start up to stop, in pieces. Raises HubError where the file ends early."""
        with open(self.path / name, "rb") as file:
            file.seek(start)
            while start < stop:
                piece = file.read(min(CHUNK, stop - start))
                if not piece:
                    raise HubError(f"{self.name}/{name} ends at byte {start}, before {stop}")
                start += len(piece)
                self.bytes_read += len(piece)
                yield piece

    def read(self, name: str, start: int, stop: int) -> bytes:
        """The bytes from start up to stop, in one piece."""
        return b"".join(self.stream(name, start, stop))
