"""Choose the way to transfer from the data: how much there is, and how near to the old task.

See `components.train.similarity` for the rule and `layer_profile` for the measurement. The rule is
the textbook's and is tested: all layers are tuned from the pretrained weights beside
what it names, and validation chooses (`check`). Where nothing is held out the rule stands.
"""

import dataclasses
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from components.common import plugins
from components.common.artifacts.decision import Decision
from components.common.config import Section
from components.train import similarity
from components.train.config import METHODS
from components.train.methods.from_scratch import Options as FromScratch
from components.train.methods.full import Options as Full
from components.train.methods.linear_probe import Options as LinearProbe
from components.train.methods.low_layers import Options as LowLayers
from components.train.similarity import Thresholds

if TYPE_CHECKING:
    from collections.abc import Callable

    from components.networks.data import TrainingData
    from components.networks.network import Network
    from components.train.session import Fitted, Session

LOG = logging.getLogger(__name__)

_FULL = "full"

METHOD_OF = {
    similarity.FEW_SIMILAR: "linear_probe",
    similarity.FEW_DISSIMILAR: "low_layers",
    similarity.MANY_SIMILAR: _FULL,
    similarity.MANY_DISSIMILAR: "from_scratch",
    similarity.UNCLEAR: "linear_probe",
}
_CONSEQUENCE = {
    similarity.FEW_SIMILAR: "so only the head is fitted, to the pretrained features",
    similarity.FEW_DISSIMILAR: "so only the layers up to {layer} are transferred",
    similarity.MANY_SIMILAR: "so all layers are tuned from the pretrained weights",
    similarity.MANY_DISSIMILAR: "so the network is trained from scratch",
    similarity.UNCLEAR: "so only the head is fitted, which is seldom far from the best",
}

_UNCHECKED = (
    "The rule's choice was taken without a check, since cross-validation holds nothing out to "
    "check on; each fold applied the same rule to its own pictures."
)


@dataclass(frozen=True, kw_only=True)
class Choosable(Section):
    """Settings of the methods that may be chosen, as under `train.options`."""

    linear_probe: LinearProbe = LinearProbe()
    low_layers: LowLayers = LowLayers()
    full: Full = Full()
    from_scratch: FromScratch = FromScratch()


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """Settings of the choice.

    thresholds: where few ends and similar begins.
    profile_pictures: at most so many training pictures are probed.
    check: also tune all layers from the pretrained weights, and keep what has the lower calibrated
        validation loss. False takes what the rule names and saves that time; so does
        cross-validation, which holds nothing out to check on.
    methods: settings for the methods that may be chosen, by name.
    """

    thresholds: Thresholds = Thresholds()
    profile_pictures: Annotated[int, Field(ge=10)] = 2000
    check: bool = True
    methods: Choosable = Choosable()


def may_run(options: Options) -> tuple[tuple[Any, ...], ...]:
    """Return what may be fitted one after the other, as Options, for estimates of the time."""
    names = dict.fromkeys(METHOD_OF.values())
    check = (options.methods.full,) if options.check else ()
    return tuple(
        (getattr(options.methods, name), *(() if name == _FULL else check)) for name in names
    )


def fit(data: "TrainingData", network: "Network", options: Options, session: "Session") -> "Fitted":
    """Measure, decide, and fit by the method chosen; its own fallbacks apply."""
    decision = decide(data, network, options, session)
    LOG.info("%s", decision.reason)

    def run(decided: Decision) -> "Fitted":
        chosen = getattr(options.methods, decided.method)
        if decided.layer:
            chosen = dataclasses.replace(chosen, layer=decided.layer)
        done: Fitted = plugins.load(METHODS, decided.method).fit(data, network, chosen, session)
        return done

    if options.check and decision.method != _FULL and data.validation.pictures:
        decision, fitted = _checked(decision, run, data, network, session)
    else:
        if not data.validation.pictures:
            decision = dataclasses.replace(decision, remarks=(*decision.remarks, _UNCHECKED))
        fitted = run(decision)
    notes = (decision.reason, *decision.remarks, *fitted.notes)
    return dataclasses.replace(fitted, notes=notes, decision=decision)


def decide(
    data: "TrainingData", network: "Network", options: Options, session: "Session"
) -> Decision:
    """Measure size and similarity on the training split and apply the rule."""
    from components.train import layer_profile

    size = similarity.count(data.train)
    profile = layer_profile.measure(data.train, network, session, limit=options.profile_pictures)
    found = similarity.similarity(profile, noise=options.thresholds.noise)
    choice = similarity.choose(size, found, options.thresholds)
    kept = profile.best_below_top.layer if choice.cell == similarity.FEW_DISSIMILAR else ""
    unmeasured = "The layer profile could not be measured: a class has fewer than two groups."
    return Decision(
        cell=choice.cell,
        method=METHOD_OF[choice.cell],
        layer=kept,
        reason=f"{choice.reason}, {_CONSEQUENCE[choice.cell].format(layer=kept)}.",
        pictures=size.pictures,
        groups=size.groups,
        groups_a_class=size.groups_a_class,
        metric=profile.metric,
        chance=profile.chance,
        similarity=found.value if found else None,
        similarity_error=found.error if found else None,
        profile=profile.depths,
        remarks=() if profile.depths else (unmeasured,),
    )


def _checked(
    decision: Decision,
    fit_by: "Callable[[Decision], Fitted]",
    data: "TrainingData",
    network: "Network",
    session: "Session",
) -> "tuple[Decision, Fitted]":
    """Fit by the method chosen and by tuning all layers, keep what validation prefers.

    All layers at a small rate were as good as the textbook's choice or better in most cells that
    were measured (`benchmarks.decision_regret`); random weights want far more pictures than a few
    thousand (He et al. 2019, arXiv:1811.08883, saw them keep up from some 10,000 on).
    """
    start = network.model.get_weights()
    tuned = dataclasses.replace(decision, method=_FULL, layer="")
    full_fit = fit_by(tuned)
    full_loss, full_weights = _loss(data, network, full_fit, session), network.model.get_weights()
    network.model.set_weights(start)
    own_fit = fit_by(decision)
    own_loss = _loss(data, network, own_fit, session)
    remark = (
        f"Calibrated validation loss {own_loss:.3f} by {decision.method}, {full_loss:.3f} with all "
        "layers tuned from the pretrained weights: the lower was kept."
    )
    remarks = (*decision.remarks, remark)
    if full_loss > own_loss:
        return dataclasses.replace(decision, remarks=remarks), own_fit
    network.model.set_weights(full_weights)
    reason = f"{decision.reason} All layers were tuned instead, which validation prefers."
    return dataclasses.replace(tuned, reason=reason, remarks=remarks), full_fit


def _loss(data: "TrainingData", network: "Network", fitted: "Fitted", session: "Session") -> float:
    """Return the validation loss that is left after temperature scaling."""
    from components.common.statistics.temperature import calibrated_losses
    from components.train.session import flip_averaged_logits

    kept = fitted.network or network
    logits = flip_averaged_logits(kept, data.validation, cut=fitted.cut, session=session)
    return float(calibrated_losses(logits, data.validation.labels).mean())
