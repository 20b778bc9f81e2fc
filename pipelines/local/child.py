"""The process that runs a pipeline by kfp.local: `python -m pipelines.local.child DIR NAME`.

It has a process of its own because kfp.local prints, logs and patches `print` as it goes;
here all of that lands in one log file, and stopping a run is stopping a process group.
"""

import json
import os
import sys
import warnings
from pathlib import Path
from typing import cast

from kfp import local

from components.common.artifacts.records import read_record
from components.common.images import CPU_IMAGE_VARIABLE
from pipelines.config import PipelineName
from pipelines.dags import drawn
from pipelines.dags.drawing import Fixed
from pipelines.local.containers import CONTAINERS, Containers, start
from pipelines.local.silences import listen


def main(run_dir: Path, name: PipelineName) -> None:
    """Run a pipeline with the arguments found in `run_dir`.

    Its steps run in containers where `containers.json` is there too, else in subprocesses.
    """
    warnings.filterwarnings("ignore", message=".*accelerator.*", category=UserWarning)
    arguments = json.loads((run_dir / "arguments.json").read_text())
    root = run_dir / "artifacts"
    listener = listen()
    if not (run_dir / CONTAINERS).exists():
        # A fresh init for each run, no workspace (kfp deletes it) and no kfp cache (it cannot see
        # a change in the installed package; components.common.step_cache can).
        runner = local.SubprocessRunner(use_venv=False)
        local.init(runner, pipeline_root=str(root), raise_on_error=True)
    else:
        settings = read_record(run_dir / CONTAINERS, Containers)
        os.environ[CPU_IMAGE_VARIABLE] = settings.image
        start(settings, pipeline_root=root)
    # How many finalists are trained side by side is part of the DAG.
    parallelism = arguments.get("plan", {}).get("parallelism", 1)
    drawn(name, Fixed(parallelism=parallelism))(**arguments)
    listener.check()


if __name__ == "__main__":
    main(Path(sys.argv[1]), cast("PipelineName", sys.argv[2]))
