"""A page that says with what, on what and in what time this copy of the book was computed.

It stands beside the chapters as build.html, and every page's foot links to it.
"""

from __future__ import annotations

import html
import os
import platform
import time
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from sphinx.application import Sphinx

PACKAGES = ("torch", "numpy", "scipy", "matplotlib", "transformers", "ipywidgets", "anywidget")


def table(caption: str, rows: list[tuple[str, str]]) -> str:
    body = "".join(
        f'<tr><th scope="row">{html.escape(key)}</th><td>{html.escape(value)}</td></tr>'
        for key, value in rows
    )
    return f'<table class="table"><caption>{html.escape(caption)}</caption>{body}</table>'


def machine() -> list[tuple[str, str]]:
    """What of this machine can change a number or a time; nothing that names it."""
    import torch  # here: a build of other formats has no use for it

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    threads = os.environ.get("OMP_NUM_THREADS") or str(torch.get_num_threads())
    return [
        ("system", f"{platform.system()}, {platform.machine()}"),
        ("processor cores", str(os.cpu_count())),
        ("threads for torch", threads),
        ("GPU", gpu),
    ]


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Sphinx's hook for pages without a source."""
    if app.builder.name != "html":
        return
    ran = []
    for page, data in sorted(getattr(app.env, "nb_metadata", {}).items()):
        seconds = (data.get("exec_data") or {}).get("runtime")
        if seconds is not None:
            ran.append((app.env.titles[page].astext(), f"{seconds:.1f} s"))
    versions = [("Python", platform.python_version())]
    versions += [(name, metadata.version(name)) for name in PACKAGES]
    body = "<h1>How this copy was made</h1>" + f"<p>Built on {time.strftime('%Y-%m-%d')}.</p>"
    body += table("Versions", versions) + table("Machine", machine())
    body += table("Time to run each chapter, when its code last changed", ran)
    yield "build", {"title": "How this copy was made", "body": body}, "page.html"


def link(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if app.builder.name == "html":
        target = context["pathto"]("build")
        context["theme_extra_footer"] = f'<p><a href="{target}">How this copy was made</a></p>'


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-collect-pages", pages)
    app.connect("html-page-context", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
