"""Starts LocalStack with the plugin, creates a function from a container image, and invokes it."""

import os
import subprocess
import sys

import boto3
from botocore.config import Config

ADDRESS = os.environ.setdefault("GATEWAY_LISTEN", "127.0.0.1:4566")
os.environ.update(IMAGE_LAMBDA_MAP="functions.json", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")

with subprocess.Popen([sys.executable, "-m", "localstack_image_lambda"]) as localstack:
    try:
        patient = Config(retries={"mode": "standard", "total_max_attempts": 10})  # while LocalStack starts
        client = boto3.client("lambda", "eu-west-1", endpoint_url=f"http://{ADDRESS}", config=patient)
        client.create_function(
            FunctionName="greeting",
            PackageType="Image",
            Code={"ImageUri": "000000000000.dkr.ecr.eu-west-1.amazonaws.com/team/greeting:v1"},
            Role="arn:aws:iam::000000000000:role/any",
        )
        client.get_waiter("function_active_v2").wait(FunctionName="greeting")
        answer = client.invoke(FunctionName="greeting", Payload='{"name": "stranger"}')
        print(answer["Payload"].read().decode())
    finally:
        localstack.terminate()
