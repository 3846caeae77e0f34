"""Nothing in the picture collides, whatever there is to draw."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from plotting.layout import LABEL, LABEL_INDENT, MARGIN, NOTE, NOW, SUBTITLE, SWATCH, TICK, lay_out
from plotting.picture import DPI, measure_of
from plotting.scale import HEIGHT, PLOT_BOTTOM, WIDTH, Role
from size_history.sources import Status
from tests.unit.plotting.charts import CHARTS, PIB, TIB, chart
from tests.unit.plotting.charts import NOW as END

MEASURE = measure_of(FigureCanvasAgg(Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)))
DESCENT = 0.25
ASCENT = 0.8
"""How far letters reach below and above their baseline, as parts of the font's size."""
SUBTITLE_FLOOR = HEIGHT - 76 - SUBTITLE.size * DESCENT

SIZES = st.one_of(
    st.integers(0, 100), st.integers(0, 2**61), st.integers(0, 1000).map(lambda more: TIB + more)
)
NAMES = st.sampled_from(["abc", "photos", "w" * 63])


@st.composite
def charts(draw):
    """Return a chart as the tables can yield it: no sample is above its bucket's maximum, no bucket above the peak."""
    window = draw(st.sampled_from([1, 10, 3600, 86_400, 31 * 86_400]))
    offsets = sorted(draw(st.lists(st.floats(0, window), max_size=8, unique=True)))
    before = draw(st.none() | SIZES)
    points = [(offset, draw(SIZES)) for offset in offsets]
    largest = max([size for _, size in points] + ([] if before is None else [before]), default=0)
    maximum = largest + draw(st.just(0) | SIZES)
    highest = maximum + draw(st.just(0) | SIZES)
    bucket, other = draw(NAMES), draw(NAMES)
    return chart(
        points, bucket=bucket, window=window, before=before, maximum=maximum, highest=(highest, other)
    )


@given(charts())
def test_labels_are_above_the_data_below_the_title_and_apart_from_each_other(drawn):
    layout = lay_out(drawn, MEASURE)

    sizes = [point.size for point in drawn.reading.line]
    data_top = layout.scale.y(max(sizes)) if sizes else layout.scale.bottom
    baselines = sorted(line.label_y for line in layout.lines)
    assert baselines[0] - LABEL.size * DESCENT > data_top
    assert baselines[1] - baselines[0] >= LABEL.size * (ASCENT + DESCENT)
    assert baselines[-1] + LABEL.size * ASCENT < SUBTITLE_FLOOR


@given(charts())
def test_no_label_stands_on_the_line_of_the_other(drawn):
    layout = lay_out(drawn, MEASURE)

    for line in layout.lines:
        for other in layout.lines:
            above = other.line_y >= line.label_y + LABEL.size * ASCENT
            below = other.line_y <= line.label_y - LABEL.size * DESCENT
            assert above or below


@given(charts())
def test_the_line_of_any_bucket_is_drawn_above_that_of_this_bucket(drawn):
    heights = {line.role: line.line_y for line in lay_out(drawn, MEASURE).lines}

    assert heights[Role.ANY] >= heights[Role.BUCKET] + 1 or drawn.highest.size > drawn.bucket_maximum
    assert heights[Role.ANY] >= heights[Role.BUCKET]


@given(charts())
def test_every_text_is_within_the_picture(drawn):
    layout = lay_out(drawn, MEASURE)

    scale = layout.scale
    assert MARGIN + MEASURE(layout.title, layout.title_font) <= WIDTH - MARGIN
    for line in layout.lines:
        swatch = SWATCH + 8 if line.apart else 0
        assert scale.left + LABEL_INDENT + swatch + MEASURE(line.label, LABEL) <= scale.right
    for tick in layout.size_ticks:
        assert scale.left - MEASURE(tick.label, TICK) >= MARGIN
    for number, text in enumerate(layout.now):
        assert scale.right + MEASURE(text, NOTE if number else NOW) <= WIDTH - MARGIN


@given(charts())
def test_ticks_are_on_the_axes_and_far_enough_apart_to_be_read(drawn):
    layout = lay_out(drawn, MEASURE)

    heights = [layout.scale.y(tick.value) for tick in layout.size_ticks]
    assert all(layout.scale.bottom <= height <= layout.scale.top for height in heights)
    assert all(high - low >= TICK.size * 1.5 for low, high in pairwise(heights))
    places = [layout.scale.x(tick.time) for tick in layout.time_ticks]
    widths = [max(MEASURE(tick.label, TICK), MEASURE(tick.belongs_to, TICK)) for tick in layout.time_ticks]
    for (left, right), (width, next_width) in zip(pairwise(places), pairwise(widths), strict=True):
        assert right - left > (width + next_width) / 2


