"""Which requests the dashboard's server answers: only those of its own page, in a browser of this machine.

Everything that reaches the server reads the API with the caller's credentials. It listens on the loopback interface only,
but every page that is open in the browser reaches that too, by its address or by a name that resolves to it (DNS
rebinding), and so does every other user of the machine. A request therefore needs our Host, no Origin but ours, no word of
the browser that it comes from another site, the method GET, and a path that begins with a secret made at each start.
"""

import hmac
import re
from collections.abc import Mapping

from tidemark.aws.signing import Answer
from tidemark.page.forwarding import problem

NAMES = ("127.0.0.1", "localhost")
_TARGET = re.compile(r"[a-z.]{0,40}(\?.*)?")
_FROM_HERE = frozenset({"none", "same-origin"})


def admit(method: str, target: str, headers: Mapping[str, str], *, port: int, secret: str) -> str | Answer:
    """Return an admitted request's `route?query` (a route has no slashes), or the refusal of another one.

    `target` is the request line's; header names are as they came.
    """
    given = {name.lower(): value for name, value in headers.items()}
    if reason := _why_foreign(given, port):
        return problem(403, "refused", "Only the page itself may ask", reason)
    if method != "GET":
        return problem(405, "bad-method", "Only GET is forwarded", f"{method} is not.")
    if given.get("content-length", "0") != "0" or "transfer-encoding" in given:
        return problem(400, "bad-request", "A GET has no body", "This one has.")
    prefix = f"/{secret}/"
    if not hmac.compare_digest(target[: len(prefix)].encode(), prefix.encode()):
        detail = "Open the URL that was printed at the start."
        return problem(404, "no-such-page", "There is nothing here", detail)
    if not _TARGET.fullmatch(target, len(prefix)):
        return problem(
            404, "no-such-route", "There is nothing at this path", "The API's paths have one segment."
        )
    return target[len(prefix) :]


def _why_foreign(given: Mapping[str, str], port: int) -> str | None:
    hosts = {f"{name}:{port}" for name in NAMES}
    if given.get("host", "").lower() not in hosts:
        return "The Host is not this server's."
    origin = given.get("origin")
    if origin is not None and origin not in {f"http://{host}" for host in hosts}:
        return "The Origin is another one."
    if given.get("sec-fetch-site", "none") not in _FROM_HERE:
        return "It comes from another site. Open the URL in a tab of its own."
    return None
