"""A look of the monitor that found the camera out of focus."""

from components.common.artifacts.monitoring.drift_report import (
    DriftReportInfo,
    Explanation,
    PolicyDecision,
    WindowInfo,
    Word,
)


def camera_look(word: Word, *, repeated: bool = False) -> DriftReportInfo:
    return DriftReportInfo(
        model_name="solar",
        version=3,
        created_unix_s=1.0,
        window=WindowInfo(
            source="log",
            pictures=9,
            embeddings=9,
            groups=1,
            first_unix_s=0.0,
            last_unix_s=1.0,
            left_out={},
        ),
        detections=(),
        explanation=Explanation(family="camera", fault="focus", confidence=0.9, advice=""),
        harm=None,
        decision=PolicyDecision(word=word, reasons=("The lens is out of focus.",), key="k"),
        notes=("2 predictions are left out.",),
        repeated=repeated,
    )
