"""The KFP wrappers of `train`: in the step's own process, on several nodes, in a tuning.

On a cluster a look at the served versions comes before it.
"""

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def rivals(shards: Input[Dataset], settings: dict, run: dict) -> str:
    """Return the digest of the served versions that have to be fitted again."""
    from components.common.step import run_step

    return run_step("train.folds.rivals", settings, run, {"shards": shards})


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def train(
    shards: Input[Dataset], settings: dict, run: dict, candidate: Output[Model], rivals: str = ""
) -> None:
    """Fit a pretrained network to the shards."""
    from components.common.step import run_step

    inputs = {"shards": shards, "rivals": rivals}
    run_step("train", settings, run, inputs, {"candidate": candidate})


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def train_on_nodes(
    shards: Input[Dataset], settings: dict, nodes: dict, run: dict, candidate: Output[Model]
) -> None:
    """Let several nodes train as `train` does, by a TrainJob of Kubeflow Trainer."""
    from components.common.step import run_step

    inputs = {"shards": shards, "nodes": nodes}
    run_step("train.nodes.step", settings, run, inputs, {"candidate": candidate})


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def train_finalist(
    shards: Input[Dataset], settings: dict, allowance: dict, run: dict, candidate: Output[Model]
) -> None:
    """Train as `train` does, unless the time allowed would be overrun."""
    from components.common.step import run_step

    inputs = {"shards": shards, "allowance": allowance}
    run_step("train.finalist", settings, run, inputs, {"candidate": candidate})
