"""What `make track` writes and changes, in which order, on real tables and buckets."""

import pytest

from infra_cdk.names import added_rule
from size_history.items import State, Totals, bucket_key, number
from size_history.sources import RECOVERY_MICROSECONDS, Hearing, Source
from tests.integration.operations.conftest import DATA, MINE, NAMED
from tidemark.aws import ledger
from tidemark.aws.buckets import turn_on_events
from tidemark.errors import CommandError
from tidemark.operate.track import enlist, track

TOTALS = Totals(9, 2, 3, 1, 1, max_size=12, last_time=1_800_000_000_000_000, revision=7, state=State.LIVE)
ADDED = ["put_role_policy", "put_rule", "put_targets"]
ADOPTED = ["PutItem", "PutBucketNotificationConfiguration", "SendMessage"]
AGAIN = ["SendMessage", *ADOPTED]
"""The delayed request is sent before the row is written: a recovery without it would never end."""


def test_a_bucket_gets_permissions_rule_row_events_and_a_request_in_this_order(world):
    before = ledger.now_microseconds()

    track(world.deployment, MINE)

    assert world.noted == [*ADDED, *ADOPTED]
    row = world.row(MINE)
    assert row == Source(since=row.since)
    assert before <= row.since <= ledger.now_microseconds()
    assert world.delayed() == 0, "the tracker sends it when it creates the totals"


