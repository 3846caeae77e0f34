"""`GET /_localstack/image-lambda/permissions` answers the mode and which permissions each role's sessions needed.

`DELETE` starts to count anew.
"""

from localstack.http import Request, Response

from localstack_image_lambda.iam.mode import Mode
from localstack_image_lambda.iam.usage import Usage

PATH = "/_localstack/image-lambda/permissions"


class UsageResource:
    """The endpoint of one count, and of the mode in which it counts."""

    def __init__(self, mode: Mode, usage: Usage) -> None:
        self._mode = mode
        self._usage = usage

    def __call__(self, request: Request) -> Response:
        """Answer the counts, or reset them."""
        response = Response()
        if request.method == "DELETE":
            self._usage.reset()
            response.status_code = 204
        else:
            response.set_json({"enforcement": self._mode.value, "roles": self._usage.report()})
        return response
