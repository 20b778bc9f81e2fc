"""The KFP wrapper of `select`."""

from typing import List  # noqa: UP035 - kfp reads it

from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Metrics, Model, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def select(
    candidates: Input[List[Model]],  # noqa: UP006
    shortlist: Input[Artifact],
    dataset: Input[Dataset],
    settings: dict,
    run: dict,
    candidate: Output[Model],
    selection: Output[Artifact],
    metrics: Output[Metrics],
    report: Output[HTML],
) -> None:
    """Measure the finalists side by side and pass the winner on."""
    from components.common.step import run_step

    run_step(
        "select",
        settings,
        run,
        {"candidates": candidates, "shortlist": shortlist, "dataset": dataset},
        {"candidate": candidate, "selection": selection},
        metrics=metrics,
        page=report,
    )
