"""Steps in containers: true exit codes, the same figures, nothing left behind."""

import gc
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from engines import engine_hosts, image_of_steps

from components.common.artifacts.records import write_record
from components.common.errors import ConfigError
from pipelines.config import TrainingRun, override, resolve
from pipelines.local.containers import CONTAINERS, LABEL, Containers, check_image, containers_for

TINY = (
    "train.weights=none",
    "train.method=linear_probe",
    "augment.image_size_px=32",
    "augment.views=2",
    "gate.thresholds=[]",
    "gate.min_test_pictures=8",
    "gate.min_per_class=2",
    "gate.min_groups=2",
    "validate.min_size_px=16",
)
ENDS_WITH = """
import sys
from pathlib import Path
from kfp import dsl
from components.common.artifacts.records import read_record
from pipelines.local.containers import Containers, start

settings = read_record(Path(sys.argv[1]), Containers)
start(settings, pipeline_root=Path(sys.argv[1]).parent / "artifacts")

@dsl.component(base_image=settings.image, install_kfp_package=False)
def end(code: int) -> str:
    import sys
    if code:
        sys.exit(code)
    return "ended well"

@dsl.pipeline
def one(code: int):
    end(code=code)

one(code=int(sys.argv[2]))
"""


def asked_at(pictures: Path, base: Path) -> dict[str, Any]:
    return {
        "model_base_path": str(base),
        "ingest": {"source": "manifest", "path": str(pictures / "manifest.csv")},
        "train": {"weights": "none"},
    }


def settings_at(pictures: Path, base: Path) -> TrainingRun:
    return resolve(asked_at(pictures, base))


def test_containers_see_the_data_and_the_places_of_results_and_nothing_else(
    tmp_path: Path, tiny_pictures: Path
) -> None:
    settings = settings_at(tiny_pictures, tmp_path / "models")
    found = containers_for(
        settings, image="i", run_dir=tmp_path / "run", cache_dir=tmp_path / "cache"
    )
    assert found.read_only == (str(tiny_pictures),)
    assert found.writable == tuple(str(tmp_path / name) for name in ("run", "cache", "models"))
    assert all(Path(path).is_dir() for path in found.writable)
    assert found.user == f"{os.getuid()}:{os.getgid()}"


def test_of_a_version_of_the_data_the_remote_is_mounted(tmp_path: Path) -> None:
    (tmp_path / "remote").mkdir()
    version = {"path": "cells", "data_rev": "0" * 32, "data_remote": str(tmp_path / "remote")}
    settings = resolve({"model_name": "m", "ingest": version, "train": {"weights": "none"}})
    found = containers_for(settings, image="i", run_dir=tmp_path / "r", cache_dir=None)
    assert found.read_only == (str(tmp_path / "remote"),)


def test_missing_data_are_told_before_anything_is_mounted(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "nowhere", tmp_path / "models")
    with pytest.raises(ConfigError, match=r"nowhere' to mount, received nothing there"):
        containers_for(settings, image="i", run_dir=tmp_path / "r", cache_dir=tmp_path / "c")


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("train.weights=imagenet", "train.weights to be a path"),
        ("train.warm_start=https://models.example/solar.tar", "train.warm_start to be a path"),
        ("ingest.data_remote=s3://bucket/dvc", "ingest.data_remote to be a path"),
        ("deploy.server=models.example:8500", "deploy.server to be empty"),
    ],
)
def test_what_would_need_the_network_is_refused_before_anything_runs(
    tmp_path: Path, tiny_pictures: Path, assignment: str, said: str
) -> None:
    settings = resolve(override(asked_at(tiny_pictures, tmp_path / "models"), [assignment]))
    with pytest.raises(ConfigError, match=rf"{said}, as containers .* have no network"):
        containers_for(settings, image="i", run_dir=tmp_path / "r", cache_dir=None)
    assert not (tmp_path / "r").exists()


def test_weights_that_only_a_tuning_needs_are_looked_at_only_then(
    tmp_path: Path, tiny_pictures: Path
) -> None:
    ranked = "tune.rank.weights={mobilenet_v2: imagenet}"
    settings = resolve(override(asked_at(tiny_pictures, tmp_path / "models"), [ranked]))
    containers_for(settings, image="i", run_dir=tmp_path / "r", cache_dir=None)
    with pytest.raises(ConfigError, match=r"tune\.rank\.weights\.mobilenet_v2 to be a path"):
        containers_for(settings, image="i", run_dir=tmp_path / "t", cache_dir=None, tune=True)


