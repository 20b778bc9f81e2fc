"""A model's versions as a list, and the candidates that the gate held back."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.model_folder import (
    newest_version,
    passport_numbers,
    passport_path,
    versions,
)
from components.common.artifacts.passport import Passport, read_passport
from components.common.artifacts.run_summary import RUN_SUMMARY, RunSummary, read_summary
from components.common.errors import InputError
from components.deploy.commands import at_hand

ListedState = Literal["serves", "at hand", "retired", "gone"]

# Runs that are looked at, newest first, and candidates that are shown.
_MOST_RUNS = 40
_MOST_HELD = 3


@dataclass(frozen=True, kw_only=True)
class ListedVersion:
    """One version. `damaged`: its passport is there but cannot be read.

    state: "retired" was taken back and can serve again, as one that is "at hand" can; "gone" has
    nothing but its passport left.
    """

    number: int
    state: ListedState
    passport: Passport | None
    damaged: bool

    @property
    def can_serve(self) -> bool:
        """Whether it can be made the serving one."""
        return self.state in {"at hand", "retired"}


@dataclass(frozen=True, kw_only=True)
class HeldCandidate:
    """A run whose candidate was not deployed, and the verdict on it."""

    run: str
    at_unix_s: float
    verdict: VerdictInfo


def listed_versions(model_dir: Path) -> tuple[ListedVersion, ...]:
    """Return all versions that anything is left of, newest first."""
    present = [version.number for version in versions(model_dir)]
    usable = set(at_hand(model_dir))
    return tuple(
        _listed(model_dir, number, present, usable)
        for number in sorted({*present, *usable, *passport_numbers(model_dir)}, reverse=True)
    )


def _listed(model_dir: Path, number: int, present: list[int], usable: set[int]) -> ListedVersion:
    passport = read_passport(model_dir, number)
    state: ListedState = "gone"
    if number in present:
        state = "serves" if number == present[-1] else "at hand"
    elif number in usable:
        state = "retired"
    return ListedVersion(
        number=number,
        state=state,
        passport=passport,
        damaged=passport is None and passport_path(model_dir, number).exists(),
    )


def held_candidates(runs_dir: Path, model_dir: Path) -> tuple[HeldCandidate, ...]:
    """Return the newest candidates that the gate held back, compared with what serves now."""
    newest = newest_version(model_dir)
    serving = newest.number if newest else 0
    # Folders begin with their time; `latest` is a link to one of them.
    folders = sorted(path.parent for path in runs_dir.glob(f"[0-9]*/{RUN_SUMMARY}"))
    found = []
    for folder in reversed(folders[-_MOST_RUNS:]):
        with contextlib.suppress(InputError, OSError, ValueError, KeyError):
            summary = read_summary(folder)
            deploy = json.loads((folder / "arguments.json").read_text())["deploy"]
            same = Path(deploy["model_base_path"]) / deploy["model_name"] == model_dir.resolve()
            if same and (held := _held(folder, summary, serving)):
                found.append(held)
    return tuple(found[:_MOST_HELD])


def _held(folder: Path, summary: RunSummary, serving: int) -> HeldCandidate | None:
    verdict = summary.verdict
    if summary.state != "done" or verdict is None or verdict.word == "deploy":
        return None
    if summary.deployed_version or verdict.incumbent_version != serving:
        return None
    return HeldCandidate(run=folder.name, at_unix_s=summary.started_unix_s, verdict=verdict)
