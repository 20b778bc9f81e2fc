import dataclasses
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_cases import (
    MONDAY,
    NOTHING,
    Plant,
    detection,
    eventful,
    explained,
    live_through,
    loss,
    situation,
)

from components.common import config
from components.common.artifacts.monitoring.drift_report import (
    WORDS,
    AnswerShare,
    Detection,
    Explanation,
    Harm,
    HarmVerdict,
)
from components.common.errors import ConfigError
from components.monitor.decide.config import PolicyConfig
from components.monitor.decide.policy import RULES, decide, key_of
from components.monitor.decide.situation import Situation
from components.monitor.observe.silence import Silence

SETTINGS = PolicyConfig()
FEW = SETTINGS.min_new_labels - 1


@pytest.mark.parametrize(
    ("seen", "word", "words"),
    [
        (situation(pictures=1, alarm=True, harm=loss(30)), "keep", "1 usable picture; at least 50"),
        (situation(harm=loss(0)), "keep", "No detector alarms over 500 pictures"),
        (situation(harm=None), "keep", "No detector alarms"),
        (
            situation(alarm=True, explanation=explained("camera", "focus"), harm=loss(20)),
            "fix_camera",
            "never answered by training",
        ),
        (
            situation(alarm=True, explanation=explained("camera", "dirt", 0.3), harm=loss(20)),
            "ask",
            "may be a camera fault",
        ),
        (
            situation(alarm=True, explanation=explained("product", "novel"), labels=FEW),
            "ask",
            "not been trained on",
        ),
        (
            situation(alarm=True, explanation=explained("product", "novel"), harm=loss(8)),
            "retrain",
            "Harmful, about 8.0 points of accuracy (6.0 to 10.0, judged without labels)",
        ),
        (
            situation(alarm=True, explanation=explained("mix", "classes"), harm=loss(8)),
            "retrain",
            "100 new labelled pictures can be learnt from",
        ),
        (
            situation(alarm=True, explanation=explained("unknown"), harm=loss(8), labels=FEW),
            "ask",
            "`graft data add`",
        ),
        (
            situation(alarm=True, explanation=explained("mix"), harm=loss(0.5, width=1)),
            "keep",
            "no harm worth acting on",
        ),
        (
            situation(alarm=True, explanation=explained("mix"), harm=loss(2.5, width=4)),
            "ask",
            "not enough evidence",
        ),
        # Large, but it may as well be nothing.
        (
            situation(alarm=True, explanation=explained("mix"), harm=loss(4, width=5)),
            "ask",
            "not enough evidence",
        ),
        (situation(alarm=True, harm=None), "ask", "cannot be estimated"),
        (situation(harm=loss(9)), "ask", "No detector sees a change"),
        (situation(harm=loss(9, basis="audit")), "retrain", "measured on a labelled sample"),
    ],
)
def test_what_is_done_in_which_situation(seen: Situation, word: str, words: str) -> None:
    decision = decide(seen, SETTINGS)
    assert decision.word == word
    assert words in " ".join(decision.reasons)
    assert bool(decision.key) == (word != "keep")


AUDITED = loss(9, basis="audit")
HARMFUL = {"alarm": True, "explanation": explained("mix", "lines"), "harm": loss(9)}
ALARMED = "2 detectors looked; alarmed: ks_pca."
LOST = "Harmful, about 9.0 points of accuracy (7.0 to 11.0, judged without labels)."
AUDIT = "Label a small random sample (`graft audit sample`) to know."
WANTED = (
    "There are 19 new labelled pictures to learn from, 20 are needed: "
    "label some (`graft label queue`) and add them (`graft data add`)."
)
CAMERA = explained("camera", "dirt")
NO_ADVICE = dataclasses.replace(CAMERA, fault="", advice="")
UNSURE = dataclasses.replace(NO_ADVICE, confidence=0.3)
NEVER = "A camera fault is never answered by training."
VAGUE = "Not enough evidence, about 4.0 points of accuracy (-1.0 to 9.0, judged without labels)."


