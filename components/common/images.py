"""The two container images, named once.

The names contain "python" because kfp's SubprocessRunner warns about any other. `make image`
tags by content; the variables say which build a pipeline is compiled for.
"""

import os

IMAGE_TAG = "0.1.0"
CPU_IMAGE_VARIABLE = "GRAFT_CPU_IMAGE"
GPU_IMAGE_VARIABLE = "GRAFT_GPU_IMAGE"
CPU_IMAGE = os.environ.get(CPU_IMAGE_VARIABLE, f"localhost/graft-python-cpu:{IMAGE_TAG}")
GPU_IMAGE = os.environ.get(GPU_IMAGE_VARIABLE, f"localhost/graft-python-gpu:{IMAGE_TAG}")
