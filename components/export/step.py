"""The export step: Candidate in, SavedModel that answers alike out."""

import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from components.common.artifacts.candidate import Candidate, CandidateInfo, Familiar
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.exported import Export, ExportInfo
from components.common.artifacts.records import tree_sha256
from components.common.errors import ExportError
from components.common.models.saved_model import ask
from components.common.pictures.decode import decode
from components.common.run_context import RunContext
from components.common.statistics.operating_point import OperatingPoint
from components.common.step import Step
from components.export.config import ExportConfig
from components.export.operating_point import choose

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ExportInputs:
    """A Candidate, and the Dataset that holds its parity pictures."""

    candidate: Path
    dataset: Path


@dataclass(frozen=True, kw_only=True)
class ExportOutputs:
    """The Export."""

    exported: Path


def prepare(settings: ExportConfig, inputs: ExportInputs) -> None:
    """Have Keras run on TensorFlow: the trainer's own back end may be another one."""
    os.environ["KERAS_BACKEND"] = "tensorflow"


def run(
    settings: ExportConfig, inputs: ExportInputs, outputs: ExportOutputs, context: RunContext
) -> Export:
    """Turn a candidate into what TF Serving loads, and check that both answer alike.

    Returns:
        The written Export. Equal candidates, settings and library versions give equal
        `model_sha256`, which is `tree_sha256` of the SavedModel or of any copy of it.

    Raises:
        ExportError: an exported probability differs by more than the tolerance, or the
            network has not the shape that the candidate's record says.
        DataError: a parity picture cannot be read.
        ConfigError: a LiteRT file is asked for without the extra `edge`.
    """
    candidate, dataset = Candidate.read(inputs.candidate), Dataset.read(inputs.dataset)
    folder = outputs.exported / "saved_model"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    familiar = candidate.familiar()
    point, promise = choose(
        candidate.info,
        candidate.held_out(),
        settings,
        far_from=familiar.far_from if familiar else None,
    )
    _save(candidate, dataset, folder, settings, point=point, familiar=familiar)
    difference = max_difference(folder, candidate, dataset, batch_size=settings.batch_size)
    LOG.info("largest difference to the trainer's probabilities: %.2g", difference)
    if not difference <= settings.tolerance:  # also true for NaN
        raise ExportError(
            f"exported probabilities within {settings.tolerance:g} of the trainer's",
            received=f"a difference of {difference:.3g}",
            do="look for preprocessing that differs between training and serving, or a layer that "
            "does not survive saving",
        )
    info = candidate.info
    exported = Export(
        outputs.exported,
        ExportInfo(
            classes=info.classes,
            positive=info.positive,
            backbone=info.backbone,
            method=info.method,
            image_size_px=info.image_size_px,
            decision_threshold=_threshold(info, point),
            operating_point=point,
            promise=promise,
            max_difference=difference,
            model_sha256=tree_sha256(folder),
            tasks=info.tasks,
            fit=info.fit,
            grey_range=dataset.info.grey_range,
        ),
    )
    exported.write()
    return exported


def max_difference(
    folder: Path, candidate: Candidate, dataset: Dataset, *, batch_size: int
) -> float:
    """Return the largest gap between the SavedModel's probabilities and the trainer's.

    The pictures go in as encoded bytes, so decoding, resizing, flips and calibration are all
    part of the comparison.
    """
    paths = candidate.parity_paths()
    if not paths:
        raise ExportError(
            "validation pictures to compare the exported model on",
            received="a candidate without any",
            do="train again with a validation split",
        )
    answers = ask(
        folder,
        paths,
        dataset.picture,
        batch_size=batch_size,
        activity="comparing exported with trained answers",
    )
    further = [answers.tasks[task.name] for task in candidate.info.tasks]
    said = np.concatenate([answers.probabilities, *further], axis=1)
    return float(np.abs(said - candidate.parity_probabilities()).max())


def _threshold(info: CandidateInfo, point: OperatingPoint) -> float:
    """Return the probability of the positive class from which a two-class model names it."""
    if point.bad_from is None:
        return 0.5
    return 1.0 - point.bad_from if info.positive in point.good else point.bad_from


def _save(
    candidate: Candidate,
    dataset: Dataset,
    folder: Path,
    settings: ExportConfig,
    *,
    point: OperatingPoint,
    familiar: Familiar | None,
) -> None:
    from components.export.canonical import make_canonical
    from components.export.network import load_network
    from components.export.serving_graph import ServedAnswers, save_serving_graph
    from components.export.warmup import write_warmup

    info = candidate.info
    served = ServedAnswers(
        info=info,
        point=point,
        familiar=familiar,
        parallel_decodes=settings.parallel_decodes,
        grey_range=dataset.info.grey_range,
    )
    save_serving_graph(load_network(candidate.model_path, info), served, folder=folder)
    write_warmup(
        folder,
        model_name=settings.model_name,
        picture_shape=_typical_shape(candidate, dataset),
        batch_sizes=settings.warmup_batch_sizes,
    )
    make_canonical(folder)
    if settings.litert:
        from components.export.litert import write_litert

        write_litert(candidate, dataset, folder, settings.litert, point=point)


def _typical_shape(candidate: Candidate, dataset: Dataset) -> tuple[int, int]:
    paths = candidate.parity_paths()
    if not paths:
        return candidate.info.image_size_px, candidate.info.image_size_px
    height, width, _ = decode(dataset.picture(paths[0]), name=paths[0]).shape
    return height, width


STEP = Step("export", run, prepare=prepare, reuse=True)