def test_messages_that_will_not_go_out_are_warned_of(
    tmp_path: Path,
    tiny_pictures: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GRAFT_WEBHOOK_URL", raising=False)
    settings = settings_at(tiny_pictures, tmp_path / "models")
    containers_for(settings, image="i", run_dir=tmp_path / "r", cache_dir=None)
    assert "no webhook" not in caplog.text
    monkeypatch.setenv("GRAFT_WEBHOOK_URL", "https://hooks.example/x")
    containers_for(settings, image="i", run_dir=tmp_path / "r", cache_dir=None)
    assert "no webhook and no e-mail goes out" in caplog.text


# The docker package leaves the socket open that nobody answered on.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_engine_that_does_not_answer_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(ConfigError, match=r"to answer, received .*tools/engine\.sh up"):
        check_image("localhost/graft-python-cpu:none")
    gc.collect()


def test_an_image_that_is_not_there_is_not_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine_hosts()[0])
    with pytest.raises(ConfigError, match="run: make image"):
        check_image("localhost/graft-python-cpu:none")


@pytest.mark.slow
def test_a_component_that_exits_3_fails_the_pipeline_on_every_engine(tmp_path: Path) -> None:
    (tmp_path / "ends.py").write_text(ENDS_WITH)
    for number, host in enumerate(engine_hosts()):
        settings = Containers(
            image=image_of_steps(host), run=f"ends-{number}", working_dir="/tmp", user="0:0"
        )
        record = tmp_path / f"{number}.json"
        write_record(record, settings)
        for code, succeeds in ((3, False), (0, True), (3, False)):
            done = subprocess.run(
                [sys.executable, str(tmp_path / "ends.py"), str(record), str(code)],
                env={**os.environ, "DOCKER_HOST": host, "PYTHONPATH": os.pathsep.join(sys.path)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
            assert remaining(host, settings.run) == ""


def remaining(host: str, run: str) -> str:
    words = ["docker", "ps", "-aq", "--filter", f"label={LABEL}={run}"]
    env = {**os.environ, "DOCKER_HOST": host}
    return subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout


def command(pictures: Path, *words: str) -> list[str]:
    line = [sys.executable, "-m", "pipelines.cli", "run", "--data", str(pictures), *words]
    for assignment in TINY:
        line += ["--set", assignment]
    return line


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_containers_and_subprocesses_give_the_same_figures(
    tmp_path: Path, unlearnable_pictures: Path
) -> None:
    host = engine_hosts()[0]
    image = image_of_steps(host)
    env = {**os.environ, "DOCKER_HOST": host}
    found = []
    for name, words in (("inside", ["--containers", "--image", image]), ("outside", [])):
        home = tmp_path / name
        home.mkdir()
        line = command(unlearnable_pictures, "--no-serve-check", *words)
        done = subprocess.run(line, cwd=home, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        found.append(json.loads((home / "runs/latest/run.json").read_text()))
    inside, outside = found
    assert inside["verdict"]["word"] == outside["verdict"]["word"]
    assert [one["name"] for one in inside["metrics"]] == [one["name"] for one in outside["metrics"]]
    for one, other in zip(inside["metrics"], outside["metrics"], strict=True):
        assert one["value"] == pytest.approx(other["value"], abs=1e-6), one["name"]
    written = next((tmp_path / "inside" / "runs" / "latest" / "artifacts").rglob("provenance.json"))
    assert written.stat().st_uid == os.getuid()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_stopped_run_leaves_no_container(tmp_path: Path, tiny_pictures: Path) -> None:
    host = engine_hosts()[0]
    image = image_of_steps(host)
    line = command(tiny_pictures, "--containers", "--image", image)
    process = subprocess.Popen(line, cwd=tmp_path, env={**os.environ, "DOCKER_HOST": host})
    try:
        run = ""
        for _ in range(600):
            latest = tmp_path / "runs" / "latest"
            run = latest.resolve().name if (latest / CONTAINERS).exists() else ""
            if run and remaining(host, run):
                break
            time.sleep(0.1)
        assert run, "no container was started"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    finally:
        process.kill()
    assert remaining(host, run) == ""
