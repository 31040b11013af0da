"""Cheap tests first, the built book for those that need it, and the chapters' times at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

import book
import chromium as browser

SECONDS = pytest.StashKey[dict[str, float]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SECONDS] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What fails in a second fails first; Chromium comes last."""

    def cost(item: pytest.Item) -> int:
        return 2 * bool(item.get_closest_marker("browser")) + bool(
            item.get_closest_marker("chapters")
        )

    items.sort(key=cost)


@pytest.fixture(scope="session")
def built() -> Path:
    """Folder of the built pages, none of them older than what they were built from."""
    stamp = book.ROOT / "_build" / ".sources"
    if not stamp.exists() or not (book.HTML / "index.html").exists():
        pytest.fail("these tests look at the built book: run make book first", pytrace=False)
    sources = [book.ROOT / path for path in book.tracked() if path.startswith("src/")]
    late = [path.name for path in sources if path.stat().st_mtime > stamp.stat().st_mtime]
    if late:
        pytest.fail(f"{late} changed after the book was built: run make book", pytrace=False)
    return book.HTML


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium to drive."""
    return browser.find() or pytest.fail(browser.HOW, pytrace=False)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker processes: they would not see what a test replaces in the module."""
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")


@pytest.fixture
def chapter_seconds(request: pytest.FixtureRequest) -> dict[str, float]:
    """What each chapter took to run when the book was built; printed when the tests are over."""
    return request.config.stash[SECONDS]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    seconds = terminalreporter.config.stash[SECONDS]
    if seconds:
        terminalreporter.section("seconds that each chapter took to run")
        for page, taken in sorted(seconds.items()):
            terminalreporter.line(f"{taken:7.1f}  {page}")
        terminalreporter.line(f"{sum(seconds.values()):7.1f}  all")
