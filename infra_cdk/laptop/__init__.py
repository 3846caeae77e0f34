"""The bucket and the tables made by boto3 alone, without the CDK: `python -m infra_cdk.create_resources`."""
