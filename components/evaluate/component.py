"""The KFP wrapper of `evaluate`."""

from kfp import dsl
from kfp.dsl import HTML, Artifact, ClassificationMetrics, Dataset, Input, Metrics, Model, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def evaluate(
    exported: Input[Model],
    candidate: Input[Model],
    dataset: Input[Dataset],
    inspection: Input[Artifact],
    settings: dict,
    run: dict,
    evaluation: Output[Artifact],
    metrics: Output[Metrics],
    classification: Output[ClassificationMetrics],
    report: Output[HTML],
) -> None:
    """Judge the exported model on the test split, beside the version that serves now."""
    from components.common.step import run_step

    read = {"exported": exported, "candidate": candidate}
    read |= {"dataset": dataset, "inspection": inspection}
    written = {"evaluation": evaluation}
    shown = {"metrics": metrics, "classification": classification, "page": report}
    run_step("evaluate", settings, run, read, written, **shown)
