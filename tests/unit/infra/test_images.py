import json

import pytest

from infra_cdk.images import NO_IMAGES_NEEDED, PLACEHOLDER, SERVICES, Images, images_from
from infra_cdk.settings import SettingsError

DIGEST = "sha256:" + "ab" * 32


def test_digests_come_from_the_file_that_push_images_writes(tmp_path):
    images = images_from(_file(tmp_path, {"git_sha": "1", "images": dict.fromkeys(SERVICES, DIGEST)}))

    assert [images.digest(service) for service in SERVICES] == [DIGEST] * 3
    assert images.missing == ()


def test_without_the_file_every_digest_is_the_placeholder_and_missing(tmp_path):
    images = images_from(tmp_path / "images.json")

    assert [images.digest(service) for service in SERVICES] == [PLACEHOLDER] * 3
    assert images.missing == SERVICES


def test_a_service_that_the_file_leaves_out_is_missing(tmp_path):
    images = images_from(_file(tmp_path, {"images": {"driver": DIGEST}}))

    assert images.missing == ("size-tracking", "plotting")


def test_a_local_deployment_misses_nothing():
    assert NO_IMAGES_NEEDED.missing == ()
    assert NO_IMAGES_NEEDED.digest("driver") == PLACEHOLDER


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "images.json: Expecting property name"),
        ("[]", 'images.json: it has no object "images"'),
        ('{"images": ["sha256:1"]}', 'images.json: it has no object "images"'),
        ('{"images": {"plotter": "x"}}', "images.json: unknown service 'plotter'"),
        ('{"images": {"driver": "latest"}}', "images.json: the digest of 'driver' is not sha256:"),
        ('{"images": {"driver": null}}', "images.json: the digest of 'driver' is not sha256:"),
    ],
)
def test_a_file_that_holds_anything_else_is_named_with_the_fix(tmp_path, content, message):
    document = tmp_path / "images.json"
    document.write_text(content)

    with pytest.raises(SettingsError) as refused:
        images_from(document)

    assert str(refused.value).startswith(message)
    assert str(refused.value).endswith("write it anew with make push-images")


def test_images_are_compared_by_what_they_hold():
    assert Images({"driver": DIGEST}) == Images({"driver": DIGEST})


def _file(directory, document):
    path = directory / "images.json"
    path.write_text(json.dumps(document))
    return path
