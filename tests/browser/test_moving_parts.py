"""Each widget used as a person uses it, with no kernel; what it shows is read back."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import audit
import pytest
from bench import saved
from playwright.sync_api import Browser, Locator, Page, expect

from conftest import PATIENCE, note, pages
from superposition import geometry, plots, widgets

pytestmark = pytest.mark.browser
KEYS = ["density", "gamma", "n", "m", "alpha", "seed", "bias"]  # in the order of the tab key


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of a slider alone, opened from a folder."""
    fig, ax = plots.figure()
    ax.plot([0, 1])
    states = [plots.to_svg(fig, "A rising line."), "<p>second</p>", "<p>third</p>"]
    slider = widgets.state_slider(states, ["one", "two", "three"], label="state", name="s")
    path = tmp_path_factory.mktemp("bench") / "bench.html"
    path.write_text(f"<!doctype html><html lang=en><meta charset=utf8>{slider.page()}", "utf8")
    return path.as_uri()


def holder(folder: Path, kind: str) -> str:
    """The first built page that holds a widget of this kind."""
    holds = [name for name in pages() if f'= ["{kind}"' in (folder / f"{name}.html").read_text()]
    if not holds:
        pytest.fail(f"no page of the book has a widget of the kind {kind}", pytrace=False)
    return f"{holds[0]}.html"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A playground of many features, opened from a folder."""
    many = widgets.playground(n=40, m=6, weight_decay=-1.0, alpha=1.0, density=0.5)
    return saved(tmp_path_factory.mktemp("many"), many)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The playground as it opens by itself."""
    return saved(tmp_path_factory.mktemp("plain"), widgets.playground())


@pytest.fixture
def play(page: Page, address: str) -> Locator:
    page.goto(address)
    return unfolded(page)


def unfolded(page: Page) -> Locator:
    play = widget(page, "playground")
    play.locator("summary").click()
    play.locator("[data-panel=shape]").scroll_into_view_if_needed()
    return play


def widget(page: Page, kind: str) -> Locator:
    found = page.locator(f"[data-widget={kind}]").first
    found.scroll_into_view_if_needed()
    return found


def turns_of_the_page(page: Page, count: int = 60) -> None:
    """Let the page draw so many frames: what would come unasked has its chance to."""
    page.evaluate(
        """(count) => new Promise((done) => {
      const tick = () => (count-- > 0 ? requestAnimationFrame(tick) : done());
      tick();
    })""",
        count,
    )


def value(play: Locator, key: str) -> float:
    return float(re.match(r"[-\d.e]+", play.locator(f"[data-value={key}]").inner_text())[0])


def setting(play: Locator, key: str) -> int:
    """Where a slider stands: the page decides what its playground opens with."""
    return int(play.locator(f"input[data-key={key}]").input_value())


def trained(play: Locator) -> dict[str, float]:
    """Wait until a training that has begun is over; the values shown then."""
    play.get_by_role("button", name="Train again").wait_for(timeout=PATIENCE)
    return {key: value(play, key) for key in ("step", "loss", "phi", "overlap", "inverse", "welch")}


def slide(play: Locator, key: str, *presses: str) -> None:
    """Move a slider by the keyboard; the training that this starts is under way on return."""
    play.locator(f"input[data-key={key}]").focus()
    for press in presses:
        play.page.keyboard.press(press)
    play.get_by_role("button", name="Pause").wait_for()


def test_gamma_turns_strong_superposition_into_weak_and_back(play: Locator) -> None:
    strong = trained(play)
    slide(play, "gamma", "End")
    weak = trained(play)
    slide(play, "gamma", "Home")
    again = trained(play)
    # Over seeds φ is 0.92 to 0.98 at γ = -1 and 0.42 to 0.47 at γ = 1 for these settings.
    assert strong["phi"] > 0.85 and weak["phi"] < 0.6
    assert again == strong
    n, m = setting(play, "n"), setting(play, "m")
    assert geometry.welch_bound(n, m) * 0.99 <= strong["overlap"] <= 1.15 / m
    assert math.isclose(strong["inverse"], 1 / m, rel_tol=0.01) and strong["step"] == 4000
    assert math.isclose(strong["welch"], geometry.welch_bound(n, m), rel_tol=0.01)


