"""Plots for data that a two-class demo never shows."""

import io
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from components.common.report import plot_style
from components.common.report.texts import load_texts
from components.common.statistics.figures import Scored
from components.evaluate.report import drawing, heat_map, plots

pytestmark = pytest.mark.slow

SAY = load_texts(drawing.TABLES, "en")


def _scored(classes: int, *, pictures: int = 300) -> Scored:
    rng = np.random.default_rng(0)
    targets = rng.integers(0, classes, pictures)
    logits = rng.normal(size=(pictures, classes)) + 2 * np.eye(classes)[targets]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Scored(targets, probabilities.argmax(axis=1), probabilities, None)


def _size(png: bytes | None) -> tuple[int, int]:
    assert png is not None
    return Image.open(io.BytesIO(png)).size


def test_many_classes_with_awkward_names_draw() -> None:
    names = tuple(f"$class_{{{number}^ " for number in range(12))
    scored = _scored(12)
    for png in (heat_map.confusion(scored, names, SAY), plots.discrimination(scored, names, SAY)):
        width, height = _size(png)
        assert width > 600
        assert height > 400


def test_heat_maps_grow_with_the_classes_up_to_a_limit() -> None:
    sides = []
    for classes in (7, 15, 50, 200):
        names = [f"c{number}" for number in range(classes)]
        sides.append(_size(heat_map.confusion(_scored(classes, pictures=400), names, SAY))[0])
    assert sides[0] < sides[1] < sides[2]
    assert sides[2] / 144 > 50 * 0.29  # every class has the room of its label
    assert sides[3] / 144 < 23  # inches


def test_only_the_worst_curves_get_a_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[str] = []
    monkeypatch.setattr(
        plots, "add_legend",
        lambda _, axes: named.extend(axes[0].get_legend_handles_labels()[1]),
    )  # fmt: skip
    scored = _scored(9)
    hard = scored.targets == 4
    scored.probabilities[hard] = np.roll(scored.probabilities[hard], 1, axis=1)
    plots.discrimination(scored, [f"c{number}" for number in range(9)], SAY)
    assert named[:2] == ["guessing", "c4"]
    assert len(named) == 1 + plots.WORST_CURVES


def test_chinese_names_draw_without_a_warning() -> None:
    say, names = load_texts(drawing.TABLES, "zh-TW"), drawing.plot_names(["良品", "刮痕", "ok"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        heat_map.confusion(_scored(3), list(names.values()), say if _chinese() else SAY)
    assert names["ok"] == "ok"
    assert names["良品"] == ("良品" if _chinese() else "#1")


def test_without_a_font_classes_have_numbers_and_words_are_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drawing, "can_draw", str.isascii)
    said: list[str] = []
    monkeypatch.setattr(plots, "reliability", lambda _, say: said.append(say.language) or b"")
    drawing.draw(
        curves=_curves(), scored=_scored(2), classes=("良品", "bad"), decision=None, advice=None,
        say=load_texts(drawing.TABLES, "zh-TW"),
    )  # fmt: skip
    assert said == ["en"]
    assert drawing.plot_names(("良品", "bad")) == {"良品": "#1", "bad": "bad"}


def test_shares_of_a_class_without_pictures_are_zero() -> None:
    assert heat_map.row_shares(np.array([[3, 1], [0, 0]])).tolist() == [[0.75, 0.25], [0.0, 0.0]]


def test_without_validation_there_is_one_curve() -> None:
    curves = _curves()
    curves[["validation_loss", "validation_accuracy"]] = np.nan
    assert _size(plots.learning_curves(curves, SAY))[0] > 600
    assert plots.learning_curves(curves[:1], SAY) is None


def _chinese() -> bool:
    return len(plot_style.families()) > 1


def _curves() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "phase": ["probe", "finetune"],
            "epoch": [1, 2],
            "train_loss": [0.7, 0.5],
            "validation_loss": [0.7, 0.6],
            "train_accuracy": [0.5, 0.7],
            "validation_accuracy": [0.5, 0.65],
        }
    )
