"""`POST /_localstack/image-lambda/recycle[?function=<name>]` makes a function's next invocation start cold.

It is for source files that changed without a deployment. Without a name it applies to all functions.
"""

from localstack.http import Request, Response

PATH = "/_localstack/image-lambda/recycle"


def recycle_functions(request: Request) -> Response:
    """End the processes of one function or of all. A running invocation may finish."""
    from localstack_image_lambda.executor import recycle  # noqa: PLC0415 imports the Lambda provider

    response = Response()
    response.set_json({"recycled": recycle(request.args.get("function"))})
    return response
