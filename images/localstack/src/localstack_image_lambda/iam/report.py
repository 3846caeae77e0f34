"""`GET /_localstack/image-lambda/permissions` answers which permissions each role's sessions needed.

`DELETE` starts to count anew.
"""

from localstack.http import Request, Response

from localstack_image_lambda.iam.usage import Usage

PATH = "/_localstack/image-lambda/permissions"


class UsageResource:
    """The endpoint of one count."""

    def __init__(self, usage: Usage) -> None:
        self._usage = usage

    def __call__(self, request: Request) -> Response:
        """Answer the counts, or reset them."""
        response = Response()
        if request.method == "DELETE":
            self._usage.reset()
            response.status_code = 204
        else:
            response.set_json(self._usage.report())
        return response
