"""The CDK app: it makes the same templates for AWS and for LocalStack on this machine. Start reading at stage.py."""

from infra_cdk.node import use_packaged_node

use_packaged_node()  # jsii looks for node at the first import of aws_cdk, which may be anywhere below this package
