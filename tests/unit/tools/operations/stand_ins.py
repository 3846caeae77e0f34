"""Deployments whose AWS is a stand-in of a test's."""

from botocore.exceptions import ClientError

from tidemark.aws.deployment import Deployment


class StoodIn(Deployment):
    """A deployment of prod in eu-central-1 with these clients and no others; with `outputs`, as if its stacks said so."""

    def __init__(self, clients, outputs=None, *, target="prod", endpoint=None) -> None:
        super().__init__(target, endpoint)
        self.__dict__["clients"] = clients
        if outputs is not None:
            self.__dict__["outputs"] = outputs

    @property
    def region(self) -> str:
        return "eu-central-1"

    def client(self, service):
        return self.__dict__["clients"][service]


def refused(code, message="no", operation="Operation", **headers):
    """Return the error that boto3 raises for such an answer."""
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPHeaders": headers}}, operation
    )
