"""A function or LocalStack that cannot run says why and what to do."""

import io
import zipfile

import pytest

from harness import REGISTRY, LocalStack

processes_only = pytest.mark.parametrize("executor_kind", ["process"], indirect=True, scope="session")


@processes_only
def test_an_unknown_image_fails_at_creation_naming_function_image_and_map(functions, image_map, app):
    image = f"{REGISTRY}/nobody/knows:v1"

    name, reason = functions.refused(image)

    assert name in reason
    assert image in reason
    assert f"{image_map}: no entry for 'nobody/knows'" in reason


@processes_only
def test_a_missing_interpreter_fails_at_creation(functions, app):
    image = functions.image("def handler(event, context): pass", python="/nowhere/python")

    _, reason = functions.refused(image)

    assert "python is not an executable file: /nowhere/python" in reason


@processes_only
def test_an_entry_that_disappears_is_an_error_of_the_call(functions, image_map):
    image = functions.image("def handler(event, context): pass")
    function = functions.create(image)
    content = image_map.read_text()
    image_map.write_text("{")
    try:
        answer = functions.invoke(function)
    finally:
        image_map.write_text(content)

    assert answer.error == "Unhandled"
    assert f"function {function}: {image_map}: not JSON" in answer.payload["errorMessage"]
    assert functions.invoke(function).error is None


def test_a_zip_function_is_refused_with_the_reason(functions, executor_kind, app):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", "def handler(event, context): pass")
    functions.client.create_function(
        FunctionName="zipped",
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
        Role="arn:aws:iam::000000000000:role/test",
    )

    assert "only functions from container images run here" in functions.failure("zipped")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"LAMBDA_RUNTIME_EXECUTOR": "typo"},
            "LAMBDA_RUNTIME_EXECUTOR=typo: no such executor (there are: container, docker, process)",
        ),
        ({"GATEWAY_LISTEN": "nowhere"}, "GATEWAY_LISTEN must be one IPv4 address and port"),
    ],
)
def test_a_launcher_that_cannot_start_says_why_in_one_line(tmp_path, environment, message):
    with pytest.raises(AssertionError, match="LocalStack ended") as ended:
        LocalStack(tmp_path, **environment)

    (line,) = str(ended.value).splitlines()[1:]
    assert line.startswith(f"localstack_image_lambda: {message}")
