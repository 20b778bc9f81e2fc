"""The KFP wrapper of `deploy`."""

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
    settings: dict,
    run: dict,
    deployment: Output[Artifact],
) -> None:
    """Rehearse the candidate, publish it as the next version and have it confirmed."""
    from components.common.step import run_step

    judged = {"exported": exported, "evaluation": evaluation, "verdict": verdict}
    known = {"dataset": dataset, "reference": reference, "candidate": candidate}
    run_step("deploy", settings, run, judged | known, {"deployment": deployment})
