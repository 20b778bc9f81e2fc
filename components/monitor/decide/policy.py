"""Policy: one word, with reasons.

A table of pure rules, asked in order; the first that has an answer decides.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from components.common.artifacts.monitoring.drift_report import Harm, PolicyDecision
from components.monitor.decide.config import PolicyConfig
from components.monitor.decide.situation import Situation, count_of
from components.monitor.decide.waiting import cooling_down, quiet_hours, week_is_full

_HOUR_S = 3600.0
_UNSEEN = {"novel", "new_look"}


Rule = Callable[[Situation, PolicyConfig], PolicyDecision | None]
"""Its decision has the trigger alone for a key."""


def decide(situation: Situation, settings: PolicyConfig) -> PolicyDecision:
    """Return `keep`, `ask`, `fix_camera`, `blind` or `retrain`.

    Reads no clock and no file: equal arguments give equal decisions.
    """
    answers = (rule(situation, settings) for rule in RULES)
    said = next(answer for answer in answers if answer is not None)
    if not said.key:
        return said
    return replace(said, key=key_of(situation, settings, trigger=said.key))


def blind(now: Situation, _settings: PolicyConfig) -> PolicyDecision | None:
    """Say so at once: who sees nothing cannot say that nothing has changed."""
    if now.silence is None:
        return None
    reasons = (now.silence.sentence, now.silence.check)
    return PolicyDecision(word="blind", key=f"blind-{now.silence.kind}", reasons=reasons)


def too_few_pictures(now: Situation, settings: PolicyConfig) -> PolicyDecision | None:
    """Keep: a handful of pictures says nothing."""
    if now.pictures >= settings.min_pictures:
        return None
    return _keep(
        f"The window holds {count_of(now.pictures, 'usable picture')}; at least "
        f"{settings.min_pictures} are needed to say anything."
    )


def camera_fault(now: Situation, settings: PolicyConfig) -> PolicyDecision | None:
    """Fix the camera, whatever the loss: training would teach the model the dirt on the lens."""
    why = now.explanation
    if why.family != "camera" or why.confidence < settings.min_confidence:
        return None
    if not _troubled(now, settings):
        return None
    fault = why.fault or "unknown"
    changed = f"The camera has changed ({fault}, confidence {why.confidence:.0%})"
    return PolicyDecision(
        word="fix_camera",
        key=f"camera-{fault}",
        reasons=(
            f"{changed}: {why.advice or 'look at it.'}",
            "A camera fault is never answered by training.",
        ),
    )


def maybe_camera(now: Situation, settings: PolicyConfig) -> PolicyDecision | None:
    """Ask: it looks like the camera, but not surely."""
    why = now.explanation
    if why.family != "camera" or not _troubled(now, settings):
        return None
    return _ask(
        "maybe-camera",
        f"This may be a camera fault ({why.fault or 'unknown'}, confidence {why.confidence:.0%}, "
        f"below {settings.min_confidence:.0%}); look at the camera before anything is trained.",
    )


def unseen_without_labels(now: Situation, settings: PolicyConfig) -> PolicyDecision | None:
    """Ask for labels: nothing can be learnt, or estimated, of a product nobody has labelled."""
    why = now.explanation
    unseen = why.family == "product" and why.fault in _UNSEEN
    if not (now.alarm and unseen) or now.new_labels >= settings.min_new_labels:
        return None
    return _ask(
        f"product-{why.fault}",
        "The pictures show a product that the model has not been trained on.",
        _labels_wanted(now, settings),
    )


def answers_changed(now: Situation, settings: PolicyConfig) -> PolicyDecision | None:
    """Ask: the model answers otherwise, so look at the process before the model.

    Not for a new product, which the pictures themselves tell, nor where labels have shown that it
    is the model that is wrong.
    """
    said = [one.detector for one in now.detections if one.alarm and one.channel == "scores"]
    if not said or not now.answers or now.explanation.family == "product":
        return None
    if now.harm is not None and now.harm.basis == "audit" and _is_harmful(now.harm, settings):
        return None
    most = max(now.answers, key=lambda one: (abs(one.now - one.usual), one.now))
    way = "rose" if most.now >= most.usual else "fell"
    return _ask(
        f"answers-{most.answer}" if most.answer.isalnum() else "answers",
        f"The share of `{most.answer}` among the answers {way} from {most.usual:.0%} to "
        f"{most.now:.0%} (alarmed: {', '.join(said)}): look at the process first.",
        "If the product is as it was, the model is wrong. " + _AUDIT,
    )


def harmful(now: Situation, settings: PolicyConfig) -> PolicyDecision | None:
    """Retrain, if nothing stands in the way: accuracy is being lost."""
    harm = now.harm
    if harm is None or not _is_harmful(harm, settings):
        return None
    if not now.alarm and harm.basis != "audit":
        return None
    reasons = [_loss(harm)]
    if now.alarm:
        reasons.append(_alarms(now))
    # While the last run has yet to show what it did, there is nothing to ask for either.
    if cooling := cooling_down(now, settings):
        return _keep(*reasons, cooling)
    if now.new_labels < settings.min_new_labels:
        return _ask("loss-no-labels", *reasons, _labels_wanted(now, settings))
    if settings.max_runs_per_week == 0:
        off = "Runs that start themselves are switched off (max_runs_per_week is 0)."
        return _ask("loss-runs-off", *reasons, off)
    if waits := [
        reason for obstacle in (week_is_full, quiet_hours) if (reason := obstacle(now, settings))
    ]:
        return _keep(*reasons, *waits)
    reasons.append(f"{count_of(now.new_labels, 'new labelled picture')} can be learnt from.")
    return PolicyDecision(word="retrain", key="loss", reasons=tuple(reasons))


def harm_without_alarm(now: Situation, settings: PolicyConfig) -> PolicyDecision | None:
    """Ask: a loss without labels that no detector backs is not enough to train on."""
    if now.alarm or now.harm is None or not _is_harmful(now.harm, settings):
        return None
    return _ask("loss-no-alarm", _loss(now.harm), f"No detector sees a change. {_AUDIT}")


def harm_unknown(now: Situation, settings: PolicyConfig) -> PolicyDecision | None:
    """Ask: the inputs have changed, and the loss may be large."""
    if not now.alarm:
        return None
    if now.harm is None:
        unknown = f"What it costs cannot be estimated. {_AUDIT}"
        return _ask("harm-unknown", _alarms(now), unknown)
    if not _is_unclear(now.harm, settings):
        return None
    vague = f"That is not enough evidence to act on. {_AUDIT}"
    return _ask("harm-vague", _alarms(now), _loss(now.harm), vague)


def harmless_drift(now: Situation, _settings: PolicyConfig) -> PolicyDecision | None:
    """Keep: the inputs have changed, but it does not matter."""
    if not now.alarm or now.harm is None:
        return None
    return _keep(_alarms(now), _loss(now.harm), "The change does no harm worth acting on.")


def nothing_changed(now: Situation, _settings: PolicyConfig) -> PolicyDecision | None:
    """Keep."""
    return _keep(f"No detector alarms over {count_of(now.pictures, 'picture')}.")


RULES: tuple[Rule, ...] = (
    blind,
    too_few_pictures,
    camera_fault,
    maybe_camera,
    unseen_without_labels,
    answers_changed,
    harmful,
    harm_without_alarm,
    harm_unknown,
    harmless_drift,
    nothing_changed,
)


def key_of(now: Situation, settings: PolicyConfig, *, trigger: str) -> str:
    """Return the name of a trigger: version, what fired, and the period it fired in.

    A period is as long as the cool-down, so that the next run allowed has another key. It may be
    a file's name.
    """
    period_s = max(settings.cool_down_h, 1.0) * _HOUR_S
    start = datetime.fromtimestamp(now.now_unix_s // period_s * period_s, UTC)
    return f"v{now.version}-{trigger}-{start:%Y%m%dT%H%MZ}"


_AUDIT = "Label a small random sample (`graft audit sample`) to know."


def _ask(trigger: str, *reasons: str) -> PolicyDecision:
    return PolicyDecision(word="ask", reasons=reasons, key=trigger)


def _keep(*reasons: str) -> PolicyDecision:
    return PolicyDecision(word="keep", reasons=reasons)


def _is_harmful(harm: Harm, settings: PolicyConfig) -> bool:
    if harm.basis == "estimate":
        return harm.verdict == "harmful"
    large = harm.loss_points >= settings.retrain_loss_points
    return large and harm.low > settings.retrain_low_points


def _is_unclear(harm: Harm, settings: PolicyConfig) -> bool:
    if harm.basis == "estimate":
        return harm.verdict == "not enough evidence"
    return harm.high >= settings.ask_loss_points


def _troubled(now: Situation, settings: PolicyConfig) -> bool:
    """Say whether something is wrong for sure: an alarm, or a loss that was measured."""
    return now.alarm or (
        now.harm is not None and now.harm.basis == "audit" and _is_harmful(now.harm, settings)
    )


def _loss(harm: Harm) -> str:
    if harm.basis == "audit":
        return (
            f"Accuracy has fallen by {harm.loss_points:.1f} points ({harm.low:.1f} to "
            f"{harm.high:.1f}, measured on a labelled sample)."
        )
    return (
        f"{harm.verdict.capitalize()}, about {harm.loss_points:.1f} points of accuracy "
        f"({harm.low:.1f} to {harm.high:.1f}, judged without labels)."
    )


def _alarms(now: Situation) -> str:
    names = [detection.detector for detection in now.detections if detection.alarm]
    return f"{count_of(len(now.detections), 'detector')} looked; alarmed: {', '.join(names)}."


def _labels_wanted(now: Situation, settings: PolicyConfig) -> str:
    return (
        f"There are {count_of(now.new_labels, 'new labelled picture')} to learn from, "
        f"{settings.min_new_labels} are needed: label some (`graft label queue`) and add them "
        "(`graft data add`)."
    )
