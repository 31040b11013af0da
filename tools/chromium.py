"""Where Chromium is: `python tools/chromium.py` prints it, or says how to get it."""

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW = (
    "The browser tests need Chromium. Install your system's package (apt-get install chromium, "
    "brew install --cask chromium), or run .venv/bin/playwright install chromium, or name one "
    "you have in the environment variable CHROMIUM."
)


def find() -> str | None:
    """Path of a Chromium to drive: $CHROMIUM, one on the PATH, or playwright's own."""
    for name in (os.environ.get("CHROMIUM"), *NAMES):
        if name and (path := shutil.which(name)):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


if __name__ == "__main__":
    sys.exit(print(found) if (found := find()) else HOW)
