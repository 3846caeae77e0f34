"""What `make destroy` does with an incomplete deployment, and what it says is left."""

import pytest

from tests.unit.tools.operations.stand_ins import StoodIn, refused
from tidemark.aws.stacks import TABLE, VAULT, StatefulResource
from tidemark.deliver import destroy
from tidemark.errors import CommandError
from tidemark.operate.track import remove_additions

OUTPUTS = {"SizeTrackingFunctionName": "tracker"}
RULES = ("tidemark-prod-track-1", "tidemark-prod-track-2")


class Pages:
    def __init__(self, *pages):
        self.pages = pages

    def paginate(self, **_):
        return iter(self.pages)


class Aws:
    """Two rules and two policies that `make track` added, besides others; what is `gone` raises its error."""

    def __init__(self, gone=None):
        self.gone = gone
        self.removed = []

    def get_function_configuration(self, FunctionName):
        if self.gone == "function":
            raise refused("ResourceNotFoundException", "Function not found", "GetFunctionConfiguration")
        if self.gone == "rights":
            raise refused("AccessDeniedException", "no", "GetFunctionConfiguration")
        return {"Role": "arn:aws:iam::123456789012:role/tracker-role"}

    def get_paginator(self, name):
        if name == "list_rules":
            return Pages({"Rules": [{"Name": rule} for rule in RULES]})
        if name == "list_targets_by_rule":
            return Pages({"Targets": [{"Id": "queue"}]})
        assert name == "list_role_policies"
        return self

    def paginate(self, RoleName):
        if self.gone == "role":
            raise refused("NoSuchEntity", "The role cannot be found.", "ListRolePolicies")
        return iter([{"PolicyNames": ["its-own", "track-1", "track-2"]}])

    def remove_targets(self, Rule, Ids):
        pass

    def delete_rule(self, Name):
        self.removed.append(Name)

    def delete_role_policy(self, RoleName, PolicyName):
        self.removed.append(PolicyName)


def deployment(aws, outputs=OUTPUTS):
    return StoodIn(dict.fromkeys(("lambda", "iam", "events"), aws), outputs)


def test_what_track_added_is_removed(capsys):
    aws = Aws()

    remove_additions(deployment(aws))

    assert aws.removed == [*RULES, "track-1", "track-2"]
    assert capsys.readouterr().out == "removed what make track added: 2 rules, 2 policies\n"


@pytest.mark.parametrize("gone", ["function", "role"])
def test_a_tracker_that_is_gone_keeps_nothing_from_being_destroyed(gone, capsys):
    aws = Aws(gone)

    remove_additions(deployment(aws))

    assert aws.removed == [*RULES]
    assert capsys.readouterr().out.splitlines() == [
        "the tracker's role cannot be found: if it still exists, what make track added may keep it from going",
        "removed what make track added: 2 rules, 0 policies",
    ]


def test_a_half_made_stack_keeps_nothing_from_being_destroyed():
    class HalfMade(StoodIn):
        @property
        def outputs(self):
            raise CommandError("stack Tidemark-prod-LambdaStack is ROLLBACK_COMPLETE")

    aws = Aws()

    remove_additions(HalfMade(dict.fromkeys(("lambda", "iam", "events"), aws)))

    assert aws.removed == [*RULES]


def test_rights_that_are_missing_stop_it_before_anything_is_removed():
    aws = Aws("rights")

    with pytest.raises(Exception, match="AccessDenied"):
        remove_additions(deployment(aws))

    assert aws.removed == []


class NoStacks:
    """A CloudFormation in which no stack of the target is left."""

    def get_paginator(self, _name):
        return Pages({"Stacks": []})

    def describe_stacks(self, StackName):
        raise refused("ValidationError", f"Stack with id {StackName} does not exist", "DescribeStacks")


def test_the_vault_that_is_left_is_said_to_keep_the_backups_and_to_be_in_nobodys_way(capsys):
    left = [
        StatefulResource(TABLE, "history", retained=True),
        StatefulResource(VAULT, "tidemark-prod-1", retained=True),
    ]

    destroy._tell_leftovers(StoodIn({"cloudformation": NoStacks()}), left)

    first, second, third, *commands = capsys.readouterr().out.splitlines()
    assert first == "left, and part of no stack: a new deployment makes new ones beside them"
    assert (
        second
        == "the vault keeps the backups, each until its time is up; it can be removed once it holds none"
    )
    assert third == "to remove them for good, with all that they hold:"
    assert any("delete-backup-vault" in line for line in commands)


def test_a_wrong_setting_stops_it_before_anything_is_asked_or_removed(aws, refusal):
    line = refusal("destroy", "--target", "prod", "--context", "ephemerl=true")

    assert line.startswith("destroy: unknown setting 'ephemerl'")
    assert aws.requested == []
