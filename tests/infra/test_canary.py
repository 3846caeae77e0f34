"""Gradual delivery: which version callers get, how a new one is tried, and what takes it back."""

import pytest

from tests.infra.templates import nodes, text


@pytest.fixture(params=["size-tracking", "plotting"])
def tried(request):
    """The services whose alias is called. Nobody calls the driver's, so no canary could try its new version."""
    return request.param


@pytest.fixture
def on_aws(synth, aws_target):
    return synth(target=aws_target)["LambdaStack"]


def group_of(stack, service):
    """Return the deployment group that moves a service's alias."""
    policy = stack.alias(service)[1]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    return stack.resources[policy["DeploymentGroupName"]["Ref"]]["Properties"]


def alarms_of(stack, service):
    """Return the alarms that end a roll-out of a service, by what they measure."""
    configuration = group_of(stack, service)["AlarmConfiguration"]
    assert configuration["Enabled"] is True
    alarms = [stack.resources[alarm["Name"]["Ref"]]["Properties"] for alarm in configuration["Alarms"]]
    return {alarm["MetricName"]: alarm for alarm in alarms}


def dimensions(alarm):
    return {dimension["Name"]: text(dimension["Value"]) for dimension in alarm["Dimensions"]}


def test_every_function_is_called_by_an_alias_that_is_named_live(application, service):
    _, alias = application.alias(service)

    assert alias["Properties"]["Name"] == "live"
    version = alias["Properties"]["FunctionVersion"]["Fn::GetAtt"][0]
    assert application.resources[version]["Type"] == "AWS::Lambda::Version"


def test_the_queue_and_the_api_call_the_alias_and_never_a_function(application):
    tracker, plotting = (application.alias(service)[0] for service in ("size-tracking", "plotting"))
    mapping = application.one("AWS::Lambda::EventSourceMapping")["FunctionName"]
    integrations = {
        text(method["Integration"]["Uri"])
        for method in application.all("AWS::ApiGateway::Method")
        if method["Integration"]["Type"] == "AWS_PROXY"
    }

    # The mapping's is the function's name, cut out of the alias's ARN, and the alias's name.
    assert mapping["Fn::Join"][1][1] == ":live"
    assert {"Ref": tracker} in nodes(mapping)
    assert len(integrations) == 1
    assert f"${{{plotting}}}" in integrations.pop()
    for permission in application.all("AWS::Lambda::Permission"):
        assert permission["FunctionName"] == {"Ref": plotting}


def test_a_new_image_is_a_new_version(synth, tmp_path, service):
    pushed, placeholder = (
        synth(target="prod", images=images)["LambdaStack"].alias(service)[1]["Properties"]["FunctionVersion"]
        for images in (True, False)
    )

    assert pushed != placeholder


def test_an_update_gives_a_tenth_of_the_calls_to_the_new_version_for_five_minutes(on_aws, tried):
    group = group_of(on_aws, tried)

    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert group["DeploymentStyle"]["DeploymentOption"] == "WITH_TRAFFIC_CONTROL"


def test_an_alarm_and_a_failure_both_roll_back(on_aws, tried):
    rollback = group_of(on_aws, tried)["AutoRollbackConfiguration"]

    assert rollback["Enabled"] is True
    assert {"DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_FAILURE"} <= set(rollback["Events"])


def test_one_failed_call_of_the_alias_is_enough(on_aws, tried):
    function, _ = on_aws.function(tried)
    errors = alarms_of(on_aws, tried)["Errors"]

    assert dimensions(errors) == {"FunctionName": f"${{{function}}}", "Resource": f"${{{function}}}:live"}
    assert (errors["Threshold"], errors["EvaluationPeriods"], errors["Period"]) == (0, 1, 60)
    assert (errors["Statistic"], errors["ComparisonOperator"]) == ("Sum", "GreaterThanThreshold")


def test_a_message_that_the_new_tracker_fails_shows_within_the_canary(on_aws):
    """A failed message rests for the visibility timeout; the alarm must go off before, and well within 5 minutes."""
    oldest = alarms_of(on_aws, "size-tracking")["ApproximateAgeOfOldestMessage"]
    queue = on_aws.properties("QueueUrl")

    assert dimensions(oldest) == {"QueueName": f"${{{on_aws.by_output('QueueUrl')}.QueueName}}"}
    assert oldest["Threshold"] < queue["VisibilityTimeout"]
    assert oldest["Threshold"] + oldest["EvaluationPeriods"] * oldest["Period"] < 300


def test_the_driver_gets_its_new_version_at_once(on_aws):
    assert "UpdatePolicy" not in on_aws.alias("driver")[1]
    assert len(on_aws.ids("AWS::CodeDeploy::DeploymentGroup")) == 2


def test_localstack_which_only_pretends_gets_no_canary(synth):
    local = synth(target="local")["LambdaStack"]

    assert local.ids("AWS::CodeDeploy::DeploymentGroup") + local.ids("AWS::CloudWatch::Alarm") == []
    assert all("UpdatePolicy" not in local.resources[name] for name in local.ids("AWS::Lambda::Alias"))
