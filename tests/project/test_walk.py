"""The whole way of a new owner, once: clone, adopt, build, serve, open, run on Colab, grade.

The clone's book is the opening page and the page for instructors, so that it is built in a
minute; everything else is as in the fork of a stranger.
"""

from __future__ import annotations

import csv
import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlparse

import pytest
import yaml
from playwright.sync_api import sync_playwright
from test_colab import commit, rehearse

import book

pytestmark = [pytest.mark.chapters, pytest.mark.browser]
THEIRS = "https://github.com/made-up-owner/their-fork"
OPENING = book.pages()[0]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def colab_link(site: Path, chromium: str) -> str:
    """What the Colab button of the opening page leads to, read from the served page."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")  # the front door leads to the page
        page.wait_for_url(f"**/{OPENING}.html")
        (link,) = {a.get_attribute("href") for a in page.locator("a[href*='colab.']").all()}
        assert "made-up-owner.github.io" in page.locator("[property='og:url']").get_attribute(
            "content"
        )
        browser.close()
    server.shutdown()
    return link or ""


def test_from_a_clone_to_a_page_on_colab_and_a_grade(
    tmp_path: Path, chromium: str, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(book.copy(tmp_path / "upstream"))
    fork = tmp_path / "fork"

    def run(*command: str | Path) -> str:
        """In the clone, with its own module in front of the installed one."""
        environment = {**os.environ, "PYTHONPATH": str(fork / "src")}
        done = subprocess.run(command, cwd=fork, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    subprocess.run(["git", "clone", "--quiet", tmp_path / "upstream", fork], check=True)
    run("git", "remote", "set-url", "origin", THEIRS)
    run("make", "adopt", f"REPO={THEIRS}", f"PYTHON={sys.executable}")
    commit(fork)

    short = {"format": "jb-book", "root": OPENING}
    short["chapters"] = [{"file": "chapters/for_instructors"}]
    (fork / "_toc.yml").write_text(yaml.safe_dump(short), encoding="utf8")
    run(Path(sys.executable).parent / "jupyter-book", "build", ".")
    link = urlparse(colab_link(fork / "_build" / "html", chromium))
    assert link.netloc == "colab.research.google.com"
    place, _, path = link.path.partition("/blob/main/")
    assert place == "/github/" + "/".join(THEIRS.split("/")[-2:])

    # Colab opens what the fork's main branch holds, not what lies in the working tree.
    opened = tmp_path / Path(path).name
    opened.write_text(run("git", "show", f"HEAD:{path}"), encoding="utf8")
    (tmp_path / "colab").mkdir()
    rehearse(tmp_path / "colab", opened, capsys, THEIRS, fork)

    run(sys.executable, "coursework/build.py", "01_directions", "--no-verify")
    made = fork / "build" / "coursework"
    assert f"git+{THEIRS}" in (made / "student" / "01_directions.ipynb").read_text("utf8")
    handed_in = tmp_path / "handed-in"
    handed_in.mkdir()
    shutil.copy(made / "instructor" / "01_directions.ipynb", handed_in / "solved.ipynb")
    shutil.copy(made / "student" / "01_directions.ipynb", handed_in / "untouched.ipynb")
    run(sys.executable, "coursework/grader/grade.py", "01_directions", handed_in)
    with (made / "graded" / "01_directions" / "grades.csv").open(encoding="utf8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows["solved"]["automatic"] == rows["solved"]["automatic_of"] != "0"
    assert rows["untouched"]["automatic"] == "0"
