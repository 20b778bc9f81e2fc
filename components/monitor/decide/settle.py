"""Settle a look: decide, claim what follows, and put it on record."""

import dataclasses
from dataclasses import dataclass

from components.common.artifacts.monitoring.claims import Claim
from components.common.artifacts.monitoring.drift_report import PolicyDecision
from components.monitor.decide import policy
from components.monitor.decide.config import PolicyConfig
from components.monitor.decide.history import MOST_ATTEMPTS, DecisionHistory, HistoryEntry, Kind
from components.monitor.decide.situation import Situation
from components.monitor.detect.answer_ranks import LookEvidence


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What stands: `repeated` where people were asked before; `claim` is the one it took."""

    decision: PolicyDecision
    repeated: bool = False
    claim: str = ""


def settle(
    situation: Situation,
    history: DecisionHistory,
    settings: PolicyConfig,
    *,
    run_id: str,
    why_not: str,
    evidence: LookEvidence | None,
) -> Settled:
    """Decide and put it on record, one monitor at a time.

    Args:
        situation: as measured; when runs started is read here.
        history: of the model.
        settings: of the policy.
        run_id: who looks.
        why_not: why nothing could be compared, "" where it could.
        evidence: what later looks sum up.

    Raises:
        GraftError: another monitor decided all the time, or the folder cannot be written.
    """
    lease_s = settings.run_lease_h * 3600.0
    with history.deciding():
        now = situation.now_unix_s
        runs = history.runs_unix_s(now_unix_s=now, lease_s=lease_s, except_run=run_id)
        complete = dataclasses.replace(situation, runs_unix_s=runs)
        if why_not and situation.silence is None:
            key = policy.key_of(complete, settings, trigger="no-reference")
            decision = PolicyDecision(word="ask", reasons=(why_not,), key=key)
        else:
            decision = policy.decide(complete, settings)
        settled = _claimed(decision, history, run_id=run_id, now=now, lease_s=lease_s)
        history.append(
            HistoryEntry(
                time_unix_s=now,
                run_id=run_id,
                version=situation.version,
                word=settled.decision.word,
                reasons=settled.decision.reasons,
                key=settled.decision.key,
                loss_points=situation.harm.loss_points if situation.harm else None,
                evidence=evidence,
            )
        )
    return settled


def _claimed(
    decision: PolicyDecision, history: DecisionHistory, *, run_id: str, now: float, lease_s: float
) -> Settled:
    """Claim what a decision calls for; what another look has claimed is left to it."""

    def claim(kind: Kind) -> Claim:
        mine = Claim(key=decision.key, run_id=run_id, time_unix_s=now)
        return history.claim(kind, mine, run_lease_s=lease_s)

    if decision.word == "keep":
        return Settled(decision=decision)
    if decision.word == "retrain":
        owner = claim("runs")
        if owner.run_id == run_id:
            started = str(history.claim_path("runs", decision.key))
            return Settled(decision=decision, claim=started)
        if not owner.is_open(now, lease_s=lease_s):
            other = f"The run {owner.run_id} was started for the same trigger; one is enough."
            reasons = (*decision.reasons, other)
            return Settled(decision=dataclasses.replace(decision, word="keep", reasons=reasons))
        failed = (
            f"{MOST_ATTEMPTS} runs were started for this and none ended well, the last one was "
            f"{owner.run_id}: look at what it left."
        )
        decision = PolicyDecision(
            word="ask", reasons=(*decision.reasons, failed), key=f"{decision.key}-failed"
        )
    repeated = claim("asked").run_id != run_id
    asked = "" if repeated else str(history.claim_path("asked", decision.key))
    return Settled(decision=decision, repeated=repeated, claim=asked)
