import pytest

from infra_cdk.settings import TARGETS, SettingsError, settings_from


def test_without_a_target_it_is_prod():
    assert settings_from({}) == TARGETS["prod"]


def test_a_target_is_selected_by_name():
    assert settings_from({"target": "local"}) == TARGETS["local"]


@pytest.mark.parametrize("target", ["prod", "dev"])
def test_data_on_aws_is_kept_unless_someone_says_otherwise(target):
    assert not TARGETS[target].ephemeral
    assert not TARGETS[target].emulated


@pytest.mark.parametrize("value", ["true", "True", True])
def test_ephemeral_may_come_from_the_command_line_or_from_a_file(value):
    assert settings_from({"target": "dev", "ephemeral": value}).ephemeral


def test_local_data_can_be_kept():
    assert not settings_from({"target": "local", "ephemeral": "false"}).ephemeral


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
        (
            {"driverPauseSeconds": "-1"},
            "setting 'driverPauseSeconds' is whole seconds from 0 to 15, not '-1'",
        ),
        (
            {"driverPauseSeconds": "99"},
            "setting 'driverPauseSeconds' is whole seconds from 0 to 15, not '99'",
        ),
        (
            {"endpoint": "http://127.0.0.1:1"},
            "setting 'endpoint' is for the target local; 'prod' goes to AWS",
        ),
        (
            {"target": "local", "endpoint": "4566"},
            "setting 'endpoint' is a URL like http://127.0.0.1:4566, not '4566'",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(context, message):
    with pytest.raises(SettingsError) as refused:
        settings_from(context)

    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_a_trailing_slash_of_the_endpoint_does_not_end_up_in_urls_twice():
    assert (
        settings_from({"target": "local", "endpoint": "http://127.0.0.1:4999/"}).endpoint
        == "http://127.0.0.1:4999"
    )
