"""The order of the tests, the built book for those that need it, what was measured at the end.

`make test` runs two processes of tests; a file's tests stay together and share what they make.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import book
import chromium as browser

MEASURED: dict[str, list[str]] = {}

# One of several processes of tests keeps to a core (`test_executors.py` asks for two all the same).
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.update(OMP_NUM_THREADS="1", LOKY_MAX_CPU_COUNT="1")


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What fails in a second fails first; of two processes none shall end alone on a long file.

    Conclusions with other seeds (`make seeds`) run only where -m names their mark.
    """
    # tests/chapters/test_NAME.py runs the page of that name, in whole or in part.
    pages = {f"test_{page.rpartition('/')[2].partition('_')[2]}" for page in book.chapters()}
    for item in items:
        if "built" in getattr(item, "fixturenames", ()):
            item.add_marker("built")
        if item.path.parent.name == "chapters" and item.path.stem in pages:
            item.add_marker("chapters")
    if "seeds" not in config.option.markexpr:
        other = [item for item in items if item.get_closest_marker("seeds")]
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in other]

    def cost(item: pytest.Item) -> int:
        browser, *long = (item.get_closest_marker(x) for x in ("browser", "chapters", "long"))
        return 2 * bool(browser) + any(long)

    items.sort(key=cost, reverse="PYTEST_XDIST_WORKER" in os.environ)


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


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What a test recorded, a heading and a line; it comes here from other processes too."""
    if report.when == "teardown":
        for heading, line in report.user_properties:
            MEASURED.setdefault(heading, []).append(str(line))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for heading, lines in MEASURED.items():
        terminalreporter.section(heading)
        for line in sorted(lines):
            terminalreporter.line(line)
