"""What the book's pages need beyond the theme: nothing from elsewhere, and ways to be found."""

from __future__ import annotations

import html
import math
import re
import textwrap
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from docutils import nodes
from matplotlib.figure import Figure
from sphinx.application import Sphinx

# Scripts and styles that the build adds to every page and that no page of this book uses: each
# is a request, and thebe's fails in the console.
UNUSED = ("thebe", "design-tabs", "sphinx-design")


def configure(app: Sphinx, config: Any) -> None:
    owner, name = urlparse(config.html_theme_options["repository_url"]).path.strip("/").split("/")
    host = f"{owner.lower()}.github.io"  # of the repository of this very name, the site is the host
    folder = "" if name.lower() == host else f"{name}/"
    config.html_baseurl = config.html_baseurl or f"https://{host}/{folder}"


def drop_unused(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Leave out what the page does not use, the kernel's copy of its widgets too."""
    for kind in ("script_files", "css_files"):
        kept = [
            asset
            for asset in context[kind]
            if not any(
                name in str(asset.filename) + str(asset.attributes.get("body", ""))[:60].lower()
                for name in UNUSED
            )
            and asset.attributes.get("type") != "application/vnd.jupyter.widget-state+json"
        ]
        context[kind][:] = kept


def describe(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Description, canonical address and link preview, from the page's own first paragraph."""
    if doctree is None:
        return
    paragraphs = (node.astext() for node in doctree.findall(nodes.paragraph))
    text = " ".join(next(paragraphs, "").split())
    text = text if len(text) <= 200 else text[:199].rsplit(" ", 1)[0] + "…"
    title = re.sub("<[^>]+>", "", context.get("title", ""))
    url = app.config.html_baseurl + app.builder.get_target_uri(page)
    tags = {
        "og:type": "article",
        "og:title": html.unescape(title),
        "og:description": text,
        "og:url": url,
        "og:site_name": app.config.html_title or app.config.project,
        "og:image": app.config.html_baseurl + "_static/preview.png",
        "twitter:card": "summary",
    }
    meta = [f'<meta name="description" content="{html.escape(text)}">'] + [
        f'<meta property="{key}" content="{html.escape(value)}">' for key, value in tags.items()
    ]
    context["metatags"] = context.get("metatags", "") + "\n".join(meta) + "\n"


def stay_in_this_copy(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Links to the published book, which Colab needs, lead to the same page of the copy read."""
    base = app.config.html_baseurl
    for link in doctree.findall(nodes.reference):
        target = link.get("refuri", "").removeprefix(base).removesuffix(".html")
        if link.get("refuri", "").startswith(base) and target in app.env.found_docs:
            link["refuri"] = app.builder.get_relative_uri(page, target)
            link["internal"] = True


def write_sitemap(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    pages = sorted(app.env.found_docs)
    rows = "".join(
        f"<url><loc>{app.config.html_baseurl}{app.builder.get_target_uri(page)}</loc></url>\n"
        for page in pages
    )
    Path(app.outdir, "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'
    )


def draw_preview(app: Sphinx, error: Exception | None) -> None:
    """The picture of link previews: the book's mark and title, 1200 × 630 pixels."""
    if error or app.builder.name != "html":
        return
    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="#17324d")
    mark = figure.add_axes((0.04, 0.15, 0.36, 0.7), aspect="equal")
    mark.axis("off")
    for k in range(5):
        x, y = math.sin(math.tau * k / 5), math.cos(math.tau * k / 5)
        mark.plot([0, x], [0, y], color="#8fd0f5", linewidth=9, solid_capstyle="round")
        mark.plot(x, y, "o", color="#ffb347", markersize=24)
    title = textwrap.fill(app.config.html_title or app.config.project, 22)
    figure.text(0.43, 0.5, title, color="white", size=42, va="center", linespacing=1.3)
    figure.savefig(Path(app.outdir, "_static", "preview.png"))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", configure, priority=900)
    app.connect("doctree-resolved", stay_in_this_copy)
    app.connect("html-page-context", drop_unused, priority=999)
    app.connect("html-page-context", describe)
    app.connect("build-finished", write_sitemap)
    app.connect("build-finished", draw_preview)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
