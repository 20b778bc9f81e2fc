"""What faults cost, learnt when a monitor first needs to know, once, and kept.

<base path>/<model name>/decisions/harm/<model>-<reference>.json

Learning asks the model thousands of times, so that it is no part of a training run.
"""

import logging
from pathlib import Path

from components.common.artifacts.monitoring import learning_pictures
from components.common.artifacts.monitoring.observations import of_reference
from components.common.artifacts.monitoring.reference import Reference
from components.common.artifacts.records import read_record, tree_sha256, write_record
from components.common.errors import GraftError
from components.common.files import locked
from components.common.pictures.decode import encode_png
from components.monitor.decide.history import DECISIONS
from components.monitor.harm.correction import Correction
from components.monitor.harm.describe import inputs
from components.monitor.harm.learn import learn
from components.monitor.observe.ask_model import observer

LOG = logging.getLogger(__name__)


def learnt(reference: Reference, *, model_dir: Path, version: int | str) -> Correction | None:
    """Return what was learnt of this model and reference; learn it if nobody has yet.

    Several monitors may ask at once: one learns, the others wait for it. What cannot be read or
    was learnt for other estimators is learnt again.

    Args:
        reference: of the version.
        model_dir: `<base path>/<model name>`, where the result is kept.
        version: its number; the model is loaded only to learn.

    Returns:
        None where the reference keeps no pictures to learn from, or the model cannot be asked
        about them, which the log explains.

    Raises:
        GraftError: the folder cannot be written.
    """
    # A release that learnt when the reference was made left the result in it.
    earlier = _read(reference.root / "harm.json")
    saved_model, pictures = model_dir / str(version), reference.root / learning_pictures.FOLDER
    if earlier is not None or not pictures.is_dir() or not saved_model.is_dir():
        return earlier
    key = f"{reference.info.model_sha256[:16]}-{tree_sha256(reference.root)[:16]}"
    folder = model_dir / DECISIONS / "harm"
    path = folder / f"{key}.json"
    with locked(folder, holder="another monitor that learns"):
        folder.mkdir(exist_ok=True)
        known = _read(path)
        if known is None:
            known = _learn(reference, saved_model)
            if known is not None:
                write_record(path, known)
    return known


def _read(path: Path) -> Correction | None:
    if not path.exists():
        return None
    try:
        found = read_record(path, Correction)
    except (ValueError, GraftError) as error:
        LOG.warning("%s cannot be read: %s", path, error)
        return None
    if found.inputs != inputs():
        LOG.warning("%s was learnt for other estimators and is not used", path)
        return None
    return found


def _learn(reference: Reference, saved_model: Path) -> Correction | None:
    try:
        ask = observer(saved_model, classes=reference.info.classes)
        return learn(
            of_reference(reference.root),
            learning_pictures.read(reference.root),
            lambda pictures: ask(pictures, [encode_png(one) for one in pictures]),
            seed=reference.info.seed,
        )
    except Exception as error:
        # Whatever TensorFlow raises for a model that it cannot load or run: without it the loss
        # is estimated roughly, and the look goes on.
        LOG.warning("what faults cost cannot be learnt from %s: %s", saved_model, error)
        return None
