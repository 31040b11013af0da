"""The widgets and predictions of every chapter, in the built page, by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ElementHandle, Locator, Page, TimeoutError

from conftest import PATIENCE, pages
from superposition.widgets import book_widget

pytestmark = pytest.mark.browser

# What a reader could press in a widget, in the order of the page.
CONTROLS = """(widget) => [...widget.querySelectorAll("input, select, button, summary")]
  .filter((one) => one.checkVisibility() && !one.disabled)"""
FOCUSED = f"(widget) => ({CONTROLS})(widget).indexOf(document.activeElement)"
# A place for the focus right before the widget, so that the next Tab enters it.
BEFORE = """(widget) => {
  const place = document.createElement("span");
  place.tabIndex = 0;
  widget.before(place);
  place.focus();
}"""
# All that a key can move but the value that a browser gives a slider or a list by itself.
SHOWN = "(widget) => widget.outerHTML + location.hash"
CHANGED = f"([widget, before]) => ({SHOWN})(widget) !== before"


@pytest.fixture
def still(browser: Browser) -> Iterator[Page]:
    """A page where nothing moves unless a key is pressed."""
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def reached(page: Page, widget: Locator) -> list[int]:
    """Which controls the tab key stops at, and the arrow keys where one stop stands for several."""
    widget.evaluate(BEFORE)
    found: list[int] = []
    while True:
        page.keyboard.press("Tab")
        at = widget.evaluate(FOCUSED)
        if at < 0:
            return found
        found.append(at)
        if page.evaluate("document.activeElement.matches('[role=group] > button')"):
            found += by_arrows(page, widget, at)


def by_arrows(page: Page, widget: Locator, first: int) -> list[int]:
    """The other buttons of a group that is one stop for the tab key."""
    found: list[int] = []
    while True:
        page.keyboard.press("ArrowRight")
        at = widget.evaluate(FOCUSED)
        if at in (first, *found):
            page.keyboard.press("Home")
            return found
        found.append(at)


def press(page: Page, control: ElementHandle) -> None:
    """What a person would press there, so that something is bound to change."""
    control.focus()
    kind = control.evaluate("one => one.tagName")
    if kind in ("BUTTON", "SUMMARY"):
        page.keyboard.press("Enter")
        return
    more = "+one.value < +one.max" if kind == "INPUT" else "one.selectedIndex + 1 < one.length"
    forward, back = ("ArrowRight", "ArrowLeft") if kind == "INPUT" else ("ArrowDown", "ArrowUp")
    page.keyboard.press(forward if control.evaluate(f"one => {more}") else back)


def name(control: ElementHandle) -> str:
    return control.evaluate("one => one.getAttribute('aria-label') || one.innerText")


def faults(page: Page, widget: Locator) -> list[str]:
    """What the keyboard does not reach in a widget, or does not work."""
    kind = widget.get_attribute("data-widget")
    if widget.locator("summary").count():
        press(page, widget.locator("summary").element_handle())
    there = widget.evaluate_handle(CONTROLS)
    controls = [one.as_element() for one in there.get_properties().values()]
    stops = set(reached(page, widget))
    found = [
        f"{kind}: no key leads to {name(one)}" for k, one in enumerate(controls) if k not in stops
    ]
    # One of several that is chosen already can do something once another is.
    controls.sort(key=lambda one: one.get_attribute("aria-pressed") == "true")
    for control in controls:
        before = widget.evaluate(SHOWN)
        press(page, control)
        try:
            handle = widget.element_handle()
            page.wait_for_function(CHANGED, arg=[handle, before], timeout=5000)
        except TimeoutError:
            found.append(f"{kind}: {name(control)} does nothing")
    return found


@pytest.mark.parametrize("chapter", pages())
def test_every_widget_of_a_chapter_is_driven_by_keyboard(
    still: Page, folder: Path, chapter: str
) -> None:
    still.goto((folder / f"{chapter}.html").as_uri())
    found = [fault for one in still.locator("[data-widget]").all() for fault in faults(still, one)]
    assert found == []


def test_the_chapters_hold_every_kind_of_widget(folder: Path) -> None:
    """So that none is left out above."""
    texts = [(folder / f"{name}.html").read_text("utf8") for name in pages()]
    held = {kind for text in texts for kind in re.findall(r', settings\] = \["(\w+)"', text)}
    assert held == set(book_widget._KINDS)


@pytest.mark.parametrize("chapter", pages())
def test_every_prediction_of_a_chapter_is_made_by_keyboard(
    still: Page, folder: Path, chapter: str
) -> None:
    still.goto((folder / f"{chapter}.html").as_uri())
    asked = still.locator("blockquote:has(strong:text-is('Predict.'))")
    for question in asked.all():
        buttons = question.get_by_role("button").all()
        said = [one.get_attribute("aria-pressed") for one in buttons]
        assert len(buttons) >= 3 and set(said) == {"false"}, "a choice says that it can be pressed"
        question.evaluate(BEFORE)
        for one in buttons:
            still.keyboard.press("Tab")
            assert one.evaluate("one => one === document.activeElement")
        for k in (len(buttons) - 2, 0):
            buttons[k].focus()
            still.keyboard.press("Space" if k else "Enter")
            said = [one.get_attribute("aria-pressed") for one in buttons]
            assert [pressed == "true" for pressed in said] == [i == k for i in range(len(said))]
            told = question.get_by_role("status").inner_text()
            assert told == f"You said: {buttons[k].inner_text()}."
        assert question.evaluate("q => q.nextElementSibling.open && !q.nextElementSibling.hidden")