def test_tracking_it_again_writes_no_row_and_lets_the_tracker_see_the_notifications(world):
    """A bucket that version 0.1 tracked has a row of two attributes, and a policy without the permission to watch."""
    world.stood.add(MINE)
    world.put({**bucket_key(MINE), "since": number(5)})
    world.clients["s3"].put_bucket_notification_configuration(
        Bucket=MINE, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    world.noted.clear()

    track(world.deployment, MINE)

    assert world.noted == [*ADDED, "SendMessage"]
    assert world.row(MINE) == Source(since=5, revision=0)
    document = world.clients["iam"].put_role_policy.call_args.kwargs["PolicyDocument"]
    assert '"s3:GetBucketNotification"' in document


def test_a_bucket_that_was_untracked_before_recovers(world):
    world.put(TOTALS.to_item(MINE))
    before = ledger.now_microseconds()

    track(world.deployment, MINE)

    assert world.noted == [*ADDED, *AGAIN]
    row = world.row(MINE)
    assert (row.hearing, row.reason, row.revision) == (Hearing.RECOVERING, "it is tracked again", 1)
    assert before + RECOVERY_MICROSECONDS <= row.due <= ledger.now_microseconds() + RECOVERY_MICROSECONDS
    assert (len(world.messages()), world.delayed()) == (1, 1)


@pytest.mark.parametrize("revision", [0, 4])
def test_a_bucket_whose_events_were_off_before_the_watch_noticed_recovers(world, revision):
    """The next check finds them on, so nothing else would ever know of the outage."""
    world.put(TOTALS.to_item(MINE))
    world.stood.add(MINE)
    written = Source(since=5, created="2026", checked=7, revision=revision).to_item(MINE)
    world.put(written if revision else {**bucket_key(MINE), "since": number(5)})

    track(world.deployment, MINE)

    assert world.noted == [*ADDED, *AGAIN]
    row = world.row(MINE)
    assert (row.hearing, row.revision) == (Hearing.RECOVERING, revision + 1)
    assert row.reason == "its events were off until make track turned them on"
    assert (row.created, row.checked) == (("2026", 7) if revision else ("", 0))


@pytest.mark.parametrize("broken", ["deleted", "disabled", "without a target"])
@pytest.mark.parametrize("bucket", [MINE, NAMED])
def test_a_bucket_whose_rule_was_broken_before_the_watch_noticed_recovers(world, bucket, broken):
    """The row says so before the rule works again, so that the outage leaves a trace whatever happens in between."""
    world.stood.add(MINE)
    rule = added_rule("local", MINE) if bucket == MINE else "rule-of-named"
    if broken == "deleted":
        del world.stood.rules[rule]
    else:
        world.stood.rules[rule].update({"disabled": {"State": "DISABLED"}}.get(broken, {"Targets": []}))
    turn_on_events(world.clients["s3"], bucket)
    world.put(Source(since=5, revision=2).to_item(bucket))

    track(world.deployment, bucket)

    row = world.row(bucket)
    assert (row.hearing, row.revision) == (Hearing.RECOVERING, 3)
    assert row.reason == "its rule did not work until make track mended it"
    assert world.noted[:2] == ["SendMessage", "PutItem"]
    assert world.noted.count("PutItem") == 1
    assert world.delayed() == 1
    mended = rule if rule in world.stood.rules else added_rule("local", bucket)
    assert world.stood.rules[mended]["State"] == "ENABLED"
    assert world.stood.rules[mended]["Targets"]


@pytest.mark.parametrize("hearing", [Hearing.DEAF, Hearing.GONE, Hearing.RECOVERING])
def test_what_the_watch_knows_already_it_ends_itself(world, hearing):
    known = Source(since=5, hearing=hearing, reason="why", checked=6, due=7, revision=3)
    world.put(TOTALS.to_item(MINE))
    world.put(known.to_item(MINE))

    track(world.deployment, MINE)

    assert world.row(MINE) == known
    assert world.noted == [*ADDED, "PutBucketNotificationConfiguration", "SendMessage"]


def test_a_check_that_writes_the_row_meanwhile_is_not_overwritten(world, monkeypatch):
    world.put(TOTALS.to_item(MINE))
    world.put(Source(since=5, revision=1).to_item(MINE))
    deaf = Source(since=6, hearing=Hearing.DEAF, reason="seen off", revision=2)
    put = ledger.put_source

    def put_after_a_check(client, table, bucket, row):
        monkeypatch.setattr(ledger, "put_source", put)
        world.put(deaf.to_item(MINE))
        return put(client, table, bucket, row)

    monkeypatch.setattr(ledger, "put_source", put_after_a_check)

    enlist(world.deployment, MINE, turn_on=True)

    assert world.row(MINE) == deaf


def test_a_bucket_that_is_being_untracked_is_refused_before_anything_is_changed(world):
    world.put(Source(since=5, hearing=Hearing.LEAVING, revision=2).to_item(MINE))

    with pytest.raises(CommandError) as caught:
        track(world.deployment, MINE)

    assert str(caught.value) == (
        f"bucket {MINE} is being untracked, and a part of its history is deleted: make untrack TARGET=local "
        f"BUCKET={MINE} HISTORY=delete ends that, then track it"
    )
    assert world.noted == []


@pytest.mark.parametrize("bucket", [DATA, NAMED])
def test_a_bucket_of_the_stacks_loses_what_was_added_for_it_before(world, bucket):
    """Else each of its events would come twice."""
    world.stood.add(bucket)
    world.stood.add(MINE)

    track(world.deployment, bucket)

    assert not world.stood.of(bucket)
    assert world.stood.of(MINE)
    assert [name for name in world.noted if name.startswith("put_")] == []
    assert world.noted[-3:] == ADOPTED


def test_a_rule_of_the_stack_that_was_disabled_and_lost_its_target_works_again(world):
    rule = world.stood.rules["rule-of-named"]
    rule.update(State="DISABLED", Targets=[])

    track(world.deployment, NAMED)

    assert rule["State"] == "ENABLED"
    assert [target["Id"] for target in rule["Targets"]] == ["queue"]
    assert rule["Targets"][0]["Arn"].endswith(":tracking")


def test_a_rule_of_the_stack_that_was_deleted_is_replaced_by_an_added_one(world):
    """CloudFormation makes nothing again that it takes to be there."""
    del world.stood.rules["rule-of-named"]

    track(world.deployment, NAMED)

    assert added_rule("local", NAMED) in world.stood.rules
    assert world.stood.policies == set()
