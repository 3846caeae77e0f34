"""States that take a week or a petabyte to reach: the real page, with answers that the contract admits."""

import pytest
from playwright.sync_api import expect

from tests.browser.answers import Answers, point

PETABYTE = 2**50


@pytest.fixture
def shown(open_page, environment):
    """Open the page on answers."""

    def show(answers, window=60, **settings):
        dashboard = open_page("about:blank", **settings)
        answers.serve(dashboard, environment.api_url)
        dashboard.open(f"{environment.api_url}#bucket=imagined&window={window}")
        return dashboard

    return show


def test_a_bucket_that_is_being_adopted_says_so_and_shows_no_number(shown):
    dashboard = shown(Answers([], state="adopting"))

    dashboard.expect_state("Adopting")
    expect(dashboard.page.locator("#adopting")).to_be_visible()
    expect(dashboard.page.locator("#empty")).to_be_visible()
    dashboard.expect_total("\u2013")
    assert dashboard.top_of_line is None
    expect(dashboard.page.locator("#chart")).to_have_attribute(
        "aria-label", "Total size over time: 0 samples in the last 1 minute. No total has been recorded yet."
    )


@pytest.mark.parametrize(
    ("queue", "words"),
    [
        ({"queue_waiting": 3, "queue_age_seconds": 4}, "3 changes waiting, up to 4 s old"),
        ({"queue_waiting": 1, "queue_age_seconds": None}, "1 change waiting"),
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


def test_the_maximum_of_points_is_drawn_and_thinning_is_said(shown):
    points = [point(59 - number * 0.014, 1000 + number % 97) for number in range(4000)]
    dashboard = shown(Answers(points, thinned=True))

    expect(dashboard.page.locator("#samples")).to_contain_text(
        "36,000 samples in the last 1 minute, 4,000 of them drawn"
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


def test_a_part_that_fails_says_so_and_leaves_the_rest(open_page, environment):
    dashboard = open_page("about:blank")
    problem = {"type": "urn:tidemark:problem:internal", "title": "t", "status": 500, "detail": "Out of tea."}
    dashboard.page.route(
        f"{environment.api_url}prefixes*", lambda route: route.fulfill(status=500, json=problem)
    )
    dashboard.open(environment.api_url)

    expect(dashboard.page.locator("#prefixes-note")).to_have_text("Not up to date: Out of tea.")
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
