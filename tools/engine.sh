#!/usr/bin/env bash
# A container engine for this machine: `tools/engine.sh up | down | host`.
# `up` takes the Docker or Podman that answers; where none does, it starts a dockerd of its own, with
# no bridge and no iptables rules: builds use the host's network, runs none. `down` stops only
# that one. `host` prints the DOCKER_HOST of the engine that answers.
set -euo pipefail

STATE=${GRAFT_ENGINE_STATE:-/run/graft-docker}
DATA=${GRAFT_ENGINE_DATA:-/var/lib/graft-docker}
OWN="unix://$STATE/docker.sock"

fail() { printf 'error: %s\n' "$*" >&2; exit 2; }

answers() { # a DOCKER_HOST
  local socket=${1#unix://}
  case "$1" in unix://*) [ -S "$socket" ] || return 1 ;; esac
  if command -v docker >/dev/null; then
    DOCKER_HOST="$1" timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
  else
    command -v curl >/dev/null && curl -sf -m 10 --unix-socket "$socket" http://engine/_ping >/dev/null
  fi
}

chosen() { # the engine of the client's own context: Docker Desktop's, a rootless one, ...
  ! command -v docker >/dev/null || docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || true
}

host() {
  local candidate mine
  mine=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
  for candidate in "${DOCKER_HOST:-}" "$(chosen)" unix:///var/run/docker.sock "$OWN" \
    "unix://$mine/docker.sock" "unix://$mine/podman/podman.sock" unix:///run/podman/podman.sock; do
    if [ -n "$candidate" ] && answers "$candidate"; then printf '%s\n' "$candidate"; return 0; fi
  done
  return 1
}

install_engine() {
  command -v dockerd >/dev/null && command -v docker >/dev/null && docker buildx version >/dev/null 2>&1 && return
  command -v apt-get >/dev/null || fail "expected Docker or Podman to answer, received nothing; install one (https://docs.docker.com/engine/install) and start it"
  apt-get update -q >&2
  apt-get install -y -q --no-install-recommends docker.io docker-cli docker-buildx >&2
}

start_own() {
  [ "$(id -u)" = 0 ] || fail "expected Docker or Podman to answer, received nothing; start one, or run this as root to have one started"
  install_engine
  mkdir -p "$STATE" "$DATA"
  # Two at once would each remove what the other has just made.
  exec 9>"$STATE.lock"
  flock 9
  ! answers "$OWN" || return 0
  # What a killed daemon leaves keeps the next one from starting.
  rm -f "$STATE/dockerd.pid" "$STATE/docker.sock" "$STATE/exec/containerd/containerd.pid"
  cat >"$STATE/daemon.json" <<JSON
{"data-root": "$DATA", "exec-root": "$STATE/exec", "pidfile": "$STATE/dockerd.pid",
 "hosts": ["$OWN"], "iptables": false, "ip6tables": false, "bridge": "none", "ip-forward": false,
 "storage-driver": "overlay2", "exec-opts": ["native.cgroupdriver=cgroupfs"]}
JSON
  setsid nohup dockerd --config-file "$STATE/daemon.json" >"$STATE/dockerd.log" 2>&1 </dev/null 9>&- &
  local pid=$!
  for _ in $(seq 1 100); do
    ! answers "$OWN" || return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.3
  done
  tail -5 "$STATE/dockerd.log" >&2
  fail "expected dockerd to answer within 30 s, received silence or its end; read $STATE/dockerd.log"
}

down() {
  [ -f "$STATE/dockerd.pid" ] || return 0
  local pid
  pid=$(cat "$STATE/dockerd.pid")
  # After a crash the number may belong to somebody else by now.
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 1 100); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.2
    done
    ! kill -0 "$pid" 2>/dev/null ||
      fail "expected dockerd ($pid) to end within 20 s, received no end; look for containers that run: DOCKER_HOST=$OWN docker ps"
  fi
  # dockerd mounts its data on itself and leaves the mount behind.
  umount "$DATA" 2>/dev/null || true
  rm -rf "$STATE"
}

case "${1:-}" in
  up) host || { start_own; printf '%s\n' "$OWN"; } ;;
  host) host || fail "expected a container engine, received no answer; run tools/engine.sh up" ;;
  down) down ;;
  *) fail "expected up, down or host, received '${1:-}'" ;;
esac
