"""Takes the README's picture of the dashboard: `make -s env` in the shell, then `python -m tests.browser.picture FILE`.

It tracks a bucket of its own and lets about a minute of changes happen in it; the local environment is best a fresh one.
"""

import os
import random
import sys
import time

from playwright.sync_api import sync_playwright

from tests.browser.chromium import find
from tests.browser.dashboard import Dashboard
from tests.e2e.environment import Environment
from tidemark.aws.deployment import Deployment
from tidemark.operate.track import track

BUCKET = "holiday-photos"
CHANGES = 34
PREFIXES = ("2026/corsica/", "2026/lisbon/", "2025/", "thumbnails/", "")


def change(s3, chance, keys):
    """Add an object, replace one or remove one."""
    if keys and chance.random() < 0.3:
        s3.delete_object(Bucket=BUCKET, Key=keys.pop(chance.randrange(len(keys))))
        return
    if keys and chance.random() < 0.15:
        key = chance.choice(keys)
    else:
        key = f"{chance.choice(PREFIXES)}img-{chance.randrange(1000, 9999)}.jpg"
        keys.append(key)
    s3.put_object(Bucket=BUCKET, Key=key, Body=bytes(chance.randrange(200_000, 2_600_000)))


def main(target):
    """Make the history and the picture."""
    environment = Environment.from_env()
    s3 = environment.client("s3")
    for bucket, size in (("backups", 36_000_000), (BUCKET, 4_000_000)):
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="2024/archive.zip", Body=bytes(size))
        track(Deployment("local", environment.api_url.partition("/_aws/")[0]), bucket)
    chance, keys = random.Random(6), []
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=find(), args=arguments)
        page = browser.new_page(viewport={"width": 1240, "height": 900}, color_scheme="light")
        dashboard = Dashboard(page).open(f"{environment.api_url}#bucket={BUCKET}&window=60")
        for _ in range(CHANGES):
            change(s3, chance, keys)
            time.sleep(chance.uniform(0.8, 2.6))
        environment.wait_until_quiet()
        page.wait_for_timeout(2500)
        dashboard.expect_state("Live")
        page.screenshot(path=target, full_page=True)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