@pytest.mark.parametrize(
    ("seen", "trigger", "reasons"),
    [
        (
            {**HARMFUL, "explanation": CAMERA},
            "camera-dirt",
            ("The camera has changed (dirt, confidence 90%): Do it.", NEVER),
        ),
        (
            {**HARMFUL, "explanation": NO_ADVICE},
            "camera-unknown",
            ("The camera has changed (unknown, confidence 90%): look at it.", NEVER),
        ),
        (
            {**HARMFUL, "explanation": UNSURE},
            "maybe-camera",
            (
                "This may be a camera fault (unknown, confidence 30%, below 50%); look at the "
                "camera before anything is trained.",
            ),
        ),
        (
            {"alarm": True, "explanation": explained("product", "new_look"), "labels": FEW},
            "product-new_look",
            ("The pictures show a product that the model has not been trained on.", WANTED),
        ),
        ({**HARMFUL, "labels": FEW}, "loss-no-labels", (LOST, ALARMED, WANTED)),
        (
            {**HARMFUL, "labels": 20},
            "loss",
            (LOST, ALARMED, "20 new labelled pictures can be learnt from."),
        ),
        (
            {"harm": loss(9)},
            "loss-no-alarm",
            (LOST, f"No detector sees a change. {AUDIT}"),
        ),
        (
            {"alarm": True},
            "harm-unknown",
            (ALARMED, f"What it costs cannot be estimated. {AUDIT}"),
        ),
        (
            {"alarm": True, "harm": loss(4, width=5)},
            "harm-vague",
            (ALARMED, VAGUE, f"That is not enough evidence to act on. {AUDIT}"),
        ),
    ],
)
def test_a_decision_names_its_trigger_and_every_reason(
    seen: dict[str, Any], trigger: str, reasons: tuple[str, ...]
) -> None:
    now = situation(**seen)
    decision = decide(now, SETTINGS)
    assert decision.key == key_of(now, SETTINGS, trigger=trigger)
    assert decision.reasons == reasons


def test_a_change_without_harm_is_kept_with_what_was_seen() -> None:
    seen = situation(alarm=True, harm=loss(0.5, width=1))
    small = "Harmless, about 0.5 points of accuracy (-0.5 to 1.5, judged without labels)."
    reasons = (ALARMED, small, "The change does no harm worth acting on.")
    assert decide(seen, SETTINGS).reasons == reasons


def test_a_measured_loss_says_how_it_was_measured() -> None:
    reasons = decide(situation(harm=loss(9, basis="audit")), SETTINGS).reasons
    assert reasons[0] == (
        "Accuracy has fallen by 9.0 points (7.0 to 11.0, measured on a labelled sample)."
    )


@pytest.mark.parametrize(
    ("verdict", "word"),
    [("harmful", "retrain"), ("not enough evidence", "ask"), ("harmless", "keep")],
)
@pytest.mark.parametrize("points", [0.5, 9.0])
def test_without_labels_the_verdict_decides_and_not_the_points(
    verdict: HarmVerdict, word: str, points: float
) -> None:
    harm = dataclasses.replace(loss(points, width=1), verdict=verdict)
    assert decide(situation(alarm=True, harm=harm), SETTINGS).word == word


def test_every_detector_that_alarmed_is_named() -> None:
    now = situation(alarm=True)
    both = dataclasses.replace(now, detections=(*now.detections, *now.detections))
    assert "4 detectors looked; alarmed: ks_pca, ks_pca." in decide(both, SETTINGS).reasons


def test_a_run_that_waits_says_the_loss_and_every_obstacle() -> None:
    runs = (MONDAY - timedelta(days=6), MONDAY - timedelta(days=4))
    settings = PolicyConfig(quiet_from="06:00", quiet_until="08:00")
    now = situation(runs=runs, **HARMFUL)  # type: ignore[arg-type]
    assert decide(now, settings).reasons == (
        LOST,
        ALARMED,
        "2 runs started within seven days; 2 are allowed.",
        "Quiet hours last from 06:00 to 08:00 (UTC); the first look after them decides again.",
    )


