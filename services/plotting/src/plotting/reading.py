"""The reads behind one picture, in the order that makes their answers fit together."""

from plotting.chart import Chart, bucket_maximum, highest_of_any
from plotting.history import History
from plotting.ledger import Ledger
from plotting.parsing import PlotRequest
from plotting.problems import NOT_TRACKED, ProblemError
from plotting.thinning import collect


def gather(history: History, ledger: Ledger, request: PlotRequest, now: int) -> Chart:
    """Read what a picture shows, complete up to `now`. Raises ProblemError for a bucket that is not tracked."""
    totals = ledger.totals(request.bucket)
    if totals is None:
        raise ProblemError(
            NOT_TRACKED,
            f"bucket {request.bucket} is not tracked: there is no history of it.",
            parameter="bucket",
        )
    samples = collect(history.samples(request.bucket, request.start), request.start, now)
    before = history.sample_before(request.bucket, request.start)
    indexed = history.largest_size(request.bucket)
    shown = (before, *samples.kept) if before else samples.kept
    maximum = bucket_maximum(indexed, totals, shown)
    return Chart(
        bucket=request.bucket,
        start=request.start,
        # A tracker whose clock is ahead has written a sample later than now; it belongs to the picture.
        end=max(now, shown[-1].time) if shown else now,
        state=totals.state,
        before=before,
        samples=samples,
        bucket_maximum=maximum,
        highest=highest_of_any(ledger.peak(), request.bucket, maximum),
    )
