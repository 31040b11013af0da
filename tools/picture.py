"""A picture of the book for the README: its first page, as a reader sees it.

    python tools/picture.py

It goes into the built site as _static/book.png (1280 by 1200 points, twice as many pixels), where
the README looks for it. Nobody commits it: the page that is published is the page that is shown.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

import book
import chromium
import pdf


def take(page_file: Path, target: Path) -> None:
    """Photograph the top of a built page when what moves on it has come to rest."""
    path = chromium.find()
    if not path:
        sys.exit(chromium.HOW)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(
            viewport={"width": 1280, "height": 1200}, device_scale_factor=2, color_scheme="light"
        )
        page.goto(page_file.resolve().as_uri())
        pdf.settle(page)
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=target)
        browser.close()


if __name__ == "__main__":
    made = book.HTML / "_static" / "book.png"
    take(book.HTML / f"{book.pages()[0]}.html", made)
    print(made.relative_to(book.ROOT))
