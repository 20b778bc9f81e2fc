"""The KFP wrappers of `validate`, and on a cluster of the look at the kept splits before it."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def kept_splits(settings: dict, run: dict) -> str:
    """Return the digest of the splits that known pictures keep."""
    from components.common.step import run_step

    return run_step("validate.kept", settings, run)


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def validate(
    dataset: Input[Dataset],
    settings: dict,
    run: dict,
    validated: Output[Dataset],
    report: Output[Artifact],
    kept: str = "",
) -> None:
    """Judge the pictures against expectations and split them by group."""
    from components.common.step import run_step

    run_step(
        "validate",
        settings,
        run,
        {"dataset": dataset, "kept": kept},
        {"validated": validated, "report": report},
    )
