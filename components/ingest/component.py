"""The pipeline step `ingest`, and on a cluster the look at the pictures that comes before it."""

from kfp import dsl
from kfp.dsl import Dataset, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def fingerprint(config: str, run: str) -> str:
    """Return one digest over everything that ingest would read."""
    from components.common.step import run_step
    from components.ingest.config import IngestConfig
    from components.ingest.step import content_key

    digest: str = run_step("fingerprint", IngestConfig, config, run=run, work=content_key)
    return digest


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def ingest(config: str, run: str, dataset: Output[Dataset], fingerprint: str = "") -> None:
    """Read pictures and labels from a source into a Dataset."""
    from pathlib import Path

    from components.common.step import run_step
    from components.ingest.config import IngestConfig
    from components.ingest.step import content_key, ingest

    run_step(
        "ingest",
        IngestConfig,
        config,
        run=run,
        reuse=True,
        outputs={"dataset": dataset},
        content_key=content_key,
        work=lambda settings: ingest(
            out=Path(dataset.path), settings=settings, fingerprint=fingerprint
        ),
    )
