"""The board used as a person uses it: pressed, by keyboard, heard; on a page of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import audit
import numpy as np
import pytest
from bench import saved
from playwright.sync_api import Browser, Locator, Page, expect

from cells import code_cells
from superposition import widgets

pytestmark = pytest.mark.browser

THINGS = ["Paris", "sandwich", "rain", "violin", "Tuesday"]


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The board of the book's first screen, from the cell that makes it."""
    kept, true = {}, widgets.board
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(widgets, "board", lambda *a, **k: kept.setdefault("board", true(*a, **k)))
        for cell, code in code_cells("00_start_here"):
            if cell == "board":
                exec(code, {})
    return saved(tmp_path_factory.mktemp("five"), kept["board"])


@pytest.fixture
def board(page: Page, five: str) -> Iterator[Locator]:
    """Opened with the network off and nothing to complain of."""
    page.context.set_offline(True)
    found = audit.watch(page, "file://")
    page.goto(five)
    yield page.locator("[data-widget=board]")
    assert found == []


def settled(board: Locator) -> dict[str, str]:
    """What each bar reads once nothing moves."""
    board.page.locator("[data-widget=board]:not([data-moving])").wait_for()
    rows = board.locator(".sp-bars .sp-bar").all()
    return {
        row.locator(".sp-bar-name").text_content(): row.locator("b").inner_text() for row in rows
    }


def said(board: Locator) -> str:
    return board.locator("[role=status]").inner_text()


def test_on_arrival_paris_is_on_and_two_others_hear_it(board: Locator) -> None:
    assert settled(board) == dict(zip(THINGS, ["1.00", "0.31", "0", "0", "0.31"], strict=True))
    assert said(board) == "Paris is on. Two others hear it at 0.31."
    pressed = board.get_by_role("button", name="Paris")
    assert pressed.get_attribute("aria-pressed") == "true"
    assert "0.00, 1.00" in board.get_by_role("img").get_attribute("aria-label")


def test_the_frames_tell_the_story_by_keyboard_alone(board: Locator) -> None:
    keys = board.page.keyboard
    board.get_by_role("button", name="Step 1 of 4").focus()
    seen = []
    for _ in range(3):
        keys.press("ArrowRight")
        keys.press("Enter")
        seen.append((settled(board), said(board)))
    costs, both, wrong = (readings for readings, _ in seen)
    assert costs == dict(zip(THINGS, ["0.69", "0", "0", "0", "0"], strict=True))
    assert (both["Paris"], both["sandwich"]) == ("1.00", "1.00")
    assert wrong == dict(zip(THINGS, ["0", "0.31", "0", "0", "0"], strict=True))
    assert "sandwich, which nobody switched on, reads 0.31" in seen[2][1]
    keys.press("ArrowRight")  # round to the first
    keys.press("Space")
    assert said(board).startswith("Paris is on.")


def test_without_the_cut_the_one_nobody_switched_on_is_loudest(board: Locator) -> None:
    board.get_by_role("button", name="rain").click()
    assert settled(board) == dict(zip(THINGS, ["0.19", "0.62", "0.19", "0", "0"], strict=True))
    assert said(board) == (
        "Paris and rain are on. Both read 0.19. "
        "Loudest is sandwich, which nobody switched on: 0.62."
    )
    cut = board.get_by_role("slider", name="the cut")
    for _ in range(31):
        cut.press("ArrowRight")
    assert settled(board)["sandwich"] == "0.31"
    assert said(board).startswith("Paris and rain: both go dark"), "the frame's own sentence"
    assert board.get_by_role("button", name="Step 4 of 4").get_attribute("aria-pressed") == "true"
    assert cut.get_attribute("aria-valuetext") == "0.31, a bias of −0.31"


def test_lamps_are_one_stop_for_tab_and_walked_by_arrows(board: Locator) -> None:
    keys, focused = board.page.keyboard, "document.activeElement.getAttribute('aria-label')"
    stops = []
    for _ in range(3):
        keys.press("Tab")
        stops.append(board.page.evaluate(focused))
    assert stops == ["Paris", "the cut", "Step 1 of 4"]
    board.get_by_role("button", name="Paris").focus()
    keys.press("Space")
    assert said(board) == "Nothing is on, and nothing is heard. Press a lamp."
    keys.press("ArrowDown")
    keys.press("End")
    assert board.page.evaluate(focused) == "Tuesday"
    keys.press("Enter")
    assert settled(board)["Tuesday"] == "1.00"
    keys.press("Shift+Tab")
    keys.press("Tab")
    assert board.page.evaluate(focused) == "Tuesday", "the place is kept"


