import dataclasses
import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from gate_answers import predictions

from components.common import config
from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.figures import LitertFigures, Metric
from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.errors import ConfigError, DataError
from components.gate.config import GateConfig, Threshold
from components.gate.decide import SAME_MODEL, decide

Make = Callable[..., Evaluation]
Frame = pd.DataFrame

THREE = ("good", "crack", "stain")


def test_the_first_version_needs_the_minimums_only(make_evaluation: Make) -> None:
    verdict = decide(make_evaluation(predictions(0.9)), settings=GateConfig())

    assert verdict.word == "deploy"
    assert verdict.comparisons == ()
    assert [check.met for check in verdict.thresholds] == [True]
    assert verdict.reasons[0] == (
        "The balanced accuracy is 0.900 (95 % interval 0.870 to 0.930); the minimum of 0.600 is "
        "reached."
    )
    assert verdict.reasons[1] == "No version serves yet; only the minimums count."


def test_a_missed_minimum_holds_and_names_the_figure(make_evaluation: Make) -> None:
    settings = GateConfig(
        thresholds=(
            Threshold(metric="accuracy", at_least=0.5),
            Threshold(metric="balanced_accuracy", at_least=0.95),
        )
    )

    verdict = decide(make_evaluation(predictions(0.9)), settings=settings)

    assert verdict.word == "hold"
    assert verdict.reasons[0].startswith("The balanced accuracy is 0.900")
    assert "minimum of 0.950 is missed" in verdict.reasons[0]


def test_a_figure_exactly_at_its_minimum_passes(make_evaluation: Make) -> None:
    settings = GateConfig(thresholds=(Threshold(metric="accuracy", at_least=0.9),))

    assert decide(make_evaluation(predictions(0.9)), settings=settings).word == "deploy"


def test_a_required_figure_that_was_not_computed_is_not_enough_evidence(
    make_evaluation: Make,
) -> None:
    settings = GateConfig(thresholds=(Threshold(metric="roc_auc", at_least=0.5),))

    verdict = decide(make_evaluation(predictions(0.9)), settings=settings)

    assert verdict.word == "insufficient"
    assert "ROC-AUC could not be computed" in verdict.reasons[0]


def test_the_serving_model_again_is_held(make_evaluation: Make) -> None:
    answers = predictions(0.9)

    verdict = decide(make_evaluation(answers, answers, same=True), settings=GateConfig())

    assert (verdict.word, verdict.reasons) == ("hold", (SAME_MODEL,))


def test_the_verdict_names_the_models_that_it_is_about(make_evaluation: Make) -> None:
    answers = predictions(0.9)
    verdict = decide(make_evaluation(answers, answers), settings=GateConfig())
    assert (verdict.candidate_sha256, verdict.incumbent_sha256) == ("c" * 64, "d" * 64)
    assert verdict.incumbent_version == 3


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "roc_auc"])
@pytest.mark.parametrize("classes", [("good", "bad"), THREE])
def test_worse_than_the_serving_version_is_held(
    make_evaluation: Make, metric: str, classes: tuple[str, ...]
) -> None:
    evaluation = make_evaluation(
        predictions(0.7, classes=classes, pictures=300),
        predictions(0.95, classes=classes, pictures=300),
        classes=classes,
    )

    verdict = decide(evaluation, settings=config.load(GateConfig, {"primary_metric": metric}))

    assert verdict.word == "hold"
    assert "version 3, which serves now" in verdict.reasons[0]
    assert verdict.comparisons[0].high < 0


@pytest.mark.parametrize("classes", [("good", "bad"), THREE])
def test_better_than_the_serving_version_is_deployed(
    make_evaluation: Make, classes: tuple[str, ...]
) -> None:
    evaluation = make_evaluation(
        predictions(0.95, classes=classes), predictions(0.7, classes=classes), classes=classes
    )

    verdict = decide(evaluation, settings=GateConfig())

    comparison = verdict.comparisons[0]
    assert verdict.word == "deploy"
    assert 0 < comparison.low <= comparison.difference <= comparison.high


