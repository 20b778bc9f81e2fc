"""The KFP wrapper of `gate`."""

from kfp import dsl
from kfp.dsl import HTML, Artifact, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def gate(
    evaluation: Input[Artifact],
    settings: dict,
    run: dict,
    verdict: Output[Artifact],
    report: Output[HTML],
) -> str:
    """Say "deploy", "hold" or "insufficient", and write down why."""
    from components.common.step import run_step

    return run_step(
        "gate", settings, run, {"evaluation": evaluation}, {"verdict": verdict}, page=report
    )
