"""The last look as figures for Prometheus, kept beside the versions."""

from pathlib import Path

from components.common.artifacts.monitoring.drift_report import (
    HARM_VERDICTS,
    WORDS,
    DriftReportInfo,
)
from components.common.store_figures import Figure, write_figures
from components.monitor.decide.history import DecisionHistory


def show_figures(info: DriftReportInfo, model_dir: Path) -> None:
    """Write what a look saw and decided where the gateway finds it."""
    write_figures(model_dir, "monitor", _figures(info, DecisionHistory(model_dir)))


def _figures(info: DriftReportInfo, history: DecisionHistory) -> list[Figure]:
    window, detections, harm = info.window, info.detections, info.harm
    newest: dict[tuple[str, ...], float] = {(): window.last_unix_s} if window.pictures else {}
    started = history.last_run_unix_s
    losses = {"estimate": harm.loss_points, "low": harm.low, "high": harm.high} if harm else {}
    return [
        Figure(
            name="graft_monitor_last_look_timestamp_seconds",
            text="When the monitor last looked at this model.",
            values={(): info.created_unix_s},
        ),
        Figure(
            name="graft_monitor_version",
            text="The version that the last look was about.",
            values={(): info.version},
        ),
        Figure(
            name="graft_monitor_decision",
            text="1 for the word of the last look, 0 for the others.",
            by=("word",),
            values={(word,): float(word == info.decision.word) for word in WORDS},
        ),
        Figure(
            name="graft_monitor_pictures",
            text="Pictures that the last look could use.",
            values={(): window.pictures},
        ),
        Figure(
            name="graft_monitor_left_out",
            text="Records that the last look could not use, by reason.",
            by=("reason",),
            values={(reason,): count for reason, count in window.left_out.items()},
        ),
        Figure(
            name="graft_monitor_newest_record_timestamp_seconds",
            text="The newest record of the last look; absent when it found none.",
            values=newest,
        ),
        Figure(
            name="graft_monitor_statistic",
            text="What a detector measured in the last look; an alarm above its threshold.",
            by=("detector",),
            values={(one.detector,): one.statistic for one in detections},
        ),
        Figure(
            name="graft_monitor_threshold",
            text="Above this a detector alarms.",
            by=("detector",),
            values={(one.detector,): one.threshold for one in detections},
        ),
        Figure(
            name="graft_monitor_alarm",
            text="1 where a detector alarmed in the last look.",
            by=("detector",),
            values={(one.detector,): float(one.alarm) for one in detections},
        ),
        Figure(
            name="graft_monitor_harm",
            text="1 for what the last look says of harm, 0 for the others; absent without a word.",
            by=("verdict",),
            values={(one,): float(one == harm.verdict) for one in HARM_VERDICTS} if harm else {},
        ),
        Figure(
            name="graft_monitor_loss_points",
            text="Estimated loss of accuracy against the reference, in points, with its bounds.",
            by=("bound",),
            values={(bound,): value for bound, value in losses.items()},
        ),
        Figure(
            name="graft_monitor_retraining_timestamp_seconds",
            text="When the monitor last started a retraining; absent if it never did.",
            values={(): started} if started is not None else {},
        ),
    ]
