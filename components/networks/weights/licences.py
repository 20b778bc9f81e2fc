"""Licences of the weights files that Graft fetches itself, by the SHA-256 of the file.

`make data` makes these files, the same bytes everywhere (`pipelines/data/demo.py`). Of any other
file nobody but its owner knows where the weights come from.
"""

BY_SHA256 = {
    # EfficientNet-Lite 0, 1 and 2
    "a01640d1f7cd14c02e9d5281f2d33b159e11b1808fc934d783bb273ba6c50d88": "Apache-2.0",
    "d26d7080eac22f6e554bd41e2549b92de12b517284529bb16694a46087f2cdef": "Apache-2.0",
    "491311f6b0627a27b1ee0b3189659a881be5c94590b9b51910afb500a2f40d77": "Apache-2.0",
    # MobileNetV2, fine-tuned on dog breeds
    "272e38e5be1439aa2b6459bae498b601a06edc16f8068e62b7db209d31b1fae1": "MIT",
}
