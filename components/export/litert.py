"""LiteRT files beside the SavedModel: float32 or float16 weights, or int8 for all numbers.

Keras writes a float file, the quantizer makes the others of it. The ranges of int8 activations are
those of training pictures. A file whose answers are far from the trainer's is refused here; what a
near one loses, the evaluation measures and the gate judges.
"""

import logging
import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.artifacts.candidate import Candidate, CandidateInfo
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.records import write_record
from components.common.errors import ConfigError, ExportError
from components.common.files import write_bytes
from components.common.models.litert import FOLDER, LitertInfo, LitertModel, LitertPrecision
from components.common.pictures.decode import decode, resize
from components.common.pictures.grey_range import GreyRange
from components.common.statistics.operating_point import OperatingPoint
from components.export.portable import in_colour
from components.networks.fast.folding import fold_batch_norm

LOG = logging.getLogger(__name__)

# Mean distance of probabilities from the trainer's from which a file is broken, not just rounded.
_BROKEN = {"float32": 0.001, "float16": 0.01, "int8": 0.1}
_CALIBRATED_ON = 100
_LEAST_WEIGHT = 2e-5  # of a channel's bias


def write_litert(
    candidate: Candidate,
    dataset: Dataset,
    folder: Path,
    precisions: tuple[LitertPrecision, ...],
    *,
    point: OperatingPoint,
) -> None:
    """Write `<precision>.tflite` and its record for each precision.

    Args:
        candidate: the network and its calibration.
        dataset: holds the training pictures.
        folder: the SavedModel's.
        precisions: which files.
        point: when which class is answered.

    Raises:
        ConfigError: the quantizer is not installed.
        ExportError: a file answers otherwise than the trainer's network.
    """
    info = candidate.info
    plain = float_file(candidate.model_path, image_size_px=info.image_size_px)
    for precision in precisions:
        path = folder / FOLDER / f"{precision}.tflite"
        write_bytes(path, quantized(plain, precision, _representative(dataset, info)))
        write_litert_record(
            path, info, precision=precision, point=point, grey_range=dataset.info.grey_range
        )
        _check(path, candidate, dataset)


def write_litert_record(
    path: Path,
    info: CandidateInfo,
    *,
    precision: LitertPrecision,
    point: OperatingPoint,
    grey_range: GreyRange,
) -> None:
    """Write the record that `LitertModel` reads beside a file.

    Args:
        path: the file's.
        info: of the network in it.
        precision, grey_range: see `LitertInfo`.
        point: when which class is answered.
    """
    record = LitertInfo(
        classes=info.classes,
        image_size_px=info.image_size_px,
        temperature=info.temperature,
        flips=info.flips,
        operating_point=replace(point, far_from=None),
        precision=precision,
        fit=info.fit,
        grey_range=grey_range,
    )
    write_record(path.with_suffix(".json"), record)


def float_file(network: Path, *, image_size_px: int) -> bytes:
    """Return a Keras network as a LiteRT file in float32, for one picture a call, logits out."""
    import keras

    # The file names every operation, with Keras' count of what this process has built before.
    keras.utils.clear_session()
    model = keras.models.load_model(network, compile=False)
    logits = fold_batch_norm(keras.Model(model.inputs, model.outputs[0], name="graft"))
    for layer in logits.layers:
        _widen_dead_channels(layer)
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "float.tflite"
        shape = (1, image_size_px, image_size_px, 3)
        signature = [keras.InputSpec(shape=shape, dtype="float32", name="pixels")]
        logits.export(str(path), format="litert", input_signature=signature, verbose=False)
        return path.read_bytes()


def _widen_dead_channels(layer: Any) -> None:
    """Give channels that are all but their bias a weight that int8 can scale the bias by.

    A bias is stored in units of the channel's largest weight; where that is next to nothing, the
    quantizer's 32 bits overflow and the channel's sign turns. The weight that is put there changes
    the channel by a ten-thousandth.
    """
    if not getattr(layer, "use_bias", False) or len(layer.get_weights()) != 2:
        return
    kernel, bias = layer.get_weights()
    # A view with a row a channel: also of depthwise kernels [h, w, channels, 1].
    channels = kernel.reshape(-1, len(bias)).T
    least = _LEAST_WEIGHT * np.abs(bias)
    weak = np.abs(channels).max(axis=1) < least
    channels[weak, 0] = least[weak]
    layer.set_weights([kernel, bias])


