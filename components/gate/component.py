"""The gate as a Kubeflow component."""

from kfp import dsl
from kfp.dsl import Artifact, Input, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def gate(evaluation: Input[Artifact], config: str, run: str, verdict: Output[Artifact]) -> str:
    """Say "deploy", "hold" or "insufficient", and write down why."""
    from pathlib import Path

    from components.common.step import run_step
    from components.gate.config import GateConfig
    from components.gate.step import judge

    word = run_step(
        "gate",
        GateConfig,
        config,
        run=run,
        inputs={"evaluation": evaluation},
        outputs={"verdict": verdict},
        work=lambda settings: judge(
            Path(evaluation.path), out=Path(verdict.path), settings=settings
        ),
    )
    return str(word)
