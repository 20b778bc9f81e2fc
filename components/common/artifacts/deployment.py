"""Deployment: what was published, where, and how it was confirmed; and switches by hand.

Written by deploy.
"""

from dataclasses import dataclass
from pathlib import Path

from components.common import config, files
from components.common.artifacts.records import RecordFolder, read_lines

SWITCHES = "switches.jsonl"


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Time of single-picture requests, in milliseconds."""

    median_ms: float
    p95_ms: float
    requests: int


@dataclass(frozen=True, kw_only=True)
class ServedAnswer:
    """What a server decided of a picture (a class or "ask"), and its largest probability."""

    interface: str  # "gRPC" or "REST"
    path: str
    decision: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Answers of a server beside the evaluated ones.

    `max_difference` is the largest gap between two probabilities of one picture and class.
    """

    interface: str  # "gRPC" or "REST"
    pictures: int
    max_difference: float
    latency: Latency


@dataclass(frozen=True, kw_only=True)
class DeploymentInfo:
    """Facts of one deployment.

    `previous_version` is 0 for the first. `server` is the address that confirmed the version,
    "" when a server of our own did. `answers` are what it then said, one a picture and interface.
    `pruned` are the versions removed to save space.
    """

    model_name: str
    model_base_path: str
    version: int
    previous_version: int
    model_sha256: str
    server: str
    rehearsal: tuple[Agreement, ...]
    confirmation: tuple[Agreement, ...]
    passport: str
    answers: tuple[ServedAnswer, ...] = ()
    pruned: tuple[int, ...] = ()

    @property
    def version_path(self) -> Path:
        """The folder that the server loads."""
        return Path(self.model_base_path) / self.model_name / str(self.version)


@dataclass(frozen=True)
class Deployment(RecordFolder[DeploymentInfo]):
    """A folder with `deployment.json`."""

    FILE = "deployment.json"
    INFO = DeploymentInfo


@dataclass(frozen=True, kw_only=True)
class Switch:
    """Which version serves since then, which were taken back for it, who did it and why."""

    at_unix_s: float
    serving: int
    retired: tuple[int, ...]
    by: str
    reason: str


def read_switches(model_dir: Path) -> tuple[Switch, ...]:
    """Return a model's switches, oldest first."""
    return tuple(read_lines(model_dir / SWITCHES, Switch))


def note_switch(model_dir: Path, switch: Switch) -> None:
    """Add a switch; the caller holds the folder's lock."""
    files.append_lines(model_dir / SWITCHES, config.to_json(switch) + "\n")
