"""Deploy as a Kubeflow component."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def deploy(
    exported: Input[Model],
    evaluation: Input[Artifact],
    verdict: Input[Artifact],
    dataset: Input[Dataset],
    reference: Input[Artifact],
    candidate: Input[Model],
    config: str,
    run: str,
    deployment: Output[Artifact],
) -> None:
    """Rehearse the candidate, publish it as the next version and have it confirmed."""
    from pathlib import Path

    from components.common.config import from_json
    from components.common.run_context import RunContext
    from components.common.step import run_step
    from components.deploy.config import DeployConfig
    from components.deploy.step import Judged, deploy_candidate

    inputs = {
        "exported": exported,
        "evaluation": evaluation,
        "verdict": verdict,
        "dataset": dataset,
        "reference": reference,
        "candidate": candidate,
    }
    run_step(
        "deploy",
        DeployConfig,
        config,
        run=run,
        inputs=inputs,
        outputs={"deployment": deployment},
        work=lambda settings: deploy_candidate(
            Judged.read(**{name: Path(artifact.path) for name, artifact in inputs.items()}),
            out=Path(deployment.path),
            settings=settings,
            run=from_json(RunContext, run, where="run"),
        ),
    )
