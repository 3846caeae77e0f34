"""A real browser in front of the running environment, and what its user sees."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.answers import PAGE
from tests.browser.chromium import NoChromiumError, find
from tests.browser.dashboard import Dashboard
from tests.e2e.tracked_bucket import tracked_bucket

KEPT = Path(__file__).resolve().parents[2] / ".local" / "browser"
"""Every test leaves a picture of its page here."""


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Take pictures of a test's pages at its end, before its fixtures clean up."""
    report = yield
    if call.when == "call" and "open_page" in getattr(item, "funcargs", {}):
        for number, dashboard in enumerate(item.funcargs["open_page"].opened):
            name = re.sub(r"\W+", "-", item.name).strip("-") + (f"-{number}" if number else "")
            if dashboard.page.url != "about:blank":
                dashboard.page.screenshot(path=KEPT / f"{name}.png", full_page=True)
    return report


@pytest.fixture(scope="session")
def browser():
    try:
        path = find()
    except NoChromiumError as error:
        pytest.exit(str(error), returncode=2)
    KEPT.mkdir(parents=True, exist_ok=True)
    # Chromium's own sandbox refuses root, which is what a CI job often is.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser):
    """Open the dashboard at a URL, with settings of the browser; a script that fails in the page fails the test."""
    opened = []

    def open_it(url, **settings):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        context.set_default_timeout(60_000)
        dashboard = Dashboard(context.new_page())
        opened.append(dashboard)
        dashboard.open(url)
        return dashboard

    open_it.opened = opened
    yield open_it
    for dashboard in opened:
        dashboard.page.context.close()
    assert [fault for dashboard in opened for fault in dashboard.faults] == []


@pytest.fixture
def shown(open_page):
    """Open the page on answers; a script may run before the page's own."""

    def show(answers, window=60, script=None, **settings):
        dashboard = open_page("about:blank", **settings)
        if script:
            dashboard.page.add_init_script(script)
        answers.serve(dashboard)
        dashboard.open(f"{PAGE}#bucket=imagined&window={window}")
        return dashboard

    return show


@pytest.fixture
def dashboard(open_page, environment):
    """The dashboard at the URL that local-up prints."""
    return open_page(environment.api_url)


@pytest.fixture
def other_bucket(environment):
    """A second bucket, tracked from its first change on; it holds 5,000 bytes."""
    with tracked_bucket(environment) as bucket:
        environment.client("s3").put_object(Bucket=bucket, Key="reports/first", Body=b"x" * 5000)
        environment.wait_until_quiet()
        yield bucket


@pytest.fixture
def upload(environment):
    """Put an object through S3, and remove all of them afterwards."""
    s3, put = environment.client("s3"), set()

    def put_it(key, size, bucket=None):
        s3.put_object(Bucket=bucket or environment.data_bucket, Key=key, Body=b"x" * size)
        put.add((bucket or environment.data_bucket, key))

    yield put_it
    for bucket, key in put:
        s3.delete_object(Bucket=bucket, Key=key)
    environment.wait_until_quiet()


@pytest.fixture
def show(capsys):
    """Print a text for a person although pytest captures the output."""

    def print_it(text):
        with capsys.disabled():
            print(f"\n  {text}")

    return print_it
