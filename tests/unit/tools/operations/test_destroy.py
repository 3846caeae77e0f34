"""What `make destroy` does with an incomplete deployment, and what it says is left."""

from unittest.mock import MagicMock, Mock

import pytest
from botocore.exceptions import ClientError

from tests.unit.tools.operations.stand_ins import StoodIn, refused
from tidemark.aws.stacks import TABLE, VAULT, StackState, StatefulResource
from tidemark.deliver import destroy
from tidemark.errors import CommandError
from tidemark.operate import additions

OUTPUTS = {"SizeTrackingFunctionName": "tracker"}
RULES = ("tidemark-prod-track-1", "tidemark-prod-track-2")


PAGES = {
    "list_rules": {"Rules": [{"Name": rule} for rule in RULES]},
    "list_targets_by_rule": {"Targets": [{"Id": "queue"}]},
    "list_role_policies": {"PolicyNames": ["its-own", "track-1", "track-2"]},
}
"""Two rules and two policies that `make track` added, besides another policy."""


@pytest.fixture
def aws_of_track():
    made = MagicMock()
    for name, page in PAGES.items():
        getattr(made, name).return_value = [page]
    made.get_paginator.side_effect = lambda name: MagicMock(paginate=getattr(made, name))
    made.get_function_configuration.return_value = {"Role": "arn:aws:iam::123456789012:role/tracker-role"}
    return made


def deployment(aws, outputs=OUTPUTS):
    return StoodIn(dict.fromkeys(("lambda", "iam", "events", "cloudformation"), aws), outputs)


def removed(aws):
    """Return the names of the rules and policies that were removed."""
    rules = [call.kwargs["Name"] for call in aws.delete_rule.call_args_list]
    return rules + [call.kwargs["PolicyName"] for call in aws.delete_role_policy.call_args_list]


def test_what_track_added_is_removed(aws_of_track):
    assert additions.remove(deployment(aws_of_track)) == (2, 2)

    assert removed(aws_of_track) == [*RULES, "track-1", "track-2"]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("get_function_configuration", refused("ResourceNotFoundException")),
        ("list_role_policies", refused("NoSuchEntity")),
        ("get_function_configuration", CommandError("a half-made stack has no outputs")),
    ],
)
def test_a_tracker_that_is_gone_keeps_nothing_from_being_destroyed(aws_of_track, capsys, call, error):
    getattr(aws_of_track, call).side_effect = error

    assert additions.remove(deployment(aws_of_track)) == (2, 0)

    assert removed(aws_of_track) == [*RULES]
    assert capsys.readouterr().out.splitlines() == [
        "the tracker's role cannot be found: if it still exists, what make track added may keep it from going"
    ]


def test_rights_that_are_missing_stop_it_before_anything_is_removed(aws_of_track):
    aws_of_track.get_function_configuration.side_effect = refused("AccessDeniedException")

    with pytest.raises(ClientError, match="AccessDenied"):
        additions.remove(deployment(aws_of_track))

    assert removed(aws_of_track) == []


@pytest.mark.parametrize(("protected", "turned_off"), [(True, ["StorageStack"]), (False, [])])
def test_termination_protection_is_turned_off_before_the_stacks_are_destroyed(
    aws_of_track, monkeypatch, capsys, protected, turned_off
):
    order = []
    stacks = [{"StackName": "StorageStack", "EnableTerminationProtection": protected}]
    aws_of_track.describe_stacks = Mock(return_value={"Stacks": stacks})
    aws_of_track.update_termination_protection.side_effect = lambda **given: order.append(given)
    monkeypatch.setattr(destroy, "stateful_resources", lambda *_: [])
    monkeypatch.setattr(destroy, "_tell_leftovers", lambda *_: None)
    monkeypatch.setattr("tidemark.deliver.cdk.require", lambda *_: order.append("destroyed"))
    made = deployment(aws_of_track)
    made.__dict__["stacks"] = lambda: (StackState("StorageStack", "CREATE_COMPLETE", 1),)

    with pytest.raises(CommandError, match="nothing was destroyed"):
        destroy.destroy(made, [], "dev")
    assert order == []
    destroy.destroy(made, [], "prod")

    off = [{"StackName": name, "EnableTerminationProtection": False} for name in turned_off]
    assert order == [*off, "destroyed"]
    said = "StorageStack: termination protection turned off\n"
    assert (said in capsys.readouterr().out) is protected


def test_the_vault_that_is_left_is_said_to_keep_the_backups_and_to_be_in_nobodys_way(aws_of_track, capsys):
    aws_of_track.describe_stacks = Mock(side_effect=[refused("ValidationError"), [{"Stacks": []}]])
    left = [
        StatefulResource(TABLE, "history", retained=True),
        StatefulResource(VAULT, "tidemark-prod-1", retained=True),
    ]

    destroy._tell_leftovers(deployment(aws_of_track), left)

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
