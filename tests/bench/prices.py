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


def table() -> str:
    """Return the prices as a Markdown table."""
    lines = ["| per million of | US dollars | AWS page |", "|---|---:|---|"]
    lines += [f"| {price.unit} | {price.dollars * MILLION:,.3f} | {price.page} |" for price in ALL]
    return "\n".join(lines)
