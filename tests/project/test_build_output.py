"""What a build says before and after each page, and the kernel that runs the pages."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_client.kernelspec import KernelSpecManager
from nbformat import v4

import book


@pytest.fixture
def progress() -> Any:
    spec = importlib.util.spec_from_file_location("progress", book.ROOT / "site" / "progress.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_page_is_a_line_and_what_is_kept_is_said(
    progress: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("SUPERPOSITION_CACHE", str(tmp_path / "no model here"))
    for name in ("a", "b"):
        cell = v4.new_code_cell(f"{name} = 1")
        nbformat.write(v4.new_notebook(cells=[cell]), tmp_path / f"{name}.ipynb")
    (tmp_path / "c.md").write_text("# C")
    kept = CacheBundleIn(nbformat.read(tmp_path / "a.ipynb", 4), "a.ipynb")
    get_cache(tmp_path / "_build" / ".jupyter_cache").cache_notebook_bundle(
        kept, check_validity=False
    )
    env = SimpleNamespace(doc2path=lambda page: str(next(tmp_path.glob(f"{page}.*"))), docname="")
    app = SimpleNamespace(env=env, outdir=tmp_path / "_build" / "html")
    build = progress.Progress()
    build.announce(app, env, ["b", "a", "c"])
    for env.docname in ("a", "b", "c"):
        build.begin(app, env.docname, [])
        build.end(app, None)
    first, *pages = capsys.readouterr().out.splitlines()
    assert first.startswith("Pages to run: 1, about 2 minutes") and "without a run: 2." in first
    assert "83 MB" in first
    assert [re.sub(r"\d+ s", "T", page) for page in pages] == [
        "a: T, from the cache; next b",
        "b: T; next c",
        "c: T; now the pages are written",
    ]


def test_the_kernel_says_errors_only(progress: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", "")
    monkeypatch.setenv("TQDM_DISABLE", "1")
    progress.setup(SimpleNamespace(connect=lambda *_: None))
    argv = KernelSpecManager().get_kernel_spec("python3").argv
    assert "--IPKernelApp.log_level=40" in argv and argv[1:3] == ["-m", "ipykernel_launcher"]
