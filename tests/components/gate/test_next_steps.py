"""One function says what a user does after a verdict."""

from collections.abc import Callable

import pytest
from gate_answers import predictions

from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import NextAction, Override, VerdictInfo, Word
from components.gate.commands import verdict_texts
from components.gate.config import GateConfig
from components.gate.decide import decide
from components.gate.next_steps import with_next_steps

Make = Callable[..., Evaluation]
SETTINGS = GateConfig()


def _info(word: Word, *, version: int = 4, same: bool = False, **more: object) -> VerdictInfo:
    return VerdictInfo(
        word=word,
        reasons=(),
        candidate_sha256="c" * 64,
        incumbent_sha256=("c" if same else "d") * 64 if version else "",
        incumbent_version=version,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("info", "action", "first"),
    [
        (_info("deploy"), "serve", "It is published as the next version."),
        (_info("deploy", version=0), "serve", "It is published as the first version."),
        (_info("hold", same=True), "nothing", "Nothing has to be done"),
        (_info("hold", version=0), "improve", "Nothing is published."),
        (_info("insufficient", version=0), "add_pictures", "Nothing is published."),
        (_info("insufficient"), "add_pictures", "Version 4 goes on serving."),
        (
            _info("hold", override=Override(by="Ann", at_unix_s=0.0, reason="seen")),
            "serve",
            "It is published as the next version.",
        ),
    ],
)
def test_the_action_fits_the_word(
    info: VerdictInfo, action: NextAction, first: str, make_evaluation: Make
) -> None:
    found = with_next_steps(info, make_evaluation(predictions(0.9)))
    assert found.next_action == action
    assert found.next_steps[0].startswith(first)


def test_too_few_pictures_say_how_many_more_of_which_class(make_evaluation: Make) -> None:
    few = predictions(0.9, pictures=20, groups=20)
    few = few[(few["target"] == 0) | (few.index < 4)]  # 10 good, 2 bad
    found = decide(
        make_evaluation(few, evidence="cross_validation", incumbent_version=0), settings=SETTINGS
    )
    assert (found.word, found.next_action) == ("insufficient", "add_pictures")
    assert "Add pictures: 18 more pictures are needed." in found.next_steps
    assert "Add pictures: 3 more pictures of class 'bad' are needed." in found.next_steps
    assert not any("'good'" in step for step in found.next_steps)
    assert found.next_steps[-2] == "Then run the same command again."
    assert "graft gate override" in found.next_steps[-1]


def test_held_back_asks_for_pictures_of_the_weakest_class(make_evaluation: Make) -> None:
    table = predictions(0.9)
    table.loc[table.index[table["target"] == 1][:60], "predicted"] = 0
    found = with_next_steps(_info("hold"), make_evaluation(table))
    assert "Add pictures of the classes that are recognised least: bad, good." in found.next_steps


def test_pictures_that_were_seen_ask_for_cross_validation(make_evaluation: Make) -> None:
    evaluation = make_evaluation(predictions(0.9), incumbent_version=0, seen_by_start=50)
    found = decide(evaluation, settings=SETTINGS)
    assert found.next_action == "cross_validate"
    assert any("evaluate.evidence=cross_validation" in step for step in found.next_steps)


@pytest.mark.parametrize("override", [None, Override(by="Ann", at_unix_s=0.0, reason="seen")])
def test_groups_that_were_found_come_before_serving_unless_a_person_has_decided(
    override: Override | None, make_evaluation: Make
) -> None:
    evaluation = make_evaluation(predictions(0.9), hidden_groups=30)
    found = with_next_steps(_info("deploy", override=override), evaluation)
    if override:
        assert found.next_action == "serve"
    else:
        assert found.next_action == "accept_groups"
        assert found.next_steps[0].startswith("First run again with the 30 groups")
        assert "30 個組別" in verdict_texts("zh-TW").sentence(found.next_steps[0])
    assert any("graft up" in step for step in found.next_steps)
    assert with_next_steps(_info("hold"), evaluation).next_action == "improve"
