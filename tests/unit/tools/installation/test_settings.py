from tidemark.checkout import ROOT
from tidemark.installation.settings import for_pip, kept
from tidemark.installation.venvs import UV_HOME

MOVING = {
    "PIP_TARGET": "/elsewhere",
    "PIP_NO_DEPS": "1",
    "PYTHONPATH": "/elsewhere",
    "UV_EXCLUDE_NEWER": "7 days",
    "UV_INDEX_STRATEGY": "unsafe-best-match",
    "UV_NO_DEV": "1",
    "UV_PROJECT_ENVIRONMENT": "/elsewhere",
    "VIRTUAL_ENV": "/elsewhere",
}
REACHING = {
    "HTTPS_PROXY": "http://proxy",
    "PIP_INDEX_URL": "https://mirror/simple",
    "SSL_CERT_FILE": "/certificates",
    "UV_DEFAULT_INDEX": "https://mirror/simple",
    "UV_INDEX_MIRROR_PASSWORD": "secret",
    "UV_CACHE_DIR": "/cache",
}


def test_variables_that_change_what_is_installed_are_dropped_and_those_that_reach_an_index_stay():
    assert kept(MOVING | REACHING) == REACHING


def test_a_pip_conf_counts_where_it_reaches_an_index_and_not_where_it_installs_elsewhere(tmp_path):
    conf = tmp_path / "pip.conf"
    conf.write_text(
        "[global]\nindex-url = https://mirror/simple\nextra-index-url =\n  https://a\n  https://b\ntimeout = 7\n"
        "[install]\nuser = true\ntarget = /elsewhere\nrequire-virtualenv = true\nno-deps = true\nno-binary = :all:\n"
    )

    python = str(ROOT / UV_HOME / "bin" / "python")  # the one venv that has pip

    settings = for_pip(python, {"PIP_CONFIG_FILE": str(conf), "PIP_TIMEOUT": "9", "HOME": str(tmp_path)})

    assert settings["PIP_CONFIG_FILE"] == "/dev/null"
    assert settings["PIP_INDEX_URL"] == "https://mirror/simple"
    assert settings["PIP_EXTRA_INDEX_URL"].split() == ["https://a", "https://b"]
    assert settings["PIP_TIMEOUT"] == "9"
    assert not {name for name in settings if name.startswith("PIP_")} - {
        "PIP_CERT",
        "PIP_CONFIG_FILE",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_INDEX_URL",
        "PIP_TIMEOUT",
    }
