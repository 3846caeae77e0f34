import pytest

from infra_cdk.settings import TARGETS, SettingsError, settings_from

CONNECTION = (
    "arn:aws:codeconnections:eu-central-1:123456789012:connection/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
)


def test_a_target_is_selected_by_name_and_is_prod_without_one():
    assert settings_from({"target": "local"}) == TARGETS["local"]
    assert settings_from({}) == TARGETS["prod"]


@pytest.mark.parametrize(
    ("context", "ephemeral", "backed_up"),
    [
        ({"target": "prod"}, False, True),
        ({"target": "dev"}, False, True),
        ({"target": "dev", "ephemeral": "true"}, True, False),
        ({"target": "dev", "ephemeral": "True"}, True, False),
        ({"target": "dev", "ephemeral": True}, True, False),
        ({"target": "local"}, True, False),
        ({"target": "local", "ephemeral": "false"}, False, False),
    ],
)
def test_data_on_aws_is_kept_and_backed_up_unless_it_is_ephemeral(context, ephemeral, backed_up):
    settings = settings_from(context)

    assert (settings.ephemeral, settings.backed_up) == (ephemeral, backed_up)
    assert settings.emulated is (context["target"] == "local")


@pytest.mark.parametrize(
    "key",
    [
        "@aws-cdk/core:checkSecretUsage",
        "aws:cdk:bundling-stacks",
        "availability-zones:account=1:region=2",
        "acknowledged-issue-numbers",
    ],
)
def test_keys_of_the_cdk_are_left_to_the_cdk(key):
    assert settings_from({key: ["anything"]}) == TARGETS["prod"]


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"target": "staging"}, "unknown target 'staging': it is one of prod, dev, local"),
        ({"Ephemeral": "true"}, "unknown setting 'Ephemeral': there are target, ephemeral"),
        ({"driver-pause": "3"}, "unknown setting 'driver-pause'"),
        ({"ephemeral": "yes"}, "setting 'ephemeral' is true or false, not 'yes'"),
        ({"architecture": "riscv"}, "setting 'architecture' is one of x86_64, arm64, not 'riscv'"),
        ({"queueProfile": "huge"}, "setting 'queueProfile' is one of default, high-volume, not 'huge'"),
        ({"driverPauseSeconds": -1}, "setting 'driverPauseSeconds' is whole seconds from 0 to 15, not '-1'"),
        (
            {"driverPauseSeconds": "99"},
            "setting 'driverPauseSeconds' is whole seconds from 0 to 15, not '99'",
        ),
        ({"sampleRetentionDays": "6"}, "setting 'sampleRetentionDays' is whole days from 7 on, not '6'"),
        ({"sampleRetentionDays": "0"}, "setting 'sampleRetentionDays' is whole days from 7 on, not '0'"),
        ({"watchMinutes": "0"}, "setting 'watchMinutes' is whole minutes from 1 to 5, not '0'"),
        ({"watchMinutes": "6"}, "setting 'watchMinutes' is whole minutes from 1 to 5, not '6'"),
        ({"watchMinutes": "1.5"}, "setting 'watchMinutes' is whole minutes from 1 to 5, not '1.5'"),
        (
            {"corsOrigin": "example.org"},
            "setting 'corsOrigin' is * or an origin like https://example.org, not",
        ),
        ({"dev": "yes"}, "'dev' holds this target's settings, as an object, not 'yes'"),
        ({"trackedBuckets": 3}, "setting 'trackedBuckets' is a list or a comma-separated text, not '3'"),
        ({"alarmEmails": "me"}, "setting 'alarmEmails' holds 'me', which is not an e-mail address"),
        ({"alarmEmails": [3]}, "setting 'alarmEmails' holds '3', which is not an e-mail address"),
        ({"bucketThresholdGiB": "0"}, "setting 'bucketThresholdGiB' is whole GiB from 1 on, not '0'"),
        ({"bucketThresholdGiB": "1.5"}, "setting 'bucketThresholdGiB' is whole GiB from 1 on, not '1.5'"),
        (
            {"endpoint": "http://127.0.0.1:1"},
            "setting 'endpoint' is for the target local; 'prod' goes to AWS",
        ),
        (
            {"target": "local", "endpoint": "4566"},
            "setting 'endpoint' is a URL like http://127.0.0.1:4566, not",
        ),
        (
            {"connectionArn": CONNECTION},
            "setting 'connectionArn' needs 'sourceRepository', such as owner/name",
        ),
        (
            {"connectionArn": "arn:a"},
            "setting 'connectionArn' is the ARN of a CodeConnections connection, not",
        ),
        (
            {"sourceRepository": "name"},
            "setting 'sourceRepository' is a repository like owner/name, not 'name'",
        ),
        ({"sourceBranch": "--mirror"}, "setting 'sourceBranch' is the name of a branch, not '--mirror'"),
        (
            {"target": "local", "connectionArn": CONNECTION},
            "setting 'connectionArn' is for AWS; 'local' goes to LocalStack",
        ),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_by_name_in_one_line(context, message):
    with pytest.raises(SettingsError) as refused:
        settings_from(context)

    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("value", ["one-bucket, other.bucket,one-bucket,", ["one-bucket", "other.bucket"]])
