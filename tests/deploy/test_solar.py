"""The demo's settings for a cluster, and the CronJob that carries them."""

from pathlib import Path, PurePosixPath

import pytest
import yaml
from rendering import DEPLOY, rendered, templates
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.config import read_preset, resolve
from pipelines.dags.compiling import compile_to

SOLAR = DEPLOY / "solar.yaml"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def test_the_cronjob_is_what_the_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    from components.common.images import IMAGE_TAG
    from pipelines.schedule import cronjob

    # Not CPU_IMAGE, which the environment may name otherwise.
    monkeypatch.setattr(cronjob, "CPU_IMAGE", f"localhost/graft-python-cpu:{IMAGE_TAG}")
    result = CliRunner().invoke(app, ["schedule", "manifest", "--preset", str(SOLAR)])
    assert result.exit_code == 0, result.output
    written = (DEPLOY / "components" / "schedule" / "cronjob.yaml").read_text()
    assert list(yaml.safe_load_all(written)) == list(yaml.safe_load_all(result.output))


def test_its_paths_lie_on_the_volumes() -> None:
    settings = resolve(read_preset(str(SOLAR)))
    assert settings.train.weights
    paths = (settings.ingest.path, settings.train.weights)
    assert all(PurePosixPath(path).is_relative_to("/data") for path in paths)
    assert (settings.model_base_path, settings.monitor.log) == ("/models", "/log")


@pytest.mark.slow
@pytest.mark.parametrize("pipeline", ["training", "monitoring"])
def test_every_step_sees_the_volumes_where_the_other_pods_see_them(
    pipeline: str, tmp_path: Path
) -> None:
    output = tmp_path / "pipeline.yaml"
    words = ["compile", "--preset", str(SOLAR), "--pipeline", pipeline, "--output", str(output)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    _, platform = yaml.safe_load_all(output.read_text())
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    desk = templates(rendered("kind"))["graft-desk"]["spec"]
    claims = {
        v["name"]: v.get("persistentVolumeClaim", {}).get("claimName") for v in desk["volumes"]
    }
    mounts = {m["mountPath"]: claims[m["name"]] for m in desk["containers"][0]["volumeMounts"]}
    wanted = {path: claim for path, claim in mounts.items() if claim}
    assert len(wanted) == 3 and executors
    for executor in executors.values():
        found = {
            mount["mountPath"]: mount["pvcNameParameter"]["runtimeValue"]["constant"]
            for mount in executor["pvcMount"]
        }
        assert found == wanted


def test_runs_have_the_keys_where_there_are_any(tmp_path: Path) -> None:
    """Of the webhook for messages, and of the gateway that deploy asks; neither has to be there."""
    compile_to(tmp_path / "p.yaml", settings=resolve(read_preset(str(SOLAR))), pipeline="training")
    _, platform = yaml.safe_load_all((tmp_path / "p.yaml").read_text())
    wanted = {"graft-gateway": "GRAFT_API_KEY", "graft-notify": "GRAFT_WEBHOOK_URL"}
    for executor in platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values():
        secrets = executor["secretAsEnv"]
        assert all(one["optional"] for one in secrets)
        assert {one["secretName"]: one["keyToEnv"][0]["envVar"] for one in secrets} == wanted


def test_it_is_the_demo() -> None:
    """Only the paths and the schedule differ from what `make run` trains."""
    here, there = read_preset(str(SOLAR)), read_preset("solar")
    for key in ("model_name", "seed", "validate"):
        assert here[key] == there[key]
    for key in ("backbone", "method"):
        assert here["train"][key] == there["train"][key]
    assert here["train"]["weights"].endswith(PurePosixPath(there["train"]["weights"]).name)
