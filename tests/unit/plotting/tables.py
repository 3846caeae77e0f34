"""A stand-in for DynamoDB that holds one live bucket without samples and keeps every request."""

from plotting.queues import Backlog, Depth
from size_history.items import State, Totals
from size_history.sources import Source

NOW = 1_795_162_530_250_000
BUCKET = "photos"
TOTALS = Totals(5, 1, 1, 0, 0, 5, NOW - 1_000_000, 3, State.LIVE)


class Tables:
    """Keeps every request; it holds one live bucket without samples."""

    def __init__(self):
        self.requests = []

    def query(self, **request):
        self.requests.append(("query", request))
        tracked = request["ExpressionAttributeValues"].get(":pk") == {"S": "*"}
        return {"Items": [Source(1).to_item(BUCKET)] if tracked else []}

    def get_item(self, **request):
        self.requests.append(("get_item", request))
        return {}

    def batch_get_item(self, RequestItems):
        ((table, request),) = RequestItems.items()
        self.requests.append(("batch_get_item", request))
        rows = [TOTALS.to_item(BUCKET), Source(1).to_item(BUCKET)]
        found = [row for row in rows if {name: row[name] for name in ("pk", "sk")} in request["Keys"]]
        return {"Responses": {table: found}}


class Counts:
    """Stands in for the queues, which are empty."""

    def backlog(self, _now):
        return Backlog(0, 0)

    def depth(self, _now):
        return Depth(0)


class Pictures:
    """Stands in for S3."""

    def put_object(self, **_):
        pass
