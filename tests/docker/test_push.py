"""`make push-images` against a real registry that demands a login, and an emulation of ECR's own API."""

import json
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from dataclasses import fields
from pathlib import Path

import pytest
import requests

from infra_cdk.images import SERVICES, images_from, repository
from plotting.settings import Settings
from tests.docker import checkout, control_plane
from tests.docker.function import ContainerFunction
from tests.docker.registry_process import PASSWORD, USER, registry
from tidemark.images.base import known_base
from tidemark.images.recipes import FUNCTIONS, Build
from tidemark.images.registry import Registry, RegistryError

HEALTH = {"httpMethod": "GET", "path": "/health", "resource": "/health"}
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="module")
def ecr():
    with control_plane.control_plane() as url:
        for service in SERVICES:
            control_plane.client(url).create_repository(repositoryName=repository(service))
        yield url


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    return checkout.make(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def push(docker, hub, ecr, clone):
    """Return a function that runs the clone's own command. Keyword arguments change its environment."""

    def push(*arguments, **changes):
        environ = {
            **os.environ,
            **control_plane.CREDENTIALS,
            "AWS_REGION": control_plane.REGION,
            "AWS_ENDPOINT_URL_ECR": ecr,
            "PYTHONPATH": os.pathsep.join([str(clone / "tools" / "src"), str(clone)]),
            **changes,
        }
        return subprocess.run(
            [sys.executable, "-m", "tidemark.cli", "push-images", "--registry", hub.host, *arguments],
            cwd=clone,
            env={name: value for name, value in environ.items() if value is not None},
            capture_output=True,
            text=True,
            check=False,
        )

    return push


@pytest.fixture(scope="module")
def pushed(push, clone):
    """Return what the first push recorded."""
    done = push()
    assert done.returncode == 0, done.stderr
    return json.loads((clone / "images.json").read_text())


@pytest.fixture(scope="module")
def tag_of(docker, clone):
    """Return a function that computes the tag of a service's image in the clone as it is now."""

    def tag_of(service, architecture=None):
        build = Build(clone, architecture or machine(), known_base(docker, docker.environ["PYTHON_IMAGE"]))
        return build.tag(recipe_of(service))

    return tag_of


def test_the_recorded_digests_are_the_registrys(pushed, hub, clone, tag_of):
    inputs = {service: Build(clone, machine()).inputs(recipe_of(service)) for service in SERVICES}

    assert pushed == {
        "git_sha": checkout.head(clone),
        "registry": hub.host,
        "inputs": inputs,
        "images": {service: digest_of(hub, repository(service), tag_of(service)) for service in SERVICES},
    }


def test_the_cdk_app_takes_the_record(pushed, clone):
    images = images_from(clone / "images.json")

    assert images.missing == ()
    assert {service: images.digest(service) for service in SERVICES} == pushed["images"]


def test_a_second_push_builds_and_sends_nothing(push, pushed, hub, clone):
    (clone / "images.json").unlink()
    before, stored = hub.uploads(), hub.stored()

    done = push()

    assert done.returncode == 0, done.stderr
    assert done.stderr.count("there already") == len(SERVICES)
    assert "is built" not in done.stderr
    assert hub.uploads() == before > 0
    assert hub.stored() == stored
    assert json.loads((clone / "images.json").read_text()) == pushed


def test_the_registry_stores_what_the_images_share_once(pushed, hub):
    manifests = [
        manifest_of(hub, repository(service), digest) for service, digest in pushed["images"].items()
    ]
    layers = [[layer["digest"] for layer in manifest["layers"]] for manifest in manifests]
    shared = set.intersection(*map(set, layers))

    assert len(shared) >= 3  # the base, its bytecode, the packages of all three
    configs = {manifest["config"]["digest"] for manifest in manifests}
    assert hub.stored() == set().union(*layers) | configs | set(pushed["images"].values())


def test_an_image_pulled_by_its_digest_answers_the_same(docker, pushed, hub, tmp_path, tag_of):
    remote = f"{hub.host}/tidemark/plotting@{pushed['images']['plotting']}"
    (tmp_path / "config.json").write_text(json.dumps({"auths": {hub.host: {"auth": login_token()}}}))
    # Otherwise the engine would use the image that it built.
    docker.output("rmi", f"{hub.host}/tidemark/plotting:{tag_of('plotting')}")
    subprocess.run(
        ["docker", "pull", "--quiet", remote],
        env={**os.environ, "DOCKER_CONFIG": str(tmp_path)},
        check=True,
        capture_output=True,
    )

    environ = {field.name.upper(): "unused" for field in fields(Settings)} | {"SAMPLE_RETENTION_DAYS": ""}
    environ |= {"QUEUE_URL": "http://127.0.0.1:1/queue", "AWS_DEFAULT_REGION": "eu-central-1"}
    with (
        ContainerFunction("tidemark/plotting", environ) as built,
        ContainerFunction(remote, environ) as pulled,
    ):
        expected = built.invoke(HEALTH)
        answer = pulled.invoke(HEALTH)

    assert answer.payload["statusCode"] == 200
    assert answer == expected


def test_the_login_stays_in_nobodys_files(pushed, hub):
    file = Path(os.environ.get("DOCKER_CONFIG", Path.home() / ".docker")) / "config.json"
    known = json.loads(file.read_text()) if file.exists() else {}

    assert hub.host not in known.get("auths", {})


def test_changed_files_are_refused(push, pushed, clone, hub):
    before = hub.uploads()
    (clone / "services" / "stray.txt").write_text("x")

    done = push()

    (clone / "services" / "stray.txt").unlink()
    assert done.returncode == 1
    assert "1 paths differ from commit" in done.stderr
    assert "services/stray.txt" in done.stderr
    assert hub.uploads() == before


def test_a_commit_that_changes_only_a_readme_pushes_nothing_new(push, pushed, hub, clone):
    before = hub.uploads()
    (clone / "README.md").write_text("Another text")
    commit = checkout.commit(clone, "Write the README anew")

    done = push()

    assert done.returncode == 0, done.stderr
    assert hub.uploads() == before
    assert json.loads((clone / "images.json").read_text()) == pushed | {"git_sha": commit}


def test_a_change_in_one_service_gives_no_other_function_a_new_image(push, pushed, hub, clone):
    with (clone / "services/plotting/src/plotting/chart.py").open("a") as source:
        source.write("# another line\n")
    checkout.commit(clone, "Change plotting")

    done = push()

    assert done.returncode == 0, done.stderr
    recorded = json.loads((clone / "images.json").read_text())["images"]
    assert {service for service in SERVICES if recorded[service] != pushed["images"][service]} == {"plotting"}
    assert len(tags_in(hub, "tidemark/plotting")) == 2
    assert len(tags_in(hub, "tidemark/driver")) == 1


def test_a_tag_that_exists_is_taken_as_it_is(docker, push, pushed, hub, clone, tag_of):
    with (clone / "services/driver/src/driver/plot.py").open("a") as source:
        source.write("# another line\n")
    commit = checkout.commit(clone, "Change the driver")
    put_manifest(
        hub,
        "tidemark/driver",
        tag_of("driver"),
        manifest_of(hub, "tidemark/driver", pushed["images"]["driver"]),
    )

    done = push()

    assert done.returncode == 0, done.stderr
    recorded = json.loads((clone / "images.json").read_text())
    assert recorded["git_sha"] == commit
    assert recorded["images"]["driver"] == pushed["images"]["driver"]
    assert digest_of(hub, "tidemark/driver", tag_of("driver")) == pushed["images"]["driver"]


def test_a_tag_of_another_architecture_is_no_image_for_this_one(push, pushed, hub, clone, tag_of):
    other = "arm64" if machine() == "x86_64" else "x86_64"
    ours = manifest_of(hub, "tidemark/driver", pushed["images"]["driver"])
    put_manifest(hub, "tidemark/driver", tag_of("driver", other), ours)

    done = push("--architecture", other)

    assert done.returncode == 1
    assert "so make push-images did not push it" in done.stderr


def test_an_index_of_images_is_refused(pushed, hub):
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
    put_manifest(hub, "tidemark/driver", "index", index)

    with pytest.raises(RegistryError, match="Lambda takes only an image"):
        Registry(hub.host, USER, PASSWORD).find("tidemark/driver", "index")


def test_a_wrong_password_is_refused_in_words(hub, pushed):
    with pytest.raises(RegistryError, match=f"the registry {hub.host} refuses the login of 'AWS'"):
        Registry(hub.host, USER, "wrong").find("tidemark/driver", "index")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "there are no AWS credentials"),
        ({"AWS_REGION": None}, "no AWS region is set"),
        ({"AWS_ENDPOINT_URL_ECR": "http://127.0.0.1:9"}, "nothing answers at http://127.0.0.1:9"),
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_missing_is_one_line(push, tmp_path, changes, said):
    nowhere = {
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }
    alone = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": None, "AWS_PROFILE": None}

    done = push(**nowhere, **{**alone, **changes})

    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_repository_is_named_with_its_region(push, ecr):
    control_plane.client(ecr).delete_repository(repositoryName="tidemark/plotting", force=True)

    done = push()

    control_plane.client(ecr).create_repository(repositoryName="tidemark/plotting")
    assert done.returncode == 1
    assert "ECR in eu-central-1 has no repository tidemark/plotting" in done.stderr


