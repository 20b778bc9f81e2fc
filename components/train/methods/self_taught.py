"""Self-taught learning: features learnt from pictures without labels, of whatever classes.

Raina, Battle, Lee, Packer and Ng 2007 (ICML, 10.1145/1273496.1273592), with the features of Coates,
Ng and Lee 2011 (AISTATS): whitened patches, k-means, one convolution. When pooled, their roots are
whitened once more, by the same pictures, and stand beside the backbone's embedding or in its place.
Where there are no pictures without a label, the training pictures teach them, their labels unread.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from components.networks.config import EMBEDDING, LOGITS
from components.train.options import ClassWeight, ProbeOptions, Uses
from components.train.unlabelled.options import PatchOptions

if TYPE_CHECKING:
    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.session import Fitted, Session

USES = Uses(unlabelled=True)


@dataclass(frozen=True, kw_only=True)
class Options(PatchOptions, ProbeOptions):
    """Settings of the features and of the probe on them, besides those of the two above.

    beside: "backbone" keeps the pretrained embedding, too; "alone" does without the backbone, for
        pictures unlike photographs: small, quick to train and to serve.
    class_weight: "balanced" lets every class count the same.
    """

    beside: Literal["backbone", "alone"] = "backbone"
    class_weight: ClassWeight = "none"


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Learn the features, then fit the head; `Fitted.network` is the network with them.

    Raises:
        ConfigError: the pictures are too small for the patches.
    """
    from components.train.session import Fitted
    from components.train.transfer import solve_head, tail_inputs, trainable_parameters
    from components.train.unlabelled import joined

    source, note = joined.source_of(data.unlabelled, data.train)
    features = joined.rooted(joined.patch_features(source, options, seed=session.seed))
    classes = len(data.classes)
    if options.beside == "alone":
        whole, cut = joined.alone(joined.whitened(features, source, scale=1.0), classes=classes), ""
    else:
        # As loud as the backbone, or the one would drown the other under one penalty.
        scale = joined.spread_of(network, data.train, session)
        whitened = joined.whitened(features, source, scale=scale)
        whole, cut = joined.joined(network, whitened, classes=classes), joined.SEEN
    inputs = tail_inputs(data.weighted(options.class_weight), whole, session, cut=cut or EMBEDDING)
    tail = whole.between(whole.boundary(cut or EMBEDDING), (LOGITS,))
    head = solve_head(whole, tail, inputs, options, session, cut=cut or EMBEDDING)
    return Fitted(
        curves=(head.row,),
        cut=cut or EMBEDDING,
        trainable_parameters=trainable_parameters(whole.between((EMBEDDING,), (LOGITS,))),
        notes=(note, head.note),
        network=whole,
        embeddings=head.embeddings,
    )
