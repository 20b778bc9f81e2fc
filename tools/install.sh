#!/usr/bin/env bash
# Creates the virtual environment and installs exactly what a lock file names:
# `tools/install.sh requirements.lock`, with uv where there is one, with pip else. Byte code is
# compiled on the way, on all cores, because every step is a process of its own and imports
# TensorFlow again.
set -euo pipefail
LOCK=${1:?"expected a lock file"}
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
  echo "installing $LOCK with uv"
  uv pip install --quiet --python "$VENV/bin/python" --compile-bytecode --require-hashes -r "$LOCK"
  uv pip install --quiet --python "$VENV/bin/python" --no-deps --no-build-isolation --editable .
else
  if [ ! -x "$VENV/bin/pip" ]; then
    "$PYTHON" -m venv "$VENV" ||
      fail "expected a Python that can make virtual environments, received an error; on Debian or Ubuntu run: apt install python3-venv"
  fi
  echo "installing $LOCK with pip"
  install=("$VENV/bin/python" -m pip install --quiet --disable-pip-version-check)
  # The locked pip first: that of Python 3.11 takes a third longer for all the others.
  "${install[@]}" --require-hashes -r <(awk '/^[a-z]/ { mine = /^pip==/ } mine' "$LOCK")
  "${install[@]}" --no-compile --require-hashes -r "$LOCK"
  "${install[@]}" --no-deps --no-build-isolation --editable .
  # Pip compiles on one core. Some packages ship files that are no Python: no reason to fail.
  env -u PYTHONDONTWRITEBYTECODE "$VENV/bin/python" -m compileall -qq -j 0 "$VENV"/lib/python3*/site-packages || true
fi
