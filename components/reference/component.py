"""The KFP wrapper of `reference`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def reference(
    exported: Input[Model],
    dataset: Input[Dataset],
    evaluation: Input[Artifact],
    settings: dict,
    run: dict,
    reference: Output[Artifact],
) -> None:
    """Keep what the accepted pictures look like to camera and model, to measure drift against."""
    from components.common.step import run_step

    run_step(
        "reference",
        settings,
        run,
        {"exported": exported, "dataset": dataset, "evaluation": evaluation},
        {"reference": reference},
    )
