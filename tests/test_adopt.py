"""One command gives the book to a new owner, and no trace of the old one stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import book

THEIRS = "https://github.com/made-up-owner/their-fork"


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    book.copy(tmp_path / "fork")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path / "fork", check=True)
    return tmp_path / "fork"


def adopt(fork: Path, repo: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/adopt.py", repo], cwd=fork, capture_output=True, text=True
    )


def test_everything_follows_the_new_address(fork: Path) -> None:
    assert adopt(fork, THEIRS).returncode == 0
    owner, name = book.REPOSITORY.split("/")[-2:]
    for path in fork.rglob("*"):
        if path.is_file() and ".git" not in path.relative_to(fork).parts[:1]:
            text = path.read_bytes().decode("utf8", "ignore")
            assert f"{owner}/{name}" not in text, path
            assert f"{owner}.github.io" not in text, path
    assert f"url: {THEIRS}\n" in (fork / "_config.yml").read_text(encoding="utf8")
    assert THEIRS in (fork / "CITATION.cff").read_text(encoding="utf8")
    for page in book.chapters():
        notebook = nbformat.read(fork / f"{page}.ipynb", as_version=4)
        first = next(c for c in notebook.cells if c.cell_type == "code")
        assert f'"git+{THEIRS}"' in first.source, page


def test_adopting_twice_ends_with_the_second_owner(fork: Path) -> None:
    adopt(fork, THEIRS)
    assert adopt(fork, "https://github.com/third/hand.git").returncode == 0
    assert "url: https://github.com/third/hand\n" in (fork / "_config.yml").read_text("utf8")


@pytest.mark.parametrize("repo", ["", "their/fork", "https://example.org/their/fork"])
def test_an_address_that_is_none_changes_nothing(fork: Path, repo: str) -> None:
    before = (fork / "_config.yml").read_bytes()
    failed = adopt(fork, repo)
    assert failed.returncode == 1 and "https://github.com/their/fork" in failed.stderr
    assert (fork / "_config.yml").read_bytes() == before
