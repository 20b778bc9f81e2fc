"""The KFP wrapper of `notify`, the exit step."""

from kfp import dsl
from kfp.dsl import PipelineTaskFinalStatus

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def notify(status: PipelineTaskFinalStatus, settings: dict, run: dict) -> None:
    """Write the run summary and message people, however the run ended."""
    from components.common.step import run_step

    ended = {"state": status.state, "error": status.error_message or ""}
    run_step("notify", settings, run, ended)