IN_VIEW = """() => {
  const top = document.querySelector("[data-widget=playground]")?.getBoundingClientRect().top;
  return top >= 0 && top < 200;
}"""
# What the reader has seen while γ moved: the step, the share kept.
SEEN = """() => {
  window.seen = [];
  const play = document.querySelector("[data-widget=playground]");
  const said = (key) => play.querySelector(`[data-value=${key}]`).textContent;
  const look = () => seen.push([said("step"), parseFloat(said("phi"))]);
  new MutationObserver(look).observe(play.querySelector(".sp-values"), { childList: true });
}"""


@pytest.mark.parametrize("view", [audit.DESKTOP, audit.PHONE], ids=["desktop", "phone"])
def test_weak_turns_into_strong_while_the_slider_is_dragged(
    page: Page, address: str, view: dict
) -> None:
    """With the mouse held down, on the page as a file with the network off.

    At each place the mouse trembles until two more models have been seen, at whatever pace this
    machine trains them: a slider at rest would begin the whole training. The first of them may
    have begun before; the second began there.
    """
    page.context.set_offline(True)
    page.set_viewport_size(view)
    page.goto(address)
    play = widget(page, "playground")
    slide(play, "gamma", "End")
    assert trained(play)["phi"] < 0.6
    page.evaluate(SEEN)
    slider = play.locator("input[data-key=gamma]")
    slider.scroll_into_view_if_needed()
    box, mouse = slider.bounding_box(), page.mouse
    left, width, y = box["x"] + 8, box["width"] - 16, box["y"] + box["height"] / 2

    def models() -> list[float]:
        return [phi for step, phi in page.evaluate("seen") if "glance" in step]

    mouse.move(left + width, y)
    mouse.down()
    phi = []
    for gamma in (0.9, 0.45, 0, -0.45, -0.9):
        known = len(models())
        for k in range(20_000):
            mouse.move(left + width * (1 + gamma + 0.1 * (-1) ** k) / 2, y)
            if len(models()) >= known + 2:
                break
        phi.append(models()[known + 1])
    mouse.up()
    note(f"dragging γ from 0.9 to −0.9 at {view['width']} px: φ " + ", ".join(map(str, phi)))
    assert phi[0] < 0.75 and phi[-1] > 0.85
    assert trained(play)["phi"] > 0.85


def test_the_mouse_moves_a_slider_and_two_dimensions_show_vectors(play: Locator) -> None:
    m = play.locator("input[data-key=m]")
    box = m.bounding_box()
    assert play.locator("canvas").is_visible()
    play.page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    slide(play, "m", "Home", "ArrowRight")
    spokes = play.locator("[data-panel=shape] circle[fill]:not([fill=none])")
    spokes.first.wait_for()
    assert spokes.count() == setting(play, "n") and not play.locator("canvas").is_visible()


def test_a_link_carries_the_settings_and_reset_forgets_them(play: Locator, context) -> None:
    slide(play, "alpha", "ArrowRight", "ArrowRight")
    slide(play, "seed", "ArrowRight")
    play.get_by_role("button", name="Copy link").click()
    link = play.page.url
    assert "alpha:1.2" in link and "seed:1" in link
    numbers = trained(play)
    other = context.new_page()
    other.goto(link)
    other.wait_for_function(IN_VIEW, timeout=PATIENCE)  # the link brings what it sets into view
    copy = widget(other, "playground")
    assert copy.locator("details").get_attribute("open") is not None, "what the link sets is shown"
    assert copy.locator("input[data-key=alpha]").input_value() == "1.2"
    assert trained(copy) == numbers
    copy.get_by_role("button", name="Reset settings").click()
    assert "#" not in other.url
    assert copy.locator("input[data-key=alpha]").input_value() == "1"
    other.goto("about:blank")
    other.goto(link.replace("alpha:1.2", "alpha:99").replace("seed:1", "seed:x"))
    wild = widget(other, "playground")
    assert wild.locator("input[data-key=alpha]").input_value() == "2"
    assert wild.locator("input[data-key=seed]").input_value() == "0"
    other.evaluate("location.hash = 'playground=alpha:0.5,seed:'")  # pasted into the open page
    expect(wild.locator("input[data-key=alpha]")).to_have_value("0.5", timeout=PATIENCE)
    other.goto("about:blank")
    other.goto(link + "%E0%A4")  # cut off in the middle of a character
    assert widget(other, "playground").locator("input[data-key=alpha]").input_value() == "1"