@pytest.mark.parametrize(
    ("changes", "seen", "word"),
    [
        # What is asked for is met by the value itself.
        ({"min_pictures": 500}, HARMFUL, "retrain"),
        ({"retrain_loss_points": 9.0}, {**HARMFUL, "harm": AUDITED}, "retrain"),
        ({"retrain_low_points": 7.0}, {**HARMFUL, "harm": AUDITED}, "ask"),
        ({"min_new_labels": 100}, HARMFUL, "retrain"),
        ({"min_confidence": 0.9}, {**HARMFUL, "explanation": CAMERA}, "fix_camera"),
        (
            {"ask_loss_points": 9.0},
            {"alarm": True, "harm": loss(4, width=5, basis="audit")},
            "ask",
        ),
        ({"max_runs_per_week": 1}, HARMFUL, "retrain"),
    ],
)
def test_a_limit_is_met_by_its_own_value(
    changes: dict[str, Any], seen: dict[str, Any], word: str
) -> None:
    assert decide(situation(**seen), PolicyConfig(**changes)).word == word


@pytest.mark.parametrize("why", [explained("product", "size"), explained("mix", "novel")])
def test_only_a_product_nobody_has_labelled_asks_for_labels_without_harm(why: Explanation) -> None:
    seen = situation(alarm=True, explanation=why, harm=loss(0.5, width=1), labels=FEW)
    assert decide(seen, SETTINGS).word == "keep"


def test_a_week_ends_after_seven_days_to_the_second() -> None:
    runs = (MONDAY - timedelta(days=7), MONDAY - timedelta(days=4))
    assert decide(situation(runs=runs, **HARMFUL), SETTINGS).word == "retrain"  # type: ignore[arg-type]


def test_a_camera_fault_without_alarm_or_measured_loss_is_left_alone() -> None:
    assert decide(situation(explanation=CAMERA), SETTINGS).word == "keep"
    assert (
        decide(situation(explanation=CAMERA, harm=loss(1, basis="audit")), SETTINGS).word == "keep"
    )
    assert decide(situation(explanation=UNSURE), SETTINGS).word == "keep"


def test_a_period_is_in_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        hourly = PolicyConfig(cool_down_h=0)
        at = MONDAY + timedelta(minutes=59)
        assert key_of(situation(at=at), SETTINGS, trigger="loss") == "v1-loss-20260104T0000Z"
        assert key_of(situation(at=at), hourly, trigger="loss") == "v1-loss-20260105T0700Z"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("hours_ago", "word"),
    [((71.9,), "keep"), ((72.0,), "retrain"), ((0.0,), "keep"), ((-5.0,), "keep")],
)
def test_a_run_waits_until_the_one_before_has_had_its_time(
    hours_ago: tuple[float, ...], word: str
) -> None:
    runs = tuple(MONDAY - timedelta(hours=hours) for hours in hours_ago)
    decision = decide(situation(runs=runs, **HARMFUL), SETTINGS)  # type: ignore[arg-type]
    assert decision.word == word
    assert decision.reasons[:2] == (LOST, ALARMED)
    if hours_ago == (71.9,):
        assert "the next may start from 2026-01-05 07:06 UTC" in decision.reasons[-1]
    assert ("in the future" in decision.reasons[-1]) == (hours_ago == (-5.0,))
    assert decision.reasons[-1].endswith("Check the clock.") == (hours_ago == (-5.0,))


def test_no_more_runs_a_week_than_allowed() -> None:
    runs = (MONDAY - timedelta(days=6.9), MONDAY - timedelta(days=4))
    decision = decide(situation(runs=runs, **HARMFUL), SETTINGS)  # type: ignore[arg-type]
    assert decision.word == "keep"
    assert "2 runs started within seven days; 2 are allowed" in decision.reasons[-1]
    later = situation(at=MONDAY + timedelta(days=0.2), runs=runs, **HARMFUL)  # type: ignore[arg-type]
    assert decide(later, SETTINGS).word == "retrain"


