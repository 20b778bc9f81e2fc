"""The monitor's steps as Kubeflow components."""

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
    from components.monitor.make_reference import Inputs, make_reference
    from components.monitor.reference_config import ReferenceConfig

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


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def monitor(config: str, run: str, job: str, drift: Output[Artifact]) -> str:
    """Look at what production sent and return one word of what is to be done."""
    from pathlib import Path

    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.monitor.config import MonitorConfig
    from components.monitor.one_look import look

    context = from_json(RunContext, run, where="run")
    # On a cluster all runs of a compiled pipeline share one context; the job tells them apart.
    run_id = context.run_id if context.run_dir else f"{context.run_id}-{job}"
    word: str = run_step(
        "monitor",
        MonitorConfig,
        config,
        run=run,
        outputs={"drift": drift},
        work=lambda settings: (
            look(settings, out=Path(drift.path), run_id=run_id).info.decision.word
        ),
    )
    return word
