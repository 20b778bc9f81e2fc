"""The exit step as a Kubeflow component."""

from kfp import dsl
from kfp.dsl import PipelineTaskFinalStatus

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def notify(status: PipelineTaskFinalStatus, config: str, run: str) -> None:
    """Write the run summary and tell people, however the run ended."""
    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.notify.config import NotifyConfig
    from components.notify.summary import tell

    run_step(
        "notify",
        NotifyConfig,
        config,
        run=run,
        work=lambda settings: tell(
            status.state,
            error=status.error_message or "",
            run=from_json(RunContext, run, where="run"),
            settings=settings,
        ),
    )
