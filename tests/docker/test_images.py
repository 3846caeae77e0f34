"""The functions' images are small, share layers, run without rights, and have all bytecode."""

import re

import pytest

from tests.docker.function import LOCKED_DOWN
from tests.docker.image_facts import MB, ImageFacts, bytecode_bytes, run_python
from tidemark.images.recipes import FUNCTIONS, LOCAL

NAMES = [recipe.name for recipe in FUNCTIONS]
HANDLERS = {recipe.name: f"{recipe.target.replace('-', '_')}.handler.handler" for recipe in FUNCTIONS}

TRY_TO_WRITE = """
import json, os
places = ["/", "/opt", "/opt/python", "/var/task", "/usr/local", "/etc", "/var/tmp", "/dev/shm", "/run", "/home"]
places += [os.path.dirname(os.__file__), os.environ["HOME"], "/tmp"]
written = []
for place in places:
    try:
        with open(os.path.join(place, "probe"), "w") as file:
            file.write("x")
    except OSError:
        continue
    written.append(place)
print(json.dumps({"user": os.getuid(), "group": os.getgid(), "written": sorted(set(written))}))
"""

SOURCES_WITHOUT_BYTECODE = """
import importlib, importlib.util, json, sys, awslambdaric.bootstrap
importlib.import_module(HANDLER.rpartition(".")[0])
DRAW
missing = []
for name, module in list(sys.modules.items()):
    spec = getattr(module, "__spec__", None)
    if spec is None or not spec.has_location or not spec.origin.endswith(".py"):
        continue
    try:
        with open(spec.cached, "rb") as file:
            ok = file.read(4) == importlib.util.MAGIC_NUMBER
    except (OSError, TypeError):
        ok = False
    if not ok:
        missing.append(name)
print(json.dumps({"modules": len(sys.modules), "missing": missing}))
"""

MATPLOTLIB_FONT_LOG = """
import json, logging, os
from plotting.picture_routes import prepare_font_cache
said = []
handler = logging.Handler()
handler.emit = lambda record: said.append(record.getMessage())
logging.getLogger("matplotlib.font_manager").addHandler(handler)
logging.getLogger("matplotlib.font_manager").setLevel(logging.DEBUG)
prepare_font_cache(os.environ)
import matplotlib.font_manager
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def facts(docker):
    return {name: ImageFacts.of(docker, name) for name in NAMES}


@pytest.fixture(scope="module")
def base(docker):
    return ImageFacts.of(docker, docker.environ["PYTHON_IMAGE"])


@pytest.mark.parametrize("name", NAMES)
def test_an_image_says_what_it_is_and_starts_its_own_function(facts, name):
    config = facts[name].config
    labels = {key.rpartition(".")[2]: value for key, value in config["Labels"].items()}

    assert config["Entrypoint"] == ["python", "-m", "awslambdaric"]
    assert config["Cmd"] == [HANDLERS[name]]
    assert labels["title"] == name
    assert labels["licenses"] == "Apache-2.0"
    assert labels["description"]
    assert labels["version"] == "0.1.0"
    assert re.fullmatch(r"[0-9a-f]{64}", labels["revision"])


@pytest.mark.parametrize("name", [*NAMES, *(recipe.name for recipe in LOCAL)])
def test_nothing_in_an_image_runs_as_root_or_writes_outside_tmp(docker, name):
    user = ImageFacts.of(docker, name).config["User"]

    tried = run_python(docker, name, TRY_TO_WRITE, *LOCKED_DOWN, "--tmpfs=/dev/shm:ro")
    unlocked = run_python(docker, name, TRY_TO_WRITE)

    assert user == "65534:65534"
    assert tried == {"user": 65534, "group": 65534, "written": ["/tmp"]}  # noqa: S108 - the one that may be written

    # With a writable root, only the directories that Debian opens to everybody are writable.
    assert set(unlocked["written"]) <= {"/tmp", "/var/tmp", "/dev/shm"}  # noqa: S108


@pytest.mark.parametrize("name", NAMES)
def test_every_module_that_a_function_loads_has_its_bytecode(docker, name):
    draw = "import plotting.picture" if name.endswith("plotting") else ""
    program = SOURCES_WITHOUT_BYTECODE.replace("HANDLER", repr(HANDLERS[name])).replace("DRAW", draw)

    told = run_python(docker, name, program)

    assert told["missing"] == []
    assert told["modules"] > 200


def test_plotting_finds_its_list_of_fonts_made(docker):
    said = run_python(docker, "tidemark/plotting", MATPLOTLIB_FONT_LOG, *LOCKED_DOWN)

    assert any(line.startswith("Using fontManager instance from /tmp/") for line in said), said
    assert not any("generated" in line for line in said), said


def test_what_the_images_share_is_stored_once(facts, base):
    tracking, plotting, driver = (facts[name].layers for name in NAMES)
    shared = [one for one, *others in zip(tracking, plotting, driver, strict=False) if {one} == set(others)]

    assert tuple(shared[: len(base.layers)]) == base.layers
    assert tracking[: len(shared)] == tuple(shared)
    # They share the base, its bytecode and the packages of all. size-tracking adds only its sources.
    assert len(shared) >= len(base.layers) + 2
    assert len(tracking) == len(shared) + 1


@pytest.mark.parametrize(("name", "max_mb"), list(zip(NAMES, [14, 150, 14], strict=True)))
def test_an_image_is_small_beside_its_base(docker, facts, base, name, max_mb):
    own = facts[name].size - base.size - bytecode_bytes(docker, name)

    assert own <= max_mb * MB
