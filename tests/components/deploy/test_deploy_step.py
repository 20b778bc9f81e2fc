"""The order of things, with the server's part played by stand-ins (real ones: test_deploy_live)."""

import concurrent.futures
import dataclasses
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy_candidates import MakeCandidate, write_reference
from deploy_support import put

from components.common.artifacts.deployment import Agreement, Deployment, Latency
from components.common.artifacts.model_folder import reference_path, settings_path, versions
from components.common.artifacts.passport import read_passport
from components.common.artifacts.records import tree_sha256
from components.common.errors import ConfigError, PublishError, ServerError
from components.common.run_context import RunContext
from components.deploy import step as module
from components.deploy.config import DeployConfig
from components.deploy.judged import DeployInputs, Judged
from components.deploy.rehearse import Heard
from components.deploy.step import DeployOutputs
from components.deploy.versions import retired

AGREEMENT = Agreement(
    interface="REST",
    pictures=12,
    max_difference=1e-7,
    latency=Latency(median_ms=1.0, p95_ms=2.0, requests=12),
)


@pytest.fixture(autouse=True)
def servers_that_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "rehearse", lambda *_, **__: (AGREEMENT,))
    monkeypatch.setattr(module, "confirm", lambda *_, **__: (Heard(AGREEMENT, ()),))


@pytest.fixture
def settings(tmp_path: Path) -> DeployConfig:
    return DeployConfig(model_name="solar", model_base_path=str(tmp_path / "models"), timeout_s=5)


@pytest.fixture
def run(tmp_path: Path) -> RunContext:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "settings.yaml").write_text("model_name: solar\nseed: 3\n")
    return RunContext(
        run_id="run-7", commit="abc123+", data_sha256="dd", run_dir=str(tmp_path / "run")
    )


def deployed(
    folders: DeployInputs, out: Path, settings: DeployConfig, run: RunContext
) -> Deployment:
    module.run(settings, folders, DeployOutputs(deployment=out), run)
    return Deployment.read(out)


def numbers(settings: DeployConfig) -> list[int]:
    folder = Path(settings.model_base_path) / settings.model_name
    return [version.number for version in versions(folder)]


def test_the_record_and_the_passport_tell_the_story(
    make_candidate: MakeCandidate, settings: DeployConfig, run: RunContext, tmp_path: Path
) -> None:
    first = make_candidate()
    deployed(first, tmp_path / "out-1", settings, run)

    info = deployed(make_candidate(incumbent_version=1), tmp_path / "out-2", settings, run).info

    assert (info.version, info.previous_version) == (2, 1)
    assert info.version_path == tmp_path / "models" / "solar" / "2"
    assert tree_sha256(info.version_path) == info.model_sha256
    model_dir = info.version_path.parent
    passport = read_passport(model_dir, 2)
    assert passport is not None
    assert info.passport == str(model_dir / "passports" / "2.json")
    assert passport.state == "confirmed"
    assert passport.verdict.reasons == ("Said so.",)
    assert passport.metrics[0].name == "accuracy"
    assert passport.settings == {"model_name": "solar", "seed": 3}
    assert passport.rebuild == (
        "git checkout abc123",
        "make install",
        "make data",
        f"graft run --preset {settings_path(model_dir, 2)} --model-base-path rebuilt --no-cache "
        "--no-serve-check",
        f"graft passport diff {model_dir / '2'} rebuilt/solar/1",
    )
    assert yaml.safe_load(settings_path(model_dir, 2).read_text()) == passport.settings


def test_without_a_run_folder_the_passport_names_no_preset(
    make_candidate: MakeCandidate, settings: DeployConfig, tmp_path: Path
) -> None:
    info = deployed(make_candidate(), tmp_path / "out", settings, RunContext(run_id="pod")).info

    passport = read_passport(info.version_path.parent, 1)
    assert passport is not None
    assert (passport.settings, passport.rebuild) == ({}, ())


