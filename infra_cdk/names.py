"""Names that the stacks share with the tools that operate them. Nothing here imports the CDK, which would start Node."""

from hashlib import blake2b

REGISTRY_STACK = "Tidemark-RegistryStack"
"""The stack of the image repositories, which all targets share."""
STORAGE_STACK = "StorageStack"
LAMBDA_STACK = "LambdaStack"


def stage_name(target: str) -> str:
    """Return the id of a target's stage. Its stacks are named `<stage>-<stack>`, and `<stage>/<stack>` on `cdk`'s command line."""
    return f"Tidemark-{target}"


def restored_table_prefix(target: str) -> str:
    """Return the prefix of the names of tables that backups are restored into."""
    return f"tidemark-{target}-restored-"


def added_rule_prefix(target: str) -> str:
    """Return the prefix of the names of the rules that `make track` adds to a deployment."""
    return f"tidemark-{target}-track-"


def added_rule(target: str, bucket: str) -> str:
    """Return the name of the rule that `make track` adds for a bucket. A bucket's name may be too long for it."""
    return added_rule_prefix(target) + bucket_digest(bucket)


def bucket_digest(bucket: str) -> str:
    """Return 12 hexadecimal digits that stand for a bucket in names of what `make track` adds."""
    return blake2b(bucket.encode()).hexdigest()[:12]


def camel_case(name: str) -> str:
    """Return a name such as `size-tracking` as the id of a construct: `SizeTracking`."""
    return "".join(word.capitalize() for word in name.split("-"))
