"""A prediction's list becomes buttons, and its answer waits for one of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

import book

SCRIPT = (book.ROOT / "site" / "static" / "predict.js").read_text("utf8")
PAGE = """<!doctype html><html lang="en"><title>t</title><body>
<blockquote><div><p><strong>Predict.</strong> Which?</p>
<ul class="simple"><li><p>two</p></li><li><p>all <em>five</em></p></li></ul></div></blockquote>
<details><summary>Answer</summary><p>All five.</p></details>
<blockquote><div><p><strong>Predict.</strong> No list here.</p></div></blockquote>
<details><summary>Answer</summary><p>Stays.</p></details>
<script>{script}</script></body></html>"""

pytestmark = pytest.mark.browser


@pytest.fixture
def page(page: Page, tmp_path: Path) -> Page:
    file = tmp_path / "page.html"
    file.write_text(PAGE.replace("{script}", SCRIPT), "utf8")
    page.goto(file.as_uri())
    return page


def test_the_answer_waits_for_a_choice(page):
    answer = page.locator("details").first
    assert not answer.is_visible()
    page.get_by_role("button", name="all five").press("Enter")
    assert answer.is_visible() and answer.evaluate("d => d.open")
    assert page.get_by_role("status").inner_text() == "You said: all five."
    pressed = page.locator("[aria-pressed=true]")
    assert pressed.count() == 1 and pressed.inner_text() == "all five"
    assert page.get_by_role("group", name="Which?").count() == 1


def test_who_will_not_choose_sees_it_too(page):
    page.get_by_role("button", name="just show me").click()
    assert page.locator("details").first.is_visible()
    assert page.get_by_role("status").inner_text() == ""


def test_a_question_without_a_list_is_left_alone(page):
    assert page.locator("details").nth(1).is_visible()
    assert page.locator(".predict").count() == 1
