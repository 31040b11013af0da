"""A hub on the loopback: enough of huggingface.co for the real huggingface_hub client.

It serves folders as repositories, with the hub's headers and error codes, redirects large
files to a second origin as the hub does to its storage, and misbehaves on demand.
"""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34


class LoopbackHub:
    """Serves `repositories`, {id: folder}; `fault`, if set, is how GETs of large files go wrong.

    `served` counts the bytes of bodies; `seen` lists (origin, path, authorization) per request.
    """

    def __init__(self, repositories: dict[str, Path]):
        self.repositories, self.gated = repositories, set[str]()
        self.fault, self.everywhere, self.failures = "", False, 10**9
        self.large = 10_000  # bytes from which a file is stored elsewhere
        self.served, self.seen = 0, list[tuple[str, str, str | None]]()
        self.over = threading.Event()
        self.hub, self.storage = self._serve("hub"), self._serve("storage")
        self.url = f"http://127.0.0.1:{self.hub.server_port}"

    def _serve(self, origin: str) -> ThreadingHTTPServer:
        handler = type("Handler", (_Handler,), {"home": self, "origin": origin})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def close(self) -> None:
        self.over.set()
        for server in (self.hub, self.storage):
            server.shutdown()
            server.server_close()


@contextmanager
def loopback_hub(repositories: dict[str, Path]):
    hub = LoopbackHub(repositories)
    try:
        yield hub
    finally:
        hub.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    home: LoopbackHub
    origin: str

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_) -> None:
        pass

    def _answer(self, body: bool) -> None:
        home, path = self.home, unquote(urlsplit(self.path).path)
        home.seen.append((self.origin, path, self.headers.get("Authorization")))
        match = re.fullmatch(r"/(.+)/resolve/([^/]+)/(.+)", path)
        repository, revision, name = match.groups() if match else ("", "", "")
        folder = home.repositories.get(repository)
        if folder is None:  # the hub's answer to a stranger, so as not to name private ones
            return self._refuse(401, "RepoNotFound")
        if repository in home.gated and self.headers.get("Authorization") is None:
            return self._refuse(403, "GatedRepo")
        if revision not in ("main", COMMIT):
            return self._refuse(404, "RevisionNotFound")
        file = folder / name
        if not file.is_file():
            return self._refuse(404, "EntryNotFound")
        size = file.stat().st_size
        large = size > home.large
        if (home.everywhere or (body and large)) and home.failures > 0:
            home.failures -= 1
            if self._misbehave(home.fault, file, size, body):
                return None
        common = {"X-Repo-Commit": COMMIT, "ETag": f'"{name}-{size}"', "Accept-Ranges": "bytes"}
        if large and self.origin == "hub":
            common |= {"X-Linked-Size": str(size), "X-Linked-Etag": f'"{size}"'}
            common["Location"] = f"http://127.0.0.1:{home.storage.server_port}{self.path}"
            return self._send(302, common, b"", body)
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not body or asked is None:
            return self._send(200, common, file.read_bytes() if body else b"", body, size)
        start, stop = int(asked[1]), min(int(asked[2]) + 1, size)
        common["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        self._send(206, common, b"", body, stop - start)
        with file.open("rb") as content:  # in pieces: benchmarks serve files larger than memory
            content.seek(start)
            while body and start < stop:
                start += len(piece := content.read(min(1 << 20, stop - start)))
                if not self._write(piece):
                    break
        return None

    def _misbehave(self, fault: str, file: Path, size: int, body: bool) -> bool:
        """Answer wrongly; False where the fault does not apply."""
        if fault in ("429", "503"):
            self._send(int(fault), {"Retry-After": "30" if fault == "429" else "0"}, b"no", body)
        elif fault == "ignores range":
            self._send(200, {}, file.read_bytes(), body)
        elif fault == "another range":
            head = {"Content-Range": f"bytes 0-{size - 1}/{size}"}
            self._send(206, head, file.read_bytes(), body)
        elif fault == "cut":
            start, stop = map(int, re.findall(r"\d+", self.headers["Range"]))
            half = file.read_bytes()[start : (start + stop + 1) // 2]
            self._send(206, self._range(size), half, body, size=stop + 1 - start)
            self.close_connection = True
        elif fault == "silence":
            self.home.over.wait(20)
        elif fault == "silent body":
            self._send(206, self._range(size), b"", body, size=size)
            self.home.over.wait(20)
        elif fault == "drip":
            self._send(206, self._range(size), b"", body, size=size)
            while not self.home.over.wait(0.05):
                try:
                    self.wfile.write(b"x")
                except OSError:
                    break
        elif fault == "dripping headers":
            while not self.home.over.wait(0.05):
                try:
                    self.wfile.write(b"H")
                except OSError:
                    break
        else:
            return False
        return True

    def _range(self, size: int) -> dict[str, str]:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        return {"Content-Range": f"bytes {asked[1]}-{asked[2]}/{size}"} if asked else {}

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, {"X-Error-Code": code, "X-Error-Message": code}, b"", body=True)

    def _send(self, status, headers, content, body, size=None) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content) if size is None else size))
        self.end_headers()
        if body:
            self._write(content)

    def _write(self, content: bytes) -> bool:
        """Whether the reader took it; one that has seen enough closes the connection."""
        self.home.served += len(content)  # before the write: the reader may look at once
        try:
            self.wfile.write(content)
            self.wfile.flush()
        except OSError:
            self.close_connection = True
            return False
        return True
