"""The KFP wrappers of `train`."""

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
    from components.networks.accelerator import prepare
    from components.train.config import TrainConfig

    prepare(from_json(TrainConfig, config, where="train"))
    from components.networks.weights.digests import content_sha256
    from components.train.fit import train
    from components.train.warm_start import source

    context = from_json(RunContext, run, where="run")
    run_step(
        "train",
        TrainConfig,
        config,
        run=run,
        reuse=True,
        inputs={"shards": shards},
        outputs={"candidate": candidate},
        content_key=lambda settings: content_sha256(
            settings, source(settings, run_dir=context.run_dir)
        ),
        work=lambda settings: train(
            Path(shards.path),
            out=Path(candidate.path),
            settings=settings,
            cache_dir=context.cache_dir,
            run_dir=context.run_dir,
        ),
    )


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def train_on_nodes(
    shards: Input[Dataset], config: str, nodes: str, run: str, candidate: Output[Model]
) -> None:
    """Let several nodes train as `train` does, by a TrainJob of Kubeflow Trainer."""
    from os import environ
    from pathlib import Path

    from components.common.config import from_json
    from components.common.step import run_step
    from components.train.config import TrainConfig
    from components.train.nodes.config import NodesConfig
    from components.train.nodes.kubernetes import ClusterApi, here
    from components.train.nodes.launch import train_on_nodes

    with ClusterApi(here(environ)) as api:
        run_step(
            "train",
            TrainConfig,
            config,
            run=run,
            inputs={"shards": shards},
            outputs={"candidate": candidate},
            work=lambda settings: train_on_nodes(
                Path(shards.path),
                out=Path(candidate.path),
                settings=settings,
                nodes=from_json(NodesConfig, nodes, where="nodes"),
                api=api,
            ),
        )


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def train_finalist(
    shards: Input[Dataset], config: str, allowance: str, run: str, candidate: Output[Model]
) -> None:
    """Train as `train` does, unless the time allowed would be overrun."""
    from pathlib import Path

    from components.common.artifacts.tuning.shortlist import Allowance, NotTrained, leave_mark
    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.networks.accelerator import prepare
    from components.train.config import TrainConfig

    prepare(from_json(TrainConfig, config, where="train"))
    from components.networks.weights.digests import content_sha256
    from components.train.finalist import fit_finalist
    from components.train.warm_start import source

    context = from_json(RunContext, run, where="run")
    out = Path(candidate.path)
    allowed = from_json(Allowance, allowance, where="allowance")
    # The same name and key as `train`: what either has trained is there for both.
    run_step(
        "train",
        TrainConfig,
        config,
        run=run,
        reuse=True,
        inputs={"shards": shards},
        outputs={"candidate": candidate},
        content_key=lambda settings: content_sha256(
            settings, source(settings, run_dir=context.run_dir)
        ),
        keep=lambda: NotTrained.read(out) is None,
        work=lambda settings: fit_finalist(
            Path(shards.path),
            out=out,
            settings=settings,
            cache_dir=context.cache_dir,
            run_dir=context.run_dir,
            allowance=allowed,
        ),
    )
    if NotTrained.read(out) is None:
        leave_mark(context.cache_dir, allowed.mark)
