"""States that take a week or a petabyte to reach: the real page, with answers that the contract admits."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.answers import PAGE, Answers, point

PETABYTE = 2**50
SAMPLE = {
    **point(30, 18),
    "created_cnt": 1,
    "overwritten_cnt": 0,
    "removed_cnt": 0,
    "changed_cnt": 1,
    "changed_keys": ["a"],
}
PARTS = ((0.1, 0.6), (0.7, 0.95))
"""Two parts of the chart as shares of its width: before a state that began 20 seconds ago in a minute, and after."""


def test_a_bucket_that_is_being_adopted_says_so_and_shows_no_number(shown):
    dashboard = shown(Answers([], state="adopting"))

    dashboard.expect_state("Adopting")
    expect(dashboard.page.locator("#condition")).to_contain_text("The bucket is being adopted.")
    expect(dashboard.page.locator("#empty")).to_be_visible()
    dashboard.expect_total("\u2013")
    assert dashboard.top_of_line is None
    expect(dashboard.page.locator("#chart")).to_have_attribute(
        "aria-label", "Total size over time: 0 samples in the last 1 minute. No total has been recorded yet."
    )


STATES = {
    "deaf": ("Deaf", "rgb(179, 38, 30)", "has not been heard since"),
    "gone": ("Gone", "rgb(179, 38, 30)", "is gone. A check found it missing on"),
    "recovering": ("Recovering", "rgb(138, 90, 0)", "has been heard again since"),
}


@pytest.mark.parametrize("state", STATES)
def test_a_bucket_that_is_not_live_does_not_look_fine(shown, state):
    label, colour, words = STATES[state]
    dashboard = shown(Answers([point(50, 18), point(30, 27)], state=state), color_scheme="light")
    page = dashboard.page

    dashboard.expect_state(label)
    expect(page.locator("#state")).to_have_css("color", colour)
    expect(page.locator("#condition")).to_contain_text(words)
    expect(page.locator("#condition")).to_be_visible()
    expect(page).to_have_title(re.compile(f"^{label} · 27 B"))
    expect(dashboard.rows("buckets").first.locator(".kind")).to_have_text(label)
    expect(page.locator("#buckets-note")).to_contain_text("1 bucket is not live")
    assert page.locator("#doubtful").is_visible() == (state != "recovering")


def test_the_reason_and_its_fix_are_on_the_page(shown):
    dashboard = shown(Answers([point(30, 18)], state="deaf", state_reason="no events: make track BUCKET=b"))

    expect(dashboard.page.locator("#condition")).to_contain_text("Why: no events: make track BUCKET=b.")


def test_a_chart_is_hatched_from_when_its_bucket_was_not_heard_any_more(shown):
    live = shown(Answers([point(55, 18)]), color_scheme="light")
    deaf = shown(Answers([point(55, 18)], state="deaf"), color_scheme="light")
    for dashboard in (live, deaf):
        dashboard.expect_total("18 B")
        dashboard.page.wait_for_timeout(500)

    assert [[dashboard.reddish(*part) for part in PARTS] for dashboard in (live, deaf)] == [
        [False, False],
        [False, True],
    ]


def test_dead_letters_are_on_the_page(shown):
    dashboard = shown(Answers([point(30, 18)], dead_letters=2, undelivered_events=1))

    expect(dashboard.page.locator("#undone")).to_contain_text("2 messages could not be processed")
    expect(dashboard.page.locator("#undone")).to_contain_text("1 event could not be delivered")


def test_a_browser_without_the_features_of_2024_shows_the_bucket(shown):
    script = "delete AbortSignal.any; delete AbortSignal.timeout; delete URLSearchParams.prototype.size;"
    dashboard = shown(Answers([point(30, 18)]), script=script)

    dashboard.expect_state("Live")
    dashboard.expect_total("18 B")


@pytest.mark.parametrize("lacking", ["Array.prototype.at", "Object.hasOwn", "window.ResizeObserver"])
def test_a_browser_that_is_too_old_is_told_so(shown, lacking):
    dashboard = shown(Answers([point(30, 18)]), script=f"delete {lacking};")

    expect(dashboard.page.locator("#old")).to_contain_text("This browser is too old for this page")
    dashboard.expect_state("Not started")
    assert not [url for url in dashboard.requests if "count" in url]


def test_a_window_that_is_refused_stops_its_chart_and_nothing_else(shown):
    answers = Answers([point(30, 18)], samples=[SAMPLE])
    dashboard = shown(answers)
    dashboard.expect_total("18 B")
    problem = {
        "type": "urn:tidemark:problem:bad-range",
        "detail": "Not this range: ask for another.",
    }
    dashboard.page.route(f"{PAGE}plot*", lambda route: route.fulfill(status=400, json=problem))

    dashboard.choose_window("31 days")

    expect(dashboard.page.locator("#plot-note")).to_have_text(
        "Not up to date: Not this range: ask for another."
    )
    dashboard.expect_state("Live")
    dashboard.expect_no_banner()
    dashboard.expect_total("18 B")
    asked = len([url for url in dashboard.requests if "/plot?" in url])
    dashboard.page.wait_for_timeout(5000)
    assert len([url for url in dashboard.requests if "/plot?" in url]) == asked
    assert dashboard.top_of_line is None


def test_an_error_and_then_a_dead_network_do_not_end_the_page(shown):
    answers = Answers([point(30, 18)])
    dashboard = shown(answers)
    dashboard.expect_state("Live")
    everything = f"{PAGE}*?*"
    failing = {"status": 500, "json": {"type": "t", "detail": "Out of tea."}}
    dashboard.page.route(everything, lambda route: route.fulfill(**failing))
    dashboard.expect_banner("Out of tea.")
    dashboard.page.unroute(everything)
    dashboard.page.route(everything, lambda route: route.abort())
    dashboard.expect_banner("The API does not answer.")

    dashboard.page.unroute(everything)

    dashboard.expect_state("Live")
    dashboard.expect_no_banner()


@pytest.mark.parametrize(
    ("queue", "words"),
    [
        ({"queue_waiting": 3, "queue_age_seconds": 4}, "3 messages waiting, up to 4 s old"),
        ({"queue_waiting": 1, "queue_age_seconds": None}, "1 message waiting"),
        ({"queue_waiting": None, "queue_age_seconds": None}, "queue unknown"),
    ],
)
def test_what_waits_in_the_queue_is_said(shown, queue, words):
    dashboard = shown(Answers([point(30, 18)], **queue))

    expect(dashboard.page.locator("#queue")).to_have_text(words)


def test_petabytes_are_legible(shown):
    points = [point(50, 3 * PETABYTE), point(30, 5 * PETABYTE), point(10, 4 * PETABYTE + PETABYTE // 2)]
    dashboard = shown(Answers(points, any_maximum=700 * PETABYTE))

    dashboard.expect_total("4.5 PiB")
    expect(dashboard.page.locator("#exact")).to_contain_text(f"{points[-1]['total_size']:,} bytes")
    expect(dashboard.page.locator("#highest-any")).to_have_text("700 PiB")
    assert 0.6 < dashboard.top_of_line < 0.95


def test_a_total_holds_until_the_next_sample_and_then_to_the_present(shown):
    dashboard = shown(Answers([point(50, 300), point(30, 500), point(10, 400)]), window=60)
    dashboard.expect_total("400 B")
    dashboard.page.wait_for_timeout(500)
    high = 500 * 1.18

    # Half a minute wide steps, looked at far from their ends: the chart moves on while we look.
    assert dashboard.level_at(0.33) == pytest.approx(300 / high, abs=0.02)
    assert dashboard.level_at(0.66) == pytest.approx(500 / high, abs=0.02)
    assert dashboard.level_at(0.97) == pytest.approx(400 / high, abs=0.02)
    assert dashboard.level_at(0.05) is None
    box = dashboard.page.locator("#chart .u-over").bounding_box()
    dashboard.page.mouse.move(box["x"] + box["width"] * 0.42, box["y"] + box["height"] / 2)
    expect(dashboard.page.locator("#readout")).to_contain_text(
        ": 300 B in 1 object"
    )  # in force, not the nearest


def test_one_byte_on_a_petabyte_is_seen_and_the_axis_says_how(shown):
    dashboard = shown(Answers([point(50, PETABYTE), point(20, PETABYTE + 20)]))

    dashboard.expect_total("1 PiB")
    expect(dashboard.page.locator("#relative")).to_be_visible()
    assert dashboard.top_of_line > 0.5


def test_zero_bytes_are_a_line_at_the_bottom(shown):
    dashboard = shown(Answers([point(30, 0, 0)]))

    dashboard.expect_total("0 B")
    assert dashboard.top_of_line == pytest.approx(0, abs=0.05)


def test_as_many_days_as_ten_years_have_are_drawn_and_what_they_are_is_said(shown):
    points = [
        {**point((3650 - number) * 86_400, 1000 + number % 97), "minimum": 900, "maximum": 1200}
        for number in range(3650)
    ]
    dashboard = shown(Answers(points, unit="day"))
    dashboard.choose_window("all of its history")

    expect(dashboard.page.locator("#samples")).to_contain_text(
        "32,850 samples in all of its history, by day with minimum and maximum"
    )
    frames = dashboard.page.evaluate(
        """() => new Promise((resolve) => {
          let frames = 0;
          const until = performance.now() + 2000;
          const count = () => { frames += 1; performance.now() < until ? requestAnimationFrame(count) : resolve(frames); };
          count();
        })"""
    )
    assert frames > 4  # a page that hangs draws none


def test_the_largest_prefixes_are_shown_and_the_rest_is_counted(shown):
    prefixes = [
        {"prefix": f"p{number:02}/", "total_size": number * 10, "object_cnt": 1} for number in range(30)
    ]
    dashboard = shown(Answers([point(30, 4350)], prefixes=prefixes))

    expect(dashboard.rows("prefixes")).to_have_count(9)
    expect(dashboard.rows("prefixes").first).to_contain_text("p29/")
    expect(dashboard.page.locator("#prefixes-note")).to_have_text("The 9 largest of 30.")


def test_one_changed_key_without_its_name_is_1_key(shown):
    counters = {"created_cnt": 1, "overwritten_cnt": 0, "removed_cnt": 0}
    samples = [{**point(20, 18), **counters, "changed_cnt": cnt, "changed_keys": []} for cnt in (1, 2)]
    dashboard = shown(Answers([point(20, 18)], samples=samples))

    expect(dashboard.rows("changes").first.locator(".changed")).to_have_text("1 key")
    expect(dashboard.rows("changes").last.locator(".changed")).to_have_text("2 keys")


def test_a_part_that_fails_says_so_and_leaves_the_rest(shown):
    dashboard = shown(Answers([point(30, 18)], samples=[SAMPLE]))
    dashboard.expect_state("Live")
    problem = {"type": "urn:tidemark:problem:internal", "title": "t", "status": 500, "detail": "Out of tea."}
    dashboard.page.route(f"{PAGE}prefixes*", lambda route: route.fulfill(status=500, json=problem))
    dashboard.page.reload()

    expect(dashboard.page.locator("#prefixes-note")).to_have_text("Not up to date: Out of tea. Trying again…")
    dashboard.expect_state("Live")
    expect(dashboard.rows("changes").first).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_both_lines_are_told_apart_when_they_are_close(shown, width):
    viewport = {"width": width, "height": 900}
    dashboard = shown(
        Answers([point(40, 900_000), point(20, 1_000_000)], any_maximum=1_010_000), viewport=viewport
    )

    dashboard.expect_total("977 KiB")
    assert dashboard.page.evaluate("document.documentElement.scrollWidth") <= width
