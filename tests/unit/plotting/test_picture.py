"""The picture: reviewed references, and what must be true of its pixels."""

import io
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plotting.layout import lay_out
from plotting.picture import AREA, BAND, DATA, PAPER, draw, draw_svg
from tests.unit.plotting.charts import CHARTS, DRIVER, NOW, PIB, SECOND, chart
from tests.unit.plotting.test_layout import MEASURE

ROOT = Path(__file__).parents[3]
REFERENCES = ROOT / "tests" / "references"
CLOSE = 8
"""Levels of 255 by which a pixel may differ: processors round the edges of letters differently, a changed letter
differs by a hundred."""


def pixels(png):
    """Return a PNG as rows of RGB, from the top."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def parsed(svg):
    return ET.fromstring(svg.decode())  # noqa: S314 - what it reads here is ours


def colour(text):
    return [int(text[place : place + 2], 16) for place in (1, 3, 5)]


@pytest.mark.parametrize("name", CHARTS)
def test_a_picture_is_the_one_that_was_reviewed(name, tmp_path):
    drawn = draw(CHARTS[name])

    (tmp_path / f"{name}.png").write_bytes(drawn)
    reference = REFERENCES / f"{name}.png"
    said = (
        f"look at {tmp_path / reference.name}; if it is right, "
        "`python -m tests.unit.plotting.charts tests/references` makes it the reference"
    )
    assert reference.exists(), said
    differing = np.abs(pixels(drawn) - pixels(reference.read_bytes())).max(axis=2) > CLOSE
    assert differing.sum() == 0, f"{differing.sum()} pixels differ: {said}"


def test_every_reference_is_of_a_chart():
    assert {path.stem for path in REFERENCES.glob("*.png")} == set(CHARTS)


def test_a_picture_is_a_png_of_1200_by_675_without_date_or_software():
    image = Image.open(io.BytesIO(draw(CHARTS["driver"])))

    assert (image.format, image.size) == ("PNG", (1200, 675))
    assert set(image.info) <= {"dpi"}


def test_the_same_data_give_the_same_bytes_whatever_the_machine_is_set_to(tmp_path):
    """Another time zone, locale, hash seed, and a matplotlib configuration that would change everything."""
    (tmp_path / "matplotlibrc").write_text(
        "text.antialiased: False\nlines.antialiased: False\nsavefig.dpi: 50\n"
    )
    script = (
        "import hashlib; from plotting.picture import draw, draw_svg; from tests.unit.plotting.charts import CHARTS;"
        "print(*(hashlib.sha256(one(CHARTS['driver'])).hexdigest() for one in (draw, draw_svg, draw, draw_svg)))"
    )
    settings = {
        "TZ": "Asia/Tokyo",
        "LC_ALL": "de_DE.UTF-8",
        "PYTHONHASHSEED": "7",
    }
    settings["PYTHONPATH"] = os.pathsep.join([*os.environ.get("PYTHONPATH", "").split(os.pathsep), str(ROOT)])

    digests = [
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=directory,
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout.split()
        for directory, more in ((ROOT, {}), (tmp_path, settings))
    ]

    assert len({digest for of_machine in digests for digest in of_machine[0::2]}) == 1
    assert len({digest for of_machine in digests for digest in of_machine[1::2]}) == 1


def test_an_svg_needs_no_font_and_has_no_date():
    root = parsed(draw_svg(CHARTS["driver"]))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}

    assert root.get("viewBox") == "0 0 1200 675"
    assert "path" in tags
    assert not tags & {"text", "image", "date", "creator"}


def test_an_svg_has_the_line_where_the_png_has_it():
    """The corners of the step line, in the SVG's coordinates, which count from the top."""
    shown = CHARTS["driver"]
    scale = lay_out(shown, MEASURE).scale

    paths = [
        path.get("d")
        for path in parsed(draw_svg(shown)).iter("{http://www.w3.org/2000/svg}path")
        if f"stroke: {DATA}" in (path.get("style") or "") and "fill: none" in path.get("style")
    ]

    (line,) = paths
    corners = [tuple(map(float, pair)) for pair in re.findall(r"[ML] ([0-9.]+) ([0-9.]+)", line)]
    for point in shown.reading.line:
        x, y = scale.x(point.time), 675 - scale.y(point.size)
        assert any(abs(x - corner[0]) < 0.01 and abs(y - corner[1]) < 0.01 for corner in corners)


