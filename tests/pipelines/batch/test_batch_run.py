"""Real runs of the Beam pipeline over a tiny exported model."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("apache_beam", reason="Apache Beam is not installed (graft[batch])")

from typer.testing import CliRunner

from components.common.errors import ConfigError, DataError, GraftError
from components.common.models import saved_model
from components.common.progress import Progress, listening
from pipelines.batch.launch import run_batch
from pipelines.batch.records import Summary, Tally
from pipelines.cli import app

pytestmark = pytest.mark.slow

Run = Callable[..., Summary]


@pytest.fixture
def run(model: Path, pictures: Path, tmp_path: Path) -> Run:
    def start(**changed: Any) -> Summary:
        asked = {"model": str(model), "pictures": str(pictures), "out": str(tmp_path / "out")}
        return run_batch(**{**asked, "batch_size": 4, "part_size": 10, **changed})

    return start


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_answers_are_the_models_and_failures_say_why(
    run: Run, out: Path, model: Path, pictures: Path
) -> None:
    summary = run()
    assert summary.counts == Tally(answered=25, failed=3)

    table = pd.read_parquet(out / "predictions").sort_values("path", ignore_index=True)
    paths = sorted(str(p) for p in pictures.rglob("[0-9]*.png"))
    assert list(table.columns) == ["path", "sha256", "class", "scores", "decision", "version"]
    assert table["path"].tolist() == paths
    assert set(table["version"]) == {"12"}
    digests = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths]
    assert table["sha256"].tolist() == digests
    answers = saved_model.ask(
        model / "12", paths, lambda p: Path(p).read_bytes(), batch_size=8, activity=""
    )
    np.testing.assert_array_equal(np.stack(table["scores"].tolist()), answers.probabilities)
    assert table["class"].tolist() == list(answers.classes)
    assert table["decision"].tolist() == list(answers.decisions)
    assert set(answers.classes) == {"bright", "dark"}

    failures = pd.read_parquet(out / "failures").set_index("path")["reason"]
    assert {Path(path).name for path in failures.index} == {"words.png", "cut.png", "empty.jpg"}
    assert "damaged" in failures[str(pictures / "line-1" / "cut.png")]
    assert all("expected a readable picture" in reason for reason in failures)


def test_a_part_is_a_file_in_the_order_of_the_list(run: Run, out: Path) -> None:
    run()
    files = sorted((out / "predictions").iterdir())
    assert [file.name for file in files] == [f"part-00000{at}.parquet" for at in range(3)]
    listed = [path for file in files for path in pd.read_parquet(file)["path"]]
    assert listed == sorted(listed)


def test_what_is_finished_is_not_done_again(run: Run, out: Path) -> None:
    run()
    whole = pd.read_parquet(out / "predictions")
    first, second, third = sorted((out / "predictions").iterdir())
    times = first.stat().st_mtime_ns, third.stat().st_mtime_ns
    second.unlink()
    (out / "summary.json").unlink()
    left = out / "predictions" / f".{second.name}.0.partial"
    left.write_bytes(b"half a file")

    assert run().counts == Tally(answered=25, failed=3)
    assert (first.stat().st_mtime_ns, third.stat().st_mtime_ns) == times
    assert not left.exists()
    pd.testing.assert_frame_equal(pd.read_parquet(out / "predictions"), whole)


def test_a_run_that_has_ended_needs_no_pictures_any_more(
    run: Run, out: Path, pictures: Path
) -> None:
    ended = run()
    shutil.rmtree(pictures)
    (out / "predictions" / "part-000000.parquet").unlink()
    assert run() == ended
    assert not (out / "predictions" / "part-000000.parquet").exists()


def test_killed_and_started_again(run: Run, out: Path, model: Path, pictures: Path) -> None:
    many = pictures / "many"
    many.mkdir()
    one = next(pictures.rglob("[0-9]*.png")).read_bytes()
    for number in range(3000):
        (many / f"{number:04d}.png").write_bytes(one)
    command = [sys.executable, "-m", "pipelines.cli", "batch", f"--model={model}"]
    command += [f"--pictures={pictures}", f"--out={out}", "--part-size=10"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        while len(list((out / "predictions").glob("part-*"))) < 3 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    finished = {file: file.stat().st_mtime_ns for file in (out / "predictions").glob("part-*")}
    assert 3 <= len(finished) < 303
    assert all(len(pd.read_parquet(file)) for file in finished)

    assert run(batch_size=32).counts == Tally(answered=3025, failed=3)
    assert {file: file.stat().st_mtime_ns for file in finished} == finished
    assert pd.read_parquet(out / "predictions")["path"].is_unique


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"part_size": 20}, "expected the part_size that .* was begun with .10., received 20"),
        ({"pictures": "/tmp"}, "expected the pictures that"),
        ({"model_version": "3"}, "expected the model_sha256 that"),
    ],
)
def test_another_run_does_not_write_into_the_same_folder(
    run: Run, model: Path, changed: dict[str, Any], message: str
) -> None:
    run()
    if version := changed.pop("model_version", None):
        changed["model"] = str(model / version)
    with pytest.raises(ConfigError, match=message):
        run(**changed)


def test_no_pictures_then_the_right_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="expected pictures, received none in"):
        run(pictures=str(tmp_path / "empty"))
    assert run().counts.answered == 25


def test_what_is_no_model(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a SavedModel, or a folder of numbered"):
        run(model=str(tmp_path))


def test_a_model_of_another_kind(run: Run, out: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    module.double = tf.function(
        lambda x: {"y": x * 2}, input_signature=[tf.TensorSpec([None], tf.float32, name="x")]
    )
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": module.double})
    with pytest.raises(GraftError, match="expected a model whose 'serving_default' gives"):
        run(model=str(tmp_path / "m"))
    assert not list((out / "predictions").iterdir())


def test_a_damaged_model(run: Run, tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    with pytest.raises(GraftError, match="expected a SavedModel that TensorFlow loads from"):
        run(model=str(tmp_path))


def test_a_flag_that_beam_does_not_know(run: Run) -> None:
    with pytest.raises(ConfigError, match="received --batchsize;"):
        run(beam_options=["--batchsize=3"])


def test_threads_of_a_worker_share_one_model(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    loaded = []
    load = tf.saved_model.load

    def counted(folder: str) -> Any:
        loaded.append(folder)
        return load(folder)

    monkeypatch.setattr(tf.saved_model, "load", counted)
    summary = run(
        part_size=2,
        beam_options=["--direct_num_workers=2", "--direct_running_mode=multi_threading"],
    )
    assert summary.counts == Tally(answered=25, failed=3)
    assert len(loaded) == 1


def test_progress_counts_pictures(run: Run) -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        run()
    assert heard[-1] == Progress("classifying pictures", 28, 28)


def test_the_command(model: Path, pictures: Path, out: Path) -> None:
    words = ["batch", f"--model={model}", f"--pictures={pictures}/line-1/*.png", f"--out={out}"]
    result = CliRunner().invoke(app, [*words, "--direct_num_workers=1"])
    assert result.exit_code == 3, result.output
    assert "2 failed" in result.output
    assert str(out) in result.output.replace("\n", "")
