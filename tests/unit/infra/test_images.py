import json

import pytest

from infra_cdk.images import NO_IMAGES_NEEDED, PLACEHOLDER, SERVICES, Images, images_from
from infra_cdk.settings import SettingsError

DIGEST = "sha256:" + "ab" * 32


@pytest.fixture
def document(tmp_path):
    return tmp_path / "images.json"


def test_digests_come_from_the_file_that_push_images_writes(document):
    content = {"git_sha": "1", "registry": "host", "inputs": {"driver": "2"}}
    document.write_text(json.dumps(content | {"images": dict.fromkeys(SERVICES, DIGEST)}))
    images = images_from(document)

    assert [images.digest(service) for service in SERVICES] == [DIGEST] * 3
    assert (images.missing, images.commit, images.registry) == ((), "1", "host")
    assert images.inputs == {"driver": "2"}


def test_a_file_of_version_0_1_names_no_registry_and_still_synthesizes(document):
    document.write_text(json.dumps({"git_sha": "1", "images": dict.fromkeys(SERVICES, DIGEST)}))
    images = images_from(document)

    assert (images.missing, images.registry, images.inputs) == ((), None, {})


def test_without_the_file_every_digest_is_the_placeholder_and_missing(document):
    images = images_from(document)

    assert [images.digest(service) for service in SERVICES] == [PLACEHOLDER] * 3
    assert images.missing == SERVICES


def test_a_service_that_the_file_leaves_out_is_missing(document):
    document.write_text(json.dumps({"images": {"driver": DIGEST}}))

    assert images_from(document).missing == ("size-tracking", "plotting")


def test_a_local_deployment_misses_nothing():
    assert NO_IMAGES_NEEDED.missing == ()
    assert NO_IMAGES_NEEDED.digest("driver") == PLACEHOLDER


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "images.json: Expecting property name"),
        ("[]", 'images.json: it has no object "images"'),
        ('{"images": ["sha256:1"]}', 'images.json: it has no object "images"'),
        ('{"images": {}, "registry": 1}', 'images.json: "registry" is not the name of a host'),
        ('{"images": {}, "inputs": 1}', 'images.json: it has no object "inputs"'),
        ('{"images": {"plotter": "x"}}', "images.json: unknown service 'plotter'"),
        ('{"images": {"driver": "latest"}}', "images.json: the digest of 'driver' is not sha256:"),
        ('{"images": {"driver": null}}', "images.json: the digest of 'driver' is not sha256:"),
    ],
)
def test_a_file_that_holds_anything_else_is_named_with_the_fix(document, content, message):
    document.write_text(content)

    with pytest.raises(SettingsError) as refused:
        images_from(document)

    assert str(refused.value).startswith(message)
    assert str(refused.value).endswith("write it anew with make push-images")


def test_images_are_compared_by_what_they_hold():
    assert Images({"driver": DIGEST}) == Images({"driver": DIGEST})
