"""The KFP wrappers of `train`, and of `rank`, which needs the same networks and caches."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def train(shards: Input[Dataset], config: str, run: str, candidate: Output[Model]) -> None:
    """Fit a pretrained network to the shards."""
    from pathlib import Path

    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.train.accelerator import prepare
    from components.train.config import TrainConfig

    prepare(from_json(TrainConfig, config, where="train"))
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


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def train_on_nodes(
    shards: Input[Dataset], config: str, nodes: str, run: str, candidate: Output[Model]
) -> None:
    """Let several nodes train as `train` does, by a TrainJob of Kubeflow Trainer."""
    from os import environ
    from pathlib import Path

    from components.common.config import from_json
    from components.common.step import run_step
    from components.train.cluster_api import ClusterApi, here
    from components.train.config import TrainConfig
    from components.train.nodes_config import NodesConfig
    from components.train.train_on_nodes import train_on_nodes

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
def rank(
    shards: Input[Dataset], config: str, train_config: str, run: str, ranking: Output[Artifact]
) -> None:
    """Order backbones, feature layers and sizes by linear probes, and time them."""
    from pathlib import Path

    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.train.accelerator import prepare
    from components.train.config import TrainConfig

    base = from_json(TrainConfig, train_config, where="train")
    prepare(base)
    from components.train.rank import is_complete, rank, sources_sha256
    from components.train.rank_config import RankConfig

    context = from_json(RunContext, run, where="run")
    out = Path(ranking.path)
    run_step(
        "rank",
        RankConfig,
        config,
        run=run,
        reuse=True,
        folder="train",
        inputs={"shards": shards},
        outputs={"ranking": ranking},
        content_key=lambda settings: sources_sha256(settings, base),
        keep=lambda: is_complete(out),
        work=lambda settings: rank(
            Path(shards.path),
            out=out,
            settings=settings,
            train=base,
            cache_dir=context.cache_dir,
            deadline_unix_s=context.deadline_unix_s,
        ),
    )


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def train_finalist(
    shards: Input[Dataset], config: str, allowance: str, run: str, candidate: Output[Model]
) -> None:
    """Train as `train` does, unless the time allowed would be overrun."""
    from pathlib import Path

    from components.common.artifacts.shortlist import Allowance, NotTrained, leave_mark
    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.train.accelerator import prepare
    from components.train.config import TrainConfig

    prepare(from_json(TrainConfig, config, where="train"))
    from components.train.fit_finalist import fit_finalist
    from components.train.weights import source_sha256

    cache_dir = from_json(RunContext, run, where="run").cache_dir
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
        content_key=lambda settings: source_sha256(settings.weights),
        keep=lambda: NotTrained.read(out) is None,
        work=lambda settings: fit_finalist(
            Path(shards.path),
            out=out,
            settings=settings,
            cache_dir=cache_dir,
            allowance=allowed,
        ),
    )
    if NotTrained.read(out) is None:
        leave_mark(cache_dir, allowed.mark)
