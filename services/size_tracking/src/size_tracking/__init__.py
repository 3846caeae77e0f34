"""Queue to here to DynamoDB: the exact size of every bucket, at constant cost per event."""
