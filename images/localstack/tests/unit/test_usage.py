from localstack_image_lambda.iam.policies import Permission
from localstack_image_lambda.iam.usage import MAX_RESOURCES, Usage


def test_no_action_is_lost_however_many_resources_there_are():
    usage = Usage()
    for number in range(MAX_RESOURCES + 10):
        usage.record("role", Permission("s3:GetObject", f"key {number}"), allowed=True)
    usage.record("role", Permission("s3:GetObject", "key 0"), allowed=False)
    usage.record("role", Permission("s3:PutObject", "key 0"), allowed=True)

    rows = usage.report()["role"]

    assert len(rows) == MAX_RESOURCES + 2
    assert rows[0] == {"action": "s3:GetObject", "resource": "key 0", "allowed": 1, "refused": 1}
    assert {"action": "s3:GetObject", "resource": None, "allowed": 10, "refused": 0} in rows
    assert rows[-1]["action"] == "s3:PutObject"
