"""What is looked at before the first step, so that no minute is spent on a run that cannot end."""

import tempfile
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from components.common.artifacts.lineage import read_pictures
from components.common.artifacts.model_folder import newest_version
from components.common.artifacts.passport import read_passport
from components.common.errors import ConfigError, WeightsError
from components.ingest.commands import pictures_sha256, source_facts
from components.networks.catalogue import keras_cache
from components.networks.config import NetworkConfig, member
from components.train.config import check_source, has_needs
from pipelines.config import TrainingRun
from pipelines.console.progress import bars
from pipelines.data.tracking import PIN

# Where Keras downloads its own networks' weights from.
_KERAS_WEIGHTS = "https://storage.googleapis.com/tensorflow/keras-applications/"
_PATIENCE_S = 10.0


def check_place(place: Path, *, of: str, option: str) -> None:
    """Refuse a folder that nothing can be written to; it is not made.

    Args:
        place: the folder.
        of: what is written there, for the message.
        option: which names another.

    Raises:
        ConfigError: a file stands in its way, or this user may not write, or the disk is full.
    """
    ground = next(one for one in (place, *place.absolute().parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=ground) as probe:
            probe.write(bytes(4096))
            probe.flush()
    except OSError as problem:
        received = "a file" if ground.is_file() else f"'{problem.strerror}'"
        raise ConfigError(
            f"a folder for the {of} at '{place}'",
            received=received if ground == place else f"{received} at '{ground}'",
            do=f"name another folder with {option}, or free the way, the rights or the disk there",
        ) from None


def check_apart(pictures: Path, place: Path) -> None:
    """Refuse to write into the pictures' folder: what a run leaves there would be one more class.

    Raises:
        ConfigError: `place` lies below `pictures`.
    """
    root = pictures.expanduser().resolve()
    if place.resolve().is_relative_to(root):
        raise ConfigError(
            f"a place outside of the pictures in {root} for what a run writes",
            received=f"'{place}'",
            do=f"type 'cd {root.parent}' and 'graft run {root.name}'",
        )


def check_data(settings: TrainingRun) -> None:
    """List the pictures: a wrong folder or table is found now, and what the method lacks.

    Raises:
        ConfigError, DataError: they cannot be used.
    """
    # A revision is fetched for it, only where the method asks.
    if not settings.ingest.data_rev or has_needs(settings.train.method):
        facts = source_facts(settings.ingest)
        squares = settings.augment
        check_source(settings.train, replace(facts, side_px=squares.image_size_px, fit=squares.fit))


def check_product(settings: TrainingRun) -> None:
    """Refuse a model name under which the pictures of another product were published.

    The same folder that has grown, or the same pictures elsewhere, is the same product.

    Raises:
        ConfigError: the name is another product's.
    """
    model_dir = Path(settings.model_base_path) / settings.model_name
    newest = newest_version(model_dir)
    passport = read_passport(model_dir, newest.number) if newest else None
    # Who switches the comparison off means to replace what serves.
    if passport is None or settings.ingest.data_rev or not settings.gate.compare_with_serving:
        return
    before = str((passport.settings.get("ingest") or {}).get("path", ""))
    classes = {one.name for one in source_facts(settings.ingest).labelled}
    known = read_pictures(model_dir, passport.version)
    if not before or known is None:
        return
    if Path(before).resolve() == Path(settings.ingest.path).resolve() and classes >= set(
        known["label"]
    ):
        return
    theirs, ours = set(known["sha256"]), pictures_sha256(settings.ingest)
    if 2 * len(theirs & ours) >= min(len(theirs), len(ours)):
        return
    raise ConfigError(
        f"pictures of the model '{settings.model_name}', version {passport.version} of which was "
        f"made from {before} ({', '.join(passport.classes)})",
        received=f"others from {settings.ingest.path} ({', '.join(sorted(classes))})",
        do=f"give this product a model of its own: --set model_name={settings.model_name}-2",
    )


def fetch_weights(settings: NetworkConfig, console: Console) -> Path | None:
    """Have the weights on this machine now, not after the minutes that the steps before take.

    Returns:
        The file, where `imagenet` is one that Graft fetches itself; else None.

    Raises:
        ConfigError: they are a path, and nothing is there.
        DataError, WeightsError: they cannot be fetched.
    """
    weights = settings.weights
    if weights == "imagenet":
        return _fetch_imagenet(settings.backbone, console)
    if weights != "none" and "://" not in weights and not Path(weights).expanduser().is_file():
        raise ConfigError(
            "train.weights to be 'imagenet', 'none', a file or an address",
            received=f"'{weights}', where there is no file",
            do="run `make data`, which fetches those under data/weights, or correct the path"
            if Path(PIN).is_file()
            else "set train.weights=imagenet, or correct the path",
        )
    return None


def _fetch_imagenet(backbone: str, console: Console) -> Path | None:
    found = member(backbone)
    if hasattr(found.module, "imagenet_file"):
        with bars(console):
            file: Path = found.module.imagenet_file(found.variant)
            return file
    facts = found.module.FACTS.get(found.variant)
    if facts is None or not facts.keras_file or any(keras_cache().glob(facts.keras_file)):
        return None
    try:
        asked = urllib.request.Request(_KERAS_WEIGHTS, method="HEAD")
        urllib.request.urlopen(asked, timeout=_PATIENCE_S).close()
    except urllib.error.HTTPError:
        pass  # somebody answers: Keras will ask for the file itself
    except OSError as error:
        raise WeightsError(
            f"to download the ImageNet weights of '{backbone}'",
            received=f"'{error}'",
            do="connect to the internet, choose a backbone whose weights are on this machine "
            "('graft backbones'), or name a file in train.weights",
        ) from None
    return None
