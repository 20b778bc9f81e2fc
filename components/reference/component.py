"""The KFP wrapper of `reference`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def reference(
    exported: Input[Model],
    dataset: Input[Dataset],
    config: str,
    run: str,
    reference: Output[Artifact],
) -> None:
    """Keep what the accepted pictures look like to camera and model, to measure drift against."""
    from pathlib import Path

    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.reference.config import ReferenceConfig
    from components.reference.step import Inputs, make_reference

    run_step(
        "reference",
        ReferenceConfig,
        config,
        run=run,
        inputs={"exported": exported, "dataset": dataset},
        outputs={"reference": reference},
        work=lambda settings: make_reference(
            Inputs(Path(exported.path), Path(dataset.path)),
            out=Path(reference.path),
            settings=settings,
            run=from_json(RunContext, run, where="run"),
        ),
    )