# How far each bar reaches into the words above it, in pixels; of those that do.
COVERED = """() => {
  const words = document.querySelector("[data-panel=norms] .sp-said").getBoundingClientRect();
  return [...document.querySelectorAll("[data-panel=norms] rect")]
    .map((bar) => bar.getBoundingClientRect())
    .filter((bar) => bar.right > words.left && bar.left < words.right && bar.top < words.bottom)
    .map((bar) => words.bottom - bar.top);
}"""


@pytest.mark.parametrize("m", [3, 20])
def test_no_bar_reaches_the_words_above_the_bars(browser: Browser, tmp_path: Path, m: int) -> None:
    """Nor before training, when lengths are as drawn: up to 2 at m = 3."""
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(saved(tmp_path, widgets.playground(n=40, m=m, weight_decay=-1.0, alpha=1.0)))
    play = widget(page, "playground")
    said = play.locator("[data-panel=norms] .sp-said")
    expect(said).to_have_text("not trained yet", timeout=PATIENCE)
    assert play.locator("[data-panel=norms] rect").count() == 40
    assert page.evaluate(COVERED) == []
    play.get_by_role("button", name="Train", exact=True).click()
    trained(play)
    assert "of 40 kept" in said.text_content() and page.evaluate(COVERED) == []
    context.close()


def test_a_density_that_cannot_be_is_said_to_be_held(play: Locator) -> None:
    slide(play, "alpha", "End")
    slide(play, "density", "End")
    most = sum(i**-2.0 for i in range(1, setting(play, "n") + 1))
    assert play.get_by_text(f"held at {most:.3g}").is_visible()


