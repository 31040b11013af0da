"""The page that says with what and on what this copy of the book was made."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

import book

pytestmark = pytest.mark.chapters


def facts(page: str) -> dict[str, str]:
    """What the tables of build.html say, row by row."""
    return dict(re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td></tr>', page))


def test_versions_and_every_chapters_time_are_on_a_page_that_all_link_to(built: Path) -> None:
    said = facts((built / "build.html").read_text(encoding="utf8"))
    assert said["torch"] == metadata.version("torch")
    assert said["numpy"] == metadata.version("numpy")
    assert int(said["processor cores"]) >= 1
    times = [float(value[:-2]) for value in said.values() if re.fullmatch(r"\d+\.\d s", value)]
    assert len(times) == len(book.chapters())
    for name in book.pages():
        foot = (built / f"{name}.html").read_text(encoding="utf8")
        assert 'href="../build.html"' in foot, f"{name} does not say how it was made"


def test_it_names_no_folder_and_no_host(built: Path) -> None:
    page = (built / "build.html").read_text(encoding="utf8")
    assert not re.search(r"/(home|root|tmp|Users|runner)/", page)
