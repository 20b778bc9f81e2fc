"""The process that runs a pipeline by kfp.local: `python -m pipelines.runners.child DIR NAME`.

It has a process of its own because kfp.local prints, logs and patches `print` as it goes;
here all of that lands in one log file, and stopping a run is stopping a process group.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any


def main(run_dir: Path, name: str) -> None:
    """Run "training", "tuning" or "monitoring" with the arguments found in `run_dir`."""
    from kfp import local

    warnings.filterwarnings("ignore", message=".*accelerator.*", category=UserWarning)
    arguments = json.loads((run_dir / "arguments.json").read_text())
    # A fresh init for each run, no workspace (kfp deletes it) and no kfp cache (it cannot see
    # a change in the installed package; components.common.step_cache can).
    local.init(
        local.SubprocessRunner(use_venv=False),
        pipeline_root=str(run_dir / "artifacts"),
        raise_on_error=True,
    )
    _pipeline(name, arguments)(**arguments)


def _pipeline(name: str, arguments: dict[str, str]) -> Any:
    if name == "tuning":
        from pipelines.tuning import tuning_pipeline

        return tuning_pipeline(parallelism=json.loads(arguments["plan_config"])["parallelism"])
    if name == "monitoring":
        from pipelines.monitoring import monitoring_pipeline

        return monitoring_pipeline
    from pipelines.training import training_pipeline

    return training_pipeline


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