@given(charts())
def test_data_of_any_height_are_drawn_within_the_plot_and_high_enough_to_see(drawn):
    layout = lay_out(drawn, MEASURE)

    heights = [layout.scale.y(point.size) for point in drawn.reading.line]
    assert all(PLOT_BOTTOM <= height <= layout.scale.top for height in heights)
    if len({point.size for point in drawn.reading.line}) > 1:
        assert max(heights) - min(heights) >= (layout.scale.top - PLOT_BOTTOM) / 55


def test_equal_maxima_are_two_lines_and_two_labels_with_their_patterns():
    layout = lay_out(CHARTS["equal-maxima"], MEASURE)

    assert [(line.role, line.label, line.apart) for line in layout.lines] == [
        (Role.BUCKET, "Highest of this bucket: 27 B", True),
        (Role.ANY, "Highest of any bucket: 27 B in this bucket", True),
    ]
    assert layout.lines[1].line_y - layout.lines[0].line_y >= 3


def test_a_maximum_far_above_the_data_is_off_their_scale_and_says_so():
    layout = lay_out(CHARTS["far-maximum"], MEASURE)

    assert layout.scale.high == 27
    assert layout.break_y is not None
    assert layout.lines[-1].label == "Highest of any bucket: 5 PiB in videos, off the scale"


def test_small_changes_of_a_large_bucket_get_a_scale_of_changes():
    layout = lay_out(CHARTS["bytes-on-a-petabyte"], MEASURE)

    assert layout.zoomed
    assert [tick.label for tick in layout.size_ticks] == ["1 PiB", "+10 B", "+20 B"]
    assert layout.now == ("1 PiB", "+2 B", "121 objects")


@pytest.mark.parametrize(("sizes", "low"), [((90, 100), 0), ((91, 100), 90), ((5 * PIB, 5 * PIB), 0)])
def test_the_scale_starts_at_0_unless_the_data_change_by_less_than_a_tenth(sizes, low):
    layout = lay_out(chart(list(enumerate(sizes))), MEASURE)

    assert (layout.scale.low, layout.zoomed) == (low, low > 0)


@pytest.mark.parametrize(("maxima", "high"), [((100, 500), 500), ((100, 501), 100), ((101, 102), 20)])
def test_a_maximum_is_on_the_scale_up_to_five_times_the_height_below_it(maxima, high):
    maximum, highest = maxima

    layout = lay_out(chart([(1, 10), (2, 20)], maximum=maximum, highest=(highest, "videos")), MEASURE)

    assert layout.scale.high == high


def test_a_long_name_of_another_bucket_stays_whole_where_it_fits():
    label = lay_out(chart([(1, 1)], highest=(3, "i" * 63)), MEASURE).lines[-1].label

    assert label.endswith("i" * 63)


def test_a_name_too_long_for_the_picture_is_cut_in_its_middle():
    label = lay_out(chart([(1, 1)], highest=(5 * PIB, "mmm" + "m" * 57 + "end")), MEASURE).lines[-1].label

    assert "m…m" in label
    assert label.endswith("end, off the scale")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Status.ADOPTING, "still being adopted"),
        (Status.DEAF, "NOT HEARD since 20 Nov 2026, 08:15 UTC"),
        (Status.RECOVERING, "heard again, changes may be missing"),
        (Status.GONE, "GONE since 20 Nov 2026, 08:15 UTC"),
    ],
)
def test_a_picture_of_a_bucket_that_is_not_live_says_so(state, words):
    layout = lay_out(chart([(1, 1)], state=state, since=END), MEASURE)

    assert layout.subtitle.endswith(words)


def test_a_picture_of_a_live_bucket_says_nothing_of_its_state():
    assert lay_out(chart([(1, 1)]), MEASURE).subtitle.endswith("1 sample")


@pytest.mark.parametrize(
    ("name", "unit"),
    [("sawtooth-by-minute", "minute"), ("50000-samples", "hour"), ("three-years-by-day", "day")],
)
def test_the_picture_says_what_its_points_are(name, unit):
    assert lay_out(CHARTS[name], MEASURE).subtitle.endswith(f"by {unit}, with minimum and maximum")
