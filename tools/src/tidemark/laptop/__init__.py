"""The bucket and the tables made by boto3 alone, without the CDK: `tidemark resources`."""
