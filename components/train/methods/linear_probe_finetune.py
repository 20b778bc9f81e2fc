"""Linear probe, then fine-tune: LP-FT (Kumar et al. 2022, arXiv:2202.10054).

The head is solved on frozen features first, so that the gradients that then reach the pretrained
layers are small and do not distort them.
"""

import dataclasses
import logging
import math
from dataclasses import dataclass
from typing import Annotated

import keras
import numpy as np
from pydantic import Field

from components.common.seeding import derive
from components.train.activations import Want
from components.train.calibration import fit_temperature
from components.train.data import Floats, TrainingData
from components.train.network import EMBEDDING, LOGITS, Network
from components.train.probe import fit_probe, log_loss
from components.train.session import EpochScore, Fitted, Session, score
from components.train.tuning import TuningInputs, TuningOptions, freeze_norms, tune

LOG = logging.getLogger(__name__)

_RETRIES = 1
# Of the probe's validation loss: less is within what a few hundred pictures can tell.
_TOLERANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class Options(TuningOptions):
    """Settings of LP-FT, besides those of `TuningOptions`.

    cut: the last frozen layer; "" leaves it to the backbone.
    strength: the probe's inverse L2 penalty C; 0 chooses it by cross-validation.
    """

    cut: str = ""
    strength: Annotated[float, Field(ge=0)] = 0.0


def fit(data: TrainingData, network: Network, options: Options, session: Session) -> Fitted:
    """Solve the head, then train everything after the cut at a small rate.

    A run that diverges, or ends worse than the probe, is tried once more at a third of the rate;
    if that is no better the probe is kept. Both are written down in the notes.
    """
    cut = network.cut(options.cut)
    starts = network.boundary(cut)
    inputs = TuningInputs(
        train=data.train,
        train_inputs=session.cache.inputs(network, Want(data.train, starts)),
        validation=data.validation,
        validation_inputs=session.cache.inputs(
            network, Want(data.validation, starts, activity="computing validation features")
        ),
        precision=session.cache.precision,
    )
    (features,) = session.cache.get(network, Want(data.train, (EMBEDDING,), starts=starts))
    seed = derive(session.seed, "probe")
    probe = fit_probe(features, data.train, strength=options.strength, seed=seed)
    network.set_head(probe.kernel, probe.bias)
    notes = [f"probe penalty C = {probe.strength:g}"]
    tail = network.between(starts, (LOGITS,))
    freeze_norms(tail)
    first = _probe_row(probe.logits(features[: data.train.pictures]), tail, inputs)
    attempts = _attempts(tail, inputs, options, seed=session.seed)
    return Fitted(
        curves=(first, *attempts.curves),
        cut=cut,
        trainable_parameters=sum(math.prod(v.shape) for v in tail.trainable_variables),
        notes=(*notes, *attempts.notes),
    )


@dataclass(frozen=True)
class _Attempts:
    """What the attempts came to: the curves of the last one, and what went wrong."""

    curves: tuple[EpochScore, ...]
    notes: tuple[str, ...]


def _attempts(tail: keras.Model, inputs: TuningInputs, options: Options, *, seed: int) -> _Attempts:
    start = tail.get_weights()
    bar = _calibrated_loss(tail, inputs)
    notes: list[str] = []
    for attempt in range(1 + _RETRIES):
        rate = options.learning_rate / 3**attempt
        settings = dataclasses.replace(options, learning_rate=rate)
        tuned = tune(tail, inputs, settings, seed=derive(seed, "finetune", str(attempt)))
        fault = tuned.diverged or _fault(_calibrated_loss(tail, inputs), bar)
        if not fault:
            return _Attempts(tuned.curves, tuple(notes))
        notes.append(f"fine-tuning at rate {rate:.3g} was dropped: {fault}")
        LOG.warning(notes[-1])
        tail.set_weights(start)
    return _Attempts(tuned.curves, (*notes, "the linear probe was kept"))


def _calibrated_loss(tail: keras.Model, inputs: TuningInputs) -> float:
    """Return the validation loss after temperature scaling.

    Tuned networks are surer of themselves than probes; calibration takes that away again before
    the network is used, so it must not count against them here.
    """
    logits = inputs.validation_logits(tail)
    if not np.isfinite(logits).all():
        return math.inf
    labels = inputs.validation.labels
    truth = np.eye(logits.shape[1], dtype=np.float32)[labels]
    return log_loss(logits / np.float32(fit_temperature(logits, labels)), truth)


def _fault(loss: float, bar: float) -> str:
    if loss <= bar * (1.0 + _TOLERANCE):
        return ""
    return f"calibrated validation loss {loss:.3f}, the probe's is {bar:.3f}"


def _probe_row(train_logits: Floats, tail: keras.Model, inputs: TuningInputs) -> EpochScore:
    fitted_on = score(train_logits, inputs.train)
    judged_on = score(inputs.validation_logits(tail), inputs.validation)
    return EpochScore(
        "probe", 1, fitted_on.loss, judged_on.loss, fitted_on.accuracy, judged_on.accuracy
    )
