"""Reading a few bytes out of large checkpoint files, on the Hugging Face hub or in a folder.

The hub's own client answers what a file is (its size, its commit, or why it may not be read); the
bytes come by HTTP Range requests made here, because HfFileSystem does not check that a server
honoured the range, and hf_hub_download wants whole files.
"""

from __future__ import annotations

import http.client
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from huggingface_hub import constants, errors, get_hf_file_metadata, hf_hub_url
from huggingface_hub.utils import build_hf_headers

CHUNK = 1 << 20  # bytes read at once
PATIENCE = 4.0  # seconds without an answer, or without a byte more, before giving up
SLOWEST = 20_000  # bytes per second under which a server is treated as one that hangs


class HubError(OSError):
    """The hub answered, but not with what was asked for: the message says what to do."""


class HubUnreachable(HubError):
    """No usable answer in time: no network, a server that hangs, drips, or is overloaded."""


class _Again(Exception):
    """This request failed, the next may not. `wait` is what the server asked for, in seconds."""

    def __init__(self, why: str, wait: float = 0.0):
        super().__init__(why)
        self.wait = wait


_ADVICE = {
    errors.GatedRepoError: "gated: accept its terms on the hub and log in with a token",
    errors.RepositoryNotFoundError: "the hub has no such model, or it is private",
    errors.RevisionNotFoundError: "the hub has no such revision",
}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are followed by hand, so that the token stays with the hub."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def within(seconds: float, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What call(...) returns or raises; HubUnreachable once `seconds` have passed.

    In a thread, because no timeout of the socket bounds a name look-up, or headers that drip.
    """
    answer: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answer.put((True, call(*args, **kwargs)))
        except BaseException as error:
            answer.put((False, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        good, value = answer.get(timeout=max(seconds, 0.1))
    except queue.Empty:
        raise HubUnreachable(f"no answer within {seconds:.0f} seconds") from None
    if not good:
        raise value
    return value


class Source:
    """A model's files: `size`, `stream` and `read`, whether they lie on the hub or in a folder."""

    name: str
    revision: str | None  # None in a folder

    def size(self, name: str) -> int | None:
        """Bytes in the file, or None where there is no such file."""
        raise NotImplementedError

    def stream(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from start up to stop, in pieces. Raises HubError where the file ends early."""
        raise NotImplementedError

    def read(self, name: str, start: int, stop: int) -> bytes:
        """The bytes from start up to stop, in one piece."""
        return b"".join(self.stream(name, start, stop))


class Folder(Source):
    """The files of a local checkpoint folder."""

    def __init__(self, path: Path):
        self.path, self.name = Path(path), str(path)
        self.revision = None

    def size(self, name: str) -> int | None:
        file = self.path / name
        return file.stat().st_size if file.is_file() else None

    def stream(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        with open(self.path / name, "rb") as file:
            file.seek(start)
            while start < stop:
                piece = file.read(min(CHUNK, stop - start))
                if not piece:
                    raise HubError(f"{self.name}/{name} ends at byte {start}, before {stop}")
                start += len(piece)
                yield piece


class Hub(Source):
    """The files of one model on the hub, at one commit.

    A token is found where the hub's client looks for it: HF_TOKEN, or what `hf auth login` kept.
    Raises HubUnreachable or HubError, within about five seconds, where they cannot be read.
    """

    def __init__(self, model_id: str, revision: str | None, endpoint: str | None):
        self.name = model_id
        self.endpoint = (endpoint or constants.ENDPOINT).rstrip("/")
        self.revision = revision or "main"
        found = self._metadata("config.json")
        if found is None:
            raise HubError(f"{model_id} has no config.json: is it a transformers model?")
        self.revision = found.commit_hash or self.revision

    def size(self, name: str) -> int | None:
        found = self._metadata(name)
        if found is not None and found.size is None:
            raise HubError(f"the hub does not say how large {self.name}/{name} is")
        return found and found.size

    def stream(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """As Source.stream; resumes where a connection broke, while PATIENCE lasts."""
        deadline, breaks = time.monotonic() + PATIENCE, 0
        while start < stop:
            arrived = 0
            try:
                left = deadline - time.monotonic()
                with within(left, self._open, name, start, stop, min(left, 3)) as response:
                    for piece in self._pieces(response, name, stop - start):
                        start, arrived = start + len(piece), arrived + len(piece)
                        yield piece
                if start < stop:
                    raise _Again(f"the connection closed {stop - start} bytes early")
            except (_Again, http.client.HTTPException, ConnectionError, TimeoutError) as error:
                if arrived >= CHUNK:  # a good stretch: patience starts afresh
                    deadline, breaks = time.monotonic() + PATIENCE, 0
                breaks += 1
                wait = max(getattr(error, "wait", 0.0), 0.1 * 2**breaks)
                if time.monotonic() + wait > deadline - 0.2:
                    raise HubUnreachable(f"gave up reading {self.name}/{name}: {error}") from error
                time.sleep(wait)

    def _metadata(self, name: str) -> Any:
        """What the hub's client says of a file; None where the repository lacks it."""
        url = hf_hub_url(self.name, name, revision=self.revision, endpoint=self.endpoint)
        deadline, pause = time.monotonic() + PATIENCE, 0.1
        while True:
            try:
                left = deadline - time.monotonic()
                return within(left, get_hf_file_metadata, url, timeout=PATIENCE - 1)
            except errors.EntryNotFoundError as error:
                if isinstance(error, errors.LocalEntryNotFoundError):  # it means: offline
                    raise HubUnreachable(f"the hub cannot be reached: {error}") from error
                return None
            except errors.HfHubHTTPError as error:
                status = error.response.status_code
                if status != 429 and status < 500:
                    advice = _ADVICE.get(type(error), f"the hub answered {status}")
                    raise HubError(f"{self.name} ({self.revision}): {advice}") from error
                pause = max(2 * pause, _seconds(error.response.headers))
                if time.monotonic() + pause > deadline:
                    raise HubUnreachable(f"the hub answered {status}: try again later") from error
                time.sleep(pause)
            except HubUnreachable:
                raise
            except Exception as error:  # the client's own: its HTTP library has changed names twice
                raise HubUnreachable(f"the hub cannot be reached: {error}") from error

    def _open(self, name: str, start: int, stop: int, timeout: float) -> Any:
        """The response to one range request, checked to be exactly that range."""
        url = hf_hub_url(self.name, name, revision=self.revision, endpoint=self.endpoint)
        headers = build_hf_headers()
        headers |= {"Accept-Encoding": "identity", "Range": f"bytes={start}-{stop - 1}"}
        for _ in range(6):
            request = urllib.request.Request(url, headers=headers)
            try:
                response = _opener.open(request, timeout=timeout)
            except urllib.error.HTTPError as error:
                error.close()
                target = urljoin(url, error.headers.get("Location") or "")
                if error.code in (301, 302, 303, 307, 308) and target.startswith("http"):
                    if urlsplit(target)[:2] != urlsplit(url)[:2]:  # another origin: no token there
                        headers = {k: v for k, v in headers.items() if k.lower() != "authorization"}
                    url = target
                    continue
                if error.code in (408, 429) or error.code >= 500:
                    raise _Again(f"it answered {error.code}", _seconds(error.headers)) from None
                raise HubError(f"the server answered {error.code} for {self.name}/{name}") from None
            except urllib.error.URLError as error:
                raise _Again(f"no connection ({error.reason})") from None
            given = response.headers.get("Content-Range", "").split("/")[0]
            coding = response.headers.get("Content-Encoding", "identity")
            if (response.status, given, coding) == (206, f"bytes {start}-{stop - 1}", "identity"):
                return response
            response.close()
            raise HubError(
                f"the server ignores ranges: asked for bytes {start}-{stop - 1} of {self.name}/"
                f"{name}, it answered {response.status}, {given or 'no range'}, {coding}"
            )
        raise HubError(f"more than five redirects for {self.name}/{name}")

    def _pieces(self, response: Any, name: str, wanted: int) -> Iterator[bytes]:
        """The body as it arrives, at most `wanted` bytes; HubUnreachable where it only drips."""
        reading, arrived = 0.0, 0  # time spent waiting for bytes, not using them
        while wanted:
            before = time.monotonic()
            piece = response.read1(min(CHUNK, wanted))
            reading, arrived = reading + time.monotonic() - before, arrived + len(piece)
            if not piece:
                return
            if reading > PATIENCE - 1:
                if arrived < SLOWEST * reading:
                    raise HubUnreachable(
                        f"{self.name}/{name} arrives at only {arrived / reading:.0f} bytes a second"
                    )
                reading, arrived = 0.0, 0
            wanted -= len(piece)
            yield piece


def _seconds(headers: Any) -> float:
    """The wait that Retry-After asks for, in seconds; 0 where it is absent or a date."""
    asked = headers.get("Retry-After") or ""
    return float(asked) if asked.isdigit() else 0.0


def open_source(model_id: str, revision: str | None, endpoint: str | None) -> Source:
    """A local checkpoint folder where `model_id` is one, else that model on the hub."""
    path = Path(model_id).expanduser()
    if path.is_dir():
        return Folder(path)
    if path.is_absolute() or model_id.startswith((".", "~")):
        raise FileNotFoundError(f"there is no folder {model_id}")
    return Hub(model_id, revision, endpoint)