def test_the_line_stands_over_the_thumb_and_drags_with_it(board: Locator) -> None:
    cut = board.get_by_role("slider", name="the cut")
    box, mouse = cut.bounding_box(), board.page.mouse
    mouse.move(box["x"] + 10, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    mouse.up()
    value = float(cut.input_value())
    line = board.locator(".sp-cut").first.bounding_box()
    thumb = box["x"] + 10 + value * (box["width"] - 20)
    assert 0.45 < value < 0.55 and abs(line["x"] + line["width"] / 2 - thumb) < 2
    assert settled(board)["Paris"] == f"{1 - value:.2f}"


def test_the_others_pulse_once_and_not_where_motion_is_unwelcome(
    browser: Browser, five: str
) -> None:
    running = "document.getAnimations().filter((a) => a.animationName === 'sp-pulse').length"
    for motion, expected in (("no-preference", 4), ("reduce", 0)):
        context = browser.new_context(reduced_motion=motion)
        page = context.new_page()
        page.goto(five)
        assert page.evaluate(running) == expected, motion
        page.locator("[data-widget=board]").get_by_role("button", name="rain").click()
        if motion == "reduce":  # at once, without the glide
            assert page.locator(".sp-bars b").nth(1).inner_text() == "0.62"
        page.wait_for_function(f"{running} === 0")
        context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", [audit.DESKTOP, audit.PHONE], ids=["desktop", "phone"])
def test_the_board_can_be_read_by_everyone(
    browser: Browser, five: str, theme: str, view: dict
) -> None:
    context = browser.new_context(viewport=view, color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(five)
    found = audit.layout_faults(page) + audit.reading_faults(page)
    page.locator("[data-widget=board]").get_by_role("button", name="Step 4 of 4").click()
    found += audit.reading_faults(page)
    context.close()
    assert sorted(set(found)) == []


def test_fingers_find_everything_on_a_phone(browser: Browser, five: str) -> None:
    context = browser.new_context(viewport=audit.PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(five)
    board = page.locator("[data-widget=board]")
    board.get_by_role("button", name="rain").tap()
    expect(board.locator("[role=status]")).to_contain_text("Loudest is sandwich")
    for control in (*board.get_by_role("button").all(), *board.get_by_role("slider").all()):
        assert control.bounding_box()["height"] >= 44
    lamp, bar = board.locator(".sp-lamp").nth(4), board.locator(".sp-bars .sp-bar").nth(4)
    middles = [box["y"] + box["height"] / 2 for box in (lamp.bounding_box(), bar.bounding_box())]
    assert abs(middles[0] - middles[1]) < 3, "each lamp stands beside its bar"
    context.close()


@pytest.mark.parametrize("view", [(1280, 720), (390, 844)], ids=["desktop", "phone"])
def test_the_board_leaves_room_for_a_title_and_a_sentence(
    browser: Browser, five: str, view: tuple[int, int]
) -> None:
    """The site's bar, a title and a sentence take 190 pixels on a desktop, 215 on a phone."""
    width, height = view
    phone = width < 600
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=phone)
    page = context.new_page()
    page.goto(five)
    page.get_by_role("button", name="Step 4 of 4").click()  # the longest sentence
    tall = page.locator("[data-widget=board]").bounding_box()["height"]
    context.close()
    assert tall <= height - (215 if phone else 190)


def random_arrows(n: int, m: int) -> np.ndarray:
    W = np.random.default_rng(m).normal(size=(n, m))
    return W / np.linalg.norm(W, axis=1, keepdims=True)


def test_forty_lamps_and_a_width_to_drag(page: Page, tmp_path: Path) -> None:
    arrows = [random_arrows(40, m) for m in (2, 8, 40)]
    page.goto(saved(tmp_path, widgets.board(arrows, on=[0])))
    board = page.locator("[data-widget=board]")
    width = board.get_by_role("slider", name="width m")
    assert board.locator(".sp-needle").count() == 1
    for V in arrows:
        others = (V[1:] @ V[0])[V[1:] @ V[0] >= 0.005]
        loudest = f"lamp {(V[1:] @ V[0]).argmax() + 2}: {others.max():.2f}"
        words = f"{len(others)} others, which nobody switched on, are heard; loudest {loudest}."
        assert said(board) == f"Lamp 1 is on. It reads 1.00. {words}"
        assert width.get_attribute("aria-valuetext") == f"width m {V.shape[1]}"
        cells = 0 if V.shape[1] == 2 else V.shape[1]
        assert board.locator(".sp-cell").count() == cells
        width.press("ArrowRight")
    assert audit.layout_faults(page) == []


def test_doubling_is_a_button_and_counters_say_what_it_did(page: Page, tmp_path: Path) -> None:
    arrows = [random_arrows(1000, m) for m in (10, 20)]
    counters = {"mean squared overlap": [0.1, 0.05], "loss": [2.0, 0.5]}
    shown = widgets.board(arrows, lamps=[0, 1], on=[0], press="Double m", counters=counters)
    page.goto(saved(tmp_path, shown))
    board = page.locator("[data-widget=board]")
    assert "×" not in board.locator(".sp-counters").inner_text()
    board.get_by_role("button", name="Double m").press("Enter")
    text = board.locator(".sp-counters").inner_text().replace("\n", " ")
    assert "mean squared overlap 0.05× 0.50" in text.replace(" ×", "×") and "× 0.25" in text
    assert board.locator(".sp-cell").count() == 20


def test_the_strongest_readings_are_sorted(page: Page, tmp_path: Path) -> None:
    V = random_arrows(30, 6)
    names = [f"word {chr(97 + i % 26)}{i}" for i in range(30)]
    page.goto(saved(tmp_path, widgets.board(V, names, strongest=5, on=["word b1"], bias=None)))
    board = page.locator("[data-widget=board]")
    order = np.argsort(-(V @ V[1]))[:5]
    assert list(settled(board)) == [names[i] for i in order]
    assert board.get_by_role("slider").count() == 0


def test_a_second_look_reads_the_same_numbers_again(page: Page, tmp_path: Path) -> None:
    """As relu(y + scale (h - y W) Wᵀ - cut) in Python; the middle does not change."""
    W, b = random_arrows(9, 4) * 1.1, -np.linspace(0.05, 0.3, 9)
    scale, cut = 0.6, 0.05
    h = W[2] + W[7]
    y = np.maximum(0, h @ W.T + b)
    again = np.maximum(0, y + scale * (h - y @ W) @ W.T - cut)
    settings = dict(bias=None, biases=b, looks=[(0, 0), (scale, cut)], press="Look again")
    shown = widgets.board([W, W], on=[2, 7], state_labels=["once", "twice"], **settings)
    page.goto(saved(tmp_path, shown))
    board, middles = page.locator("[data-widget=board]"), []
    for readings in (y, again):
        expected = [f"{r:.2f}" if r >= 0.005 else "0" for r in readings]
        assert list(settled(board).values()) == expected
        middles.append(board.locator(".sp-middle").inner_html())
        board.get_by_role("button", name="Look again").press("Enter")
    assert middles[0] == middles[1]


def test_on_a_phone_sixty_lamps_and_what_they_move_are_on_one_screen(
    browser: Browser, tmp_path: Path
) -> None:
    names = [f"a word {i}" for i in range(60)]
    shown = widgets.board(random_arrows(60, 30), names, strongest=8, on=[0], bias=None)
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(saved(tmp_path, shown))
    board = page.locator("[data-widget=board]")
    assert board.bounding_box()["height"] < 844 - 60, "below the site's bar"
    assert audit.reading_faults(page) + audit.layout_faults(page) == []
    board.get_by_role("button", name="a word 0").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    box, last = board.locator(".sp-lamps").bounding_box(), page.locator(":focus").bounding_box()
    assert box["y"] <= last["y"] and last["y"] + last["height"] <= box["y"] + box["height"] + 1
    assert said(board).startswith("A word 0 and a word 59 are on.")
    context.close()


def test_a_label_is_text_and_nothing_else(page: Page, tmp_path: Path) -> None:
    names = ['<b>"a"</b>', "b & c", "d"]
    page.goto(saved(tmp_path, widgets.board(np.eye(3)[:, :2] + 0.1, names, on=[0])))
    board = page.locator("[data-widget=board]")
    assert board.get_by_role("button", name='<b>"a"</b>').count() == 1
    assert board.locator("svg text").first.text_content() == '<b>"a"</b>'
    assert board.locator("button b").count() == 0


def test_with_a_kernel_the_readings_go_to_python(page: Page) -> None:
    shown = widgets.board(np.eye(3), on=[0])
    page.set_content("<div id=el></div>")
    page.evaluate(
        """async ([source, kind, settings]) => {
          const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          const { default: module } = await import(url);
          const state = { kind, settings };
          window.model = { get: (key) => state[key], set: (key, value) => (state[key] = value),
            save_changes() {}, on() {}, state };
          module.render({ model, el: document.getElementById("el") });
        }""",
        [shown._esm, shown.kind, shown.settings],
    )
    page.get_by_role("button", name="lamp 3").click()
    found = page.evaluate("model.state.result")
    assert found["on"] == [0, 2] and found["readings"] == [1, 0, 1] and found["cut"] == 0
