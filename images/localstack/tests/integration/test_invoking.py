"""Lambda's promises about invocations, through LocalStack's API."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from botocore.exceptions import ClientError

from harness import SECONDS, until


def test_a_function_answers_and_stays_warm(functions, function):
    first, second = functions.invoke(function, {"a": "ü"}), functions.invoke(function)

    assert first.error is None
    assert first.payload["event"] == {"a": "ü"}
    assert first.payload["life"] == second.payload["life"]


def test_five_megabytes_pass_both_ways(functions, function):
    assert functions.invoke(function, {"length": "x" * 5_000_000}).payload == 5_000_000
    assert len(functions.invoke(function, {"repeat": 5_000_000}).payload) == 5_000_000


def test_a_response_beyond_lambdas_limit_is_an_error(functions, function):
    answer = functions.invoke(function, {"repeat": 6_400_000})

    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(
    ("event", "error_type", "message"),
    [
        ({"sleep": 600}, "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
        ({"exit": 3}, "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ({"sys_exit": 4}, "Runtime.ExitError", "Runtime exited with error: exit status 4"),
        ({"exit": 0}, "Runtime.ExitError", "Runtime exited without providing a reason"),
    ],
)
def test_a_call_that_does_not_come_back_is_answered_and_the_next_starts_cold(
    functions, app, event, error_type, message
):
    function = functions.create(app, Timeout=2 if "sleep" in event else 30)
    before = functions.invoke(function).payload

    answer = functions.invoke(function, event)

    assert answer.error == "Unhandled"
    assert answer.payload == {
        "errorType": error_type,
        "errorMessage": f"RequestId: {answer.request_id} Error: {message}",
    }
    assert not functions.lives(before)
    after = functions.invoke(function)
    assert after.payload["life"] != before["life"]
    assert "Init Duration" in after.log


def test_a_failed_init_is_the_functions_own_error_and_is_tried_again(functions):
    image = functions.image("import nowhere_to_be_found")
    function = functions.create(image)

    answer = functions.invoke(function)
    assert (answer.error, answer.payload["errorType"]) == ("Unhandled", "Runtime.ImportModuleError")
    assert "nowhere_to_be_found" in answer.log
    assert "Status: error\tError Type: Runtime.ImportModuleError" in answer.log

    functions.write(image, "app.py", "def handler(event, context): return 'mended'")
    assert functions.invoke(function).payload == "mended"


def test_an_init_that_never_ends_is_bounded(other_functions):
    function = other_functions.create(other_functions.image("import time; time.sleep(600)"))

    answer = other_functions.invoke(function)

    assert (answer.error, answer.payload["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert "Init timed out after 5.00 seconds: the function never asked" in answer.payload["errorMessage"]


def test_calls_at_the_same_time_have_environments_of_their_own(functions, app):
    function = functions.create(app, Timeout=30)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: functions.invoke(function, {"sleep": 1.5}), range(4)))

    assert len({answer.payload["life"] for answer in answers}) == 4
    assert len({(answer.payload["host"], answer.payload["environment"]["TMPDIR"]) for answer in answers}) == 4


def test_reserved_concurrency_is_kept(functions, app):
    function = functions.create(app, Timeout=30)
    functions.client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)

    def sleep():
        try:
            return functions.invoke(function, {"sleep": 3})
        except functions.client.exceptions.TooManyRequestsException:
            return None  # a call of the loop below was faster

    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(until, sleep)
        with pytest.raises(ClientError, match="TooManyRequestsException"):
            until(lambda: functions.invoke(function) and None)
        assert running.result().error is None


def test_the_environment_is_lambdas_and_the_functions_own(functions, app, localstack):
    function = functions.create(app, MemorySize=256, Environment={"Variables": {"MINE": "1"}})

    environment = functions.invoke(function).payload["environment"]

    assert environment["MINE"] == "1"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == function
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["AWS_REGION"] == "eu-west-1"
    assert environment["AWS_ENDPOINT_URL"] == localstack.url
    assert {"GATEWAY_LISTEN", "IMAGE_LAMBDA_MAP", "LOCALSTACK_STATE_DIR"}.isdisjoint(environment)


def test_a_functions_own_command_replaces_the_images(functions, app):
    functions.write(app, "other.py", "def start(event, context): return 'other'")

    function = functions.create(app, ImageConfig={"Command": ["other.start"]})

    assert functions.invoke(function).payload == "other"


def test_the_client_context_reaches_the_function(functions, function):
    context = base64.b64encode(b'{"custom": {"a": "b"}}').decode()

    assert functions.invoke(function, ClientContext=context).payload["custom"] == {"a": "b"}


def test_an_alias_is_what_the_function_was_called_by(functions, app):
    function = functions.create(app)
    version = functions.client.publish_version(FunctionName=function)["Version"]
    functions.client.create_alias(FunctionName=function, Name="live", FunctionVersion=version)

    functions.ready(function, Qualifier=version)

    answer = functions.invoke(function, Qualifier="live")

    assert answer.payload["arn"].endswith(f"{function}:live")
    assert f"Version: {version}\n" in answer.log


def test_an_asynchronous_call_runs_too(functions, app, localstack):
    function = functions.create(app)

    answer = functions.client.invoke(
        FunctionName=function, InvocationType="Event", Payload='{"say": "later"}'
    )

    assert answer["StatusCode"] == 202
    until(lambda: "later" in localstack.log_lines(f"/aws/lambda/{function}"))


def test_new_code_and_new_settings_start_cold(functions, app):
    function = functions.create(app)
    before = functions.invoke(function).payload

    other = functions.image("def handler(event, context): return 'new code'")
    functions.client.update_function_code(FunctionName=function, ImageUri=other)
    functions.ready(function)

    assert functions.invoke(function).payload == "new code"
    until(lambda: not functions.lives(before))


def test_recycling_takes_up_changed_source(functions, localstack):
    image = functions.image("def handler(event, context): return 1")
    function = functions.create(image)
    assert functions.invoke(function).payload == 1
    functions.write(image, "app.py", "def handler(event, context): return 1 + 1\n")

    answer = requests.post(
        f"{localstack.url}/_localstack/image-lambda/recycle", params={"function": function}, timeout=SECONDS
    )
    assert answer.json() == {"recycled": 1}

    assert functions.invoke(function).payload == 2


def test_deleting_a_function_ends_its_processes(functions, app):
    function = functions.create(app)
    before = functions.invoke(function).payload

    functions.client.delete_function(FunctionName=function)

    until(lambda: not functions.lives(before))


def test_an_api_gateway_call_comes_through(functions, localstack, name):
    source = """
        def handler(event, context):
            return {"statusCode": 201, "headers": {"X-Mine": "1"}, "body": event["body"].upper()}
    """
    function = functions.create(functions.image(source))
    arn = functions.configuration(function)["FunctionArn"]
    api = localstack.client("apigateway")
    rest = api.create_rest_api(name=name)
    api.put_method(
        restApiId=rest["id"], resourceId=rest["rootResourceId"], httpMethod="POST", authorizationType="NONE"
    )
    api.put_integration(
        restApiId=rest["id"],
        resourceId=rest["rootResourceId"],
        httpMethod="POST",
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    api.create_deployment(restApiId=rest["id"], stageName="test")

    answer = requests.post(
        f"{localstack.url}/_aws/execute-api/{rest['id']}/test/", data=b"hello", timeout=SECONDS
    )
    assert (answer.status_code, answer.headers["X-Mine"], answer.content) == (201, "1", b"HELLO")
