"""`make diff` ends with what a deployment would do about images, whose templates name the digests that were pushed last."""

import json

from infra_cdk.images import SERVICES
from tests.unit.tools.operations.conftest import ACCOUNT
from tidemark import cli
from tidemark.deliver import diff

MEANT = ("--account", ACCOUNT, "--region", "eu-central-1")


def test_diff_ends_with_the_line_about_images(aws, monkeypatch, capsys, tmp_path):
    document = tmp_path / "images.json"
    digests = dict.fromkeys(SERVICES, "sha256:" + "ab" * 32)
    document.write_text(json.dumps({"git_sha": "1", "registry": "elsewhere", "images": digests}))
    asked = []
    monkeypatch.setattr(diff, "IMAGES_FILE", document)
    monkeypatch.setattr("tidemark.deliver.cdk.run", lambda *_: 0)
    monkeypatch.setattr(diff, "change_of_images", lambda *given: asked.append(given) or "images: new ones")

    code = cli.main(["diff", "--target", "prod", *MEANT, "--context", "architecture=arm64"])

    assert code == 0
    assert capsys.readouterr().out.splitlines()[-1] == "images: new ones"
    ((_, images, caller, architecture),) = asked
    assert (images.registry, caller.account, architecture) == ("elsewhere", ACCOUNT, "arm64")
