#!/usr/bin/env bash
# Builds the image of the steps: `tools/build_image.sh cpu|gpu`. Prints its name on the last line.
# The tag is a hash of the wheel, the locked packages and the Containerfile: what has one tag is one thing.
set -euo pipefail
cd "$(dirname "$0")/.."
KIND=${1:-cpu}
: "${VENV:=.venv}"

fail() { printf 'error: %s\n' "$*" >&2; exit 2; }
case "$KIND" in cpu|gpu) ;; *) fail "expected cpu or gpu, received '$KIND'" ;; esac
[ -x "$VENV/bin/python" ] || fail "expected the locked environment in '$VENV', received no such folder; run make install"

DOCKER_HOST=$(tools/engine.sh up)
command -v docker >/dev/null ||
  fail "expected Docker's client, received an engine without one; install it (Debian: apt install docker-cli docker-buildx)"
export DOCKER_HOST DOCKER_BUILDKIT=1

# The same sources give the same wheel, byte for byte.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 1577836800)
export SOURCE_DATE_EPOCH
rm -rf dist build/lib build/bdist*
mkdir -p dist
"$VENV/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
rm -rf build/lib build/bdist*
wheel=$(basename dist/*.whl)
tag=$(sha256sum "dist/$wheel" "containers/$KIND.lock" Containerfile | sha256sum | cut -c1-16)
version=$("$VENV/bin/python" -c 'from components.common.images import IMAGE_TAG; print(IMAGE_TAG)')
commit=$(git rev-parse HEAD 2>/dev/null || echo unknown)
# What is not committed is in the wheel too.
[ -z "$(git status --porcelain 2>/dev/null)" ] || commit="$commit-dirty"
name="localhost/graft-python-$KIND"

if ! docker image inspect "$name:$tag" >/dev/null 2>&1; then
  tools/base_image.sh
  bundle=""
  for candidate in "${PIP_CERT:-}" "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt; do
    if [ -n "$candidate" ] && [ -s "$candidate" ]; then bundle=$candidate; break; fi
  done
  secrets=()
  [ -z "$bundle" ] || secrets+=(--secret "id=ca-bundle,src=$bundle")
  [ -z "${GRAFT_PIP_CONF:-}" ] || secrets+=(--secret "id=pip-conf,src=$GRAFT_PIP_CONF")
  build=(docker build)
  # Podman's socket speaks Docker's API but not BuildKit's, which the secrets need.
  if docker version --format '{{range .Server.Components}}{{.Name}} {{end}}' | grep -qi podman; then
    build=(podman --remote --url "$DOCKER_HOST" build)
  fi
  "${build[@]}" --network host "${secrets[@]}" --target "$KIND" --file Containerfile \
    --build-arg "LOCK=$KIND.lock" --build-arg "WHEEL=$wheel" \
    --build-arg "VERSION=$version" --build-arg "COMMIT=$commit" \
    --tag "$name:$tag" . >&2
fi
docker tag "$name:$tag" "$name:$version"
docker image inspect --format '{{.Size}}' "$name:$tag" | awk -v n="$name:$tag" '{printf "%s: %.2f GB\n", n, $1 / 1e9}' >&2
printf '%s\n' "$name:$tag"
