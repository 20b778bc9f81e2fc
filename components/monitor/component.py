"""The KFP wrapper of `monitor`."""

from kfp import dsl
from kfp.dsl import Artifact, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def monitor(config: str, run: str, job: str, drift: Output[Artifact]) -> str:
    """Look at what production sent and return one word of what is to be done."""
    from pathlib import Path

    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.monitor.config import MonitorConfig
    from components.monitor.step import look

    context = from_json(RunContext, run, where="run")
    # On a cluster all runs of a compiled pipeline share one context; the job tells them apart.
    run_id = context.run_id if context.run_dir else f"{context.run_id}-{job}"
    word: str = run_step(
        "monitor",
        MonitorConfig,
        config,
        run=run,
        outputs={"drift": drift},
        work=lambda settings: (
            look(settings, out=Path(drift.path), run_id=run_id).info.decision.word
        ),
    )
    return word
