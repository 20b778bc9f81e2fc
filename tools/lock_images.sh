#!/usr/bin/env bash
# Resolves the packages of the images to the versions of requirements-dev.lock (needs uv).
set -euo pipefail
cd "$(dirname "$0")/.."
constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
sed 's/ \\$//; /--hash/d; /^ *#/d' requirements-dev.lock >"$constraints"
for kind in cpu gpu; do
  skip=()
  [ "$kind" = gpu ] || skip=(--no-emit-package tensorflow)
  uv pip compile "containers/$kind.in" -c "$constraints" --universal --python-version 3.13 --generate-hashes \
    --override <(echo "graft-vision[pipeline,validate,train,evaluate,serve] @ file://$PWD") \
    --no-emit-package graft-vision "${skip[@]}" --no-header --no-annotate -q -o "containers/$kind.lock"
done
