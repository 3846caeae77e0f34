"""The floor: a function that only logs when it was invoked, and for which key."""

import time


def handler(event, _context):
    """Print the moment (seconds since 1970) and the key."""
    print("reached", repr(time.time()), event["detail"]["object"]["key"], flush=True)
