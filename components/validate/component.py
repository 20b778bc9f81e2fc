"""The KFP wrapper of `validate`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def validate(
    dataset: Input[Dataset],
    settings: dict,
    run: dict,
    validated: Output[Dataset],
    report: Output[Artifact],
) -> None:
    """Judge the pictures against expectations and split them by group."""
    from components.common.step import run_step

    run_step(
        "validate", settings, run, {"dataset": dataset}, {"validated": validated, "report": report}
    )
