"""KFP wrapper of the export step."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def export(
    candidate: Input[Model],
    dataset: Input[Dataset],
    config: str,
    run: str,
    exported: Output[Model],
) -> None:
    """Turn the candidate into a SavedModel that answers like it."""
    import os

    # The trainer may have used another backend; the file it saved serves all of them.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from pathlib import Path

    from components.common.step import run_step
    from components.export.config import ExportConfig

    def work(settings: ExportConfig) -> None:
        from components.export.step import export as export_candidate

        places = Path(candidate.path), Path(dataset.path)
        export_candidate(*places, out=Path(exported.path), settings=settings)

    run_step(
        "export",
        ExportConfig,
        config,
        run=run,
        reuse=True,
        inputs={"candidate": candidate, "dataset": dataset},
        outputs={"exported": exported},
        work=work,
    )
