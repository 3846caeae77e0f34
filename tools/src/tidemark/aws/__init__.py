"""What the commands share that work on AWS or LocalStack: deployments, the caller, stacks, buckets, tables, refusals."""
