"""The KFP wrappers of `ingest`, and on a cluster of the look at the pictures before it."""

from kfp import dsl
from kfp.dsl import Dataset, Output

from components.common.images import CPU_IMAGE


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def fingerprint(settings: dict, run: dict) -> str:
    """Return one digest over everything that ingest would read."""
    from components.common.step import run_step

    return run_step("ingest.fingerprint", settings, run)


@dsl.component(base_image=CPU_IMAGE, install_kfp_package=False)
def ingest(settings: dict, run: dict, dataset: Output[Dataset], fingerprint: str = "") -> None:
    """Read pictures and labels from a source into a Dataset."""
    from components.common.step import run_step

    run_step("ingest", settings, run, {"fingerprint": fingerprint}, {"dataset": dataset})
