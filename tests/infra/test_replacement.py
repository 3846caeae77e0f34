"""No change of the templates replaces a resource that holds data, unless the record accepts it."""

import copy
import dataclasses

import pytest

from tests.bench import report
from tests.infra import replacement, stateful
from tests.infra.stateful import Resource

STORAGE = "Tidemark-prod-StorageStack"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return stateful.synthesized(tmp_path_factory.mktemp("replacement"))


@pytest.fixture
def recorded():
    return stateful.read(replacement.RECORD)


def test_deploying_replaces_nothing_that_holds_data(recorded, found):
    sentences = stateful.changes(recorded, found)

    assert not sentences, "\n".join(
        [
            "These changes of the templates lose data:",
            *(f"- {sentence}" for sentence in sentences),
            f"See docs/replacement.md. To accept them, run {replacement.COMMAND} and commit what it writes.",
        ]
    )


def test_everything_that_holds_data_is_recorded(recorded, found):
    missing = stateful.unrecorded(recorded, found)

    assert not missing, (
        f"not in the record yet: {'; '.join(missing)}: run {replacement.COMMAND} and commit what it writes"
    )


def test_the_page_shows_the_record(recorded):
    page = replacement.PAGE.read_text("utf-8")

    assert report.section_of(page, replacement.SECTION) == replacement.table(recorded), (
        f"docs/replacement.md is stale: run {replacement.COMMAND}"
    )


@pytest.mark.parametrize("target", stateful.TARGETS)
def test_buckets_tables_and_images_are_among_what_holds_data(found, target):
    held = {resource.type for stack in found.values() for resource in stack.values()}

    assert {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::ECR::Repository"} <= held
    assert len(found[f"Tidemark-{target}-StorageStack"]) >= 4


TEMPLATE = {
    "Resources": {
        "HistoryTable01234567": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "KeySchema": [{"AttributeName": "bucket_name", "KeyType": "HASH"}],
                "AttributeDefinitions": [
                    {"AttributeName": "bucket_name", "AttributeType": "S"},
                    {"AttributeName": "total_size", "AttributeType": "N"},
                ],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
        "Queue01234567": {"Type": "AWS::SQS::Queue"},
    }
}


def changed(change):
    """Return the sentences about a change of the template above."""
    template = copy.deepcopy(TEMPLATE)
    change(template["Resources"])
    before, after = ({"S": stateful.stateful(each)} for each in (TEMPLATE, template))
    return stateful.changes(before, after)


def set_property(name, value):
    return lambda resources: resources["HistoryTable01234567"]["Properties"].update({name: value})


def set_policy(name, value):
    return lambda resources: resources["HistoryTable01234567"].update({name: value})


NUMBERED = [
    {"AttributeName": "bucket_name", "AttributeType": "S"},
    {"AttributeName": "total_size", "AttributeType": "S"},
]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(set_property("KeySchema", []), "KeySchema was [{", id="another key"),
        pytest.param(set_property("TableName", "t"), 'TableName was not set and would be "t"', id="a name"),
        pytest.param(set_property("AttributeDefinitions", NUMBERED), "AttributeDefinitions", id="a type"),
        pytest.param(set_property("LocalSecondaryIndexes", [{}]), "LocalSecondaryIndexes", id="local index"),
        pytest.param(set_policy("Type", "AWS::DynamoDB::GlobalTable"), "gone from its stack", id="its type"),
        pytest.param(set_policy("UpdateReplacePolicy", "Delete"), "not retained any more", id="unguarded"),
        pytest.param(
            lambda resources: resources.update(Renamed01234567=resources.pop("HistoryTable01234567")),
            "gone from its stack",
            id="its logical id",
        ),
    ],
)
def test_a_change_that_replaces_is_named_with_the_property_and_the_resource(change, words):
    (sentence,) = changed(change)

    assert "HistoryTable01234567 of S (AWS::DynamoDB::Table)" in sentence
    assert words in sentence


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(set_property("BillingMode", "PROVISIONED"), id="billing"),
        pytest.param(set_property("TimeToLiveSpecification", {"Enabled": True}), id="time to live"),
        pytest.param(set_property("AttributeDefinitions", NUMBERED[:1]), id="an index less"),
        pytest.param(lambda resources: resources.pop("Queue01234567"), id="a queue"),
    ],
)
def test_a_change_in_place_is_not_named(change):
    assert changed(change) == []


def test_a_replaced_resource_that_is_not_retained_is_deleted():
    bucket = Resource("AWS::S3::Bucket", {"BucketName": None}, retained=False)
    named = dataclasses.replace(bucket, replacing={"BucketName": "b"})

    (sentence,) = stateful.changes({"S": {"B": bucket}}, {"S": {"B": named}})

    assert sentence.endswith("The old one is deleted with its data")


def test_the_properties_that_replace_come_from_the_providers_schemas():
    assert stateful.replacing_properties("AWS::S3::Bucket")[0] == "BucketName"
    assert "KeySchema" in stateful.replacing_properties("AWS::DynamoDB::Table")
    assert stateful.replacing_properties("AWS::ECR::Repository") == (
        "EncryptionConfiguration",
        "RepositoryName",
    )
