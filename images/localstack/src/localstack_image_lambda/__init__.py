"""Runs container-image Lambda functions on LocalStack."""
