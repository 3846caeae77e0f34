"""The deployment app: one CDK app that makes the same templates for AWS and for the LocalStack on this machine."""

from infra_cdk.node import use_packaged_node

use_packaged_node()  # here, because jsii looks for node when aws_cdk is imported, wherever that happens first
