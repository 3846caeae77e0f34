"""Where LocalStack's REST APIs differ from AWS's in what a function's picture looks like, made the same."""

from localstack.services.apigateway.next_gen.execute_api.integrations import aws

EVERY_TYPE = "*/*"

_matches = aws.mime_type_matches_binary_media_types


def apply() -> None:
    """Apply the repairs."""
    aws.mime_type_matches_binary_media_types = _matches_every_type_too


def _matches_every_type_too(mime_type: str | None, binary_media_types: list[str]) -> bool:
    """LocalStack overlooks `*/*` among an API's binary media types, and answers with base64 text."""
    return EVERY_TYPE in binary_media_types or _matches(mime_type, binary_media_types)