@pytest.mark.parametrize(
    ("quiet", "local", "word"),
    [
        (("22:00", "06:00"), "23:30", "keep"),
        (("22:00", "06:00"), "22:00", "keep"),
        (("22:00", "06:00"), "05:59", "keep"),
        (("22:00", "06:00"), "06:00", "retrain"),
        (("22:00", "06:00"), "21:59", "retrain"),
        (("08:00", "17:00"), "08:00", "keep"),
        (("08:00", "17:00"), "17:00", "retrain"),
        (("", ""), "23:30", "retrain"),
        (("22:00", ""), "23:30", "retrain"),
        (("22:00", "22:00"), "23:30", "retrain"),
    ],
)
# Berlin is one hour from UTC in January and two in July.
@pytest.mark.parametrize("month", [1, 7])
def test_quiet_hours_are_local(quiet: tuple[str, str], local: str, word: str, month: int) -> None:
    settings = PolicyConfig(quiet_from=quiet[0], quiet_until=quiet[1], time_zone="Europe/Berlin")
    hour, minute = map(int, local.split(":"))
    at = datetime(2026, month, 12, hour, minute, tzinfo=ZoneInfo("Europe/Berlin"))
    decision = decide(situation(at=at.astimezone(UTC), **HARMFUL), settings)  # type: ignore[arg-type]
    assert decision.word == word
    if word == "keep":
        assert "(Europe/Berlin)" in decision.reasons[-1]


def test_quiet_hours_hold_back_runs_and_nothing_else() -> None:
    settings = PolicyConfig(quiet_from="00:00", quiet_until="23:59")
    dirty = situation(alarm=True, explanation=explained("camera", "dirt"), harm=loss(9))
    assert decide(dirty, settings).word == "fix_camera"


def test_runs_that_are_switched_off_become_questions() -> None:
    seen, settings = situation(**HARMFUL), PolicyConfig(max_runs_per_week=0)  # type: ignore[arg-type]
    decision = decide(seen, settings)
    assert (decision.word, decision.key) == (
        "ask",
        key_of(seen, settings, trigger="loss-runs-off"),
    )
    off = "Runs that start themselves are switched off (max_runs_per_week is 0)."
    assert decision.reasons == (LOST, ALARMED, off)


def test_the_key_names_version_trigger_and_period() -> None:
    first = situation(**HARMFUL)  # type: ignore[arg-type]
    key = decide(first, SETTINGS).key
    assert key.startswith("v1-loss-2026")
    assert key == decide(situation(at=MONDAY + timedelta(hours=1), **HARMFUL), SETTINGS).key  # type: ignore[arg-type]
    assert key != decide(situation(version=2, **HARMFUL), SETTINGS).key  # type: ignore[arg-type]
    assert key != key_of(first, SETTINGS, trigger="camera-dirt")
    # The first run that the cool-down allows again is never taken for the one before.
    later = situation(at=MONDAY + timedelta(hours=72), runs=(MONDAY,), **HARMFUL)  # type: ignore[arg-type]
    assert decide(later, SETTINGS).word == "retrain"
    assert decide(later, SETTINGS).key != key


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quiet_from": "25:00"}, "a time of day as '22:00'"),
        ({"time_zone": "Mars/Olympus"}, "a time zone as 'UTC'"),
        ({"time_zone": "../etc"}, "a time zone"),
        ({"min_pictures": 0}, "greater than or equal to 1"),
        ({"cool_down": 3}, "one of the known settings"),
    ],
)
def test_wrong_settings_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config.load(PolicyConfig, changes, where="monitor.policy")


families = st.sampled_from(["none", "camera", "product", "mix", "unknown"])
points = st.floats(-50, 50)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    low, middle, high = sorted(draw(st.tuples(points, points, points)))
    harm = Harm(
        verdict=draw(st.sampled_from(get_args(HarmVerdict))),
        loss_points=middle,
        low=low,
        high=high,
        basis=draw(st.sampled_from(["estimate", "audit"])),
        reference_accuracy=0.9,
    )
    detections: tuple[Detection, ...] = tuple(
        detection(alarm=alarm) for alarm in draw(st.lists(st.booleans(), max_size=3))
    )
    now = draw(st.floats(1e9, 2e9))
    ago = draw(st.lists(st.floats(-1e6, 2e6), max_size=4))
    return Situation(
        now_unix_s=now,
        version=draw(st.integers(0, 9)),
        pictures=draw(st.integers(0, 1000)),
        detections=detections,
        explanation=Explanation(
            family=draw(families), fault="novel", confidence=draw(st.floats(0, 1)), advice=""
        ),
        harm=draw(st.sampled_from([harm, None])),
        runs_unix_s=tuple(now - seconds for seconds in ago),
        new_labels=draw(st.integers(0, 50)),
    )


