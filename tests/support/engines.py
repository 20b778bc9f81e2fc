"""Container engines for tests: those that answer on this machine."""

import os
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
# Set in CI, where an engine that does not come up is a failure and not a reason to skip.
REQUIRED = "GRAFT_REQUIRE_CONTAINERS"


def engine_hosts() -> list[str]:
    """Return the DOCKER_HOST of every engine that answers, or skip; in CI, fail."""
    tried = [os.environ.get("DOCKER_HOST", ""), "unix:///var/run/docker.sock"]
    tried.append(_script("host"))
    tried += ["unix:///run/podman/podman.sock"]
    found = [host for host in dict.fromkeys(tried) if host and _answers(host)]
    if not found:
        _refuse("no container engine answers; start one with tools/engine.sh up")
    return found


def image_of_steps(host: str) -> str:
    """Return the image that the steps are run in, or skip; in CI, fail."""
    from components.common.images import CPU_IMAGE

    if _docker(host, "image", "inspect", CPU_IMAGE).returncode:
        _refuse(f"the engine has no image {CPU_IMAGE}; build it with make image")
    return CPU_IMAGE


def _refuse(reason: str) -> None:
    if os.environ.get(REQUIRED):
        pytest.fail(reason)
    pytest.skip(reason)


def _script(word: str) -> str:
    script = str(REPOSITORY / "tools" / "engine.sh")
    done = subprocess.run([script, word], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _answers(host: str) -> bool:
    socket = Path(host.removeprefix("unix://"))
    if host.startswith("unix://") and not socket.exists():
        return False
    return _docker(host, "version").returncode == 0


def _docker(host: str, *words: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["docker", *words],
            env={**os.environ, "DOCKER_HOST": host},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(words, 127, "", "no docker client")
