#!/usr/bin/env bash
# Creates the virtual environment and installs exactly what requirements.lock names:
# with uv where there is one, with pip else. Byte code is compiled on the way, because every
# step is a process of its own and imports TensorFlow again.
set -euo pipefail
: "${PYTHON:=python3}" "${VENV:=.venv}"

fail() { printf 'error: %s\n' "$*" >&2; exit 2; }

command -v "$PYTHON" >/dev/null || fail "expected Python 3.11, 3.12 or 3.13 as '$PYTHON', received nothing; install it or run make PYTHON=/path/to/python"
version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case "$version" in
  3.11|3.12|3.13) ;;
  *) fail "expected Python 3.11, 3.12 or 3.13, received $version; run make PYTHON=/path/to/python" ;;
esac

if command -v uv >/dev/null; then
  [ -x "$VENV/bin/python" ] || uv venv --quiet --seed --python "$PYTHON" "$VENV"
  echo "installing the locked dependencies with uv (about 3 GB unpacked)"
  uv pip install --quiet --python "$VENV/bin/python" --compile-bytecode --require-hashes -r requirements.lock
  uv pip install --quiet --python "$VENV/bin/python" --no-deps --editable .
else
  if [ ! -x "$VENV/bin/pip" ]; then
    "$PYTHON" -m venv "$VENV" ||
      fail "expected a Python that can make virtual environments, received an error; on Debian or Ubuntu run: apt install python3-venv"
  fi
  echo "installing the locked dependencies with pip (about 3 GB unpacked)"
  env -u PYTHONDONTWRITEBYTECODE "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable .
fi
