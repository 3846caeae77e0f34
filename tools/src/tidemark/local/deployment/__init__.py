"""Deploys the CDK app to LocalStack."""
