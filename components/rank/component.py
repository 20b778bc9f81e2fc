"""The KFP wrapper of `rank`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def rank(
    shards: Input[Dataset], config: str, train_config: str, run: str, ranking: Output[Artifact]
) -> None:
    """Order backbones, feature layers and sizes by linear probes, and time them."""
    from pathlib import Path

    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.networks.accelerator import prepare
    from components.rank.config import FinalistConfig, RankConfig

    base = from_json(FinalistConfig, train_config, where="train")
    prepare(base)
    from components.rank.ranking import is_complete, rank
    from components.rank.weights import sources_sha256

    context = from_json(RunContext, run, where="run")
    out = Path(ranking.path)
    run_step(
        "rank",
        RankConfig,
        config,
        run=run,
        reuse=True,
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
