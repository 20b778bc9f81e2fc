"""KFP wrapper of the evaluate step."""

from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Metrics, Model, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def evaluate(
    exported: Input[Model],
    candidate: Input[Model],
    dataset: Input[Dataset],
    config: str,
    run: str,
    evaluation: Output[Artifact],
    metrics: Output[Metrics],
    report: Output[HTML],
) -> None:
    """Judge the exported model on the test split, beside the version that serves now."""
    from pathlib import Path

    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.evaluate.config import EvaluateConfig
    from components.evaluate.step import Inputs, publish
    from components.evaluate.step import evaluate as work

    context = from_json(RunContext, run, where="run")
    places = Inputs(Path(exported.path), Path(candidate.path), Path(dataset.path))
    out = Path(evaluation.path)
    run_step(
        "evaluate",
        EvaluateConfig,
        config,
        run=run,
        inputs={"exported": exported, "candidate": candidate, "dataset": dataset},
        outputs={"evaluation": evaluation},
        work=lambda settings: work(places, out=out, settings=settings, run=context),
    )
    for name, value in publish(out, report=Path(report.path)).items():
        metrics.log_metric(name, value)
