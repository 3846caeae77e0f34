"""The prices that all bills use: us-east-1, on demand, first tier, without the free tier, in US dollars."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.bench import report

REGION = "us-east-1"
CHECKED = (
    "compared on 2026-11-20 with stored pages of 2024 to June 2026 that quote these price lists; most of them are third-party, "
    "and the live price lists were out of reach"
)
STANDING_CHECKED = (
    "compared on 2026-11-21 with stored pages of 2025 and 2026 that quote these price lists; most of them are third-party, none "
    "has the price of the KMS key, and the live price lists were out of reach"
)
_CLOUDWATCH = "Amazon CloudWatch pricing"
_DYNAMODB = "Amazon DynamoDB pricing, on-demand"

MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """Dollars for one unit, and the page of the AWS price list."""

    unit: str
    dollars: float
    page: str


EVENTBRIDGE_EVENT = Price("S3 event (opt-in AWS service event)", 1.00 / MILLION, "Amazon EventBridge pricing")
SQS_REQUEST = Price("request, standard queue", 0.40 / MILLION, "Amazon SQS pricing")
LAMBDA_REQUEST = Price("request", 0.20 / MILLION, "AWS Lambda pricing")
LAMBDA_GB_SECOND = Price("GB-second, x86", 0.0000166667, "AWS Lambda pricing")
S3_LIST = Price("PUT, COPY, POST or LIST request, Standard", 0.005 / 1000, "Amazon S3 pricing")
S3_HEAD = Price("GET or HEAD request, Standard", 0.0004 / 1000, "Amazon S3 pricing")
DYNAMODB_WRITE = Price("write request unit, Standard", 0.625 / MILLION, _DYNAMODB)
DYNAMODB_READ = Price("read request unit, Standard", 0.125 / MILLION, _DYNAMODB)
ALL = tuple(value for value in globals().values() if isinstance(value, Price))
"""The prices of events."""

API_REQUEST = Price("request, REST API", 3.50 / MILLION, "Amazon API Gateway pricing")
KMS_REQUEST = Price("request to a key", 0.03 / 10_000, "AWS Key Management Service pricing")
REQUESTS = (*ALL, API_REQUEST, KMS_REQUEST)

MONTH = 730
"""Hours of a month, as AWS counts them."""
ALARM = Price("standard alarm, month", 0.10, _CLOUDWATCH)
DASHBOARD = Price("dashboard, month", 3.00, _CLOUDWATCH)
CUSTOM_METRIC = Price("custom metric, month of hours in which it is written", 0.30, _CLOUDWATCH)
LOG_GB = Price("GB of log written", 0.50, _CLOUDWATCH)
LOG_GB_MONTH = Price("GB of log kept, month", 0.03, _CLOUDWATCH)
KMS_KEY = Price("customer managed key, month", 1.00, "AWS Key Management Service pricing")
ECR_GB_MONTH = Price("GB of images, month", 0.10, "Amazon ECR pricing")
DYNAMODB_GB_MONTH = Price("GB of a table, Standard, month", 0.25, _DYNAMODB)
PITR_GB_MONTH = Price("GB of a table with point-in-time recovery, month", 0.20, _DYNAMODB)
BACKUP_GB_MONTH = Price("GB of each backup of a table, month", 0.10, "AWS Backup pricing")
OUT_GB = Price("GB to the internet", 0.09, "Amazon EC2 pricing, data transfer")
STANDING = tuple(value for value in globals().values() if isinstance(value, Price) and value not in REQUESTS)
"""The prices that are not quoted per million, but per unit."""


def standing_table() -> str:
    """Return the prices per unit as a Markdown table."""
    rows = ((price.unit, f"{price.dollars:,.3f}", price.page) for price in STANDING)
    return report.table(("for a", "US dollars:", "AWS page"), rows)


def table(prices: Iterable[Price] = ALL) -> str:
    """Return the prices of a million as a Markdown table."""
    rows = ((price.unit, f"{price.dollars * MILLION:,.3f}", price.page) for price in prices)
    return report.table(("per million of", "US dollars:", "AWS page"), rows)
