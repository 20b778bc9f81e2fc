"""The KFP wrapper of `plan`."""

from typing import List  # noqa: UP035 - kfp reads it

from kfp import dsl
from kfp.dsl import Artifact, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def plan(
    ranking: Input[Artifact],
    config: str,
    augment_config: str,
    train_config: str,
    run: str,
    shortlist: Output[Artifact],
) -> List[str]:  # noqa: UP006
    """Choose what fits into the budget; returns one task a finalist, as JSON."""
    from pathlib import Path

    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.plan.config import PlanConfig
    from components.plan.step import Base, make_shortlist

    tasks: list[str] = run_step(
        "plan",
        PlanConfig,
        config,
        run=run,
        inputs={"ranking": ranking},
        outputs={"shortlist": shortlist},
        work=lambda settings: make_shortlist(
            Path(ranking.path),
            out=Path(shortlist.path),
            settings=settings,
            run=from_json(RunContext, run, where="run"),
            base=Base(augment_config, train_config),
        ),
    )
    return tasks
