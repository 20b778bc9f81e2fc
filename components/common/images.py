"""The two container images, named once.

The names contain "python" because kfp's SubprocessRunner warns about any other.
"""

IMAGE_TAG = "0.1.0"
CPU_IMAGE = f"localhost/graft-python-cpu:{IMAGE_TAG}"
GPU_IMAGE = f"localhost/graft-python-gpu:{IMAGE_TAG}"
