import dataclasses

import numpy as np
import pytest
from harm_support import world

from components.common.artifacts.monitoring.drift_report import (
    AnswerShare,
    Detection,
    DriftReportInfo,
    Explanation,
    Harm,
    PolicyDecision,
    Telling,
    WindowInfo,
)
from components.common.pictures.decode import encode_png
from components.monitor.report.report import harm_sentence, render

HARM = Harm(
    verdict="harmful",
    loss_points=6.2,
    low=1.1,
    high=11.3,
    basis="estimate",
    reference_accuracy=0.86,
)
INFO = DriftReportInfo(
    model_name="parts",
    version=7,
    created_unix_s=1.8e9,
    window=WindowInfo(
        source="the log",
        pictures=120,
        embeddings=60,
        groups=4,
        first_unix_s=1.79e9,
        last_unix_s=1.8e9,
        left_out={"other version": 3},
    ),
    detections=(
        Detection(
            detector="shifted_features",
            statistic=2.5,
            threshold=1.5,
            p_value=float("nan"),
            alarm=True,
            promise="one false alarm in <100> windows",
        ),
    ),
    explanation=Explanation(
        family="camera",
        fault="focus",
        confidence=0.8,
        advice="Clean the lens.",
        evidence=("Sharpness moved by -3.0 <spreads>.",),
        telling=(Telling(picture="a" * 64, nearest="b" * 64, score=3.5),),
    ),
    harm=HARM,
    decision=PolicyDecision(word="fix_camera", reasons=("a <b>camera</b> fault",)),
)
PICTURE = encode_png(np.full((4, 4, 1), 90, dtype=np.uint8))


def test_the_page_holds_verdict_cause_detectors_promise_and_loss() -> None:
    page = render(INFO)
    for text in (
        "fix_camera",
        "out of focus",
        "shifted_features",
        "one false alarm in",
        "+6.2 points",
    ):
        assert text in page
    assert "Harmful, judged without labels" in page and "+1.1 to" in page
    assert "3 × other version" in page


def test_what_others_wrote_is_escaped() -> None:
    page = render(dataclasses.replace(INFO, model_name="<script>alert(1)</script>"))
    assert "<script" not in page
    assert "<b>camera" not in page and "&lt;b&gt;camera" in page


def test_nothing_is_fetched_from_elsewhere() -> None:
    page = render(INFO, window=world(60, seed=1), reference=world(90))
    assert "http://" not in page and "https://" not in page
    assert page.count("data:image/png;base64,") == 3


def test_pictures_stand_side_by_side_and_gone_ones_are_named_so() -> None:
    both = render(INFO, picture=lambda _: PICTURE, nearest=lambda _: PICTURE)
    assert both.count('alt="came"') == both.count('alt="known"') == 1
    assert "no longer kept" not in both
    gone = render(INFO, nearest=lambda _: PICTURE)
    assert gone.count("no longer kept") == 1
    odd = render(INFO, picture=lambda _: b"no picture", nearest=lambda _: b"")
    assert odd.count("no longer kept") == 2


@pytest.mark.parametrize("spoil", ["nothing measured", "nan"])
def test_an_empty_report_is_a_page_too(spoil: str) -> None:
    bare = dataclasses.replace(
        INFO,
        detections=(),
        harm=None,
        explanation=Explanation(family="none", fault="", confidence=1.0, advice="Nothing."),
        decision=PolicyDecision(word="keep", reasons=()),
    )
    if spoil == "nan":
        nan = dataclasses.replace(INFO.detections[0], statistic=float("nan"), alarm=False)
        bare = dataclasses.replace(bare, detections=(nan,))
    window = world(3)
    window.statistics[:] = np.nan
    page = render(bare, window=window, reference=world(3))
    assert "Nothing to do." in page and "too small" in page


def test_an_audit_says_how_many_labels_it_rests_on() -> None:
    audited = dataclasses.replace(HARM, basis="audit", labels=120)
    assert "120 audited labels" in harm_sentence(audited)


def test_what_the_model_answers_stands_beside_what_is_usual() -> None:
    shares = (AnswerShare(answer="<bad>", usual=0.15, now=0.614),)
    page = render(dataclasses.replace(INFO, answers=shares))
    assert "&lt;bad&gt;" in page and "15.0 %" in page and "61.4 %" in page
    assert "What the model answers" not in render(INFO)


def test_a_blind_monitor_says_so_on_its_page() -> None:
    decision = PolicyDecision(word="blind", reasons=("There is no prediction log.",))
    page = render(dataclasses.replace(INFO, decision=decision))
    assert "The monitor sees nothing." in page
