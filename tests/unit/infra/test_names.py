import re

import pytest

from infra_cdk.names import added_rule, added_rule_prefix


@pytest.mark.parametrize("bucket", ["their-bucket", "My_Bucket", "a" * 255])
def test_an_added_rule_has_one_name_per_bucket_that_eventbridge_accepts(bucket):
    rule = added_rule("prod", bucket)

    assert rule.startswith(added_rule_prefix("prod"))
    assert re.fullmatch(r"[.\w-]{1,64}", rule)
    assert rule != added_rule("prod", f"{bucket[:-1]}-")
    assert rule != added_rule("dev", bucket)


def test_a_rule_that_an_earlier_version_added_is_found_by_its_name():
    assert added_rule("prod", "their-bucket") == "tidemark-prod-track-c2d6e2805c65"
