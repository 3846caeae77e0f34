import json

import pytest

from tidemark.local.deployment.plan import Deployed, Plan, plan
from tidemark.local.deployment.templates import StackTemplate

STORAGE = StackTemplate("app-StorageStack", '{"Resources":{"Table":{}}}')
LAMBDA = StackTemplate("app-LambdaStack", '{"Parameters":{"Endpoint":{}},"Resources":{"Queue":{}}}')
WANTED = (STORAGE, LAMBDA)
PARAMETERS = {"Endpoint": "http://127.0.0.1:4566"}


def deployed(stack, *, status="CREATE_COMPLETE", body=None, parameters=PARAMETERS):
    return Deployed(status, stack.body if body is None else body, parameters)


def test_where_nothing_is_everything_is_created_in_order():
    assert plan(WANTED, {}, PARAMETERS) == Plan(keep=(), destroy=(), create=WANTED)


def test_where_everything_is_there_nothing_happens():
    there = {stack.name: deployed(stack) for stack in WANTED}

    assert plan(WANTED, there, PARAMETERS) == Plan(keep=WANTED, destroy=(), create=())


def test_a_template_written_differently_is_the_same_template():
    there = {
        stack.name: deployed(stack, body=json.dumps(json.loads(stack.body), indent=1)) for stack in WANTED
    }

    assert plan(WANTED, there, PARAMETERS).create == ()


def test_a_changed_application_leaves_the_storage_with_its_data_alone():
    there = {STORAGE.name: deployed(STORAGE), LAMBDA.name: deployed(LAMBDA, body='{"Resources":{}}')}

    assert plan(WANTED, there, PARAMETERS) == Plan(keep=(STORAGE,), destroy=(LAMBDA.name,), create=(LAMBDA,))


def test_a_changed_storage_takes_the_application_with_it_and_goes_last():
    there = {STORAGE.name: deployed(STORAGE, body='{"Resources":{}}'), LAMBDA.name: deployed(LAMBDA)}

    assert plan(WANTED, there, PARAMETERS) == Plan(
        keep=(), destroy=(LAMBDA.name, STORAGE.name), create=WANTED
    )


def test_another_endpoint_is_a_change_of_the_stack_that_knows_it():
    there = {stack.name: deployed(stack) for stack in WANTED}

    assert plan(WANTED, there, {"Endpoint": "http://127.0.0.1:1"}).create == (LAMBDA,)


@pytest.mark.parametrize(
    "status", ["CREATE_FAILED", "ROLLBACK_COMPLETE", "DELETE_FAILED", "CREATE_IN_PROGRESS"]
)
def test_a_stack_that_was_never_completed_is_made_again(status):
    there = {STORAGE.name: deployed(STORAGE), LAMBDA.name: deployed(LAMBDA, status=status)}

    assert plan(WANTED, there, PARAMETERS) == Plan(keep=(STORAGE,), destroy=(LAMBDA.name,), create=(LAMBDA,))


def test_an_application_without_its_storage_is_made_again():
    there = {LAMBDA.name: deployed(LAMBDA)}

    assert plan(WANTED, there, PARAMETERS) == Plan(keep=(), destroy=(LAMBDA.name,), create=WANTED)


def test_stacks_that_are_not_ours_are_left_alone():
    there = {"somebody-elses": deployed(STORAGE)}

    assert plan(WANTED, there, PARAMETERS).destroy == ()
