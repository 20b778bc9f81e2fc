"""Run the steps in containers by kfp.local's DockerRunner, with the holes of kfp 2.17.0 closed.

kfp removes a container as soon as it ends and then asks for its exit code; when the container is
gone by then, a failure counts as a success. `run_container` stands in for that one function.
"""

import contextlib
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.common.config import Section
from components.common.errors import ConfigError, GraftError
from components.notify.config import WEBHOOK
from pipelines.config import TrainingRun

LOG = logging.getLogger(__name__)

# The one whose `run_docker_container` was read; another version needs another look.
KFP_VERSION = "2.17.0"
LABEL = "io.graft.run"
# In a run's folder: how its steps are put into containers.
CONTAINERS = "containers.json"


@dataclass(frozen=True, kw_only=True)
class Containers(Section):
    """What the containers of a run are given; nothing else of the machine is seen in them.

    image: the image of all steps.
    run: identifies the run's containers.
    working_dir: what relative paths in settings start from.
    read_only, writable: absolute paths, mounted where they are.
    user: "uid:gid" of the caller, so that outputs are the caller's.
    """

    image: str
    run: str
    working_dir: str
    read_only: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    user: str = ""


def containers_for(
    settings: TrainingRun, *, image: str, run_dir: Path, cache_dir: Path | None, tune: bool = False
) -> Containers:
    """Return what a run's containers must see: data and weights to read, results to write.

    Places to write are made. With `tune` the weights of `tune.rank` are needed too.

    Raises:
        ConfigError: a path that a step would read is not there, or a step would need the network.
    """
    ranked = settings.tune.rank.weights if tune else {}
    weights = {
        "train.weights": settings.train.weights,
        "train.warm_start": settings.train.warm_start,
        **{f"tune.rank.weights.{name}": text for name, text in ranked.items()},
    }
    remote = {"ingest.data_remote": settings.ingest.data_remote}
    _check_no_network_is_needed(settings, weights | remote)
    data = settings.ingest
    source = _place(data.data_remote if data.data_rev else data.path)
    # A manifest names pictures beside it.
    wanted = [source if source.is_dir() else source.parent]
    wanted += [_place(text) for text in weights.values() if text not in {"", "none"}]
    for path in wanted:
        if not path.exists():
            raise ConfigError(f"'{path}' to mount", received="nothing there", do="correct the path")
    places = (run_dir, cache_dir, settings.model_base_path)
    writable = [_place(str(path)) for path in places if path]
    for path in writable:
        path.mkdir(parents=True, exist_ok=True)
    return Containers(
        image=image,
        run=run_dir.name,
        working_dir=str(Path.cwd()),
        read_only=tuple(dict.fromkeys(map(str, wanted))),
        writable=tuple(map(str, writable)),
        user=f"{os.getuid()}:{os.getgid()}",
    )


def _check_no_network_is_needed(settings: TrainingRun, places: dict[str, str]) -> None:
    """Refuse what a container without a network cannot reach, before any work is done."""
    for key, text in places.items():
        if text == "imagenet" or "://" in text:
            raise ConfigError(
                f"{key} to be a path, as containers of steps have no network",
                received=f"'{text}', which would be downloaded",
                do="download it once and name where it lies, or run without --containers",
            )
    if settings.deploy.server:
        raise ConfigError(
            "deploy.server to be empty, as containers of steps have no network",
            received=f"'{settings.deploy.server}'",
            do="leave it out (a server of our own confirms the version), or run without "
            "--containers",
        )
    if settings.notify.email_to or os.environ.get(WEBHOOK):
        LOG.warning(
            "no webhook and no e-mail goes out: containers of steps have no network; the summary "
            "is in the run's folder"
        )


def _place(text: str) -> Path:
    # Not resolved: the path must mean the same inside, links included.
    return Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100


def start(settings: Containers, *, pipeline_root: Path) -> None:
    """Prepare kfp.local for containers: no network, no rights, nothing writable but the outputs.

    Raises:
        GraftError: another version of kfp.
        ConfigError: no engine answers, or it does not have the image.
    """
    import kfp
    from docker.types import Mount
    from kfp import local
    from kfp.local import docker_task_handler

    if kfp.__version__ != KFP_VERSION:
        raise GraftError(
            f"kfp {KFP_VERSION}, whose DockerRunner is known here",
            received=f"kfp {kfp.__version__}",
            do="install the locked version: make install",
        )
    check_image(settings.image)
    docker_task_handler.run_docker_container = run_container
    mounts = [
        Mount(path, str(Path(path).resolve()), type="bind", read_only=read_only)
        for paths, read_only in ((settings.read_only, True), (settings.writable, False))
        for path in paths
    ]
    local.init(
        local.DockerRunner(
            network_mode="none",
            user=settings.user,
            working_dir=settings.working_dir,
            mounts=mounts,
            read_only=True,
            tmpfs={"/tmp": "exec"},
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            environment={"HOME": "/tmp"},
            labels={LABEL: settings.run},
        ),
        pipeline_root=str(pipeline_root),
        raise_on_error=True,
    )


def check_image(image: str) -> None:
    """Miss the engine or the image before anything is run.

    Raises:
        ConfigError: one of them is not there.
    """
    import docker
    from docker.errors import DockerException

    try:
        with contextlib.closing(docker.from_env()) as client:
            known = client.images.list(name=image)
    except DockerException as error:
        raise ConfigError(
            "Docker, or Podman's Docker socket, to answer",
            received=f"{type(error).__name__}: {error}",
            do="start it, or set DOCKER_HOST to what `tools/engine.sh up` prints",
        ) from None
    if not known:
        raise ConfigError(f"the image {image}", received="none of that name", do="run: make image")


def run_container(
    client: Any, image: str, command: list[str], volumes: dict[str, Any], **arguments: Any
) -> int:
    """Run one container to its end, pass its output on, and return its true exit code.

    Takes the place of `kfp.local.docker_task_handler.run_docker_container`. An image that is not
    there is an error and not a pull: what is run is what was built.

    Raises:
        docker.errors.DockerException: the engine refuses, or does not have the image.
    """
    container = client.containers.create(image=image, command=command, volumes=volumes, **arguments)
    try:
        container.start()
        for line in container.logs(stream=True, follow=True):
            sys.stdout.write(line.decode(errors="replace"))
            sys.stdout.flush()
        return int(container.wait()["StatusCode"])
    finally:
        container.remove(force=True)


def remove_left(run: str) -> None:
    """Remove the containers that a stopped run has left."""
    import docker

    with contextlib.closing(docker.from_env()) as client:
        for container in client.containers.list(all=True, filters={"label": f"{LABEL}={run}"}):
            container.remove(force=True)
