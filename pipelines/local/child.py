"""The process that runs a pipeline by kfp.local: `python -m pipelines.local.child DIR NAME`.

It has a process of its own because kfp.local prints, logs and patches `print` as it goes;
here all of that lands in one log file, and stopping a run is stopping a process group.
"""

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from components.common.artifacts.records import read_record
from components.common.images import CPU_IMAGE_VARIABLE
from pipelines.local.containers import CONTAINERS, Containers, start
from pipelines.local.silences import listen


def main(run_dir: Path, name: str) -> None:
    """Run "training", "tuning" or "monitoring" with the arguments found in `run_dir`.

    Its steps run in containers where `containers.json` is there too, else in subprocesses.
    """
    warnings.filterwarnings("ignore", message=".*accelerator.*", category=UserWarning)
    arguments = json.loads((run_dir / "arguments.json").read_text())
    root = run_dir / "artifacts"
    listener = listen()
    if not (run_dir / CONTAINERS).exists():
        _start_subprocesses(root)
    else:
        settings = read_record(run_dir / CONTAINERS, Containers)
        os.environ[CPU_IMAGE_VARIABLE] = settings.image
        start(settings, pipeline_root=root)
    _pipeline(name, arguments)(**arguments)
    listener.check()


def _start_subprocesses(root: Path) -> None:
    from kfp import local

    # A fresh init for each run, no workspace (kfp deletes it) and no kfp cache (it cannot see
    # a change in the installed package; components.common.step_cache can).
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(root), raise_on_error=True)


def _pipeline(name: str, arguments: dict[str, str]) -> Any:
    if name == "tuning":
        from pipelines.dags.tuning import tuning_pipeline

        return tuning_pipeline(parallelism=json.loads(arguments["plan_config"])["parallelism"])
    if name == "monitoring":
        from pipelines.dags.monitoring import monitoring_pipeline

        return monitoring_pipeline
    from pipelines.dags.training import training_pipeline

    return training_pipeline


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
