"""Zoom and pan with real drags, keys and the wheel, on 10⁸ samples of ten years."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.answers import PAGE
from tests.browser.long_history import LongHistory
from tests.unit.plotting.computed import Steady

NAMED = {
    "10 seconds": "sample",
    "1 minute": "sample",
    "1 hour": "sample",
    "1 day": "minute",
    "31 days": "hour",
    "1 year": "day",
    "all of its history": "day",
}


@pytest.fixture
def history():
    return LongHistory(Steady(10**8))


@pytest.fixture
def zoomable(open_page, history):
    """Open the page of a bucket with a long history."""
    dashboard = open_page("about:blank", color_scheme="light")
    history.serve(dashboard)
    dashboard.open(f"{PAGE}#window=86400")
    expect(dashboard.page.locator("#samples")).to_contain_text("by minute")
    return dashboard


def drag(dashboard, start, end, *, key=None):
    """Drag on the chart from one share of its width to another, with a key held down."""
    area = dashboard.page.locator("#chart .u-over").bounding_box()
    places = [(area["x"] + share * area["width"], area["y"] + area["height"] / 2) for share in (start, end)]
    if key:
        dashboard.page.keyboard.down(key)
    dashboard.page.mouse.move(*places[0])
    dashboard.page.mouse.down()
    dashboard.page.mouse.move(*places[1], steps=8)
    dashboard.page.mouse.up()
    if key:
        dashboard.page.keyboard.up(key)


def settle(dashboard, text):
    expect(dashboard.page.locator("#samples")).to_contain_text(re.compile(text))


def seconds_of(text):
    hours, minutes, seconds = re.search(r"T(\d\d):(\d\d):([\d.]+)Z", text).groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


@pytest.mark.parametrize("name", NAMED)
def test_every_window_says_what_its_points_are(zoomable, name):
    zoomable.choose_window(name)

    settle(zoomable, rf"in (the last )?{name}" + (f", by {NAMED[name]}" if NAMED[name] != "sample" else "$"))
    assert zoomable.top_of_line is not None


def test_a_drag_zooms_and_back_and_a_double_click_return(zoomable):
    drag(zoomable, 0.25, 0.5)

    settle(zoomable, r"from 19 Nov 2026, 14:\d\d:\d\d to 20:\d\d:\d\d UTC, by minute")
    assert abs(seconds_of(zoomable.shown["to"]) - seconds_of(zoomable.shown["from"]) - 21_600) < 120
    expect(zoomable.page.locator("#reset")).to_be_visible()
    zoomed = zoomable.page.url
    drag(zoomable, 0.4, 0.5)
    settle(zoomable, r"from 19 Nov 2026, 16:\d\d:\d\d to 17:\d\d:\d\d UTC$")
    zoomable.page.go_back()
    settle(zoomable, r"from 19 Nov 2026, 14:")
    assert zoomable.page.url == zoomed
    zoomable.page.locator("#chart .u-over").dblclick(position={"x": 300, "y": 100})
    settle(zoomable, "in the last 1 day")
    expect(zoomable.page.locator("#reset")).to_be_hidden()


def test_a_drag_with_shift_moves_and_the_url_follows_without_an_entry_of_its_own(zoomable):
    drag(zoomable, 0.25, 0.5)
    settle(zoomable, "from 19 Nov 2026, 14:")
    entries = zoomable.page.evaluate("history.length")

    drag(zoomable, 0.25, 0.75, key="Shift")

    settle(zoomable, r"from 19 Nov 2026, 11:\d\d:\d\d to 17:")
    assert zoomable.page.evaluate("history.length") == entries


def test_the_wheel_zooms_with_ctrl_and_moves_sideways(zoomable):
    drag(zoomable, 0.25, 0.5)
    settle(zoomable, "from 19 Nov 2026, 14:")
    zoomable.page.locator("#chart .u-over").hover()
    zoomable.page.mouse.wheel(-400, 0)
    settle(zoomable, r"from 19 Nov 2026, 1[12]:")
    zoomable.page.keyboard.down("Control")
    zoomable.page.mouse.wheel(0, -600)
    zoomable.page.keyboard.up("Control")

    settle(zoomable, r"UTC$")  # by samples again
    assert seconds_of(zoomable.shown["to"]) - seconds_of(zoomable.shown["from"]) < 21_600 / 5


def test_keys_zoom_move_read_and_reset(zoomable):
    chart = zoomable.page.locator("#chart")
    chart.focus()
    for key in ("Shift+ArrowLeft", "+"):
        zoomable.page.keyboard.press(key)
    settle(zoomable, r"from 19 Nov 2026, 08:15:\d\d to 20:15:")
    zoomable.page.keyboard.press("End")
    expect(zoomable.page.locator("#readout")).to_contain_text("the minute 20:15 UTC")
    zoomable.page.keyboard.press("Escape")

    settle(zoomable, "in the last 1 day")


def test_a_url_with_a_range_opens_it(zoomable):
    zoomable.open(f"{PAGE}#bucket=photos&window=60&from=2021-11-20T00:00:00Z&to=2022-11-20T00:00:00Z")
    zoomable.page.reload()

    settle(zoomable, "from 20 Nov 2021, 00:00:00 to 20 Nov 2022, 00:00:00 UTC, by day")
    assert zoomable.level_at(0.5) is not None
