"""The floor: a function that does nothing but say when it was reached, and by what."""

import time


def handler(event, _context):
    """Print the moment (seconds since 1970) and the key."""
    print("reached", repr(time.time()), event["detail"]["object"]["key"], flush=True)
