"""Everybody can use the page: by axe-core's rules, by keyboard, in a narrow window, in the dark."""

import pytest
from playwright.sync_api import expect

from tests.browser.answers import Answers, point
from tidemark.page import pack

WIDTHS = {"wide": 1280, "narrow": 390, "narrowest": 320}


@pytest.fixture(scope="module")
def axe():
    return (pack.install() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(dashboard, axe):
    # The debugger runs it, because the page's policy would refuse it as a script.
    dashboard.page.evaluate(axe)
    found = dashboard.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert len(found["passes"]) > 20
    return [
        f"{one['id']}: {node['html']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_nothing_is_cut_off(open_page, environment, upload, axe, scheme, width):
    upload("photos/one.jpg", 70_000)
    upload("unprefixed", 500)
    environment.wait_until_quiet()
    viewport = {"width": WIDTHS[width], "height": 900}
    dashboard = open_page(f"{environment.api_url}#window=60", color_scheme=scheme, viewport=viewport)
    expect(dashboard.rows("buckets").first).to_be_visible()
    dashboard.page.wait_for_timeout(1500)  # until nothing is half transparent any more

    assert violations(dashboard, axe) == []
    assert dashboard.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_something_is_wrong(open_page, environment, axe, scheme):
    dashboard = open_page(f"{environment.api_url}#bucket=nobody-tracks-this", color_scheme=scheme)
    dashboard.expect_state("Not tracked")

    assert violations(dashboard, axe) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["adopting", "deaf", "recovering", "gone"])
def test_axe_finds_nothing_on_the_page_of_a_bucket_that_is_not_live(shown, axe, scheme, state):
    answers = Answers([point(30, 18)], state=state, dead_letters=2)
    dashboard = shown(answers, color_scheme=scheme, viewport={"width": WIDTHS["narrowest"], "height": 900})
    expect(dashboard.page.locator("#condition")).to_be_visible()
    expect(dashboard.page.locator("#undone")).to_be_visible()
    dashboard.page.wait_for_timeout(1500)

    assert violations(dashboard, axe) == []
    assert dashboard.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["narrowest"]


def test_axe_would_find_something(dashboard, axe):
    dashboard.expect_state("Live")
    dashboard.page.evaluate("document.querySelector('.pick').replaceWith(document.getElementById('bucket'))")

    assert any(fault.startswith("select-name") for fault in violations(dashboard, axe))


def test_the_page_has_landmarks_headings_and_labels(dashboard):
    dashboard.expect_state("Live")
    page = dashboard.page

    for role in ("banner", "main", "contentinfo", "navigation"):
        expect(page.get_by_role(role)).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    for name in ("Size over time", "Latest changes", "Prefixes", "Tracked buckets"):
        expect(page.get_by_role("heading", level=2, name=name)).to_be_visible()
    expect(page.get_by_role("group", name="Window")).to_be_visible()
    expect(page.locator("#chart")).to_have_attribute(
        "aria-label", "".join(page.locator("#chart").get_attribute("aria-label"))
    )
    assert "now" in page.locator("#chart").get_attribute("aria-label")
    assert page.locator("html").get_attribute("lang") == "en"


def test_everything_can_be_done_by_keyboard(dashboard, environment, upload):
    upload("by-keyboard", 640)
    expect(dashboard.rows("changes").first).to_contain_text("by-keyboard")
    keyboard = dashboard.page.keyboard
    focused = "() => document.activeElement.id || document.activeElement.name"

    keyboard.press("Tab")
    assert dashboard.page.evaluate(focused) == "bucket"
    keyboard.press("Tab")
    assert dashboard.page.evaluate(focused) == "window"
    keyboard.press("ArrowRight")
    dashboard.expect_window("1 hour")
    assert dashboard.shown["window"] == "3600"
    expect(dashboard.page.locator("#samples")).to_contain_text("1 hour")
    keyboard.press("Tab")
    assert dashboard.page.evaluate(focused) == "chart"
    keyboard.press("End")
    newest = dashboard.page.inner_text("#readout")
    assert f"UTC: {dashboard.page.inner_text('#total')} in" in newest
    keyboard.press("ArrowLeft")
    expect(dashboard.page.locator("#readout")).not_to_have_text(newest)
    assert dashboard.page.inner_text("#news") == dashboard.page.inner_text("#readout")
    keyboard.press("Escape")
    expect(dashboard.page.locator("#readout")).to_contain_text("arrow keys")


def test_a_change_is_announced_to_a_user_who_cannot_see_it(dashboard, upload):
    dashboard.expect_state("Live")
    assert dashboard.page.locator("#news").get_attribute("role") == "status"

    upload("told", 987)

    expect(dashboard.page.locator("#news")).to_contain_text("Total now")


def test_the_colours_follow_the_system_without_a_reload(dashboard):
    dashboard.expect_state("Live")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    dashboard.page.emulate_media(color_scheme="light")
    light = dashboard.page.evaluate(ground)

    dashboard.page.emulate_media(color_scheme="dark")

    assert dashboard.page.evaluate(ground) != light
    dashboard.page.wait_for_timeout(300)
    assert dashboard.top_of_line is not None  # drawn again, in the dark's own blue
