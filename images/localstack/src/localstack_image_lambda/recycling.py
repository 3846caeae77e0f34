"""`POST /_localstack/image-lambda/recycle[?function=<name>]`: the next invocation of the function starts cold.

For changed source files that no deployment announces. Without a name, every function is meant.
"""

from localstack.http import Request, Response

PATH = "/_localstack/image-lambda/recycle"


def recycle_functions(request: Request) -> Response:
    """End the processes of one function or of all; a running invocation is let finish."""
    from localstack_image_lambda.executor import recycle  # noqa: PLC0415 with it comes the Lambda provider

    response = Response()
    response.set_json({"recycled": recycle(request.args.get("function"))})
    return response
