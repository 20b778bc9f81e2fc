"""The KFP wrapper of `rank`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def rank(
    shards: Input[Dataset], settings: dict, train: dict, run: dict, ranking: Output[Artifact]
) -> None:
    """Order backbones, feature layers and sizes by linear probes, and time them."""
    from components.common.step import run_step

    run_step("rank", settings, run, {"shards": shards, "train": train}, {"ranking": ranking})
