"""What a deployment does to LocalStack's stacks, recorded by a stand-in for them."""

import json

import pytest

from tidemark.local.deployment.deploy import apply
from tidemark.local.deployment.stacks import Deployed
from tidemark.local.deployment.templates import StackTemplate
from tidemark.progress import Progress

STORAGE = StackTemplate("app-StorageStack", '{"Resources":{"Table":{}}}')
LAMBDA = StackTemplate("app-LambdaStack", '{"Parameters":{"Endpoint":{}},"Resources":{"Queue":{}}}')
PARAMETERS = {"Endpoint": "http://127.0.0.1:4566"}
OTHER = {"Resources": {}}

CREATE_STORAGE = ("create", STORAGE.name, {})
CREATE_LAMBDA = ("create", LAMBDA.name, PARAMETERS)
DELETE_STORAGE = ("delete", STORAGE.name)
DELETE_LAMBDA = ("delete", LAMBDA.name)
AGAIN = [DELETE_LAMBDA, CREATE_LAMBDA]
ALL_AGAIN = [DELETE_LAMBDA, DELETE_STORAGE, CREATE_STORAGE, CREATE_LAMBDA]


class StandIn:
    def __init__(self, there):
        self.there = there
        self.done = []

    def find(self, name):
        return self.there.get(name)

    def delete(self, name):
        self.done.append(("delete", name))

    def create(self, template, parameters):
        self.done.append(("create", template.name, parameters))


def deployed(stack, *, status="CREATE_COMPLETE", template=None, parameters=PARAMETERS):
    return {stack.name: Deployed(status, template or json.loads(stack.body), parameters)}


BOTH = deployed(STORAGE) | deployed(LAMBDA)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param({}, [CREATE_STORAGE, CREATE_LAMBDA], id="everything is created in order"),
        pytest.param(BOTH, [], id="nothing has changed"),
        pytest.param(BOTH | deployed(LAMBDA, template=OTHER), AGAIN, id="the storage keeps its data"),
        pytest.param(BOTH | deployed(STORAGE, template=OTHER), ALL_AGAIN, id="the storage goes last"),
        pytest.param(
            BOTH | deployed(LAMBDA, parameters={"Endpoint": "http://127.0.0.1:1"}),
            AGAIN,
            id="the application knows its endpoint",
        ),
        pytest.param(
            deployed(LAMBDA), [DELETE_LAMBDA, CREATE_STORAGE, CREATE_LAMBDA], id="the storage is missing"
        ),
        pytest.param(
            BOTH | deployed(StackTemplate("somebody-elses", "{}")), [], id="another stack is left alone"
        ),
        *[
            pytest.param(BOTH | deployed(LAMBDA, status=status), AGAIN, id=f"it is {status}")
            for status in ("CREATE_FAILED", "ROLLBACK_COMPLETE", "DELETE_FAILED", "CREATE_IN_PROGRESS")
        ],
    ],
)
def test_what_differs_is_made_again_with_all_that_depends_on_it(there, expected):
    stacks = StandIn(there)

    changed = apply(stacks, (STORAGE, LAMBDA), PARAMETERS, Progress())

    assert stacks.done == expected
    assert changed == bool(expected)
