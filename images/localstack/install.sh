#!/bin/sh
# Installs a locked project into an image that is being built: install.sh UV_VERSION PROJECT [plugin]
# Without `plugin` it installs the project's dependencies into /opt/python, with it the project itself into /opt/plugin.
# uv is removed at the end.
set -eu
uv_version=$1 project=$2 what=${3:-packages}

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
export PYTHONPATH= TMPDIR="$tools" UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
# uv uses the certificates that the base image gives to pip.
export SSL_CERT_FILE="${SSL_CERT_FILE:-${PIP_CERT:-}}"
python -m pip install --quiet --disable-pip-version-check --no-cache-dir --root-user-action=ignore \
  --only-binary=:all: --target "$tools/uv" "uv==$uv_version"
uv="$tools/uv/bin/uv"

if [ "$what" = plugin ]; then
  target=/opt/plugin
  "$uv" build --quiet --wheel --out-dir "$tools/wheels" "$project"
  set -- "$tools"/wheels/*.whl
else
  target=/opt/python
  "$uv" export --quiet --frozen --no-emit-project --project "$project" --output-file "$tools/requirements.txt"
  set -- --require-hashes --requirement "$tools/requirements.txt"
fi
"$uv" pip install --quiet --no-deps --compile-bytecode --target "$target" "$@"
chmod -R a+rX "$target"
