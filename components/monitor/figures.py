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
    losses = {"estimate": harm.loss_points, "low": harm.low, "high": harm.high} if harm else {}
    return [
        Figure(
            "graft_monitor_last_look_timestamp_seconds",
            "When the monitor last looked at this model.",
            info.created_unix_s,
        ),
        Figure("graft_monitor_version", "The version that the last look was about.", info.version),
        Figure(
            "graft_monitor_decision",
            "1 for the word of the last look, 0 for the others.",
            {word: float(word == info.decision.word) for word in WORDS},
            by="word",
        ),
        Figure("graft_monitor_pictures", "Pictures that the last look could use.", window.pictures),
        Figure(
            "graft_monitor_left_out",
            "Records that the last look could not use, by reason.",
            window.left_out,
            by="reason",
        ),
        Figure(
            "graft_monitor_newest_record_timestamp_seconds",
            "The newest record of the last look; absent when it found none.",
            window.last_unix_s if window.pictures else None,
        ),
        Figure(
            "graft_monitor_statistic",
            "What a detector measured in the last look; an alarm above its threshold.",
            {one.detector: one.statistic for one in detections},
            by="detector",
        ),
        Figure(
            "graft_monitor_threshold",
            "Above this a detector alarms.",
            {one.detector: one.threshold for one in detections},
            by="detector",
        ),
        Figure(
            "graft_monitor_alarm",
            "1 where a detector alarmed in the last look.",
            {one.detector: float(one.alarm) for one in detections},
            by="detector",
        ),
        Figure(
            "graft_monitor_harm",
            "1 for what the last look says of harm, 0 for the others; absent without a word.",
            {one: float(one == harm.verdict) for one in HARM_VERDICTS} if harm else {},
            by="verdict",
        ),
        Figure(
            "graft_monitor_loss_points",
            "Estimated loss of accuracy against the reference, in points, with its bounds.",
            losses,
            by="bound",
        ),
        Figure(
            "graft_monitor_retraining_timestamp_seconds",
            "When the monitor last started a retraining; absent if it never did.",
            history.last_run_unix_s,
        ),
    ]
