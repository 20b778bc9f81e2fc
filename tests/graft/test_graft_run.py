"""The notebook of the tutorial on tiny pictures, and `graft.run` a second time."""

import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bar_pictures import write_pictures
from local_runs import SETTINGS
from nbclient import NotebookClient

import graft
from pipelines.config import override

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NOTEBOOK = Path(__file__).parents[2] / "docs" / "tutorial" / "first-model.ipynb"
TINY = override({}, SETTINGS)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("notebook")
    (home / "photos").mkdir()
    write_pictures(home / "photos", bars=True)
    return home


@pytest.fixture(scope="module")
def cells(home: Path) -> dict[str, Any]:
    """The notebook's cells with their outputs, by id; networks and weights are tiny."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    (parameters,) = (one for one in notebook.cells if "parameters" in one.metadata.get("tags", ()))
    parameters.source += f"\nsettings = {TINY!r}"
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(home)}}
    ).execute()
    return {one.id: one for one in notebook.cells}


def text(cell: Any) -> str:
    """Return what a cell has printed and shown."""
    return "".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(one.get("outputs") for one in notebook.cells)


def test_the_notebook_runs_to_its_end(cells: dict[str, Any], home: Path) -> None:
    assert text(cells["verdict"]).startswith("deploy\n- ")
    assert "accuracy" in text(cells["figures"])
    assert "verdict:" in text(cells["run"])
    assert "defective" in text(cells["predict"])
    assert text(cells["load"]).endswith("version 1\n")
    report = Path(text(cells["report"]).rpartition(": ")[2].strip())
    assert "<html" in report.read_text(encoding="utf-8")


def test_a_second_run_gives_the_same_and_keeps_quiet(
    cells: dict[str, Any],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(home)
    started = time.time()
    run = graft.run("photos", settings=TINY, progress=False)
    assert capfd.readouterr() == ("", "")
    # The candidate is what serves.
    assert (run.verdict.word, run.version) == ("hold", None)
    assert run.model_name in {path.name for path in Path("serving/models").iterdir()}
    assert run.folder.stat().st_mtime >= started - 1
    assert list(run.figures.columns) == ["value", "low", "high"]
    assert run.figures.loc["accuracy", "value"] <= 1.0
    assert run.report.is_file()


def test_settings_are_refused_before_anything_runs(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(graft.errors.ConfigError, match="train"):
        graft.run(home / "photos", settings={"train": {"mehtod": "full"}})
    with pytest.raises(graft.errors.DataError, match="received nothing there"):
        graft.run("nowhere")
    assert not (tmp_path / "runs").exists()
