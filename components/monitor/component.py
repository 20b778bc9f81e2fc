"""The KFP wrapper of `monitor`."""

from kfp import dsl
from kfp.dsl import HTML, Artifact, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def monitor(settings: dict, run: dict, drift: Output[Artifact], report: Output[HTML]) -> str:
    """Look at what production sent and return one word of what is to be done."""
    from components.common.step import run_step

    return run_step("monitor", settings, run, {}, {"drift": drift}, page=report)
