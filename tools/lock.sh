#!/usr/bin/env bash
# Resolves all dependencies into requirements-dev.lock, then what a run needs and the images
# at those versions (needs uv). Arguments are uv's, above all --upgrade.
set -euo pipefail
cd "$(dirname "$0")/.."
resolve() { # output, uv's arguments
  uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
    --no-emit-package graft --no-header -q -o "$@"
}
resolve requirements-dev.lock --extra all --extra jax --extra bench --extra edge --extra dev "$@"
resolve requirements.lock --extra run --constraint requirements-dev.lock
# uv overlooks a package's upper bound on Python; pip, which installs where there is no uv, does not.
python3 -m pip install --dry-run --ignore-installed --no-deps --require-hashes -q -r requirements-dev.lock
tools/lock_images.sh