@given(situations())
def test_every_situation_has_one_answer_and_a_run_all_that_it_needs(seen: Situation) -> None:
    decision = decide(seen, SETTINGS)
    assert decision.word in WORDS
    assert decision.reasons and all(reason.endswith((".", ")")) for reason in decision.reasons)
    if decision.word != "retrain":
        return
    assert seen.harm is not None
    if seen.harm.basis == "estimate":
        assert seen.harm.verdict == "harmful"
    else:
        assert seen.harm.loss_points >= SETTINGS.retrain_loss_points
        assert seen.harm.low > SETTINGS.retrain_low_points
    assert not (seen.alarm and seen.explanation.family == "camera")
    assert seen.new_labels >= SETTINGS.min_new_labels
    assert all(seen.now_unix_s - run >= 72 * 3600 for run in seen.runs_unix_s)
    assert len([run for run in seen.runs_unix_s if seen.now_unix_s - run < 7 * 86400]) < 2


def test_the_last_rule_always_answers() -> None:
    assert RULES[-1](situation(), SETTINGS) is not None


def words_of(looks: object) -> list[str]:
    return [look.decision.word for look in looks]  # type: ignore[attr-defined]


def test_a_quiet_year_starts_nothing() -> None:
    looks = live_through(lambda plant, day: None, SETTINGS)
    assert set(words_of(looks)) == {"keep"}


def test_a_year_of_harmless_drift_starts_nothing() -> None:
    def drifting(plant: Plant, day: int) -> None:
        plant.changed(explained("product", "new_look"), loss(0.3, width=1.5))
        plant.labels = 200

    assert set(words_of(live_through(drifting, SETTINGS))) == {"keep"}


def test_a_year_behind_a_dirty_lens_trains_nothing() -> None:
    def dirty(plant: Plant, day: int) -> None:
        plant.changed(explained("camera", "dirt"), loss(15.0, basis="audit"))
        plant.labels = 1000

    assert set(words_of(live_through(dirty, SETTINGS))) == {"fix_camera"}


def test_a_year_of_loss_that_training_cannot_cure_is_bounded() -> None:
    def incurable(plant: Plant, day: int) -> None:
        plant.curable = False
        plant.changed(explained("mix", "classes"), loss(8.0))
        plant.labels = 200

    looks = live_through(incurable, SETTINGS)
    runs = [look.at for look in looks if look.decision.word == "retrain"]
    assert min(after - before for before, after in itertools.pairwise(runs)) >= timedelta(days=3)
    for start in runs:
        assert sum(start <= run < start + timedelta(days=7) for run in runs) <= 2
    assert len(runs) == 105
    assert len({look.decision.key for look in looks if look.decision.key}) == len(runs)


def test_a_year_of_loss_without_labels_asks_and_never_trains() -> None:
    def unlabelled(plant: Plant, day: int) -> None:
        plant.changed(explained("mix", "classes"), loss(8.0))

    looks = live_through(unlabelled, SETTINGS)
    assert set(words_of(looks)) == {"ask"}
    # People are asked once a period, however often the monitor looks.
    assert len({look.decision.key for look in looks}) == 122


def test_looks_at_night_leave_the_run_to_the_morning() -> None:
    settings = PolicyConfig(quiet_from="20:00", quiet_until="06:00", time_zone="America/New_York")

    def harmful(plant: Plant, day: int) -> None:
        plant.changed(explained("mix", "classes"), loss(8.0))
        plant.labels = 200

    # 7:00 UTC is night in New York all year.
    assert set(words_of(live_through(harmful, settings))) == {"keep"}


