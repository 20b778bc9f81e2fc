"""docs/how-to/deploy.md: the files and objects that it names are there."""

import re

import pytest
import yaml
from rendering import DEPLOY, OVERLAYS, REPOSITORY, names, of_kind, rendered

from pipelines.config import read_preset, resolve

TEXT = (REPOSITORY / "docs" / "how-to" / "deploy.md").read_text()


def test_the_paths_exist() -> None:
    paths = set(re.findall(r"(?:deploy|serving/k8s|tools)/[\w./-]+\w", TEXT))
    assert len(paths) > 10
    for path in paths:
        assert (REPOSITORY / path).exists(), path


def test_no_key_is_on_a_command_line() -> None:
    """Arguments and their history are for everyone on the machine to read."""
    assert "--from-literal" not in TEXT
    assert not re.findall(r"-H .*\$|GRAFT_API_KEY=\$", TEXT)


def test_every_folder_is_described() -> None:
    for kind in ("overlays", "components", "kubeflow"):
        for folder in (DEPLOY / kind).iterdir():
            assert folder.name in TEXT, folder


def test_the_settings_for_gpus_are_settings() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
    plain = read_preset(str(DEPLOY / "solar.yaml"))
    plain["cluster"] |= yaml.safe_load(text)["cluster"]
    assert resolve(plain).cluster.accelerator.count == 1


@pytest.mark.slow
def test_the_objects_exist() -> None:
    items = rendered("managed")
    for kind, found in (
        ("Deployment", re.findall(r"deployment/([\w-]+)", TEXT)),
        ("Service", re.findall(r"http://(tfserving[\w-]*):", TEXT)),
        ("PersistentVolumeClaim", re.findall(r"^\| `(graft-\w+)` \| `/", TEXT, re.M)),
    ):
        assert found
        assert set(found) <= names(items, kind), kind
    secrets = {
        volume["secret"]["secretName"]
        for overlay in OVERLAYS
        for workload in of_kind(rendered(overlay), "Deployment")
        for volume in workload["spec"]["template"]["spec"]["volumes"]
        if "secret" in volume
    }
    assert secrets
    for secret in secrets:
        assert f"create secret generic {secret} " in TEXT
