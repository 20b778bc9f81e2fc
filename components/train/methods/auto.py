"""Choose the way to transfer from the data: how much there is, and how near to the old task.

See `components.train.similarity` for the rule and `layer_profile` for the measurement. The rule is
the textbook's and is not taken at its word: all layers are tuned from the pretrained weights beside
what it names, and validation chooses (`check`).
"""

import dataclasses
import logging
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from components.common import config, plugins
from components.common.artifacts.decision import Decision
from components.common.config import Section
from components.common.errors import ConfigError, expected
from components.networks.data import TrainingData
from components.networks.network import Network
from components.networks.probe.calibration import fit_temperature
from components.networks.probe.probe import log_loss
from components.train import layer_profile, similarity
from components.train.session import Fitted, Session, flip_averaged_logits
from components.train.similarity import Thresholds

LOG = logging.getLogger(__name__)

_METHODS = "components.train.methods"
_LP_FT = "linear_probe_finetune"
_LOW_LAYERS = "low_layers"
_FULL = "full"
_FROM_SCRATCH = "from_scratch"

METHOD_OF = {
    similarity.FEW_SIMILAR: _LP_FT,
    similarity.FEW_DISSIMILAR: _LOW_LAYERS,
    similarity.MANY_SIMILAR: _FULL,
    similarity.MANY_DISSIMILAR: _FROM_SCRATCH,
    similarity.UNCLEAR: _LP_FT,
}
_CONSEQUENCE = {
    similarity.FEW_SIMILAR: "so the head is solved and the top layers are tuned at a small rate",
    similarity.FEW_DISSIMILAR: "so only the layers up to {layer} are transferred",
    similarity.MANY_SIMILAR: "so all layers are tuned from the pretrained weights",
    similarity.MANY_DISSIMILAR: "so the network is trained from scratch",
    similarity.UNCLEAR: "so the head is solved and the top layers are tuned, which is seldom far "
    "from the best",
}


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """Settings of the choice.

    thresholds: where few ends and similar begins.
    profile_pictures: at most so many training pictures are probed.
    check: also tune all layers from the pretrained weights, and keep what has the lower calibrated
        validation loss. False takes what the rule names and saves that time.
    methods: settings for the methods that may be chosen, by name, as under `train.options`.
    """

    thresholds: Thresholds = Thresholds()
    profile_pictures: Annotated[int, Field(ge=10)] = 2000
    check: bool = True
    methods: dict[str, dict[str, Any]] = field(default_factory=dict)


def may_run(options: Options) -> tuple[tuple[Any, ...], ...]:
    """Return what may be fitted one after the other, as Options, for estimates of the time.

    Raises:
        ConfigError: settings for a method that there is none of, or that it does not have.
    """
    settings = _settings(options)
    check = (settings[_FULL],) if options.check else ()
    return tuple((own,) if name == _FULL else (own, *check) for name, own in settings.items())


def fit(data: TrainingData, network: Network, options: Options, session: Session) -> Fitted:
    """Measure, decide, and fit by the method chosen; its own fallbacks apply.

    Raises:
        ConfigError: settings for a method that there is none of, or that it does not have.
    """
    settings = _settings(options)
    decision = decide(data, network, options, session)
    LOG.info("%s", decision.reason)
    if options.check and decision.method != _FULL:
        kept = _checked(decision, data, network, settings, session)
        fitted, decision = kept.fitted, kept.decision
    else:
        fitted = _fit(decision, data, network, settings, session)
    notes = (decision.reason, *decision.remarks, *fitted.notes)
    return dataclasses.replace(fitted, notes=notes, decision=decision)


def decide(data: TrainingData, network: Network, options: Options, session: Session) -> Decision:
    """Measure size and similarity on the training split and apply the rule."""
    size = similarity.count(data.train)
    profile = layer_profile.measure(data.train, network, session, limit=options.profile_pictures)
    found = similarity.similarity(profile, noise=options.thresholds.noise)
    choice = similarity.choose(size, found, options.thresholds)
    kept = profile.best_below_top.layer if choice.cell == similarity.FEW_DISSIMILAR else ""
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
        remarks=_domain_remark(profile),
    )


