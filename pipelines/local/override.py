"""Deploy a candidate that the gate held back, on a person's word, from what its run has left."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.common.artifacts.deployment import Deployment, DeploymentInfo
from components.common.artifacts.judging.verdict import Verdict, VerdictInfo
from components.common.artifacts.model_folder import newest_version, passport_numbers
from components.common.artifacts.passport import read_passport
from components.common.artifacts.run_summary import RUN_SUMMARY, RunSummary, read_summary
from components.common.errors import InputError
from components.common.progress import track
from components.common.run_summary import summarise, write_summary
from components.common.step import run_step
from pipelines.local.finished import artifacts, run_folder, silence_tensorflow

# What deploy reads, and which step's output it is; after a tuning the candidate is the chosen one.
_READ = {
    "exported": ("export.exported",),
    "evaluation": ("evaluate.evaluation",),
    "verdict": ("gate.verdict",),
    "dataset": ("validate.validated",),
    "candidate": ("select.candidate", "train.candidate"),
}


@dataclass
class _Folder:
    """An artifact as a step wants it."""

    path: str
    metadata: dict[str, Any] = field(default_factory=dict)


def override(word: str, *, runs_dir: Path, by: str, reason: str) -> DeploymentInfo:
    """Deploy the candidate of a finished run that the gate held back, and put that on record.

    Args:
        word: the run's name, the path of its folder, or "latest".
        runs_dir: where runs are.
        by: who decides so.
        reason: why; stands in the verdict and in the version's passport.

    Raises:
        InputError: there is no such run, it has not ended well, its artifacts are gone, the gate
            said "deploy", the candidate was deployed before, another version serves than the one
            that it was compared with, or a word is missing.
        PublishError, ServerError: as deploy; what served before serves on.
    """
    run_dir = run_folder(word, runs_dir)
    if not reason.strip() or not by.strip():
        raise InputError(
            "a name and a reason that others can follow later",
            received="an empty one",
            do="write --reason 'what the gate could not know'",
        )
    summary = _finished(run_dir)
    places = artifacts(summary, run_dir, _READ)
    sections = json.loads((run_dir / "arguments.json").read_text())
    deploy = sections["deploy"]
    model_dir = Path(deploy["model_base_path"]) / deploy["model_name"]
    _check(Verdict.read(places["verdict"]).info, model_dir)
    info = _deploy(places, sections, run_dir / "artifacts" / "override", by=by, reason=reason)
    write_summary(summarise(run_dir, "done"), run_dir)
    return info


def _deploy(
    places: Mapping[str, Path], sections: Mapping[str, Any], out: Path, *, by: str, reason: str
) -> DeploymentInfo:
    """Run the three steps that the gate's "deploy" would have led to."""
    shutil.rmtree(out, ignore_errors=True)  # of an attempt that failed
    given = {name: _Folder(str(path)) for name, path in places.items()}
    names = {"verdict": "gate.override", "reference": "reference", "deployment": "deploy"}
    made = {name: _Folder(str(out / name)) for name in names}
    reads: dict[str, dict[str, _Folder]] = {
        "verdict": {name: given[name] for name in ("verdict", "evaluation")},
        "reference": {name: given[name] for name in ("exported", "dataset", "evaluation")},
        "deployment": given | {name: made[name] for name in ("verdict", "reference")},
    }
    silence_tensorflow()
    settings = {"gate.override": {"by": by, "reason": reason}, **sections}
    for name, step in track(list(names.items()), "deploying against the gate's word"):
        run_step(step, settings[step], sections["run"], reads[name], {name: made[name]})
    return Deployment.read(out / "deployment").info


def _finished(run_dir: Path) -> RunSummary:
    received = "one that has not ended"
    if (run_dir / RUN_SUMMARY).is_file():
        summary = read_summary(run_dir)
        if summary.state == "done" and summary.verdict is not None:
            return summary
        received = f"one that is {summary.state}" + (", without one" if not summary.verdict else "")
    raise InputError(
        f"a run in {run_dir} that ended with a verdict",
        received=received,
        do="run the pipeline again",
    )


def _check(verdict: VerdictInfo, model_dir: Path) -> None:
    if verdict.word == "deploy":
        raise InputError(
            "a candidate that the gate held back",
            received="one of which it said 'deploy'",
            do="look at the run's summary: it is deployed, or deploying failed",
        )
    for number in passport_numbers(model_dir):
        page = read_passport(model_dir, number)
        same = page is not None and page.model_sha256 == verdict.candidate_sha256
        if page is not None and same and page.state != "staged":
            raise InputError(
                "a candidate that was not deployed before",
                received=f"the model of version {number}, which is {page.state}",
                do=f"use 'graft rollback {model_dir.name} --to {number}' if it shall serve again",
            )
    newest = newest_version(model_dir)
    serving = newest.number if newest else 0
    if serving != verdict.incumbent_version:
        raise InputError(
            f"{_version(verdict.incumbent_version)} to serve, which the candidate was compared "
            "with",
            received=_version(serving),
            do="run the pipeline again, so that the candidate is compared with what serves now",
        )


def _version(number: int) -> str:
    return f"version {number}" if number else "no version"
