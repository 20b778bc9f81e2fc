from pathlib import Path

from components.common.store_figures import read_figures
from components.gate.config import GateConfig
from components.gate.figures import show_figures


def test_the_last_verdict_is_the_one_that_is_shown(tmp_path: Path) -> None:
    settings = GateConfig(model_base_path=str(tmp_path), model_name="solar")
    for word in ("hold", "deploy"):
        show_figures(word, settings)
    figures = {metric.name: metric.samples for metric in read_figures(tmp_path)}
    words = {one.labels["word"]: one.value for one in figures["graft_gate_verdict"]}
    assert words == {"deploy": 1.0, "hold": 0.0, "insufficient": 0.0}
    (at,) = figures["graft_gate_verdict_timestamp_seconds"]
    assert at.labels == {"model": "solar"} and at.value > 1.7e9


def test_without_a_model_folder_nothing_is_written(tmp_path: Path) -> None:
    show_figures("hold", GateConfig(model_base_path="", model_name="solar"))
    assert list(tmp_path.iterdir()) == []