def test_without_docker_the_fix_is_said(push, clone, tmp_path):
    checkout.commit(clone, "Not pushed yet")

    done = push(PATH=path_with(tmp_path, "git"))

    assert done.returncode == 1
    assert "docker cannot be run" in done.stderr
    assert "apt install docker.io" in done.stderr


def login_token():
    return b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def ask(hub, path, method="GET", **options):
    """Ask the registry without any code of ours."""
    url, login = f"http://{hub.host}/v2/{path}", (USER, PASSWORD)
    headers = {"Accept": MANIFEST, **options.pop("headers", {})}
    answer = requests.request(method, url, auth=login, headers=headers, timeout=30, **options)
    answer.raise_for_status()
    return answer


def digest_of(hub, name, tag):
    return ask(hub, f"{name}/manifests/{tag}", "HEAD").headers["Docker-Content-Digest"]


def tags_in(hub, name):
    return ask(hub, f"{name}/tags/list").json()["tags"]


def recipe_of(service):
    (recipe,) = (recipe for recipe in FUNCTIONS if recipe.target == service)
    return recipe


def manifest_of(hub, name, reference):
    return ask(hub, f"{name}/manifests/{reference}").json()


def put_manifest(hub, name, tag, manifest):
    # The registry indents by three spaces. Any other text would have another digest.
    headers = {"Content-Type": manifest["mediaType"]}
    ask(hub, f"{name}/manifests/{tag}", "PUT", data=json.dumps(manifest, indent=3).encode(), headers=headers)


def path_with(directory, *programs):
    """Return a PATH with only these programs."""
    for program in programs:
        (directory / program).symlink_to(shutil.which(program))
    return str(directory)


def machine():
    return {"amd64": "x86_64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
