"""Name a run, and note where code and data stand."""

from datetime import UTC, datetime
from pathlib import Path

from components.common import config
from components.common.run_context import RunContext
from pipelines.config import TrainingRun
from pipelines.git import git


def new_context(
    settings: TrainingRun, *, name: str, runs_dir: Path, cache_dir: Path | None, data_sha256: str
) -> RunContext:
    """Name a run, make its folder `<time>-<name>`, and note where code and data stand.

    Args:
        settings: the resolved run.
        name: usually the preset's.
        runs_dir: where run folders are made.
        cache_dir: where steps find and leave reusable outputs; None computes every step.
        data_sha256: digest of the pinned data, "" when the pictures are the user's own.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    run_dir = _fresh(runs_dir / f"{stamp}-{name}")
    return RunContext(
        run_id=run_dir.name,
        commit=git_commit(),
        data_sha256=data_sha256,
        config_sha256=config.digest(settings),
        run_dir=str(run_dir.resolve()),
        cache_dir=str(cache_dir.resolve()) if cache_dir else "",
    )


def _fresh(folder: Path) -> Path:
    for attempt in range(1000):
        candidate = folder if attempt == 0 else folder.with_name(f"{folder.name}-{attempt}")
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            continue
        return candidate
    raise FileExistsError(folder)


def git_commit() -> str:
    """Return the commit of the working tree, with "+" when files differ; "" without git.

    An installed package has none, though it may lie in a repository of the user's.
    """
    here = Path(__file__).parent
    if git(here, "rev-parse", "--show-toplevel") != str(here.resolve().parents[1]):
        return ""
    head = git(here, "rev-parse", "HEAD")
    changed = head and git(here, "status", "--porcelain", "--untracked-files=no")
    return head + ("+" if changed else "")
