"""How a picture of any shape becomes a square, in `decode.resize` and in the exported graph."""

from typing import Literal

# squeeze: both sides become as long, whatever they were. pad: black bars beside the shorter sides.
# crop: the largest square in the middle; what lies outside is not seen.
Fit = Literal["squeeze", "pad", "crop"]