def test_equal_answers_are_not_worse_without_any_tolerance(make_evaluation: Make) -> None:
    answers = predictions(0.8)

    verdict = decide(make_evaluation(answers, answers), settings=GateConfig(tolerance=0.0))

    assert verdict.word == "deploy"
    assert (verdict.comparisons[0].low, verdict.comparisons[0].high) == (0.0, 0.0)


def swapped(*, every: int, pictures: int = 200, groups: int = 20) -> tuple[Frame, Frame]:
    """Two models as good as each other that are wrong about other pictures, spread evenly."""
    candidate = predictions(1.0, pictures=pictures, groups=groups)
    incumbent = candidate.copy()
    for frame, first in ((candidate, 0), (incumbent, every // 2)):
        wrong = np.arange(pictures) // 2 % every == first
        frame.loc[wrong, "predicted"] = 1 - frame["target"]
    return candidate, incumbent


def needed(reason: str) -> tuple[int, int | None]:
    found = re.search(r"About (\d+) [a-z-]+ pictures(?: from (\d+) groups)? would", reason)
    assert found is not None, reason
    return int(found[1]), int(found[2]) if found[2] else None


def test_a_possible_loss_is_not_enough_evidence_and_says_how_many_pictures(
    make_evaluation: Make,
) -> None:
    def judge(pictures: int) -> VerdictInfo:
        # Whole rounds of 14, so that the models stay equal.
        even = 14 * (pictures // 14)
        pair = swapped(every=7, pictures=even, groups=even)
        return decide(make_evaluation(*pair), settings=GateConfig())

    scarce = judge(196)
    assert scarce.word == "insufficient"
    assert scarce.comparisons[0].difference == pytest.approx(0.0)
    pictures, groups = needed(scarce.reasons[0])
    assert groups is None and 196 < pictures < 1000
    # It is an estimate: a quarter more is enough, a quarter less is not.
    assert judge(round(1.25 * pictures)).word == "deploy"
    assert judge(round(0.75 * pictures)).word == "insufficient"


def test_a_little_more_is_asked_for_where_little_is_missing(make_evaluation: Make) -> None:
    answers = swapped(every=7, pictures=196, groups=196)
    reach = -decide(make_evaluation(*answers), settings=GateConfig()).comparisons[0].low

    verdict = decide(make_evaluation(*answers), settings=GateConfig(tolerance=0.97 * reach))

    # Pictures are needed by the square: 6.3 % more, in steps of 1.2 %.
    assert 206 <= needed(verdict.reasons[0])[0] <= 213


def test_few_groups_are_told_how_many_are_needed(make_evaluation: Make) -> None:
    candidate, incumbent = swapped(every=7)
    incumbent.loc[incumbent["group"] == "module-1", "predicted"] = 0

    verdict = decide(make_evaluation(candidate, incumbent), settings=GateConfig())

    pictures, groups = needed(verdict.reasons[0])
    assert groups == -(-pictures * 20 // 200)


def test_what_no_number_of_pictures_would_settle_is_said(make_evaluation: Make) -> None:
    candidate, incumbent = swapped(every=10)
    first = np.arange(4)
    candidate.loc[first, "predicted"] = 1 - candidate.loc[first, "target"]
    measured = decide(make_evaluation(candidate, incumbent), settings=GateConfig())
    difference = measured.comparisons[0].difference

    verdict = decide(
        make_evaluation(candidate, incumbent), settings=GateConfig(tolerance=-difference + 1e-6)
    )

    assert verdict.word == "insufficient"
    assert "Not even 100 times as many test pictures" in verdict.reasons[0]


@pytest.mark.parametrize(("tolerance", "word"), [(0.03, "hold"), (0.12, "deploy")])
def test_the_tolerance_is_what_may_be_lost(
    make_evaluation: Make, tolerance: float, word: str
) -> None:
    verdict = decide(
        make_evaluation(
            predictions(0.90, pictures=2000, groups=2000),
            predictions(0.95, pictures=2000, groups=2000),
        ),
        settings=GateConfig(tolerance=tolerance),
    )

    comparison = verdict.comparisons[0]
    assert comparison.difference == pytest.approx(-0.05)
    assert comparison.tolerance == tolerance
    assert verdict.word == word
    assert f"{tolerance:.3f}" in verdict.reasons[0 if word == "hold" else -1]


def test_the_confidence_decides_how_sure_it_must_be(make_evaluation: Make) -> None:
    evaluation = make_evaluation(*swapped(every=7, groups=200))
    words = [
        decide(evaluation, settings=GateConfig(confidence=confidence)).word
        for confidence in (0.6, 0.99)
    ]
    assert words == ["deploy", "insufficient"]


def test_the_reason_gives_the_lower_end_at_its_confidence(make_evaluation: Make) -> None:
    verdict = decide(make_evaluation(*swapped(every=7)), settings=GateConfig(confidence=0.9))
    comparison = verdict.comparisons[0]
    assert comparison.confidence == 0.9
    assert comparison.low < comparison.difference < comparison.high
    assert f"with 90 % confidence not below {comparison.low:+.3f}" in " ".join(verdict.reasons)


def test_small_losses_do_not_add_up_beyond_one_tolerance(make_evaluation: Make) -> None:
    def answers(share: float) -> pd.DataFrame:
        return predictions(share, pictures=2000, groups=2000)

    best, serving = answers(0.92), answers(0.90)
    small = decide(make_evaluation(serving, best), settings=GateConfig())
    again = decide(
        make_evaluation(answers(0.87), serving, best, best_version=2), settings=GateConfig()
    )

    assert (small.word, small.best_version) == ("deploy", 3)
    assert again.word == "hold"
    assert [one.version for one in again.comparisons] == [3, 2]
    assert [one.difference for one in again.comparisons] == pytest.approx([-0.03, -0.05])
    assert again.reasons[0].startswith(
        "Against version 2, the best so far, the balanced accuracy on 2000 test pictures is 0.870 "
        "instead of 0.920"
    )
    assert again.reasons[0].endswith("at most 0.040 may be lost.")


def test_the_best_stays_the_best_until_one_is_better_with_evidence(make_evaluation: Make) -> None:
    def answers(share: float) -> pd.DataFrame:
        return predictions(share, groups=200)

    serving, settings = answers(0.90), GateConfig(tolerance=0.1)
    lucky = decide(make_evaluation(answers(0.91), serving), settings=settings)
    better = decide(make_evaluation(answers(0.99), serving), settings=settings)
    of_two = make_evaluation(answers(0.99), serving, answers(0.97), best_version=2)
    than_serving_only = decide(of_two, settings=settings)

    assert lucky.word == better.word == than_serving_only.word == "deploy"
    assert lucky.comparisons[0].difference > 0
    assert lucky.best_version == 3
    assert better.best_version == 0
    assert than_serving_only.comparisons[0].low > 0
    assert than_serving_only.best_version == 2


def test_a_best_version_that_cannot_be_compared_leaves_the_question_open(
    make_evaluation: Make,
) -> None:
    answers = predictions(0.9)
    for theirs, said in (
        (None, "Version 2, the best so far, could not be compared by balanced accuracy"),
        (answers.iloc[:20], "Version 2, the best so far, was trained on 180 of the 200"),
    ):
        evaluation = make_evaluation(answers, answers, theirs, best_version=2)
        open_question = decide(evaluation, settings=GateConfig())
        alone = decide(evaluation, settings=GateConfig(compare_with_serving=False))

        assert open_question.word == "insufficient"
        assert open_question.reasons[0].startswith(said)
        assert [one.version for one in open_question.comparisons] == [3]
        # Without a comparison a new count begins.
        assert (alone.word, alone.comparisons, alone.best_version) == ("deploy", (), 0)


def test_of_the_best_version_too_only_what_it_has_not_seen_counts(make_evaluation: Make) -> None:
    answers = predictions(0.9)
    unseen = answers["path"].isin(answers["path"].sample(120, random_state=0))
    # Where the best has been trained the candidate would have been worse.
    ours = answers.assign(predicted=answers["predicted"].where(unseen, answers["target"]))
    verdict = decide(
        make_evaluation(ours, ours, answers[unseen], best_version=2), settings=GateConfig()
    )
    assert verdict.comparisons[1].difference == 0.0
    assert any(
        "the best so far, the balanced accuracy on 120 test pictures" in reason
        for reason in verdict.reasons
    )


def test_the_reasons_say_which_pictures_the_evidence_is_from(make_evaluation: Make) -> None:
    answers = predictions(0.9)
    for evidence, kind in (("holdout", "test"), ("cross_validation", "out-of-fold")):
        compared = decide(
            make_evaluation(answers, answers, evidence=evidence), settings=GateConfig()
        )
        scarce = decide(
            make_evaluation(answers, evidence=evidence), settings=GateConfig(min_per_class=101)
        )
        assert f"on 200 {kind} pictures" in " ".join(compared.reasons)
        assert (
            f"100 {kind} pictures of class 'good'; a verdict needs at least 101"
            in scarce.reasons[0]
        )


def test_a_model_that_always_says_the_same_is_held_whatever_its_figures(
    make_evaluation: Make,
) -> None:
    answers = predictions(0.9).assign(predicted=1)

    verdict = decide(make_evaluation(answers), settings=GateConfig(thresholds=()))

    assert verdict.word == "hold"
    assert verdict.reasons == (
        "The candidate answers 'bad' for all 200 test pictures: it has learnt nothing that tells "
        "the classes apart.",
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_answers_that_are_no_numbers_are_held(make_evaluation: Make, value: float) -> None:
    answers = predictions(0.9)
    answers.loc[:2, "p_bad"] = value

    verdict = decide(make_evaluation(answers), settings=GateConfig())

    assert verdict.word == "hold"
    assert "The answers about 3 of 200 test pictures are no numbers" in verdict.reasons[0]


def test_the_minimums_themselves_are_enough(make_evaluation: Make) -> None:
    answers = predictions(1.0, pictures=30, groups=5)
    settings = GateConfig(min_test_pictures=30, min_per_class=15, min_groups=5)

    assert decide(make_evaluation(answers), settings=settings).word == "deploy"
    for change in ({"min_test_pictures": 31}, {"min_per_class": 16}, {"min_groups": 6}):
        stricter = dataclasses.replace(settings, **change)
        assert decide(make_evaluation(answers), settings=stricter).word == "insufficient"


def test_a_missed_minimum_outweighs_missing_evidence(make_evaluation: Make) -> None:
    settings = GateConfig(
        thresholds=(
            Threshold(metric="roc_auc", at_least=0.5),
            Threshold(metric="accuracy", at_least=0.99),
        )
    )

    verdict = decide(make_evaluation(predictions(0.9)), settings=settings)

    assert verdict.word == "hold"
    assert "accuracy" in verdict.reasons[0]
    assert "ROC-AUC" in verdict.reasons[1]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (predictions(1.0, pictures=20), "20 test pictures;"),
        (predictions(1.0, groups=3), "3 groups of test pictures"),
        (predictions(1.0).query("target == 0 or path == 'pictures/1.png'"), "class 'bad'"),
    ],
)
def test_too_few_pictures_groups_or_members_of_a_class(
    make_evaluation: Make, answers: pd.DataFrame, words: str
) -> None:
    verdict = decide(make_evaluation(answers), settings=GateConfig())

    assert verdict.word == "insufficient"
    assert any(words in reason for reason in verdict.reasons)


def test_pictures_without_a_group_stand_for_themselves(make_evaluation: Make) -> None:
    answers = predictions(0.9).assign(group="")

    assert decide(make_evaluation(answers), settings=GateConfig()).word == "deploy"


def test_a_serving_version_that_cannot_be_asked_leaves_the_question_open(
    make_evaluation: Make,
) -> None:
    evaluation = make_evaluation(predictions(0.9), None, incumbent_version=4)

    open_question = decide(evaluation, settings=GateConfig())
    alone = decide(evaluation, settings=GateConfig(compare_with_serving=False))

    assert open_question.word == "insufficient"
    assert open_question.reasons[0] == (
        "Version 4, which serves now, could not be compared by balanced accuracy on these test "
        "pictures; set gate.compare_with_serving=false to judge by the minimums alone."
    )
    assert alone.word == "deploy"
    assert alone.reasons[-1] == (
        "The comparison with version 4, which serves now, is switched off; only the minimums count."
    )


def test_the_rows_of_the_other_model_may_stand_in_another_order(make_evaluation: Make) -> None:
    answers = predictions(0.8)
    shuffled = answers.sample(frac=1.0, random_state=1).reset_index(drop=True)

    verdict = decide(make_evaluation(answers, shuffled), settings=GateConfig(tolerance=0.0))

    assert verdict.comparisons[0].difference == 0.0


def test_answers_about_other_pictures_are_refused(make_evaluation: Make) -> None:
    said = (
        "expected answers of both models on the same pictures, received {} and 200 pictures "
        "that differ; run the step evaluate again"
    )
    evaluation = make_evaluation(predictions(0.9).iloc[1:], predictions(0.9))
    with pytest.raises(DataError) as caught:
        decide(evaluation, settings=GateConfig())
    assert str(caught.value) == said.format(199)

    others = predictions(0.9).replace({"path": {"pictures/7.png": "pictures/777.png"}})
    with pytest.raises(DataError) as caught:
        decide(make_evaluation(predictions(0.9), others), settings=GateConfig())
    assert str(caught.value) == said.format(200)


def test_pictures_that_the_serving_version_was_trained_on_are_left_out(
    make_evaluation: Make,
) -> None:
    theirs = predictions(0.9)
    answered = theirs["path"].isin(theirs["path"].sample(120, random_state=0))
    # What it was trained on it would have answered wrongly: that must not count for it.
    ours = predictions(0.9).assign(predicted=lambda t: t["predicted"].where(answered, t["target"]))
    verdict = decide(make_evaluation(ours, theirs[answered]), settings=GateConfig())
    assert verdict.comparisons[0].difference == 0.0
    assert any("120 test pictures" in reason for reason in verdict.reasons)


def test_too_few_pictures_that_the_serving_version_has_not_seen_cannot_tell(
    make_evaluation: Make,
) -> None:
    evaluation = make_evaluation(predictions(0.9), predictions(0.9).iloc[:20])
    verdict = decide(evaluation, settings=GateConfig())
    assert verdict.word == "insufficient" and verdict.comparisons == ()
    assert verdict.reasons[0] == (
        "Version 3, which serves now, was trained on 180 of the 200 test pictures; the other 20 "
        "are too few to compare by."
    )


def test_a_class_that_the_serving_version_does_not_know_may_leave_too_few(
    make_evaluation: Make,
) -> None:
    new = predictions(0.9, pictures=240, classes=THREE)
    old = new[new["target"] < 2].drop(columns="p_stain").iloc[:20]
    verdict = decide(make_evaluation(new, old, classes=THREE), settings=GateConfig())
    assert verdict.word == "insufficient"
    assert (
        "was trained on 220 of the 240 test pictures, or does not know their class; the other 20 "
        "are too few" in verdict.reasons[0]
    )


@pytest.mark.parametrize(("own", "word"), [(0.5, "deploy"), (0.49, "hold"), (1.0, "deploy")])
@pytest.mark.parametrize("name", ["accuracy", "roc_auc"])
def test_a_file_for_devices_may_lose_little_against_its_model(
    make_evaluation: Make, name: str, own: float, word: str
) -> None:
    def figures(value: float) -> tuple[Metric, ...]:
        # The accuracy decides only where there is no ROC-AUC.
        others = {"accuracy": 0.9} if name == "roc_auc" else {}
        return tuple(
            Metric(name=each, value=number, low=0.0, high=1.0)
            for each, number in {**others, name: value}.items()
        )

    file = LitertFigures(
        name="int8",
        size_bytes=1,
        pictures=12,
        metrics=figures(own),
        model_metrics=figures(0.75),
        same_answers=1.0,
        network_ms=1.0,
    )
    settings = GateConfig(litert_margin=0.25)
    verdict = decide(make_evaluation(predictions(0.9), litert=(file,)), settings=settings)
    assert verdict.word == word
    label = {"accuracy": "accuracy", "roc_auc": "ROC-AUC"}[name]
    assert (
        f"int8.tflite has a {label} of {own:.3f}, the SavedModel 0.750 on the same 12 pictures; "
        "0.250 may be lost."
    ) in verdict.reasons


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"thresholds": [{"metric": "log_loss", "at_least": 0.1}]}, "balanced_accuracy"),
        ({"thresholds": [{"metric": "accuracy", "at_least": 80}]}, "less than or equal to 1"),
        ({"primary_metric": "f2"}, "roc_auc"),
        ({"tolerance": "much"}, "valid number"),
        ({"tolerence": 0.1}, "tolerance"),
    ],
)
def test_settings_that_make_no_sense_are_refused(data: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config.load(GateConfig, data, where="gate")


def test_pictures_that_the_start_has_seen_are_no_evidence(make_evaluation: Make) -> None:
    verdict = decide(make_evaluation(predictions(0.9), seen_by_start=190), settings=GateConfig())
    assert verdict.word == "insufficient"
    assert "has seen 190 of the 200 test pictures" in verdict.reasons[0]
    assert verdict.thresholds == ()


def test_pictures_that_the_serving_version_has_seen_do_not_compare(make_evaluation: Make) -> None:
    evaluation = make_evaluation(predictions(0.9), incumbent_version=3, seen_by_incumbent=185)
    verdict = decide(evaluation, settings=GateConfig())
    assert verdict.word == "insufficient"
    assert "Version 3, which serves now, was trained or calibrated on 185" in verdict.reasons[0]
    assert "the 15 others are too few to compare by: keep the splits" in verdict.reasons[0]
    alone = decide(evaluation, settings=GateConfig(compare_with_serving=False))
    assert alone.word == "deploy"


def test_too_few_pictures_say_how_many_were_left_out(make_evaluation: Make) -> None:
    evaluation = make_evaluation(predictions(0.9, pictures=20), unseen=55)
    verdict = decide(evaluation, settings=GateConfig())
    assert verdict.word == "insufficient"
    assert "There are 20 test pictures" in verdict.reasons[0]
    assert "55 more were left out, since a compared model has seen them" in verdict.reasons[0]


def test_a_class_that_no_picture_shows_is_not_counted_and_its_figure_has_a_minimum(
    make_evaluation: Make,
) -> None:
    answers = predictions(0.9).assign(p_stain=0.0)
    made = make_evaluation(answers, classes=THREE)
    settings = GateConfig(thresholds=(Threshold(metric="harmonic_mean", at_least=0.5),))
    assert "pictures of class 'stain'" in decide(made, settings=settings).reasons[0]

    for value, word in ((0.6, "deploy"), (0.4, "hold")):
        figure = Metric(name="harmonic_mean", value=value, low=0.3, high=0.7)
        info = dataclasses.replace(made.info, unproven=("stain",), metrics=(figure,))
        verdict = decide(dataclasses.replace(made, info=info), settings=settings)
        assert verdict.word == word
        assert "known classes treated as unseen is" in verdict.reasons[0]


def test_classes_that_the_serving_version_does_not_know_leave_the_old_ones_to_compare_on(
    make_evaluation: Make,
) -> None:
    four = (*THREE, "hole")
    new = predictions(0.9, pictures=400, classes=four)
    old = new[new["target"] < 2].drop(columns=["p_stain", "p_hole"]).reset_index(drop=True)
    for share, word in ((1.0, "hold"), (0.0, "deploy")):
        theirs = old.assign(predicted=old["target"] if share else 1 - old["target"])
        made = make_evaluation(new, theirs, classes=four)
        verdict = decide(made, settings=GateConfig())
        assert verdict.word == word, verdict.reasons
        said = "200 test pictures of the classes that it knows, so without stain, hole,"
        assert said in " ".join(verdict.reasons)