def test_a_version_that_is_not_confirmed_is_taken_back(
    make_candidate: MakeCandidate,
    settings: DeployConfig,
    run: RunContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployed(make_candidate(), tmp_path / "out-1", settings, run)

    def refuse(*_: Any, **__: Any) -> None:
        assert numbers(settings) == [1, 2]
        raise ServerError("version 2 END (bad graph)")

    monkeypatch.setattr(module, "confirm", refuse)
    with pytest.raises(PublishError, match=r"taken back and version 1 serves on: version 2 END"):
        deployed(make_candidate(incumbent_version=1), tmp_path / "out-2", settings, run)

    model_dir = tmp_path / "models" / "solar"
    assert numbers(settings) == [1]
    assert [version.number for version in retired(model_dir)] == [2]
    passport = read_passport(model_dir, 2)
    assert passport is not None
    assert passport.state == "retired"
    assert not (tmp_path / "out-2").exists()


def test_stopping_while_confirming_takes_the_version_back(
    make_candidate: MakeCandidate,
    settings: DeployConfig,
    run: RunContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "confirm", stop)
    with pytest.raises(KeyboardInterrupt):
        deployed(make_candidate(), tmp_path / "out", settings, run)

    assert numbers(settings) == []


def test_a_repeated_deploy_confirms_what_is_there(
    make_candidate: MakeCandidate, settings: DeployConfig, run: RunContext, tmp_path: Path
) -> None:
    candidate = make_candidate()
    deployed(make_candidate(), tmp_path / "out-0", settings, run)
    # As a deploy leaves it that is killed between the rename and the confirmation.
    put(tmp_path / "models" / "solar", candidate.exported / "saved_model")

    info = deployed(candidate, tmp_path / "out", settings, run).info

    assert (info.version, info.previous_version) == (2, 1)
    assert numbers(settings) == [1, 2]


@pytest.mark.parametrize("word", ["hold", "insufficient"])
def test_only_a_passed_candidate_is_published(make_candidate: MakeCandidate, word: str) -> None:
    with pytest.raises(PublishError, match=f"the verdict 'deploy', received '{word}'"):
        Judged.read(make_candidate(word=word))


def test_an_evaluation_of_another_model_is_refused(make_candidate: MakeCandidate) -> None:
    with pytest.raises(PublishError, match="evaluation, verdict and reference of the model"):
        Judged.read(make_candidate(judged_sha256="0" * 64))


def test_a_version_published_since_the_comparison_is_not_overtaken(
    make_candidate: MakeCandidate, settings: DeployConfig, run: RunContext, tmp_path: Path
) -> None:
    for index in range(2):
        candidate = make_candidate(incumbent_version=index)
        deployed(candidate, tmp_path / f"out-{index}", settings, run)
    late = make_candidate(incumbent_version=1)

    with pytest.raises(PublishError, match=r"expected version 1, .* received version 2; run again"):
        deployed(late, tmp_path / "late", settings, run)
    assert numbers(settings) == [1, 2]


def test_of_two_first_publishes_at_once_the_second_is_refused(
    make_candidate: MakeCandidate, settings: DeployConfig, run: RunContext, tmp_path: Path
) -> None:
    candidates = [make_candidate(), make_candidate()]
    together = threading.Barrier(2)

    def publish(index: int) -> str:
        together.wait()
        try:
            deployed(candidates[index], tmp_path / f"out-{index}", settings, run)
        except PublishError as error:
            return str(error)
        return ""

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(publish, range(2)))

    assert said[0] == ""
    assert "expected no version, which the candidate was compared with" in said[1]
    assert numbers(settings) == [1]


def test_nothing_is_pruned_when_the_server_does_not_say_what_it_serves(
    make_candidate: MakeCandidate,
    settings: DeployConfig,
    run: RunContext,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    silent = dataclasses.replace(settings, server="127.0.0.1:9")
    for index in range(4):
        candidate = make_candidate(incumbent_version=index)
        info = deployed(candidate, tmp_path / f"out-{index}", silent, run).info

    assert (info.pruned, numbers(settings)) == ((), [1, 2, 3, 4])
    assert "no old version is removed: 127.0.0.1:9 does not say" in caplog.text


def test_a_damaged_passport_does_not_stop_the_next_version(
    make_candidate: MakeCandidate, settings: DeployConfig, run: RunContext, tmp_path: Path
) -> None:
    deployed(make_candidate(), tmp_path / "out-1", settings, run)
    page = tmp_path / "models" / "solar" / "passports" / "1.json"
    page.write_text(page.read_text()[:40])

    candidate = make_candidate(incumbent_version=1)
    assert deployed(candidate, tmp_path / "out-2", settings, run).info.version == 2


def test_old_versions_are_pruned_after_the_new_one_counts(
    make_candidate: MakeCandidate, settings: DeployConfig, run: RunContext, tmp_path: Path
) -> None:
    infos = [
        deployed(
            make_candidate(incumbent_version=index), tmp_path / f"out-{index}", settings, run
        ).info
        for index in range(5)
    ]

    assert [info.pruned for info in infos] == [(), (), (), (1,), (2,)]
    assert numbers(settings) == [3, 4, 5]


def test_the_best_version_so_far_is_not_pruned(
    make_candidate: MakeCandidate, settings: DeployConfig, run: RunContext, tmp_path: Path
) -> None:
    for index in range(5):
        candidate = make_candidate(incumbent_version=index, best_version=min(index, 1))
        info = deployed(candidate, tmp_path / f"out-{index}", settings, run).info

    assert (info.pruned, numbers(settings)) == ((2,), [1, 3, 4, 5])
    passport = read_passport(tmp_path / "models" / "solar", 5)
    assert passport is not None and passport.best_version == 1


def test_a_relative_base_path_is_refused_before_anything_else(
    make_candidate: MakeCandidate, run: RunContext, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="absolute folder as model_base_path"):
        deployed(make_candidate(), tmp_path / "out", DeployConfig(), run)


def test_a_reference_of_another_model_is_refused(make_candidate: MakeCandidate) -> None:
    folders = make_candidate()
    write_reference(folders.reference, "0" * 64)
    with pytest.raises(PublishError, match="reference of the model"):
        Judged.read(folders)


def test_the_reference_comes_with_the_version(
    make_candidate: MakeCandidate, settings: DeployConfig, run: RunContext, tmp_path: Path
) -> None:
    folders = make_candidate()
    deployed(folders, tmp_path / "out", settings, run)
    kept = reference_path(tmp_path / "models" / "solar", 1)
    assert tree_sha256(kept) == tree_sha256(folders.reference)
    # A deploy that is repeated keeps what is there.
    (folders.reference / "other.txt").write_text("")
    deployed(folders, tmp_path / "again", settings, run)
    assert not (kept / "other.txt").exists()
