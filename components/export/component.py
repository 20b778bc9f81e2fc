"""The KFP wrapper of `export`."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def export(
    candidate: Input[Model],
    dataset: Input[Dataset],
    settings: dict,
    run: dict,
    exported: Output[Model],
) -> None:
    """Turn the candidate into a SavedModel that answers like it."""
    from components.common.step import run_step

    run_step(
        "export",
        settings,
        run,
        {"candidate": candidate, "dataset": dataset},
        {"exported": exported},
    )