def test_fingers_find_the_controls(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=audit.PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    play = unfolded(page)
    low = {
        kind: min(one.bounding_box()["height"] for one in play.locator(kind).all())
        for kind in ("input", "button", "select", "summary")
    }
    note(f"heights on a phone: {low}")
    assert low["input"] >= 32 and min(low[kind] for kind in ("button", "select", "summary")) >= 44
    context.close()


def test_a_slider_has_a_name_a_hint_and_one_voice(play: Locator) -> None:
    slider = play.get_by_role("slider", name="decay γ", exact=True)
    hint = slider.get_attribute("aria-describedby")
    assert play.locator(f"#{hint}").inner_text().startswith("γ < 0 pulls arrows")
    assert play.locator("output:not([aria-live=off])").count() == 0


def test_every_control_is_reached_and_worked_by_the_keyboard(play: Locator) -> None:
    page = play.page
    play.locator("input").first.focus()
    reached = []
    for _ in range(11):
        reached.append(
            page.evaluate("document.activeElement.dataset.key || document.activeElement.innerText")
        )
        page.keyboard.press("Tab")
    assert reached[:2] + reached[6:] == KEYS
    assert reached[3:5] == ["Reset settings", "Copy link"] and reached[5].startswith("More")
    trained(play)
    play.get_by_role("button", name="Train again").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")  # it says Pause by now
    play.get_by_role("button", name="Train", exact=True).wait_for()
    turns_of_the_page(page)  # what was on its way arrives
    before = value(play, "step")
    turns_of_the_page(page)
    assert value(play, "step") == before < 4000
    for field in play.locator("label").all():
        assert field.locator("span").inner_text().strip()


def test_what_changes_is_announced_but_not_without_end(play: Locator) -> None:
    play.page.evaluate("""() => {
      window.said = [];
      const status = document.querySelector("[data-widget=playground] [role=status]");
      const watch = new MutationObserver(() => said.push(status.textContent));
      watch.observe(status, { childList: true });
    }""")
    trained(play)
    play.page.evaluate("said.length = 0; window.began = performance.now()")
    play.get_by_role("button", name="Train again").click()
    numbers = trained(play)
    said, seconds = play.page.evaluate("[said, (performance.now() - began) / 1000]")
    assert 1 <= len(said) <= 2 + seconds / 4, "at most every four seconds, and at the end"
    assert said[-1].startswith("Trained: step 4000") and f"loss {numbers['loss']:g}" in said[-1]


def test_what_is_announced_late_is_not_shown_beside_later_numbers(play: Locator) -> None:
    status = play.locator(".sp-status")
    trained(play)
    expect(status).to_have_css("opacity", "1")
    play.get_by_role("button", name="Train again").click()
    play.get_by_role("button", name="Pause").click()
    turns_of_the_page(play.page)
    assert value(play, "step") < 4000
    expect(status).to_have_css("opacity", "0")
    play.get_by_role("button", name="Copy link").click()
    expect(status).to_have_css("opacity", "1")


def test_motion_waits_where_it_is_unwelcome(browser: Browser, address: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    play = widget(page, "playground")
    turns_of_the_page(page)
    assert value(play, "step") == 0
    play.get_by_role("button", name="Train").click()
    expect(play.locator("[data-value=step]")).to_have_text(re.compile("[1-9]"), timeout=PATIENCE)
    context.close()


def test_without_javascript_the_figure_of_the_cell_is_shown(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    figure = page.locator("noscript figure svg[role=img]").first
    assert figure.is_visible() and "arrows" in figure.get_attribute("aria-label")
    context.close()


def turns(play: Locator) -> list[float]:
    """Angles in degrees between neighbours among the arrows longer than one half."""
    tips = play.locator("[data-panel=shape] circle:not([fill=none])").all()
    ends = [(float(t.get_attribute("cx")) - 160, float(t.get_attribute("cy")) - 120) for t in tips]
    angles = sorted(math.atan2(y, x) for x, y in ends if math.hypot(x, y) > 39)
    gaps = [b - a for a, b in itertools.pairwise([*angles, angles[0] + math.tau])]
    return sorted(math.degrees(gap) for gap in gaps)


def trained_plane(play: Locator) -> float:
    """The loss once training is over."""
    play.get_by_role("button", name="Train again").wait_for(timeout=PATIENCE)
    return value(play, "loss")


def test_the_star_becomes_a_cross_and_the_last_curve_stays(page: Page, plain: str) -> None:
    page.goto(plain)
    play = widget(page, "playground")
    play.locator("[data-panel=shape]").scroll_into_view_if_needed()
    assert play.get_by_role("slider").count() == 2, "the rest stands under more"
    star = trained_plane(play)
    assert turns(play) == pytest.approx([72] * 5, abs=3)
    assert play.locator("[data-ghost]").count() == 0
    slide(play, "density", *["ArrowRight"] * 8)
    cross = trained_plane(play)
    assert turns(play) == pytest.approx([90] * 4, abs=3)
    assert play.locator("[data-panel=shape]").get_by_text("4 of 5 kept").is_visible()
    assert play.locator("[data-ghost]").count() == 1 and cross > star
    chart = play.locator("[data-panel=loss] svg")
    assert f"grey, with E = 0.3: {star:g} at step 4000" in chart.get_attribute("aria-label")
    assert play.get_by_text("grey: E = 0.3").is_visible()


def test_on_a_phone_what_is_moved_and_what_it_moves_are_on_one_screen(
    browser: Browser, plain: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(plain)
    play = widget(page, "playground")
    first = play.locator("input").first.bounding_box()
    last = play.locator("[data-panel=loss]").bounding_box()
    context.close()
    assert last["y"] + last["height"] - first["y"] < 844 - 60, "below the site's bar"


def test_the_bias_can_start_as_published(play: Locator) -> None:
    zero = trained(play)
    for choice, moved in (("N(0, 1), as published", True), ("−0.3", True), ("0", False)):
        play.locator("select").select_option(label=choice)
        assert (trained(play)["loss"] != zero["loss"]) is moved, choice
    assert "bias" in play.page.url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_playground_can_be_read_by_everyone(browser: Browser, plain: str, theme: str) -> None:
    context = browser.new_context(color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(plain)
    unfolded(page)
    assert audit.reading_faults(page) + audit.layout_faults(page) == []
    context.close()


def test_every_widget_of_the_book_is_a_figure_without_javascript(folder: Path) -> None:
    texts = [(folder / f"{name}.html").read_text("utf8") for name in pages()]
    bare = [text.count('class="sp-mount"') for text in texts]
    assert sum(bare) >= 6
    # A figure; or, as of the ledger's cards, words.
    shown = r"<noscript>(?:<p>[^<]*</p>)?<(?:figure|p><b>)"
    drawn = [len(re.findall(shown, text)) for text in texts]
    assert drawn == bare


@pytest.mark.parametrize("view", [audit.DESKTOP, audit.PHONE], ids=["desktop", "phone"])
def test_the_law_is_measured_on_a_page_that_stays_alive(
    page: Page, folder: Path, view: dict
) -> None:
    page.set_viewport_size(view)
    page.context.set_offline(True)
    found = audit.watch(page, "file://")
    page.goto((folder / holder(folder, "law")).as_uri())
    law = widget(page, "law")
    page.evaluate("""() => {
      window.slowest = window.turns = 0;
      let last = performance.now();
      const tick = (now) => {
        slowest = Math.max(slowest, now - last);
        turns += 1;
        last = now;
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    }""")
    law.get_by_role("button", name="Measure the law").click()
    done = law.get_by_text("Measured in")
    done.wait_for(timeout=PATIENCE)
    seconds = float(re.search(r"[\d.]+", done.inner_text())[0])
    frame, turns = page.evaluate("[slowest, turns]")
    text = law.locator("[data-value=fit]").inner_text().replace("−", "-")
    exponents = [float(x) for x in re.findall(r"m\s*(-[\d.]+)", text)]
    note(f"law: {seconds:.1f} s, slowest frame {frame:.0f} ms, {text}")
    assert turns > 10, "the page did not get its turn while the ladder trained"
    # At γ = -1 and equal frequencies the rows reach the Welch bound: its exponent comes
    # out to 0.01; the loss falls faster, by -1.4 to -1.6 for n of 80 to 100.
    assert abs(exponents[0] - exponents[2]) < 0.03 and -1.8 < exponents[1] < -1.2
    assert "All converged" in text
    assert law.locator("circle").count() == 10
    assert found + audit.layout_faults(page) == []


def test_the_law_shown_belongs_to_its_settings(page: Page, folder: Path) -> None:
    page.goto((folder / holder(folder, "law")).as_uri())
    law = widget(page, "law")
    law.get_by_role("button", name="Measure the law").click()
    law.locator("circle").first.wait_for(timeout=PATIENCE)
    law.get_by_role("slider", name="features n").press("ArrowLeft")
    assert law.get_by_text("Press the button").is_visible()
    turns_of_the_page(page)
    assert law.locator("circle").count() == 0
    assert law.get_by_role("button", name="Measure the law").is_enabled()


def test_the_slider_shows_the_computed_states(page: Page, bench: str) -> None:
    page.goto(bench)
    states = widget(page, "states")
    slider = states.get_by_role("slider", name="state")
    assert states.get_by_role("img", name="A rising line.").is_visible()
    slider.focus()
    page.keyboard.press("End")
    assert states.get_by_text("third").is_visible() and page.url.endswith("#s=state:2")
    assert slider.get_attribute("aria-valuetext") == "three"


@pytest.fixture
def kernel(page: Page) -> Iterator[Page]:
    """The widgets' script as anywidget runs it: an ES module whose render is given a model."""
    widget = widgets.BookWidget(kind="states", settings={})
    page.set_content("<div id=el></div>")
    page.evaluate(
        """async ([source, settings]) => {
          const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          const { default: module } = await import(url);
          const state = { kind: "states", settings };
          window.model = {
            get: (key) => state[key], set: (key, value) => (state[key] = value), save_changes() {},
            state,
          };
          module.render({ model, el: document.getElementById("el") });
        }""",
        [widget._esm, {"states": ["a", "b"], "labels": ["A", "B"], "label": "l", "name": "k"}],
    )
    yield page


def test_with_a_kernel_results_go_to_python(kernel: Page) -> None:
    kernel.get_by_role("slider").focus()
    kernel.keyboard.press("End")
    assert kernel.evaluate("model.state.result") == {"state": 1}


def test_in_jupyterlab_the_arrow_keys_stay_with_the_slider(kernel: Page) -> None:
    """Lab's shortcuts take keys from whatever has the focus, unless it is marked like this."""
    kernel.evaluate("""() => document.addEventListener("keydown", (event) => {
      if (!event.target.hasAttribute("data-lm-suppress-shortcuts")) event.preventDefault();
    }, { capture: true })""")
    kernel.get_by_role("slider").focus()
    kernel.keyboard.press("ArrowRight")
    assert kernel.evaluate("model.state.result") == {"state": 1}
