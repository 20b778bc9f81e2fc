"""The KFP wrapper of `plan`."""

from typing import Dict, List  # noqa: UP035 - kfp reads them

from kfp import dsl
from kfp.dsl import Artifact, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def plan(
    ranking: Input[Artifact],
    settings: dict,
    augment: dict,
    train: dict,
    run: dict,
    shortlist: Output[Artifact],
) -> List[Dict[str, dict]]:  # noqa: UP006
    """Choose what fits into the budget; returns the sections of each finalist's tasks."""
    from components.common.step import run_step

    return run_step(
        "plan",
        settings,
        run,
        {"ranking": ranking, "augment": augment, "train": train},
        {"shortlist": shortlist},
    )
