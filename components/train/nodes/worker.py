"""Training shared by several machines, a process on each: the same step, run by all of them.

    python -m components.train.nodes.worker --shards DIR --candidate DIR --config train.yaml

Kubeflow Trainer's JAX runtime starts this in every pod and says by JAX_COORDINATOR_ADDRESS,
JAX_NUM_PROCESSES and JAX_PROCESS_ID who is who. Every process reads all shards and has its part of
every batch (`keras.distribution.DataParallel` over all devices of all machines), so that the curves
are those of one device. All of them come to the same network; process 0 writes it.

Processes must take the same way, or they would wait for each other for ever. So each keeps its
activations for itself and this run only, and nothing is taken up from a run that was killed.
"""

import argparse
import dataclasses
import logging
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import environ
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from components.common import config
from components.common.errors import ConfigError, GraftError
from components.common.run_context import RunContext
from components.common.step import run_step
from components.networks.accelerator import prepare
from components.train.config import TrainConfig

LOG = logging.getLogger(__name__)

ADDRESS, PROCESSES, PROCESS = "JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"


@dataclass(frozen=True, kw_only=True)
class ProcessPlace:
    """Which of `processes` this one is, 0 first, and where process 0 listens ("host:port")."""

    address: str
    processes: int
    process: int

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "ProcessPlace":
        """Return what the environment says.

        Raises:
            ConfigError: a variable is missing or makes no sense.
        """
        given = {name: environment.get(name, "") for name in (ADDRESS, PROCESSES, PROCESS)}
        numbers = given[PROCESSES].isdecimal() and given[PROCESS].isdecimal()
        if not (given[ADDRESS] and numbers and int(given[PROCESS]) < int(given[PROCESSES])):
            raise ConfigError(
                f"{ADDRESS} (host:port), {PROCESSES} and {PROCESS} (from 0) in the environment",
                received=", ".join(f"{name}='{value}'" for name, value in given.items()),
                do="start it by a TrainJob with a JAX runtime (docs/how-to/gpu.md) or set "
                "all three",
            )
        return cls(
            address=given[ADDRESS], processes=int(given[PROCESSES]), process=int(given[PROCESS])
        )


def join(place: ProcessPlace) -> None:
    """Connect this process with the others; waits for them. Before JAX is first used."""
    import jax

    # For processors only: GPUs have NCCL.
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(
        coordinator_address=place.address,
        num_processes=place.processes,
        process_id=place.process,
    )
    LOG.info("process %d of %d, %s", place.process, place.processes, jax.devices())


def settings_from(path: Path) -> TrainConfig:
    """Return the section `train` of a YAML file, or the file itself, for JAX on all devices.

    Raises:
        ConfigError: the file does not fit the settings.
    """
    given: dict[str, Any] = yaml.safe_load(path.read_text()) or {}
    settings = config.load(TrainConfig, given.get("train") or given, where="train")
    # Not every node need see the served versions, and all must take the same way.
    return dataclasses.replace(settings, backend="jax", devices=0, compare_with="")


def train_together(shards: Path, *, out: Path, settings: TrainConfig, place: ProcessPlace) -> None:
    """Fit a network with the other processes; process 0 writes the Candidate and its provenance.

    Raises:
        GraftError: see `fit.train`.
    """
    if place.process:
        from components.train.fit import train

        with tempfile.TemporaryDirectory() as nowhere:
            train(shards, out=Path(nowhere) / "candidate", settings=settings, cache_dir="")
        return
    run_step(
        "train",
        settings=config.to_plain(settings),
        run=config.to_plain(RunContext(run_id=out.resolve().name)),
        # What has a path and metadata is an artifact to it.
        inputs={"shards": SimpleNamespace(path=str(shards), metadata={})},
        outputs={"candidate": SimpleNamespace(path=str(out), metadata={})},
    )


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the paths `shards`, `candidate` and `config` of a command line."""
    parser = argparse.ArgumentParser(description="Training shared by several machines.")
    parser.add_argument("--shards", type=Path, required=True, help="the Shards, seen by all")
    parser.add_argument("--candidate", type=Path, required=True, help="where process 0 writes")
    parser.add_argument("--config", type=Path, required=True, help="YAML: the section train")
    return parser.parse_args(words)


def main() -> None:
    """Train in this process as one of several; the exit code says how it went."""
    logging.basicConfig(level=logging.INFO)
    options = arguments()
    try:
        place = ProcessPlace.read(environ)
        settings = settings_from(options.config)
        prepare(settings)
        join(place)
        train_together(options.shards, out=options.candidate, settings=settings, place=place)
    except GraftError as error:
        LOG.error("%s", error)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
