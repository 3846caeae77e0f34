"""What the tests of runs share: messages, refusals of AWS, and what a run left behind."""

import json

from size_history.messages import ReconcileRequest, ReconcileStep
from tests.stateful.memory import failure
from tests.unit.size_tracking.parts import LATER

FIRST_STEP = {"tidemark": "reconcile", "bucket": "data", "run_id": "run0", "cursor": ""}
REQUEST = {"tidemark": "reconcile", "bucket": "data", "page_size": 1000}
SECOND_REQUEST = {**REQUEST, "second": True}
RECONCILE = ReconcileRequest("data").to_json()


def refuse(parts, operation, *, bucket_keys=None, times=10**9, code="500", status=500, service="s3"):
    """Let requests of an operation fail: all, or those about some keys."""
    left = [times]
    client = {"s3": parts.s3, "dynamodb": parts.dynamodb, "sqs": parts.sqs}[service]
    before = client.before

    def fail(name, request):
        before(name, request)
        key = request.get("Key", request.get("Prefix"))
        if name == operation and left[0] and (bucket_keys is None or key in bucket_keys):
            left[0] -= 1
            raise failure(service, operation, code, status)

    client.before = fail


def cancel(parts, *, matching, times=10**9):
    """Cancel transactions that match, since another writer is at their items."""
    left = [times]
    before = parts.dynamodb.before

    def fail(name, request):
        before(name, request)
        if name == "transact_write_items" and left[0] and matching(request["TransactItems"]):
            left[0] -= 1
            reasons = [{"Code": "TransactionConflict"} for _ in request["TransactItems"]]
            raise failure("dynamodb", name, "TransactionCanceledException", 400, CancellationReasons=reasons)

    parts.dynamodb.before = fail


def creates_totals(writes):
    return writes[0].get("Put", {}).get("Item", {}).get("state") == {"S": "adopting"}


def run(parts):
    return parts.ledger.run("data")


def step(parts, cursor="", run_id="run0", deadline=LATER):
    parts.reconciler.step(ReconcileStep("data", run_id, cursor), deadline=deadline)


def ended(capsys):
    """Return the metrics of the runs that ended."""
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [record for record in records if "ReconcileCheckedKeys" in record]
