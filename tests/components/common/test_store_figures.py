from pathlib import Path

import pytest

from components.common.store_figures import Figure, read_figures, write_figures


def figures(base_path: Path) -> dict[str, dict[tuple[str, ...], float]]:
    return {
        metric.name: {tuple(one.labels.values()): one.value for one in metric.samples}
        for metric in read_figures(base_path)
    }


def test_what_steps_write_of_several_models_is_read_as_one(tmp_path: Path) -> None:
    at = Figure(name="graft_at_seconds", text="When.", values=12.5)
    word = Figure(name="graft_word", text="It.", by="word", values={"a": 1, "b": 0})
    none = Figure(name="graft_none", text="None.", by="x", values={})
    write_figures(tmp_path / "solar", "monitor", [at, word, none])
    write_figures(tmp_path / "parts", "monitor", [at])
    write_figures(tmp_path / "parts", "monitor", [Figure(name=at.name, text="", values=2.0)])
    assert figures(tmp_path) == {
        "graft_at_seconds": {("parts",): 2.0, ("solar",): 12.5},
        "graft_none": {},
        "graft_word": {("solar", "a"): 1.0, ("solar", "b"): 0.0},
    }
    assert figures(tmp_path / "nowhere") == {}


def test_a_file_that_cannot_be_read_does_not_hide_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_figures(tmp_path / "a", "gate", [Figure(name="graft_x", text="X.", values=1.0)])
    (tmp_path / "a" / "metrics" / "monitor.prom").write_text('graft_y{model="a" 1\n')
    assert figures(tmp_path) == {"graft_x": {("a",): 1.0}}
    assert "monitor.prom cannot be read" in caplog.text


def test_a_disk_that_refuses_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a").write_text("a file where the folder should be")
    write_figures(tmp_path / "a", "gate", [Figure(name="graft_x", text="X.", values=1.0)])
    assert "dashboards keep the last figures" in caplog.text
