"""Published versions in model registries: MLflow's own server, and Kubeflow's API in memory."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_model_registry import FakeModelRegistry, model_registry
from full_passport import full_passport
from local_servers import free_port
from typer.testing import CliRunner

from components.common.artifacts.model_folder import ModelVersion
from components.common.artifacts.passport import Passport, write_passport
from components.common.errors import ConfigError, PublishError, UnreachableError
from pipelines.cli import app
from pipelines.passports.register import Registered, register


@pytest.fixture
def version(tmp_path: Path) -> ModelVersion:
    """Version 3 of `parts`, with its passport; registries do not look into the files."""
    folder = tmp_path / "models" / "parts" / "3"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "variables.index").write_bytes(b"index")
    write_passport(folder.parent, full_passport())
    return ModelVersion(3, folder)


def other_model(version: ModelVersion) -> Passport:
    passport = full_passport(model_sha256="e" * 64)
    write_passport(version.path.parent, passport)
    return passport


@pytest.fixture
def kubeflow() -> Iterator[tuple[str, FakeModelRegistry]]:
    with model_registry() as running:
        yield running


def test_kubeflow_is_told_number_place_figures_and_passport(
    version: ModelVersion, kubeflow: tuple[str, FakeModelRegistry]
) -> None:
    uri, held = kubeflow
    done = register(version, full_passport(), to="kubeflow", uri=uri)
    assert done == Registered(name="parts", version="3", already=False)
    ((number, kept),) = held.versions.items()
    said = {name: one.actual_instance for name, one in kept.custom_properties.items()}
    assert kept.name == "3"
    assert said["graft.model_sha256"].string_value == "c" * 64
    assert said["graft.verdict"].string_value == "insufficient"
    assert (said["accuracy"].double_value, said["accuracy_low"].double_value) == (0.912, 0.881)
    assert json.loads(said["graft.passport"].string_value)["run_id"] == "20260101-parts"
    (artifact,) = held.artifacts[number]
    assert artifact.uri == version.path.as_uri()
    assert artifact.model_format_name == "tensorflow-savedmodel"


def test_kubeflow_is_told_once(
    version: ModelVersion, kubeflow: tuple[str, FakeModelRegistry]
) -> None:
    uri, held = kubeflow
    place = "s3://models/parts/3"
    register(version, full_passport(), to="kubeflow", uri=uri, stored_at=place)
    writes = len(held.writes)
    again = register(version, full_passport(), to="kubeflow", uri=uri, stored_at=place)
    assert again.already
    assert len(held.writes) == writes
    assert [one.uri for many in held.artifacts.values() for one in many] == [place]
    with pytest.raises(PublishError, match="to be the same model, received one with other files"):
        register(version, other_model(version), to="kubeflow", uri=uri)


def test_a_version_that_kubeflow_has_half_is_named(
    version: ModelVersion, kubeflow: tuple[str, FakeModelRegistry]
) -> None:
    uri, held = kubeflow
    register(version, full_passport(), to="kubeflow", uri=uri)
    for many in held.artifacts.values():
        many.clear()
    with pytest.raises(PublishError, match="received one that was registered half"):
        register(version, full_passport(), to="kubeflow", uri=uri)


def test_what_kubeflow_refuses_is_said_in_words(
    version: ModelVersion, kubeflow: tuple[str, FakeModelRegistry]
) -> None:
    uri, held = kubeflow
    held.refuses = 401
    with pytest.raises(ConfigError, match="KF_PIPELINES_SA_TOKEN_PATH"):
        register(version, full_passport(), to="kubeflow", uri=uri)
    held.refuses = 409
    with pytest.raises(PublishError, match=r"to take 'parts', received '\(409\)"):
        register(version, full_passport(), to="kubeflow", uri=uri)
    with pytest.raises(ConfigError, match="received none; name its file"):
        register(version, full_passport(), to="kubeflow", uri="https://127.0.0.1:1")


@pytest.mark.parametrize(
    ("to", "package", "extra"),
    [("mlflow", "mlflow", "mlflow"), ("kubeflow", "model_registry", "model-registry")],
)
def test_a_missing_extra_is_named(
    version: ModelVersion, monkeypatch: pytest.MonkeyPatch, to: str, package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=rf"pip install 'graft-vision\[{extra}\]'"):
        register(version, full_passport(), to=to, uri="http://127.0.0.1:1")


def test_nobody_at_the_address(version: ModelVersion) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(UnreachableError, match=f"expected a model registry at {uri}"):
        register(version, full_passport(), to="kubeflow", uri=uri)
    with pytest.raises(ConfigError, match="one of the registries kubeflow, mlflow"):
        register(version, full_passport(), to="sagemaker", uri=uri)


@pytest.fixture(scope="module")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MLflow's server with SQLite, on a port of its own."""
    home, uri = tmp_path_factory.mktemp("mlflow"), f"http://127.0.0.1:{free_port()}"
    line = [sys.executable, "-m", "mlflow", "server", "--workers=1", "--host=127.0.0.1"]
    line += [f"--port={uri.rpartition(':')[2]}", f"--backend-store-uri=sqlite:///{home}/m.db"]
    line += [f"--artifacts-destination={home}/files"]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            line,
            cwd=home,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
            start_new_session=True,
        )
    try:
        while not _answers(uri):
            assert server.poll() is None, (home / "log").read_text()
            time.sleep(0.3)
        yield uri
    finally:
        server.terminate()
        server.wait(30)


