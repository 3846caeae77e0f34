"""The bucket that stores the pictures."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PLOT_KEY = "plot"


@dataclass(frozen=True, slots=True)
class PlotBucket:
    """The stored pictures: `plot` is the data bucket's, `plot/<bucket>` any other bucket's."""

    client: "S3Client"
    name: str
    data_bucket: str

    def key_of(self, bucket: str) -> str:
        """Return the key of a bucket's picture."""
        return PLOT_KEY if bucket == self.data_bucket else f"{PLOT_KEY}/{bucket}"

    def put(self, bucket: str, png: bytes) -> None:
        """Store a bucket's picture in place of the previous one."""
        self.client.put_object(
            Bucket=self.name,
            Key=self.key_of(bucket),
            Body=png,
            ContentType="image/png",
            CacheControl="no-cache",
        )