def test_tracked_buckets_come_as_a_list_or_comma_separated_and_count_once(value):
    assert settings_from({"trackedBuckets": value}).tracked_buckets == ("one-bucket", "other.bucket")


@pytest.mark.parametrize("name", ["ab", "with space", "a/b", "a*", "a" * 256])
def test_a_name_that_no_bucket_ever_had_is_refused(name):
    with pytest.raises(SettingsError, match="which is not the name of an S3 bucket"):
        settings_from({"trackedBuckets": [name]})


@pytest.mark.parametrize("name", ["abc", "1.2.3", "a" * 63, "my--bucket", "My_Bucket", "A" * 255])
def test_the_name_of_a_bucket_is_accepted_also_one_from_before_2018(name):
    assert settings_from({"trackedBuckets": [name]}).tracked_buckets == (name,)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([f"bucket-{number}" for number in range(21)], "names 21 buckets and can hold 20"),
        ([f"{number}-" + "A" * 253 for number in range(7)], "takes 1813 characters and can hold 1800"),
    ],
)
def test_more_buckets_than_a_rule_and_a_policy_can_hold_are_refused(names, message):
    assert len(settings_from({"trackedBuckets": names[:-1]}).tracked_buckets) == len(names) - 1
    with pytest.raises(SettingsError, match=f"'trackedBuckets' {message}: add the others with make track"):
        settings_from({"trackedBuckets": names})


def test_a_targets_own_settings_hold_for_it_alone_and_the_command_line_comes_on_top():
    context = {"prod": {"alarmEmails": ["a@example.com"], "bucketThresholdGiB": 5}, "bucketThresholdGiB": "7"}

    prod, dev = settings_from(context), settings_from({**context, "target": "dev"})

    assert (prod.alarm_emails, prod.bucket_threshold_gib) == (("a@example.com",), 7)
    assert (dev.alarm_emails, dev.bucket_threshold_gib) == ((), 7)


@pytest.mark.parametrize("target", ["prod", "dev", "local"])
def test_a_wrong_key_in_any_targets_settings_is_refused_whatever_is_deployed(target):
    with pytest.raises(SettingsError, match="unknown setting 'alarmEmail'"):
        settings_from({"target": target, "dev": {"alarmEmail": "a@example.com"}})


def test_the_local_target_is_watched_every_minute_and_read_by_its_own_pages_only():
    local, prod = settings_from({"target": "local"}), settings_from({})

    assert (local.watch_minutes, prod.watch_minutes) == (1, 5)
    assert (local.cors_origin, prod.cors_origin) == (None, "*")
    assert settings_from({"target": "local", "corsOrigin": "*"}).cors_origin == "*"


def test_a_trailing_slash_of_the_endpoint_does_not_end_up_in_urls_twice():
    settings = settings_from({"target": "local", "endpoint": "http://127.0.0.1:4999/"})

    assert settings.endpoint == "http://127.0.0.1:4999"


def test_a_pipeline_needs_a_connection_and_a_repository():
    settings = settings_from({"connectionArn": CONNECTION, "sourceRepository": "owner/name"})

    assert (settings.connection_arn, settings.source_repository) == (CONNECTION, "owner/name")
    assert settings.source_branch == "main"
