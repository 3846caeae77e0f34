"""The demonstration: a baseline and four changes, each of which must appear in the history."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from driver.history import History, StepError
from driver.scenario import CHANGES, OBJECTS, Change, Weight
from size_history.deadline import OutOfTimeError
from size_history.items import Sample
from size_history.messages import ReconcileRequest

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Demonstration:
    """One run on one bucket, which may hold other objects. Nothing else may change the bucket meanwhile."""

    s3: "S3Client"
    sqs: "SQSClient"
    queue_url: str
    bucket: str
    history: History
    pause_seconds: float

    def run(self) -> list[Sample]:
        """Return the baseline's sample and one per change. Raises StepError naming the step that failed."""
        with _step("baseline"):
            self._reconcile()
            samples = [self._without_leftovers(self.history.latest())]
        baseline = Weight(samples[0].total_size, samples[0].object_cnt)
        for change in CHANGES:
            self.history.pause(self.pause_seconds)
            weight = baseline.plus(change.size, change.count)
            with _step(change.name):
                self._make(change)
                samples.append(self.history.wait_for(change.name, weight, after=samples[-1].time))
        return samples

    def _reconcile(self) -> None:
        """Reconcile the bucket, so that the baseline is right whatever happened before."""
        before = self.history.last_pass()
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=ReconcileRequest(self.bucket).to_json())
        self.history.wait_for_baseline(after=before)

    def _without_leftovers(self, sample: Sample) -> Sample:
        """Remove the objects that an earlier run left, and return the sample of the bucket without them."""
        for key in OBJECTS:
            size = self._size_of(key)
            if size is None:
                continue
            self.s3.delete_object(Bucket=self.bucket, Key=key)
            weight = Weight(sample.total_size, sample.object_cnt).plus(-size, -1)
            sample = self.history.wait_for(f"remove leftover {key}", weight, after=sample.time)
        return sample

    def _size_of(self, key: str) -> int | None:
        try:
            return self.s3.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def _make(self, change: Change) -> None:
        if change.content is None:
            self.s3.delete_object(Bucket=self.bucket, Key=change.key)
        else:
            self.s3.put_object(Bucket=self.bucket, Key=change.key, Body=change.content)


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Name the step when AWS refuses a request or does not answer it in time."""
    try:
        yield
    except (BotoCoreError, ClientError, OutOfTimeError) as error:
        raise StepError(f"{name}: {error}") from error
