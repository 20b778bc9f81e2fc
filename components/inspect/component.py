"""The KFP wrapper of `inspect`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def inspect(
    dataset: Input[Dataset],
    shards: Input[Dataset],
    settings: dict,
    train: dict,
    run: dict,
    inspection: Output[Artifact],
) -> None:
    """Look for label errors, hidden groups and shortcuts, by the frozen backbone."""
    from components.common.step import run_step

    inputs = {"dataset": dataset, "shards": shards, "train": train}
    run_step("inspect", settings, run, inputs, {"inspection": inspection})
