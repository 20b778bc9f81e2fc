"""Images whose name does not say what is in them: Kubeflow reuses results by the name."""

import re

from components.common.images import (
    CPU_IMAGE,
    CPU_IMAGE_VARIABLE,
    GPU_IMAGE,
    GPU_IMAGE_VARIABLE,
)
from pipelines.cluster.config import ClusterConfig
from pipelines.config import PipelineName
from pipelines.dags import PIPELINES

# A digest, or the tag of tools/build_image.sh.
_BY_CONTENT = re.compile(r"@sha256:[0-9a-f]{64}$|:[0-9a-f]{16}$")


def unpinned_images(cluster: ClusterConfig, pipeline: PipelineName) -> tuple[str, ...]:
    """Return a sentence for each image of the pipeline whose name any build may have."""
    on_nodes = cluster.train_nodes.count > 1 and PIPELINES[pipeline].shares_nodes
    used = {CPU_IMAGE: CPU_IMAGE_VARIABLE}
    if cluster.accelerator.count or on_nodes:
        used[GPU_IMAGE] = GPU_IMAGE_VARIABLE
    return tuple(
        f"{image} may be any build, so Kubeflow may reuse what an older one made of this commit: "
        f"set {variable} to the name that `make image` prints"
        for image, variable in used.items()
        if not _BY_CONTENT.search(image)
    )
