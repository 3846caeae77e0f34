"""Which requests the dashboard's server answers: only those of its own page, in a browser of this machine.

Everything that reaches the server reads the API with the caller's credentials. It listens on the loopback interface only,
but every page that is open in the browser reaches that too, by its address or by a name that resolves to it (DNS
rebinding), and so does every other user of the machine. A request therefore needs our Host, no Origin but ours, no word of
the browser that it comes from another site, the method GET, and a path that begins with a secret made at each start.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tidemark.page.forwarding import Answer, problem

NAMES = ("127.0.0.1", "localhost")
_ROUTE = re.compile(r"[a-z.]{0,40}", re.ASCII)
_FROM_HERE = frozenset({"none", "same-origin"})


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request for the API: a route without slashes, and the query as it came."""

    route: str
    query: str


def admit(
    method: str, target: str, headers: Mapping[str, str], *, port: int, secret: str
) -> Admitted | Answer:
    """Return the admitted request or its refusal. `target` is the request line's; header names are as they came."""
    given = {name.lower(): value for name, value in headers.items()}
    if reason := _why_foreign(given, port):
        return problem(403, "refused", "Only the page itself may ask", reason)
    if method != "GET":
        return problem(405, "bad-method", "Only GET is forwarded", f"{method} is not.")
    if given.get("content-length", "0") != "0" or "transfer-encoding" in given:
        return problem(400, "bad-request", "A GET has no body", "This one has.")
    path, _, query = target.partition("?")
    prefix = f"/{secret}/"
    if not hmac.compare_digest(path[: len(prefix)].encode(), prefix.encode()):
        return problem(
            404, "no-such-page", "There is nothing here", "Open the URL that was printed at the start."
        )
    route = path[len(prefix) :]
    if not _ROUTE.fullmatch(route):
        return problem(
            404, "no-such-route", "There is nothing at this path", "The API's paths have one segment."
        )
    return Admitted(route, query)


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
