"""The bucket and the tables made by boto3 alone, without the CDK: `python -m tidemark.laptop.create_resources`."""
