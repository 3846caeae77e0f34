"""Bring a deployment to AWS or LocalStack, check it, and take it away again."""
