"""Names that the stacks share with the tools that operate them. Nothing here imports the CDK, which would start Node."""

OBJECT_EVENTS = ("Object Created", "Object Deleted")
"""The S3 events that change a listing: a delete marker, a lifecycle expiry and a resurfacing version are "Deleted" too.
Restores, tags, ACLs and storage classes change no size."""
REGISTRY_STACK = "Tidemark-RegistryStack"
"""The stack of the image repositories, which all targets share."""
STORAGE_STACK = "StorageStack"
LAMBDA_STACK = "LambdaStack"


def stage_name(target: str) -> str:
    """Return the id of a target's stage. Its stacks are named `<stage>-<stack>`, and `<stage>/<stack>` on `cdk`'s command line."""
    return f"Tidemark-{target}"


def added_rule_prefix(target: str) -> str:
    """Return the prefix of the names of the rules that `make track` adds to a deployment."""
    return f"tidemark-{target}-track-"


def camel_case(name: str) -> str:
    """Return a name such as `size-tracking` as the id of a construct: `SizeTracking`."""
    return "".join(word.capitalize() for word in name.split("-"))
