"""The pipeline step `validate`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def validate(
    dataset: Input[Dataset],
    config: str,
    run: str,
    validated: Output[Dataset],
    report: Output[Artifact],
) -> None:
    """Judge the pictures against expectations and split them by group."""
    from pathlib import Path

    from components.common.step import run_step
    from components.validate.config import ValidateConfig
    from components.validate.step import validate

    run_step(
        "validate",
        ValidateConfig,
        config,
        run=run,
        reuse=True,
        inputs={"dataset": dataset},
        outputs={"validated": validated, "report": report},
        work=lambda settings: validate(
            Path(dataset.path),
            out=Path(validated.path),
            report=Path(report.path),
            settings=settings,
        ),
    )
