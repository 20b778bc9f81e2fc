"""The process that runs a pipeline by kfp.local: `python -m ... DIR NAME ADDRESS`.

It has a process of its own because kfp.local prints, logs and patches `print` as it goes;
here all of that lands in one log file, and stopping a run is stopping a process group.
"""

import json
import os
import shlex
import sys
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import cast

from kfp import local
from kfp.local import subprocess_task_handler

from components.common.artifacts.records import read_record
from components.common.images import CPU_IMAGE_VARIABLE
from pipelines.config import PipelineName
from pipelines.dags import drawn
from pipelines.dags.drawing import Fixed
from pipelines.local.containers import CONTAINERS, Containers, start
from pipelines.local.silences import listen
from pipelines.local.warm import step_interpreter


def main(run_dir: Path, name: PipelineName, address: str) -> None:
    """Run a pipeline with the arguments found in `run_dir`.

    Its steps run in containers where `containers.json` is there too, else in subprocesses: forks of
    the warm parent at `address`, where there is one.
    """
    warnings.filterwarnings("ignore", message=".*accelerator.*", category=UserWarning)
    arguments = json.loads((run_dir / "arguments.json").read_text())
    root = run_dir / "artifacts"
    listener = listen()
    if not (run_dir / CONTAINERS).exists():
        # A fresh init for each run, no workspace (kfp deletes it) and no kfp cache (it cannot see
        # a change in the installed package; components.common.step_cache can).
        runner = local.SubprocessRunner(use_venv=False)
        words = shlex.join(step_interpreter(address, arguments))
        # kfp puts this in the place of "python3" in a step's shell command.
        subprocess_task_handler.environment = lambda **_: nullcontext(words)
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
    main(Path(sys.argv[1]), cast("PipelineName", sys.argv[2]), sys.argv[3])
