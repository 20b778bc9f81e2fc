"""Self-taught clustering: clusters found without a label; labels only say what they are called.

After Dai, Yang, Xue and Yu 2008 (ICML, 10.1145/1390156.1390182), whose own way is `variant: stc`.
Features are whitened by the statistics of auxiliary pictures and clustered, or a head is learnt
without labels (TURTLE, Gadetsky et al. 2024, arXiv:2406.07236). Each cluster gets the class that
most of its training pictures have: a handful of labels is enough where the clusters are good.
"""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from components.common.config import Section
from components.common.errors import ConfigError, DataError
from components.common.labels.source_facts import SourceFacts
from components.networks.config import EMBEDDING, LOGITS
from components.train.options import Uses
from components.train.unlabelled.options import PatchOptions

if TYPE_CHECKING:
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.networks.unlabelled.clusters import Clusters
    from components.train.session import Fitted, Session

USES = Uses(unlabelled=True, domains=True)


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """Settings of the clusters.

    clusters: how many; 0 estimates it by the silhouette, at least one a class.
    variant: "whitened" (k-means on whitened features), "stc" (the paper's co-clustering) or "head".
    on: "backbone" clusters the pretrained embedding, "patches" features that were learnt from
        patches, see `self_taught`, for pictures unlike photographs.
    auxiliary: a domain; its pictures without a label are of other classes: they lend their
        statistics and are not clustered. "" takes the statistics of all that are clustered.
    """

    clusters: Annotated[int, Field(ge=0, le=1000)] = 0
    variant: Literal["whitened", "stc", "head"] = "whitened"
    on: Literal["backbone", "patches"] = "backbone"
    auxiliary: str = ""


def check(options: Options, facts: SourceFacts) -> None:
    """Refuse more clusters than pictures, fewer than classes, an auxiliary domain without pictures.

    Raises:
        ConfigError, DataError: see above.
    """
    pictures, classes = facts.pictures + facts.unlabelled, len(facts.labelled)
    if options.clusters and not classes <= options.clusters <= pictures:
        raise ConfigError(
            f"between {classes} clusters, one a class, and {pictures}, one a picture",
            received=f"options.clusters={options.clusters}",
            do="correct it, or leave it out to have it estimated",
        )
    without = [one.name for one in facts.domains if one.unlabelled]
    if options.auxiliary and options.auxiliary not in without:
        raise DataError(
            f"pictures without a label whose column 'domain' is '{options.auxiliary}'",
            received=f"some of {', '.join(without)} only" if without else "none of any domain",
            do="add them to the manifest with an empty label, or correct options.auxiliary",
        )


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Find clusters, name them; `Fitted.network` ends in them.

    Raises:
        ConfigError: more clusters than pictures.
    """
    import numpy as np

    from components.common.seeding import derive
    from components.networks.features.cache import Want
    from components.networks.unlabelled.clusters import find_clusters
    from components.train.session import EpochScore, Fitted, predict, score
    from components.train.transfer import tail_inputs
    from components.train.unlabelled import joined

    classes, other = len(data.classes), data.unlabelled
    if options.on == "patches":
        source, _ = joined.source_of(other, data.train)
        features = joined.patch_features(source, PatchOptions(), seed=session.seed)
        network = joined.alone(features, classes=classes)
    inputs = tail_inputs(data, network, session, cut=EMBEDDING)
    own = np.asarray(inputs.train_inputs[0][: data.train.pictures], np.float32)
    further = own[:0]
    if other.pictures:
        (embedded,) = session.cache.get(network, Want(other, (EMBEDDING,)))
        further = np.asarray(embedded[: other.pictures], np.float32)
    apart = np.array([options.auxiliary in {name} - {""} for name in other.domains], bool)
    lent = further[apart] if apart.any() else np.concatenate([own, further])
    clustered = np.concatenate([own, further[~apart] if len(apart) else further])
    found = find_clusters(
        clustered,
        lent,
        count=options.clusters,
        least=classes,
        variant=options.variant,
        seed=derive(session.seed, "clusters"),
    )
    members = found.members[: len(own)]
    called = np.eye(found.count)[members].T @ (data.train.targets * data.train.weights[:, None])
    whole = _named(network, found, called, classes)
    tail = whole.between((EMBEDDING,), (LOGITS,))
    fitted_on = score(predict(tail, [own], rows=len(own)), data.train)
    judged_on = inputs.validation_score(tail)
    unnamed = sorted(set(range(classes)) - set(called.argmax(axis=1).tolist()))
    absent = ", ".join(data.classes[number] for number in unnamed)
    notes = [
        f"{found.count} clusters{'' if options.clusters else ', an estimate,'} in {len(clustered)} "
        f"pictures, whitened by {len(lent)}"
    ]
    return Fitted(
        curves=(EpochScore.of("clusters", 1, fitted_on, judged_on),),
        cut=EMBEDDING,
        trainable_parameters=tail.count_params(),
        notes=(*notes, *([f"no cluster is mostly {absent}: never answered"] if absent else [])),
        network=whole,
        embeddings=inputs.train_inputs[0][: data.train.pictures],
    )


def _named(network: "Network", found: "Clusters", called: Any, classes: int) -> "Network":
    """Return the network with its clusters and their names in place of the head.

    A picture surely of one cluster is answered with that cluster's class frequencies.

    Args:
        network: ends in an embedding [N, D].
        found: K clusters.
        called: float [K, classes], how many training pictures of each class are in each.
        classes: how many.
    """
    import keras
    import numpy as np

    # As if every cluster held one picture more, of the mix of all.
    mix = called.sum(axis=0) / called.sum()
    frequencies = (called + mix) / (called.sum(axis=1, keepdims=True) + 1.0)
    clusters = keras.layers.Dense(found.count, activation="softmax", name="clusters")
    names = keras.layers.Dense(classes, use_bias=False, name=LOGITS)
    answer = names(clusters(network.model.get_layer(EMBEDDING).output))
    clusters.set_weights([found.kernel, found.bias])
    names.set_weights([np.log(np.maximum(frequencies, 1e-6)).astype(np.float32)])
    model = keras.Model(network.model.inputs[0], answer, name="graft")
    return dataclasses.replace(network, model=model)
