"""The built book on paper: every page printed by Chromium, in order, behind a table of contents.

    python tools/pdf.py build/book.pdf

A playground trains until it is done and is printed as it then stands; other widgets print as they
open. What is folded prints open. The figures' colours, chosen to be read on white and on black, are
about equally light; on paper they are replaced by ones that differ in grey.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from pypdf import PdfReader, PdfWriter

import book
import chromium
from superposition import plots

ROOT = Path(__file__).resolve().parent.parent

#: The palette of superposition.plots on paper: the pairs that share a figure differ in lightness.
INK = {
    plots.BLUE: "#08305c",
    plots.GREEN: "#0a6b52",
    plots.PURPLE: "#8c3a6b",
    plots.RED: "#a63a0a",
}
NUMBER = """@page {{ @bottom-center {{ content: counter(page); font: 8pt serif; }} }}
html {{ counter-reset: page {before}; }}"""
PAPER = {
    "format": "A4",
    "margin": dict.fromkeys(("top", "bottom", "left", "right"), "18mm"),
    "tagged": True,  # headings and alternative texts stay readable to a screen reader
}


def contents(entries: Sequence[tuple[str, int]]) -> str:
    """A first sheet with the titles and the sheets they start on."""
    rows = "".join(
        f"<tr><td>{html.escape(title)}</td><td style='text-align:right'>{sheet}</td></tr>"
        for title, sheet in entries
    )
    return (
        f"<!doctype html><html lang=en><title>{html.escape(book.CONFIG['title'])}</title>"
        f"<body style='font-family:serif'><h1>{html.escape(book.CONFIG['title'])}</h1>"
        f"<p>{html.escape(book.CONFIG['author'])} · {book.REPOSITORY}</p>"
        f"<table style='width:100%'>{rows}</table>"
    )


def settle(page: Page) -> None:
    """Wait for what moves."""
    for playground in page.locator("[data-widget=playground]").all():
        playground.scroll_into_view_if_needed()  # it starts when it is seen
        playground.get_by_role("button", name="Train again").wait_for(timeout=180_000)


def for_paper(page: Page) -> None:
    """Open what is folded, and draw the figures in colours that differ in grey."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.evaluate(
        """(ink) => document.querySelectorAll("figure svg").forEach((drawing) => {
            let text = drawing.outerHTML;
            for (const [from, to] of Object.entries(ink)) text = text.replaceAll(from, to);
            drawing.outerHTML = text;
        })""",
        INK,
    )


def write(target: Path, folder: Path = book.HTML, names: Sequence[str] | None = None) -> int:
    """Print the pages `names` (default: those of _toc.yml) of `folder`; the number of sheets."""
    path = chromium.find()
    if not path:
        sys.exit(chromium.HOW)
    parts: list[tuple[str, PdfReader]] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(color_scheme="light")
        entries, sheet = [], 2
        for name in names or book.pages():
            page.goto((folder / f"{name}.html").resolve().as_uri())
            settle(page)
            for_paper(page)
            page.add_style_tag(content=NUMBER.format(before=sheet - 1))
            title = page.locator("h1").first.inner_text().rstrip("#").strip()
            parts.append((title, PdfReader(BytesIO(page.pdf(**PAPER)))))
            entries.append((title, sheet))
            sheet += len(parts[-1][1].pages)
        page.set_content(contents(entries))
        front = PdfReader(BytesIO(page.pdf(**PAPER)))
        browser.close()
    if len(front.pages) != 1:
        raise ValueError("the table of contents takes more than a sheet, and its numbers are wrong")
    writer = PdfWriter()
    writer.append(front, outline_item="Contents")
    for title, reader in parts:
        writer.append(reader, outline_item=title)
    target.parent.mkdir(parents=True, exist_ok=True)
    writer.write(target)
    return len(writer.pages)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("say where to: python tools/pdf.py build/book.pdf")
    print(f"{sys.argv[1]}: {write(Path(sys.argv[1]))} sheets")
