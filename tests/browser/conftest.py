"""The built book on loopback, Chromium to read it with, and nothing else within reach."""

from __future__ import annotations

import functools
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import book

# BOOK_HTML points the tests at another build, for work on the pages alone.
HTML = Path(os.environ.get("BOOK_HTML", book.HTML))
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 600_000  # milliseconds: the machine may be busy
measured: list[str] = []


def moved(path: Path) -> bool:
    """An old address, which holds nothing but the way to the new one."""
    return 'http-equiv="refresh"' in path.read_text("utf8")


def pages() -> list[str]:
    """The built chapters as paths below the book's root, without their ending."""
    pages = (path for path in HTML.glob("chapters/*.html") if not moved(path))
    found = sorted(path.relative_to(HTML).with_suffix("") for path in pages)
    return [path.as_posix() for path in found] or book.pages()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def folder(request: pytest.FixtureRequest) -> Path:
    """The folder of the built pages."""
    return HTML if "BOOK_HTML" in os.environ else request.getfixturevalue("built")


@pytest.fixture(scope="session")
def site(folder: Path) -> Iterator[str]:
    """Address of the built book, ending in a slash."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


# Not for the session: one left open would keep its event loop running in this thread, and
# the tools that start a Chromium of their own (tools/pdf.py) could not while it does.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def note(line: str) -> None:
    """Keep a measured number for the end of the run."""
    measured.append(line)


@pytest.fixture(autouse=True)
def _noted(record_property: Callable[[str, object], None]) -> Iterator[None]:
    yield
    for line in measured:
        record_property("measured in the browser", line)
    measured.clear()