def _domain_remark(profile: layer_profile.Profile) -> tuple[str, ...]:
    if not profile.depths:
        return ("The layer profile could not be measured: a class has fewer than two groups.",)
    if not profile.domains:
        return ("The pictures name no two domains, so no distance between domains was measured.",)
    distances = [d.domain_distance for d in profile.depths if d.domain_distance is not None]
    if not distances:
        return ("The domains have too few groups for their distance to be measured.",)
    pair = " and ".join(profile.domains)
    text = f"Proxy A-distance between {pair}: {distances[0]:.2f} early, {distances[-1]:.2f} late"
    return (f"{text} (0: cannot be told apart, 2: a line separates them).",)


def _settings(options: Options) -> dict[str, Any]:
    """Return the Options of the methods that may be chosen, checked before anything is run."""
    known = sorted(set(METHOD_OF.values()))
    strangers = sorted(set(options.methods) - set(known))
    if strangers:
        raise ConfigError(
            expected(
                f"settings for {', '.join(known)} under options.methods",
                received=f"settings for {', '.join(strangers)}",
                do="correct the name or remove it",
            )
        )
    return {
        name: config.load(
            plugins.load(_METHODS, name).Options,
            options.methods.get(name, {}),
            where=f"train.options.methods.{name}",
        )
        for name in known
        if name in plugins.names(_METHODS)
    }


def _fit(
    decision: Decision,
    data: TrainingData,
    network: Network,
    settings: dict[str, Any],
    session: Session,
) -> Fitted:
    method = plugins.load(_METHODS, decision.method)
    chosen = settings[decision.method]
    if decision.layer:
        chosen = dataclasses.replace(chosen, layer=decision.layer)
    fitted: Fitted = method.fit(data, network, chosen, session)
    return fitted


@dataclass(frozen=True)
class _Checked:
    """A fit that was kept, and the decision that says so."""

    fitted: Fitted
    decision: Decision


def _checked(
    decision: Decision,
    data: TrainingData,
    network: Network,
    settings: dict[str, Any],
    session: Session,
) -> _Checked:
    """Fit by the method chosen and by tuning all layers, keep what validation prefers.

    All layers at a small rate were as good as the textbook's choice or better in most cells that
    were measured (`benchmarks.decision_regret`); random weights want far more pictures than a few
    thousand (He et al. 2019, arXiv:1811.08883, saw them keep up from some 10,000 on).
    """
    start = network.model.get_weights()
    tuned = dataclasses.replace(decision, method=_FULL, layer="")
    full = _fit(tuned, data, network, settings, session)
    full_loss, full_weights = _loss(data, network, full, session), network.model.get_weights()
    network.model.set_weights(start)
    own = _fit(decision, data, network, settings, session)
    own_loss = _loss(data, network, own, session)
    remark = (
        f"Calibrated validation loss {own_loss:.3f} by {decision.method}, {full_loss:.3f} with all "
        "layers tuned from the pretrained weights: the lower was kept."
    )
    remarks = (*decision.remarks, remark)
    if full_loss > own_loss:
        return _Checked(own, dataclasses.replace(decision, remarks=remarks))
    network.model.set_weights(full_weights)
    reason = f"{decision.reason} All layers were tuned instead, which validation prefers."
    return _Checked(full, dataclasses.replace(tuned, reason=reason, remarks=remarks))


def _loss(data: TrainingData, network: Network, fitted: Fitted, session: Session) -> float:
    """Return the validation loss that is left after temperature scaling."""
    split = data.validation
    kept = fitted.network or network
    logits = flip_averaged_logits(kept, split, cut=fitted.cut, session=session)
    truth = np.eye(logits.shape[1], dtype=np.float32)[split.labels]
    return log_loss(logits / np.float32(fit_temperature(logits, split.labels)), truth)
