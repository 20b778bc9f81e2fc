"""The KFP wrapper of `train`."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def train(shards: Input[Dataset], config: str, run: str, candidate: Output[Model]) -> None:
    """Fit a pretrained network to the shards."""
    from pathlib import Path

    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.train.config import TrainConfig
    from components.train.fit import train
    from components.train.warm_start import source
    from components.train.weights import source_sha256

    context = from_json(RunContext, run, where="run")
    run_step(
        "train",
        TrainConfig,
        config,
        run=run,
        reuse=True,
        inputs={"shards": shards},
        outputs={"candidate": candidate},
        content_key=lambda settings: source_sha256(source(settings, run_dir=context.run_dir)),
        work=lambda settings: train(
            Path(shards.path),
            out=Path(candidate.path),
            settings=settings,
            cache_dir=context.cache_dir,
            run_dir=context.run_dir,
        ),
    )
