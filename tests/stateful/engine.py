"""Storage in a real DynamoDB and S3 (MiniStack), through boto3 as the function configures it."""

import contextlib
import itertools
import threading
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.endpoint
from botocore.config import Config

from size_history.budgets import TRACKER
from size_history.items import totals_key
from size_tracking.observer import OBSERVERS
from tests.engine import Tables, client_of, create_tables
from tests.stateful.books import Books, read
from tests.stateful.faults import FaultInjector, inject_faults
from tests.stateful.world import BUCKETS, Time


class Engine:
    """One running engine: clients of our own, and the tracker's clients, into whose requests faults are injected."""

    def __init__(self, endpoint: str) -> None:
        self._current = threading.local()
        self.dynamodb = client_of(endpoint)
        self.s3 = client_of(endpoint, "s3")
        self.tracker_dynamodb = self._with_faults("dynamodb", endpoint)
        self.tracker_s3 = self._with_faults("s3", endpoint)
        self.numbers = itertools.count()

    def clients(self, injector: FaultInjector) -> tuple[Any, Any]:
        """Return the tracker's clients; this thread uses this injector from now on."""
        self._current.injector = injector
        return self.tracker_dynamodb, self.tracker_s3

    def _with_faults(self, service: str, endpoint: str) -> Any:
        session = boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )
        config = Config(max_pool_connections=OBSERVERS, **TRACKER.clients[service].config())
        client = session.client(service, endpoint_url=endpoint, config=config)
        inject_faults(service, client, lambda: self._current.injector)
        return client


class OnEngine:
    """Storage with tables and buckets of its own, which `close` removes."""

    def __init__(self, engine: Engine) -> None:
        self.time = Time()
        self._engine = engine
        number = next(engine.numbers)
        self._tables = create_tables(engine.dynamodb, Tables(f"history{number}", f"ledger{number}"))
        self._buckets = [f"{bucket}-{number}" for bucket in BUCKETS]
        for bucket in self._buckets:
            engine.s3.create_bucket(Bucket=bucket)

    def clients(self, injector: FaultInjector) -> tuple[Any, Any]:
        return self._engine.clients(injector)

    def table_names(self) -> tuple[str, str]:
        return self._tables.ledger, self._tables.history

    def bucket(self, number: int) -> str:
        return self._buckets[number]

    def put(self, bucket: str, key: str, size: int, how: str) -> None:
        s3, body = self._engine.s3, how[0].encode() * size
        if how == "copy":
            s3.put_object(Bucket=bucket, Key="source", Body=body)
            s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": "source"})
            s3.delete_object(Bucket=bucket, Key="source")
        elif how == "multipart":
            upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
            part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=body)
            s3.complete_multipart_upload(
                Bucket=bucket,
                Key=key,
                UploadId=upload,
                MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
            )
        else:
            s3.put_object(Bucket=bucket, Key=key, Body=body)

    def delete(self, bucket: str, keys: list[str]) -> None:
        if len(keys) == 1:
            self._engine.s3.delete_object(Bucket=bucket, Key=keys[0])
        else:
            self._engine.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})

    def make(self, bucket: str) -> None:
        self._engine.s3.create_bucket(Bucket=bucket)

    def remove(self, bucket: str) -> None:
        self._engine.s3.delete_bucket(Bucket=bucket)

    def listing(self, bucket: str) -> dict[str, int]:
        listed = self._engine.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {entry["Key"]: entry["Size"] for entry in listed}

    def forget_intervals(self, bucket: str) -> None:
        """Drop the open intervals from a bucket's totals, as version 0.1 does with each of its writes."""
        dynamodb, key = self._engine.dynamodb, totals_key(bucket)
        with contextlib.suppress(dynamodb.exceptions.ConditionalCheckFailedException):
            dynamodb.update_item(
                TableName=self._tables.ledger,
                Key=key,
                UpdateExpression="REMOVE #open",
                ExpressionAttributeNames={"#open": "open"},
                ConditionExpression="attribute_exists(pk)",
            )

    def books(self) -> Books:
        scan = self._engine.dynamodb.scan
        ledger, history = self.table_names()
        return read(scan(TableName=ledger)["Items"], scan(TableName=history)["Items"])

    def expire(self) -> None:
        for row in self._engine.dynamodb.scan(TableName=self._tables.ledger)["Items"]:
            if "expiry" in row and int(row["expiry"]["N"]) * 1_000_000 < self.time.now:
                key = {name: row[name] for name in ("pk", "sk")}
                self._engine.dynamodb.delete_item(TableName=self._tables.ledger, Key=key)

    def close(self) -> None:
        s3 = self._engine.s3
        for table in self._tables.ledger, self._tables.history:
            self._engine.dynamodb.delete_table(TableName=table)
        for bucket in self._buckets:
            for key in self.listing(bucket):
                s3.delete_object(Bucket=bucket, Key=key)
            s3.delete_bucket(Bucket=bucket)


def retry_without_pauses(monkeypatch: Any) -> None:
    """Let botocore retry without pauses."""
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))
