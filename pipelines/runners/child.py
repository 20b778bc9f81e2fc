"""The process that runs the pipeline by kfp.local: `python -m pipelines.runners.child DIR`.

It has a process of its own because kfp.local prints, logs and patches `print` as it goes;
here all of that lands in one log file, and stopping a run is stopping a process group.
"""

import json
import sys
import warnings
from pathlib import Path


def main(run_dir: Path) -> None:
    """Run the training pipeline with the arguments found in `run_dir`."""
    from kfp import local

    from pipelines.training import training_pipeline

    warnings.filterwarnings("ignore", message=".*accelerator.*", category=UserWarning)
    arguments = json.loads((run_dir / "arguments.json").read_text())
    # A fresh init for each run, no workspace (kfp deletes it) and no kfp cache (it cannot see
    # a change in the installed package; components.common.step_cache can).
    local.init(
        local.SubprocessRunner(use_venv=False),
        pipeline_root=str(run_dir / "artifacts"),
        raise_on_error=True,
    )
    training_pipeline(**arguments)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
