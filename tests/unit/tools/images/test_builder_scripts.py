"""The image's builder leaves out requirements that the base has, and files that no function loads."""

from size_history.budgets import DRIVER, PLOTTING, TRACKER

LIST = """\
# This file was made by uv.
boto3==1.44.5 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via driver
requests==2.34.2 ; python_full_version >= '3.11' \\
    --hash=sha256:cc
"""


def test_requirements_keep_their_hashes_and_lose_what_the_base_has(script):
    requirements = script("requirements")

    left = requirements.without(LIST, "boto3==1.44.5 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n")

    assert left == "requests==2.34.2 ; python_full_version >= '3.11' \\\n    --hash=sha256:cc\n"


def test_another_version_in_the_base_is_another_requirement(script):
    requirements = script("requirements")

    assert requirements.without("six==1.17.0\n", "six==1.16.0\n") == "six==1.17.0\n"


def test_pruning_takes_what_is_listed_and_leaves_the_rest(script, tmp_path):
    models = "botocore/data"
    kept = [f"{models}/s3/2006-03-01/service-2.json", f"{models}/endpoints.json", "numpy/testing/__init__.py"]
    gone = [f"{models}/ec2/2016-11-15/service-2.json", "numpy/linalg/tests/test_a.py", "boto3/data/s3/x.json"]
    for name in kept + gone:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1234")

    taken = script("pruning").prune(tmp_path)

    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(kept)
    assert taken == 4 * len(gone)


def test_every_client_that_a_service_makes_has_its_model_in_the_images(script):
    made = {service for function in (TRACKER, PLOTTING, DRIVER) for service in function.clients}

    assert made <= set(script("pruning").MODELS)
