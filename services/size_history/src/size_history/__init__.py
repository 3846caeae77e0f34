"""The item schema and the messages that the services share. It does not depend on boto3."""
