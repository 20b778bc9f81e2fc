import re
from collections.abc import Callable

import pandas as pd
import pytest
from gate_answers import predictions

from components.common import config
from components.common.artifacts.evaluation import Evaluation
from components.common.errors import ConfigError, DataError
from components.gate.config import GateConfig, Threshold
from components.gate.decide import SAME_MODEL, decide

Make = Callable[..., Evaluation]

THREE = ("good", "crack", "stain")


def test_the_first_version_needs_the_minimums_only(make_evaluation: Make) -> None:
    verdict = decide(make_evaluation(predictions(0.9)), settings=GateConfig())

    assert verdict.word == "deploy"
    assert verdict.comparisons == ()
    assert [check.met for check in verdict.thresholds] == [True]
    assert "0.900" in verdict.reasons[0]
    assert "No version serves yet" in verdict.reasons[1]


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


def test_a_possible_loss_is_not_enough_evidence_and_says_how_many_pictures(
    make_evaluation: Make,
) -> None:
    candidate = predictions(0.8)
    # As many right as the candidate, but on other pictures: the difference is 0, yet uncertain.
    incumbent = candidate.copy()
    swapped = incumbent["target"] != incumbent["predicted"]
    incumbent.loc[swapped, "predicted"] = incumbent["target"]
    first = incumbent.index[: int(swapped.sum())]
    incumbent.loc[first, "predicted"] = 1 - incumbent.loc[first, "target"]

    verdict = decide(make_evaluation(candidate, incumbent), settings=GateConfig(tolerance=0.01))

    assert verdict.comparisons[0].difference == pytest.approx(0.0)
    assert verdict.word == "insufficient"
    needed = re.search(r"About (?:more than )?(\d+) test pictures", verdict.reasons[0])
    assert needed is not None
    assert int(needed[1]) > 200


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
    assert "gate.compare_with_serving=false" in open_question.reasons[0]
    assert alone.word == "deploy"
    assert "switched off" in alone.reasons[-1]


def test_the_rows_of_the_other_model_may_stand_in_another_order(make_evaluation: Make) -> None:
    answers = predictions(0.8)
    shuffled = answers.sample(frac=1.0, random_state=1).reset_index(drop=True)

    verdict = decide(make_evaluation(answers, shuffled), settings=GateConfig(tolerance=0.0))

    assert verdict.comparisons[0].difference == 0.0


def test_answers_about_other_pictures_are_refused(make_evaluation: Make) -> None:
    evaluation = make_evaluation(predictions(0.9), predictions(0.9).iloc[1:])

    with pytest.raises(DataError, match="200 and 199 pictures"):
        decide(evaluation, settings=GateConfig())


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