def test_the_eventful_year() -> None:
    looks = live_through(eventful, SETTINGS)
    fired = {look.day: look.decision.word for look in looks if look.decision.word != "keep"}
    assert [day for day, word in fired.items() if word == "fix_camera"] == [60, 61, 62]
    assert [day for day, word in fired.items() if word == "retrain"][:2] == [105, 200]
    assert {fired[day] for day in range(95, 105)} == {"ask"}
    assert not any(day in fired for day in (*range(60), *range(63, 95), *range(106, 200)))
    assert NOTHING.family == "none"


def test_a_measured_loss_that_the_camera_explains_is_not_trained_on_even_without_an_alarm() -> None:
    measured = situation(
        explanation=explained("camera", "focus"), harm=loss(30.0, basis="audit"), labels=100
    )
    assert decide(measured, PolicyConfig()).word == "fix_camera"
    estimated = situation(explanation=explained("camera", "focus"), harm=loss(30.0), labels=100)
    assert decide(estimated, PolicyConfig()).word == "ask"


SILENT = Silence(kind="no-log", sentence="There is no log.", check="Correct monitor.log.")


def test_who_sees_nothing_says_so_whatever_else_was_measured() -> None:
    for seen in (
        situation(silence=SILENT, pictures=0),
        situation(silence=SILENT, alarm=True, explanation=explained("camera", "focus")),
    ):
        decision = decide(seen, PolicyConfig())
        assert decision.word == "blind"
        assert decision.reasons == ("There is no log.", "Correct monitor.log.")
        assert decision.key.startswith("v1-blind-no-log-")


@pytest.mark.parametrize("harm", [None, loss(0.0), loss(8.0), loss(1.0, basis="audit")])
@pytest.mark.parametrize("why", [NOTHING, explained("mix", "classes"), explained("unknown")])
def test_changed_answers_send_people_to_the_process_before_anything_is_trained(
    why: Explanation, harm: Harm | None
) -> None:
    decision = decide(situation(answers=True, explanation=why, harm=harm), PolicyConfig())
    assert decision.word == "ask"
    assert "`defective` among the answers rose from 15% to 61%" in decision.reasons[0]
    assert "look at the process first" in decision.reasons[0]
    assert decision.key.startswith("v1-answers-defective-")


def test_the_answer_that_changed_most_is_named_whether_it_rose_or_fell() -> None:
    shares = {"no hole": (0.8, 0.1), "scratch": (0.1, 0.5), "stain": (0.1, 0.4)}
    answers = tuple(
        AnswerShare(answer=name, usual=usual, now=now) for name, (usual, now) in shares.items()
    )
    now = situation(answers=True)
    second = detection(alarm=True, name="confidence", channel="scores")
    now = dataclasses.replace(now, answers=answers, detections=(*now.detections, second))
    decision = decide(now, SETTINGS)
    assert decision.reasons == (
        "The share of `no hole` among the answers fell from 80% to 10% (alarmed: answer_ranks, "
        "confidence): look at the process first.",
        "If the product is as it was, the model is wrong. Label a small random sample "
        "(`graft audit sample`) to know.",
    )
    # A key may be a file's name.
    assert decision.key.startswith("v1-answers-2")


def test_the_camera_a_new_product_and_a_measured_loss_explain_changed_answers() -> None:
    camera = situation(answers=True, explanation=explained("camera", "focus"), harm=loss(0.0))
    assert decide(camera, PolicyConfig()).word == "fix_camera"
    product = situation(answers=True, explanation=explained("product", "novel"), harm=loss(8.0))
    assert decide(product, PolicyConfig()).word == "retrain"
    audited = situation(answers=True, harm=loss(8.0, basis="audit"))
    assert decide(audited, PolicyConfig()).word == "retrain"


def test_a_change_of_the_pictures_alone_is_no_change_of_the_answers() -> None:
    assert decide(situation(alarm=True, harm=loss(0.0)), PolicyConfig()).word == "keep"
