"""Which of the user's pip and uv settings an installation uses: how to reach an index, but not what to install or where.

Used on a bare Python (standard library only), before anything is installed.
"""

import ast
import os
import re
import subprocess
from collections.abc import Mapping

_PIP_OPTIONS = (
    "cache-dir|cert|client-cert|extra-index-url|find-links|index-url|keyring-provider|no-cache-dir|no-index|proxy"
    "|retries|timeout|trusted-host"
)
_KEPT = re.compile(
    f"PIP_(CONFIG_FILE|{_PIP_OPTIONS.replace('-', '_').upper()})"
    "|UV_(CACHE_DIR|NO_CACHE|(HTTP|REQUEST)_[A-Z_]+|KEYRING_PROVIDER|LINK_MODE|NATIVE_TLS|SYSTEM_CERTS|OFFLINE)"
    "|UV_(DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS|INDEX|INDEX_URL|INSECURE_HOST|INDEX_[A-Z0-9_]+_(USERNAME|PASSWORD))"
)
_OURS = ("PIP_", "PYTHON", "UV_", "VIRTUAL_ENV")


def kept(environ: Mapping[str, str]) -> dict[str, str]:
    """Return a shell's variables without those that would change what Python, pip or uv do."""
    return {
        name: value for name, value in environ.items() if _KEPT.fullmatch(name) or not name.startswith(_OURS)
    }


def for_pip(python: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return `kept`, with the settings to keep of the user's pip.conf as variables, and without that file itself."""
    command = [python, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, env=kept(environ), capture_output=True, text=True, check=False).stdout
    settings = {}
    for name, _, value in (line.partition("=") for line in listed.splitlines()):
        section, _, option = name.rpartition(".")
        if re.fullmatch(_PIP_OPTIONS, option) and section != ":env:":
            settings[f"PIP_{option.replace('-', '_').upper()}"] = str(ast.literal_eval(value))
    return {**settings, **kept(environ), "PIP_CONFIG_FILE": os.devnull}
