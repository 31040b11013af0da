"""One command gives the book to a new owner, and no trace of the old one stays."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

import book

THEIRS = "https://github.com/Made-Up-Owner/their.fork"


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    book.copy(tmp_path / "fork")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path / "fork", check=True)
    return tmp_path / "fork"


def adopt(fork: Path, repo: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/adopt.py", repo], cwd=fork, capture_output=True, text=True
    )


def base_url(fork: Path, repository: str) -> str:
    """Where the fork's pages say they are, as its own Sphinx extension works it out."""
    spec = importlib.util.spec_from_file_location("fork_pages", fork / "site" / "pages.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    config = SimpleNamespace(html_theme_options={"repository_url": repository}, html_baseurl="")
    module.configure(None, config)
    return config.html_baseurl


def test_everything_follows_the_new_address(fork: Path) -> None:
    done = adopt(fork, THEIRS)
    assert done.returncode == 0, done.stderr
    owner, name = book.REPOSITORY.split("/")[-2:]
    for path in fork.rglob("*"):
        if path.is_file() and ".git" not in path.relative_to(fork).parts[:1]:
            text = path.read_bytes().decode("utf8", "ignore")
            assert f"{owner}/{name}" not in text, path
            assert f"{owner}.github.io" not in text, path
    for file in ("CITATION.cff", "chapters/for_instructors.md"):
        assert THEIRS in (fork / file).read_text(encoding="utf8"), file
    # The launch buttons and the pages' own address are made from this line by the build.
    assert f"url: {THEIRS}\n" in (fork / "_config.yml").read_text(encoding="utf8")
    assert base_url(fork, THEIRS) == "https://made-up-owner.github.io/their.fork/"
    assert "https://made-up-owner.github.io/their.fork/" in (fork / "README.md").read_text("utf8")
    for page in book.chapters():
        notebook = nbformat.read(fork / f"{page}.ipynb", as_version=4)
        first = next(c for c in notebook.cells if c.cell_type == "code")
        assert first.source.endswith(f" git+{THEIRS}"), page
    # The package keeps its name, and with it the cache that readers already have.
    assert 'name = "superposition-book"' in (fork / "pyproject.toml").read_text(encoding="utf8")


def test_an_owners_own_site_has_no_folder(fork: Path) -> None:
    mine = "https://github.com/Someone/someone.github.io"
    assert adopt(fork, mine).returncode == 0
    assert base_url(fork, mine) == "https://someone.github.io/"
    assert "https://someone.github.io/_static" in (fork / "README.md").read_text(encoding="utf8")


def test_adopting_twice_ends_with_the_second_owner(fork: Path) -> None:
    """Also where the first one's name is made of words that the text uses."""
    adopt(fork, "https://github.com/and/or")
    words = fork / "words.md"
    words.write_text("and/or, sand/ore; [a](https://github.com/and/or), https://github.com/and/orb")
    assert adopt(fork, "https://github.com/third/hand.git").returncode == 0
    assert "url: https://github.com/third/hand\n" in (fork / "_config.yml").read_text("utf8")
    assert words.read_text() == (
        "and/or, sand/ore; [a](https://github.com/third/hand), https://github.com/and/orb"
    )


@pytest.mark.parametrize("repo", ["", "their/fork", "https://example.org/their/fork"])
def test_an_address_that_is_none_changes_nothing(fork: Path, repo: str) -> None:
    before = (fork / "_config.yml").read_bytes()
    failed = adopt(fork, repo)
    assert failed.returncode == 1 and "https://github.com/their/fork" in failed.stderr
    assert (fork / "_config.yml").read_bytes() == before
