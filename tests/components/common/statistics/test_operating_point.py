import numpy as np

from components.common.statistics.operating_point import OperatingPoint, decide

CLASSES = ("fine", "crack", "dent", "okay")
ROWS = np.array(
    [
        [0.40, 0.25, 0.25, 0.10],
        [0.10, 0.15, 0.05, 0.70],
        [0.05, 0.45, 0.45, 0.05],
        [0.90, 0.04, 0.03, 0.03],
    ]
)


def test_without_good_classes_the_likeliest_is_answered() -> None:
    found = decide(ROWS, point=OperatingPoint(), classes=CLASSES)
    assert found.predicted.tolist() == [0, 3, 1, 0] and not found.asked.any()


def test_defects_are_added_up_before_they_are_weighed() -> None:
    point = OperatingPoint(good=("fine", "okay"), bad_from=0.5)
    assert decide(ROWS, point=point, classes=CLASSES).predicted.tolist() == [1, 3, 1, 0]


def test_only_good_answers_are_doubted() -> None:
    point = OperatingPoint(good=("fine", "okay"), bad_from=0.6, ask_from=0.2)
    found = decide(ROWS, point=point, classes=CLASSES)
    assert found.predicted.tolist() == [0, 3, 1, 0]
    assert found.asked.tolist() == [True, True, False, False]


def test_far_pictures_are_asked_about_whatever_the_answer() -> None:
    found = decide(
        ROWS,
        point=OperatingPoint(far_from=0.3),
        classes=CLASSES,
        distances=np.array([0.1, 0.3, 0.31, 1.0]),
    )
    assert found.asked.tolist() == [False, False, True, True]
    assert not decide(ROWS, point=OperatingPoint(far_from=0.3), classes=CLASSES).asked.any()
