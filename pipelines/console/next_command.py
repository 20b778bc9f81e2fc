"""The one command that a user types after a run, complete with the run's own paths."""

import shlex
import sys
from pathlib import Path

from components.common.artifacts.judging.verdict import NextAction
from pipelines.config import TrainingRun
from pipelines.console.paths import short

_PROGRAMS = {"graft", "__main__.py"}


def next_command(action: NextAction, *, models: Path, run_dir: Path) -> str:
    """Return what a verdict calls for as a command line.

    Args:
        action: of the verdict.
        models: where versions are published.
        run_dir: of the run that was judged.
    """
    if action == "accept_groups":
        return accept_groups_command(run_dir)
    if action in {"serve", "nothing"}:
        words = ["graft", "up"]
        if models.resolve() != Path(TrainingRun.model_base_path).resolve():
            words += ["--models", short(models)]
        return shlex.join(words)
    judged = " --set evaluate.evidence=cross_validation" if action == "cross_validate" else ""
    return typed() + judged


def accept_groups_command(run_dir: Path) -> str:
    """Return how a run is done again with the groups that its inspection has found."""
    proposed, preset = run_dir / "inspection" / "proposed_manifest.csv", run_dir / "settings.yaml"
    return shlex.join(["graft", "run", short(proposed), "--preset", short(preset)])


def override_command(run_dir: Path) -> str:
    """Return how a person deploys the candidate of a run against the gate's word."""
    words = ["graft", "gate", "override", run_dir.name, "--reason", "WHY"]
    if run_dir.parent.resolve() != Path("runs").resolve():
        words += ["--runs-dir", short(run_dir.parent)]
    return shlex.join(words)


def typed() -> str:
    """Return the command line that this process was started with."""
    words = sys.argv[1:] if Path(sys.argv[0]).name in _PROGRAMS else ["run"]
    return shlex.join(["graft", *words])
