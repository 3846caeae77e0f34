"""Repairs LocalStack's REST APIs where they differ from AWS's: binary answers of functions."""

from localstack.services.apigateway.next_gen.execute_api.integrations import aws

EVERY_TYPE = "*/*"

_matches = aws.mime_type_matches_binary_media_types


def apply() -> None:
    """Apply the repairs."""
    aws.mime_type_matches_binary_media_types = _matches_binary


def _matches_binary(mime_type: str | None, binary_media_types: list[str]) -> bool:
    """LocalStack overlooks `*/*` among an API's binary media types and would answer with base64 text."""
    return EVERY_TYPE in binary_media_types or bool(_matches(mime_type, binary_media_types))
