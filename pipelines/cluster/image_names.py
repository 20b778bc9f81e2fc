"""Images whose name does not say what is in them: Kubeflow reuses results by the name."""

from components.common.images import (
    CPU_IMAGE,
    CPU_IMAGE_VARIABLE,
    GPU_IMAGE,
    GPU_IMAGE_VARIABLE,
    IMAGE_TAG,
)
from pipelines.cluster.config import ClusterConfig


def vague_images(cluster: ClusterConfig) -> tuple[str, ...]:
    """Return a sentence for each image that a pipeline with this section names by a version only.

    Every build of a version has the same such tag; that of the content is another.
    """
    used = {CPU_IMAGE: CPU_IMAGE_VARIABLE}
    if cluster.accelerator.count or cluster.train_nodes.count > 1:
        used[GPU_IMAGE] = GPU_IMAGE_VARIABLE
    return tuple(
        f"{image} may be any build, so Kubeflow may reuse what an older one made of this commit: "
        f"set {variable} to the name that `make image` prints"
        for image, variable in used.items()
        if image.endswith(f":{IMAGE_TAG}")
    )
