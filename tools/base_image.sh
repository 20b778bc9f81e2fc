#!/usr/bin/env bash
# Sees to it that debian:trixie-slim is in the engine: it is there, or it is pulled, or it is made from
# Debian's own packages by mmdebstrap. The same FROM line then serves with and without a registry.
set -euo pipefail
IMAGE=${1:-debian:trixie-slim}

fail() { printf 'error: %s\n' "$*" >&2; exit 2; }

if docker image inspect "$IMAGE" >/dev/null 2>&1; then exit 0; fi
if timeout 120 docker pull -q "$IMAGE" >/dev/null 2>&1; then exit 0; fi
suite=${IMAGE#*:}
suite=${suite%-slim}
if ! command -v mmdebstrap >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    fail "expected $IMAGE to be pulled or made, received no registry and no mmdebstrap; load the image by hand: docker load"
  fi
  apt-get update -q >&2
  apt-get install -y -q --no-install-recommends mmdebstrap >&2
fi
echo "no registry answers: making $IMAGE from Debian's packages" >&2
mode=unshare
[ "$(id -u)" != 0 ] || mode=root
if ! mmdebstrap --quiet "--mode=$mode" --variant=minbase \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  "$suite" - | docker import -c 'CMD ["bash"]' - "$IMAGE" >/dev/null; then
  # Half an image would be found, and taken, next time.
  docker image rm "$IMAGE" >/dev/null 2>&1 || true
  fail "expected Debian's packages for $IMAGE, received an error (above); see that a mirror answers, then run again"
fi
