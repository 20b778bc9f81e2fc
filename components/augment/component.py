"""The KFP wrapper of `augment`."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def augment(dataset: Input[Dataset], config: str, run: str, shards: Output[Dataset]) -> None:
    """Turn pictures into memory-mapped uint8 arrays; the training split gets augmented views."""
    from pathlib import Path

    from components.augment.config import AugmentConfig
    from components.augment.step import augment
    from components.common.step import run_step

    run_step(
        "augment",
        AugmentConfig,
        config,
        run=run,
        reuse=True,
        inputs={"dataset": dataset},
        outputs={"shards": shards},
        work=lambda settings: augment(Path(dataset.path), out=Path(shards.path), settings=settings),
    )
