#!/usr/bin/env bash
# Resolves all dependencies into requirements-dev.lock, then what a run needs and the images
# at those versions (needs uv). Arguments are uv's, above all --upgrade.
set -euo pipefail
cd "$(dirname "$0")/.."
# From 1.3 it is for Python before 3.11 only. pip refuses it there; uv looks at lower bounds alone.
# Not in pyproject.toml: there uv reads it when it installs too, and refuses it beside hashes.
bound=$(mktemp) && trap 'rm -f "$bound"' EXIT && echo "backports-strenum<1.3" >"$bound"
resolve() { # output, uv's arguments
  uv pip compile pyproject.toml --constraint "$bound" --universal --python-version 3.11 \
    --generate-hashes --no-emit-package graft-vision --no-header -q -o "$@"
}
resolve requirements-dev.lock --extra all --extra jax --extra bench --extra edge --extra docs --extra dev "$@"
resolve requirements.lock --extra run --constraint requirements-dev.lock
# uv overlooks a package's upper bound on Python; pip, which installs where there is no uv, does not.
python3 -m pip install --dry-run --ignore-installed --no-deps --require-hashes -q -r requirements-dev.lock
tools/lock_images.sh
