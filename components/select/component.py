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
    config: str,
    run: str,
    candidate: Output[Model],
    selection: Output[Artifact],
    metrics: Output[Metrics],
    report: Output[HTML],
) -> None:
    """Measure the finalists side by side and pass the winner on."""
    from pathlib import Path

    from components.common.step import run_step
    from components.select.config import SelectConfig
    from components.select.step import Inputs, publish
    from components.select.step import select as work

    finalists = {f"candidate_{number}": one for number, one in enumerate(candidates)}
    roots = [Path(one.path) for one in candidates]
    places = Inputs(roots, Path(shortlist.path), Path(dataset.path))
    run_step(
        "select",
        SelectConfig,
        config,
        run=run,
        inputs={**finalists, "shortlist": shortlist, "dataset": dataset},
        outputs={"candidate": candidate, "selection": selection},
        work=lambda settings: work(
            places,
            candidate=Path(candidate.path),
            selection=Path(selection.path),
            settings=settings,
        ),
    )
    for name, value in publish(Path(selection.path), report=Path(report.path)).items():
        metrics.log_metric(name, value)
