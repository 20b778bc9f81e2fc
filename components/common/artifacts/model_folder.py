"""A model's folder: its versions, and what is kept of each beside them.

<base path>/<model name>/
├── 3/  4/                versions: a server loads the highest number and sees no other name
├── passports/3.json      Passport; 3.html: the same as a page, 3.yaml: its settings as a preset
├── references/3/         Reference: what drift of a version is measured against
├── candidates/3/         Candidate: what a version was exported from, for the next warm start
├── lineage/3/            Lineage: the artifacts and pictures that a version comes from
├── decisions/            what the monitor decided
├── runs/<id>/            on a cluster, what a run's steps leave for its exit step
├── metrics/              figures of the last look and the last verdict, for Prometheus
├── judgements.jsonl      the gate's verdicts, and which pictures they rest on
├── switches.jsonl        Switch: who let another version serve by hand, when and why
├── .retired-5/           a version that was taken back
└── .<name>.partial       a copy in progress

Beside the folder, `.<model name>.lock` is held while versions change.
"""

import re
from dataclasses import dataclass
from pathlib import Path

PASSPORTS = "passports"
REFERENCES = "references"
CANDIDATES = "candidates"
LINEAGES = "lineage"
RUNS = "runs"
METRICS = "metrics"
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class ModelVersion:
    """A version's number and its folder."""

    number: int
    path: Path


def is_number(name: str) -> bool:
    """Return whether a server takes a folder of this name for a version."""
    return _NUMBER.fullmatch(name) is not None


def versions(model_dir: Path, *, prefix: str = "") -> tuple[ModelVersion, ...]:
    """Return the versions that a server can see, lowest number first.

    Args:
        model_dir: `<base path>/<model name>`; one that is not there has none.
        prefix: what stands before the number of those that it cannot see.
    """
    if not model_dir.is_dir():
        return ()
    found = [
        ModelVersion(int(path.name.removeprefix(prefix)), path)
        for path in model_dir.iterdir()
        if path.name.startswith(prefix)
        and is_number(path.name.removeprefix(prefix))
        and path.is_dir()
    ]
    return tuple(sorted(found, key=lambda version: version.number))


def newest_version(model_dir: Path) -> ModelVersion | None:
    """Return the version that a server prefers, None when there is none."""
    return next(reversed(versions(model_dir)), None)


def passport_numbers(model_dir: Path) -> tuple[int, ...]:
    """Return the versions that have a passport, also those that are gone, lowest first."""
    pages = (model_dir / PASSPORTS).glob("*.json")
    return tuple(sorted(int(path.stem) for path in pages if is_number(path.stem)))


def passport_path(model_dir: Path, version: int) -> Path:
    """Return where the passport of a version lies."""
    return model_dir / PASSPORTS / f"{version}.json"


def settings_path(model_dir: Path, version: int) -> Path:
    """Return where a version's settings lie as a preset."""
    return passport_path(model_dir, version).with_suffix(".yaml")


def passport_page_path(model_dir: Path, version: int) -> Path:
    """Return where a version's passport lies as a page for people."""
    return passport_path(model_dir, version).with_suffix(".html")


def reference_path(model_dir: Path, version: int) -> Path:
    """Return where the reference of a version lies."""
    return model_dir / REFERENCES / str(version)


def candidate_path(model_dir: Path, version: int) -> Path:
    """Return where deploy keeps what a version came from."""
    return model_dir / CANDIDATES / str(version)


def lineage_path(model_dir: Path, version: int) -> Path:
    """Return the folder of a version's lineage."""
    return model_dir / LINEAGES / str(version)