def _answers(uri: str) -> bool:
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_mlflow_keeps_the_version_once_with_files_figures_and_passport(
    version: ModelVersion, mlflow_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    done = register(version, full_passport(), to="mlflow", uri=mlflow_server)
    assert done == Registered(name="parts", version="1", already=False)
    client = MlflowClient(tracking_uri=mlflow_server, registry_uri=mlflow_server)
    (kept,) = client.search_model_versions("name = 'parts'")
    assert (kept.status, kept.tags["graft.version"]) == ("READY", "3")
    assert kept.tags["graft.model_sha256"] == "c" * 64
    assert "insufficient" in kept.description
    run = client.get_run(kept.run_id)
    assert (run.info.status, run.data.metrics["accuracy_high"]) == ("FINISHED", 0.94)
    fetched = Path(client.download_artifacts(kept.run_id, "", str(tmp_path)))
    assert (fetched / "model" / "saved_model.pb").read_bytes() == b"graph"
    assert (fetched / "model" / "variables" / "variables.index").read_bytes() == b"index"
    assert json.loads((fetched / "passport" / "3.json").read_text())["version"] == 3
    assert "<html" in (fetched / "passport" / "3.html").read_text()

    monkeypatch.chdir(tmp_path)
    words = ["register", "parts", "--to=mlflow", f"--uri={mlflow_server}"]
    words += ["--model-base-path=models"]
    again = CliRunner().invoke(app, words)
    assert (again.exit_code, "was already version 1" in again.output) == (0, True), again.output
    assert len(client.search_model_versions("name = 'parts'")) == 1
    with pytest.raises(PublishError, match="received one with other files"):
        register(version, other_model(version), to="mlflow", uri=mlflow_server)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_mlflow_refers_to_files_that_lie_elsewhere(
    version: ModelVersion, mlflow_server: str
) -> None:
    from mlflow import MlflowClient

    passport = full_passport(model_name="elsewhere")
    place = "s3://models/parts/3"
    register(version, passport, to="mlflow", uri=mlflow_server, stored_at=place)
    client = MlflowClient(tracking_uri=mlflow_server, registry_uri=mlflow_server)
    (kept,) = client.search_model_versions("name = 'elsewhere'")
    assert kept.source == place
    assert not client.list_artifacts(kept.run_id, "model")


@pytest.mark.slow
def test_nobody_answers_as_mlflow(version: ModelVersion) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(UnreachableError, match=f"an MLflow server at {uri}, received no conn"):
        register(version, full_passport(), to="mlflow", uri=uri)
