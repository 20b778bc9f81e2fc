"""Deploying through real servers, as `graft run` does."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from deploy_candidates import CLASSES, PICTURES, MakeCandidate
from deploy_support import put
from levels_model import answers

from components.common import config
from components.common.artifacts.deployment import Deployment
from components.common.artifacts.model_folder import ModelVersion, candidate_path, versions
from components.common.artifacts.passport import read_passport
from components.common.artifacts.records import tree_sha256
from components.common.errors import PublishError, ServerError
from components.common.run_context import RunContext
from components.deploy import rehearse as rehearsing
from components.deploy import step as module
from components.deploy.commands import rollback
from components.deploy.component import deploy
from components.deploy.config import DeployConfig
from components.deploy.judged import DeployInputs
from components.deploy.publish import publish
from components.deploy.step import DeployOutputs
from components.deploy.versions import retired
from serving.client import connect
from serving.server.launch import RunningServer, launch

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
LEVELS = np.linspace(0, 255, PICTURES).astype(np.uint8)
RUN = RunContext(run_id="run-1")

MakeLevels = Callable[..., DeployInputs]


@pytest.fixture(scope="session")
def saved_models(tmp_path_factory: pytest.TempPathFactory) -> dict[float, Path]:
    """SavedModels by slope."""
    folder = tmp_path_factory.mktemp("saved")
    subprocess.run(
        [sys.executable, str(HERE / "levels_model.py"), str(folder), "2.0", "5.0"],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return {slope: folder / str(slope) for slope in (2.0, 5.0)}


@pytest.fixture
def make_levels(make_candidate: MakeCandidate, saved_models: dict[float, Path]) -> MakeLevels:
    def make(
        slope: float, *, evaluated_as: float | None = None, incumbent_version: int = 0
    ) -> DeployInputs:
        said = answers(LEVELS, slope if evaluated_as is None else evaluated_as)
        return make_candidate(
            saved_model=saved_models[slope], answers=said, incumbent_version=incumbent_version
        )

    return make


@pytest.fixture
def base_path(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def live(
    base_path: Path, saved_models: dict[float, Path], tmp_path: Path
) -> Iterator[RunningServer]:
    """A server that watches the base path and serves version 1."""
    put(base_path / "solar", saved_models[2.0])
    with launch("solar", base_path=base_path / "solar", log_path=tmp_path / "log") as server:
        yield server


def settings(base_path: Path, *, server: str = "", timeout_s: float = 60.0) -> DeployConfig:
    return DeployConfig(
        model_name="solar",
        model_base_path=str(base_path),
        server=server,
        rehearsal_pictures=6,
        timeout_s=timeout_s,
    )


def bad_probability(address: str, folders: DeployInputs) -> float:
    """What a server says of the brightest picture."""
    brightest = (folders.dataset / "pictures" / f"{PICTURES - 1}.png").read_bytes()
    with connect(address, model="solar") as client:
        return float(client.predict_pictures([brightest]).probabilities[0, 1])


def brightest(slope: float) -> float:
    """What the model of that slope says of the brightest picture."""
    return float(answers(LEVELS, slope)[-1, 1])


def test_the_component_publishes_and_has_it_confirmed_by_a_server_of_its_own(
    make_levels: MakeLevels, base_path: Path, tmp_path: Path
) -> None:
    folders = make_levels(5.0)
    artifact = {
        name: SimpleNamespace(path=str(path), metadata={}) for name, path in vars(folders).items()
    }
    out = SimpleNamespace(path=str(tmp_path / "deployment"), metadata={})

    deploy.python_func(
        **artifact,
        settings=config.to_plain(settings(base_path)),
        run=config.to_plain(RunContext(run_id="run-1", run_dir=str(tmp_path / "run"))),
        deployment=out,
    )

    info = Deployment.read(tmp_path / "deployment").info
    assert info.version == 1
    for phase in (info.rehearsal, info.confirmation):
        assert [found.interface for found in phase] == ["gRPC", "REST"]
        assert all(found.max_difference < 1e-5 for found in phase)
        assert all(found.latency.requests == 6 for found in phase)
    over_grpc, over_rest = (
        [one for one in info.answers if one.interface == name] for name in ("gRPC", "REST")
    )
    assert len(over_grpc) == 6
    assert {one.decision for one in over_grpc} <= {*CLASSES, "ask"}
    assert all(0.5 <= one.probability <= 1.0 for one in over_rest)
    for grpc, rest in zip(over_grpc, over_rest, strict=True):
        assert (grpc.path, grpc.decision) == (rest.path, rest.decision)
    passport = read_passport(base_path / "solar", 1)
    assert passport is not None
    assert (passport.state, passport.rehearsal) == ("confirmed", info.rehearsal)
    assert out.metadata["step"] == "deploy"
    assert candidate_path(base_path / "solar", 1).is_dir()


def test_a_live_server_takes_new_versions_over_and_back(
    make_levels: MakeLevels, live: RunningServer, base_path: Path, tmp_path: Path
) -> None:
    folders = make_levels(5.0, incumbent_version=1)
    for version, server in ((2, live.grpc_address), (3, live.rest_url)):
        out = DeployOutputs(deployment=tmp_path / f"out-{version}")
        module.run(settings(base_path, server=server), folders, out, RUN)

        info = Deployment.read(tmp_path / f"out-{version}").info
        assert (info.version, info.previous_version, info.server) == (version, 1, server)
        assert bad_probability(server, folders) == pytest.approx(brightest(5.0), abs=1e-4)
        rollback(base_path, "solar")
        with connect(server, model="solar") as client:
            client.wait_until_available(version=1, timeout_s=60)
        assert bad_probability(server, folders) == pytest.approx(brightest(2.0), abs=1e-4)


def test_a_version_that_the_server_never_loads_is_taken_back(
    make_levels: MakeLevels,
    live: RunningServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "rehearse", lambda *_, **__: ())
    elsewhere = tmp_path / "elsewhere"  # not the folder that the server watches
    mistaken = settings(elsewhere, server=live.grpc_address, timeout_s=3.0)

    put(elsewhere / "solar", make_levels(2.0).exported / "saved_model")

    with pytest.raises(PublishError, match=r"taken back and version 1 serves on: .*version 2"):
        out = DeployOutputs(deployment=tmp_path / "out")
        module.run(mistaken, make_levels(5.0, incumbent_version=1), out, RUN)

    assert [version.number for version in versions(elsewhere / "solar")] == [1]
    assert [version.number for version in retired(elsewhere / "solar")] == [2]


def test_a_model_that_answers_otherwise_than_evaluated_is_not_published(
    make_levels: MakeLevels, base_path: Path, tmp_path: Path
) -> None:
    folders = make_levels(5.0, evaluated_as=2.0)

    with pytest.raises(PublishError, match=r"the evaluated probabilities from .* within 0\.001"):
        out = DeployOutputs(deployment=tmp_path / "out")
        module.run(settings(base_path), folders, out, RUN)
    assert versions(base_path / "solar") == ()


def test_what_is_confirmed_are_the_files_in_their_final_place(
    make_levels: MakeLevels, base_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish_and_break(*given: Any, **named: Any) -> ModelVersion:
        version = publish(*given, **named)
        (version.path / "saved_model.pb").write_bytes(b"broken")
        return version

    starts = []
    monkeypatch.setattr(rehearsing, "launch", lambda *a, **n: starts.append(a) or launch(*a, **n))
    monkeypatch.setattr(module, "publish", publish_and_break)
    with pytest.raises(PublishError, match="version 1 was published but not confirmed"):
        out = DeployOutputs(deployment=tmp_path / "out")
        module.run(settings(base_path), make_levels(5.0), out, RUN)
    assert versions(base_path / "solar") == ()
    assert len(starts) == 1


def test_a_model_that_does_not_load_is_not_published(
    make_candidate: MakeCandidate, base_path: Path, tmp_path: Path
) -> None:
    rubbish = make_candidate()

    with pytest.raises(ServerError, match="the model server to start, received its end"):
        out = DeployOutputs(deployment=tmp_path / "out")
        module.run(settings(base_path), rubbish, out, RUN)
    assert versions(base_path / "solar") == ()


def test_the_old_version_answers_on_when_a_publish_is_killed(
    live: RunningServer, make_levels: MakeLevels, base_path: Path, saved_models: dict[float, Path]
) -> None:
    before = tree_sha256(base_path / "solar" / "1")
    script = [sys.executable, str(HERE / "publish_and_die.py"), str(base_path / "solar")]
    for point in ("in the middle of a file", "before the rename"):
        killed = subprocess.run(
            [*script, str(saved_models[5.0]), point],
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{HERE}"},
            timeout=60,
            check=False,
        )

        assert killed.returncode == -9
        assert tree_sha256(base_path / "solar" / "1") == before
        time.sleep(1.5)  # longer than the server's polling interval
        said = bad_probability(live.rest_url, make_levels(5.0))
        assert said == pytest.approx(brightest(2.0), abs=1e-4)
