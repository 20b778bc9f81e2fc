"""One class: what good pictures look like is learnt, and how unlike them a picture is.

For when there is hardly any defect; see `components.train.imbalance.novelty` for the papers. Only
good pictures decide what is unlike; the few defects say no more than from where on it is a defect.
"""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.common.config import Section
from components.common.errors import ConfigError
from components.common.labels.source_facts import SourceFacts
from components.networks.config import EMBEDDING, LOGITS

if TYPE_CHECKING:
    from components.common.statistics.whitening import Whitening
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.networks.rows import Floats
    from components.train.imbalance.calibrate import Scaling
    from components.train.session import Fitted, Session


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """Settings of the one class.

    normal: the class of the good pictures; "" takes the one that most pictures have.
    """

    normal: str = ""


def check(options: Options, facts: SourceFacts) -> None:
    """Refuse anything but two classes, and a normal class that is neither.

    Raises:
        ConfigError: see above.
    """
    names = [one.name for one in facts.labelled]
    if len(names) != 2:
        raise ConfigError(
            "two classes for train.method=one_class, the good one and the defects",
            received=", ".join(names) or "none",
            do="put all defects into one class, or take train.method=linear_probe",
        )
    if options.normal and options.normal not in names:
        raise ConfigError(
            f"train.options.normal to be one of {', '.join(names)}",
            received=options.normal,
            do="correct it, or leave it out for the more frequent one",
        )


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Learn the good pictures' features; `Fitted.network` ends in the distance from them.

    Raises:
        DataError: fewer than two pictures of a class, by which nothing can be calibrated.
    """
    import numpy as np

    from components.common.errors import DataError
    from components.common.seeding import derive
    from components.train.imbalance.calibrate import fit_scaling
    from components.train.imbalance.head import folds_of
    from components.train.imbalance.novelty import learn_good, left_out
    from components.train.session import EpochScore, Fitted, class_shares, predict, score
    from components.train.transfer import tail_inputs

    inputs = tail_inputs(data, network, session, cut=EMBEDDING)
    own = np.asarray(inputs.train_inputs[0][: data.train.pictures], np.float32)
    counts = np.bincount(data.train.labels, minlength=len(data.classes))
    normal = data.classes.index(options.normal) if options.normal else int(counts.argmax())
    is_good = data.train.labels == normal
    folds, _ = folds_of(data.train, seed=derive(session.seed, "one class"))
    if not folds:
        raise DataError(
            "at least two training pictures of each class: the few defects set the threshold",
            received=f"{int(counts.min())} of one class",
            do="add pictures of it",
        )
    good = learn_good(own[is_good])
    apart, asked = left_out(own, is_good, folds)
    signs = np.where(np.arange(len(data.classes)) == normal, -0.5, 0.5).astype(np.float32)
    scaling = fit_scaling(apart[:, None] * signs, data.train.labels[asked])
    whole = _measuring(network, good, scaling, signs)
    tail = whole.between((EMBEDDING,), (LOGITS,))
    fitted_on = score(predict(tail, [own], rows=len(own)), data.train)
    judged_on = inputs.validation_score(tail)
    row = EpochScore.of("one class", 1, fitted_on, judged_on)
    return Fitted(
        curves=(row,),
        cut=EMBEDDING,
        trainable_parameters=tail.count_params(),
        notes=(f"one class: learnt on {int(is_good.sum())} pictures of {data.classes[normal]}",),
        network=whole,
        embeddings=inputs.train_inputs[0][: data.train.pictures],
        class_shares=class_shares(data.train),
    )


def _measuring(
    network: "Network", good: "Whitening", scaling: "Scaling", signs: "Floats"
) -> "Network":
    """Return the network with the distance from good pictures in place of the head.

    Args:
        network: ends in an embedding [N, D].
        good: the map after which good pictures spread alike.
        scaling: from signed distances to calibrated logits.
        signs: float32 [classes], what a distance counts for each class.
    """
    import keras
    import numpy as np

    whitened = keras.layers.Dense(good.axes.shape[1], name="whitened")
    answer = keras.layers.Dense(len(signs), name=LOGITS)
    spread = whitened(network.model.get_layer(EMBEDDING).output)
    apart = keras.ops.sqrt(keras.ops.mean(keras.ops.square(spread), axis=-1, keepdims=True))
    logits = answer(apart)
    # Features that hardly vary make axes too large for float16, in which a small device has them:
    # both layers bear half of it.
    size = np.sqrt(max(float(np.abs(good.axes).max()), 1e-12))
    axes = (good.axes / size).astype(np.float32)
    whitened.set_weights([axes, -good.centre @ axes])
    kernel = (size * scaling.slope * signs)[None].astype(np.float32)
    answer.set_weights([kernel, scaling.shift.astype(np.float32)])
    model = keras.Model(network.model.inputs[0], logits, name="graft")
    return dataclasses.replace(network, model=model)