def quantized(
    plain: bytes, precision: LitertPrecision, representative: list[npt.NDArray[np.float32]]
) -> bytes:
    """Return such a file with smaller numbers.

    Args:
        plain: as from `float_file`.
        precision: of what is returned.
        representative: pictures as the network takes them, float32 [S, S, 3], for int8's ranges.

    Raises:
        ConfigError: the quantizer is not installed.
    """
    if precision == "float32":
        return plain
    try:
        from litert_quantizer import quantizer, recipe
    except ImportError:
        raise ConfigError(
            "the LiteRT quantizer",
            received="an installation without it",
            do="pip install 'graft-vision[edge]', or leave out export.litert",
        ) from None
    with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        # A channel of zeros has no scale, and keeping all activations is what calibrating needs.
        warnings.simplefilter("ignore")
        if precision == "int8":
            tool = quantizer.Quantizer(plain, recipe.static_wi8_ai8())
            ((signature, tensors),) = _signatures(plain).items()
            (name,) = tensors["inputs"]
            ranges = [
                tool.calibrate({signature: [{name: pixels[None]}]}, num_threads=1)
                for pixels in representative
            ]
            return bytes(tool.quantize(_widest(ranges)).quantized_model)
        return bytes(_with_float16(quantizer.Quantizer(plain)).quantize().quantized_model)


def _widest(ranges: list[dict[str, Any]]) -> dict[str, Any]:
    """Return each tensor's least and greatest value in any picture.

    Left alone the quantizer takes a moving average, in which the first picture counts most: bright
    and dark ones are then cut off.
    """
    joined = ranges[0]
    for one in ranges[1:]:
        for name, found in one.items():
            low = np.minimum(joined[name]["min"], found["min"])
            high = np.maximum(joined[name]["max"], found["max"])
            joined[name] = {**joined[name], "min": low, "max": high}
    return joined


def _with_float16(tool: Any) -> Any:
    from litert_quantizer import algorithm_manager, qtyping

    for operation in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        tool.add_weight_only_config(
            ".*",
            getattr(qtyping.TFLOperationName, operation),
            16,
            algorithm_key=algorithm_manager.AlgorithmName.FLOAT_CASTING,
        )
    return tool


def _signatures(plain: bytes) -> dict[str, Any]:
    from ai_edge_litert.interpreter import Interpreter

    found: dict[str, Any] = Interpreter(model_content=plain).get_signature_list()
    return found


def _representative(dataset: Dataset, info: CandidateInfo) -> list[npt.NDArray[np.float32]]:
    """Return training pictures as the network sees them, float32 [S, S, 3] each."""
    rows = dataset.split("train")
    chosen = np.linspace(0, len(rows) - 1, min(_CALIBRATED_ON, len(rows))).astype(np.int64)
    size = info.image_size_px
    pictures = [
        resize(decode(dataset.picture(path), name=path), size, fit=info.fit)
        for path in rows["path"].iloc[chosen].astype(str)
    ]
    return [in_colour(one).astype(np.float32) for one in pictures]


def _check(path: Path, candidate: Candidate, dataset: Dataset) -> None:
    model = LitertModel(path)
    pictures = [dataset.picture(one) for one in candidate.parity_paths()]
    gaps = np.abs(model.answer(pictures).probabilities - candidate.parity_probabilities())
    LOG.info("%s: probabilities %.2g apart on average", path.name, gaps.mean())
    if not gaps.mean() <= _BROKEN[model.info.precision]:
        raise ExportError(
            f"{path.name} to answer like the trainer within {_BROKEN[model.info.precision]:g}",
            received=f"probabilities {gaps.mean():.2g} apart on average",
            do="leave this precision out of export.litert, or train with another backbone: one "
            "of ReLU6 and convolutions alone (small, efficientnet_lite) loses least",
        )