def test_drawing_never_imports_pyplot():
    script = (
        "import sys; from plotting.picture import draw; from tests.unit.plotting.charts import CHARTS;"
        "draw(CHARTS['driver']); sys.exit('matplotlib.pyplot' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, timeout=120)

    assert done.returncode == 0


@pytest.mark.parametrize("name", ["driver", "carried-in", "far-maxima", "bytes-on-a-petabyte"])
def test_the_line_holds_each_total_until_the_next_sample_and_the_last_to_the_right_edge(name):
    shown = CHARTS[name]
    scale = lay_out(shown, MEASURE).scale
    rows = pixels(draw(shown))
    line = shown.reading.line
    ends = [point.time for point in line[1:]] + [shown.end]

    for point, end in zip(line, ends, strict=True):
        begin_x, end_x = scale.x(point.time), scale.x(end)
        for part in (0.2, 0.5, 0.95):
            x, y = round(begin_x + (end_x - begin_x) * part), round(675 - scale.y(point.size))
            near = rows[y - 2 : y + 2, x]
            assert (np.abs(near - colour(DATA)).max(axis=1) < 60).any(), (point.size, part)


def test_a_carried_in_total_begins_at_the_left_edge_without_a_dot():
    scale = lay_out(CHARTS["carried-in"], MEASURE).scale

    rows = pixels(draw(CHARTS["carried-in"]))

    y = round(675 - scale.y(27))
    assert rows[y + 20, round(scale.left) + 3].tolist() == colour(AREA)
    assert rows[y + 20, round(scale.left) - 8].tolist() == colour(PAPER)
    assert (np.abs(rows[y - 5 : y + 6, round(scale.left) + 2] - colour(DATA)).max(axis=1) < 60).sum() <= 3


def test_before_its_first_sample_a_bucket_has_no_line():
    shown = CHARTS["one-sample"]
    scale = lay_out(shown, MEASURE).scale

    rows = pixels(draw(shown))

    until = round(scale.x(shown.reading.line[0].time)) - 10
    blue = np.abs(rows[:, :until, :] - colour(DATA)).max(axis=2) < 30
    assert blue.sum() == 0


def test_every_sample_has_a_dot():
    shown = chart(DRIVER, highest=(50, "videos"))
    scale = lay_out(shown, MEASURE).scale
    rows = pixels(draw(shown))

    for point in shown.reading.line:
        x, y = round(scale.x(point.time)), round(675 - scale.y(point.size))
        dot = np.abs(rows[y - 3 : y + 4, x - 3 : x + 4] - colour(DATA)).max(axis=2) < 60
        assert dot.sum() > 25, point.size


def test_a_spike_of_a_minute_in_a_year_is_visible_up_to_its_maximum():
    shown = CHARTS["spike-of-a-minute-in-a-year"]
    scale = lay_out(shown, MEASURE).scale
    highest = shown.reading.maximum
    rows = pixels(draw(shown))

    x = round(scale.x(highest.time))
    top, line = 675 - scale.y(highest.size), 675 - scale.y(45 * 2**30)
    column = rows[round(top) + 2 : round(line) - 2, x]
    assert (np.abs(column - colour(BAND)).max(axis=1) < 30).all()
    assert np.abs(rows[round(top) - 4, x] - colour(BAND)).max() > 30


@pytest.mark.parametrize("name", ["sawtooth-by-minute", "three-years-by-day", "spike-of-a-minute-in-a-year"])
def test_nothing_is_drawn_beyond_the_edges_of_the_plot(name):
    scale = lay_out(CHARTS[name], MEASURE).scale

    rows = pixels(draw(CHARTS[name]))[:, : round(scale.right) + 8]

    for drawn in (BAND, DATA):
        close = np.abs(rows - colour(drawn)).max(axis=2) < 30
        places = np.flatnonzero(close.any(axis=0))
        assert scale.left - 2 <= places.min(initial=round(scale.left))
        assert places.max(initial=0) <= scale.right + 2


def test_a_range_of_no_length_and_a_sample_later_than_the_clock_are_drawn():
    empty, late = chart(window=0, before=PIB), chart([(10 + 1 / SECOND, 18)])

    assert empty.start == empty.end == NOW
    for drawn in (draw(empty), draw(late)):
        assert Image.open(io.BytesIO(drawn)).size == (1200, 675)
