"""The prices of every bill here: us-east-1, on demand, first tier, without the free tier, in US dollars."""

from dataclasses import dataclass

REGION = "us-east-1"
CHECKED = (
    "compared on 2026-11-20 with stored pages of 2024 to June 2026 that quote these price lists, most of them third-party; "
    "the lists themselves, live, were out of reach"
)

MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """Dollars for one unit, and the AWS price list page that names it."""

    unit: str
    dollars: float
    page: str


EVENTBRIDGE_EVENT = Price("S3 event (opt-in AWS service event)", 1.00 / MILLION, "Amazon EventBridge pricing")
SQS_REQUEST = Price("request, standard queue", 0.40 / MILLION, "Amazon SQS pricing")
LAMBDA_REQUEST = Price("request", 0.20 / MILLION, "AWS Lambda pricing")
LAMBDA_GB_SECOND = Price("GB-second, x86", 0.0000166667, "AWS Lambda pricing")
S3_LIST = Price("PUT, COPY, POST or LIST request, Standard", 0.005 / 1000, "Amazon S3 pricing")
S3_HEAD = Price("GET or HEAD request, Standard", 0.0004 / 1000, "Amazon S3 pricing")
DYNAMODB_WRITE = Price("write request unit, Standard", 0.625 / MILLION, "Amazon DynamoDB pricing, on-demand")
DYNAMODB_READ = Price("read request unit, Standard", 0.125 / MILLION, "Amazon DynamoDB pricing, on-demand")

ALL = (
    EVENTBRIDGE_EVENT,
    SQS_REQUEST,
    LAMBDA_REQUEST,
    LAMBDA_GB_SECOND,
    S3_LIST,
    S3_HEAD,
    DYNAMODB_WRITE,
    DYNAMODB_READ,
)

MONTH = 730
"""Hours of a month, as AWS counts them."""
STANDING_CHECKED = (
    "compared on 2026-11-21 with stored pages of 2025 and 2026 that quote these price lists, most of them third-party, the KMS "
    "key's with none; the lists themselves, live, were out of reach"
)

ALARM = Price("standard alarm, month", 0.10, "Amazon CloudWatch pricing")
DASHBOARD = Price("dashboard, month", 3.00, "Amazon CloudWatch pricing")
CUSTOM_METRIC = Price(
    "custom metric, month of hours in which it is written", 0.30, "Amazon CloudWatch pricing"
)
LOG_GB = Price("GB of log taken in", 0.50, "Amazon CloudWatch pricing")
LOG_GB_MONTH = Price("GB of log kept, month", 0.03, "Amazon CloudWatch pricing")
KMS_KEY = Price("customer managed key, month", 1.00, "AWS Key Management Service pricing")
KMS_REQUEST = Price("request to a key", 0.03 / 10_000, "AWS Key Management Service pricing")
ECR_GB_MONTH = Price("GB of images, month", 0.10, "Amazon ECR pricing")
DYNAMODB_GB_MONTH = Price("GB of a table, Standard, month", 0.25, "Amazon DynamoDB pricing, on-demand")
PITR_GB_MONTH = Price(
    "GB of a table with point-in-time recovery, month", 0.20, "Amazon DynamoDB pricing, on-demand"
)
BACKUP_GB_MONTH = Price("GB of each backup kept of a table, month", 0.10, "AWS Backup pricing")
API_REQUEST = Price("request, REST API", 3.50 / MILLION, "Amazon API Gateway pricing")
OUT_GB = Price("GB to the internet", 0.09, "Amazon EC2 pricing, data transfer")

STANDING = (
    ALARM,
    DASHBOARD,
    CUSTOM_METRIC,
    LOG_GB,
    LOG_GB_MONTH,
    KMS_KEY,
    ECR_GB_MONTH,
    DYNAMODB_GB_MONTH,
    PITR_GB_MONTH,
    BACKUP_GB_MONTH,
    OUT_GB,
)
"""What is not counted by the million: for each of its unit."""
REQUESTS = (*ALL, API_REQUEST, KMS_REQUEST)


def standing_table() -> str:
    """Return the prices that are not by the million as a Markdown table."""
    lines = ["| for a | US dollars | AWS page |", "|---|---:|---|"]
    lines += [f"| {price.unit} | {price.dollars:,.3f} | {price.page} |" for price in STANDING]
    return "\n".join(lines)


def table(prices: tuple[Price, ...] = ALL) -> str:
    """Return the prices as a Markdown table."""
    lines = ["| per million of | US dollars | AWS page |", "|---|---:|---|"]
    lines += [f"| {price.unit} | {price.dollars * MILLION:,.3f} | {price.page} |" for price in prices]
    return "\n".join(lines)
