"""The KFP wrapper of `augment`."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def augment(dataset: Input[Dataset], settings: dict, run: dict, shards: Output[Dataset]) -> None:
    """Turn pictures into memory-mapped uint8 arrays; the training split gets augmented views."""
    from components.common.step import run_step

    run_step("augment", settings, run, {"dataset": dataset}, {"shards": shards})
