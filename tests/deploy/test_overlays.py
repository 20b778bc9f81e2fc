"""The overlays of `deploy/`: schemas, and what no schema sees."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from rendering import (
    DEPLOY,
    DEPLOY_STEP,
    FOREIGN_PODS,
    OVERLAYS,
    REPOSITORY,
    SERVICES,
    STEP,
    Items,
    containers,
    image_user,
    names,
    of_kind,
    one,
    open_ports,
    reaches,
    rendered,
    selects,
    templates,
    with_schedule,
)

from components.common.images import IMAGE_TAG
from pipelines.config import PipelineName, read_preset, resolve
from pipelines.dags.compiling import compile_to

every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
pytestmark = pytest.mark.slow
CLAIMS = {"graft-data", "graft-models", "graft-log"}


@pytest.fixture(params=[*OVERLAYS, "kind with the schedule"], scope="module")
def items(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Items:
    if request.param in OVERLAYS:
        return rendered(request.param)
    return with_schedule("kind", tmp_path_factory.mktemp("scheduled"))


@pytest.mark.parametrize("version", ["1.30", "1.34"])
def test_schemas(items: Items, version: str) -> None:
    import kubernetes_validate

    for item in items:
        kubernetes_validate.validate(item, version, strict=True)


def test_everything_is_in_one_namespace_with_security_labels(items: Items) -> None:
    (namespace,) = of_kind(items, "Namespace")
    labels = namespace["metadata"]["labels"]
    for mode, level in (("enforce", "baseline"), ("warn", "restricted"), ("audit", "restricted")):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == level
    for item in items:
        if item["kind"] != "Namespace":
            assert item["metadata"]["namespace"] == namespace["metadata"]["name"] == "kubeflow"


def test_selectors_find_pods(items: Items) -> None:
    pods = [template["metadata"]["labels"] for template in templates(items).values()]
    for item in of_kind(items, "Deployment"):
        assert selects(item["spec"]["selector"], item["spec"]["template"]["metadata"]["labels"])
    for item in of_kind(items, "Service"):
        assert any(selects({"matchLabels": item["spec"]["selector"]}, labels) for labels in pods)
    for item in of_kind(items, "PodDisruptionBudget"):
        assert any(selects(item["spec"]["selector"], labels) for labels in pods)
    for item in of_kind(items, "HorizontalPodAutoscaler"):
        target = item["spec"]["scaleTargetRef"]
        assert target["name"] in names(items, target["kind"])
    for policy in of_kind(items, "NetworkPolicy"):
        if policy["metadata"]["name"] == "schedule" and not of_kind(items, "CronJob"):
            continue
        selector = policy["spec"]["podSelector"]
        assert any(selects(selector, labels) for labels in [*pods, *FOREIGN_PODS]), policy


def test_services_lead_to_open_ports_and_the_way_in_to_a_service(items: Items) -> None:
    for service in of_kind(items, "Service"):
        selector = {"matchLabels": service["spec"]["selector"]}
        for template in templates(items).values():
            if selects(selector, template["metadata"]["labels"]):
                assert {port["targetPort"] for port in service["spec"]["ports"]} <= set(
                    open_ports(template)
                )
    for ingress in of_kind(items, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                service = one(items, "Service", backend["name"])
                assert backend["port"]["name"] in {p["name"] for p in service["spec"]["ports"]}
        hosts = {rule["host"] for rule in ingress["spec"]["rules"]}
        assert hosts == {host for tls in ingress["spec"]["tls"] for host in tls["hosts"]}


def test_what_pods_refer_to_exists(items: Items) -> None:
    for name, template in templates(items).items():
        spec = template["spec"]
        assert spec["serviceAccountName"] in names(items, "ServiceAccount"), name
        mounted = {m["name"] for c in containers(template) for m in c["volumeMounts"]}
        assert mounted == {volume["name"] for volume in spec["volumes"]}, name
        for volume in spec["volumes"]:
            if "persistentVolumeClaim" in volume:
                claim = volume["persistentVolumeClaim"]["claimName"]
                assert claim in names(items, "PersistentVolumeClaim")
            if "configMap" in volume:
                assert volume["configMap"]["name"] in names(items, "ConfigMap")
    assert names(items, "PersistentVolumeClaim") == CLAIMS


def test_no_account_of_ours_may_do_anything(items: Items) -> None:
    assert not [item for item in items if "RoleBinding" in item["kind"] or "Role" in item["kind"]]
    for account in of_kind(items, "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False
    for template in templates(items).values():
        assert template["spec"]["automountServiceAccountToken"] is False


def test_pods_run_as_the_images_user_with_a_read_only_root(items: Items) -> None:
    """One user and one group everywhere, so that each can read what another wrote."""
    for template in templates(items).values():
        context = template["spec"]["securityContext"]
        for key in ("runAsUser", "runAsGroup", "fsGroup"):
            assert context[key] == image_user()
        assert context["runAsNonRoot"] is True
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(template):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert "memory" in container["resources"]["limits"]


def test_ports_of_policies_are_open(items: Items) -> None:
    pods = templates(items).values()
    for policy in of_kind(items, "NetworkPolicy"):
        spec = policy["spec"]
        for template in pods:
            ours = selects(spec["podSelector"], template["metadata"]["labels"])
            for rule in spec.get("ingress", ()) if ours else ():
                asked = {port["port"] for port in rule["ports"]}
                assert asked <= set(open_ports(template).values()), policy["metadata"]["name"]
            for rule in spec.get("egress", ()):
                for peer in rule.get("to", ()):
                    near = "podSelector" in peer and "ports" in rule
                    if near and selects(peer["podSelector"], template["metadata"]["labels"]):
                        asked = {port["port"] for port in rule["ports"]}
                        assert asked <= set(open_ports(template).values())


def test_who_reaches_whom(items: Items) -> None:
    """The gateway cannot be walked round, and what needs nothing gets nothing."""
    pods = {name: t["metadata"]["labels"] for name, t in templates(items).items()}
    desk, server = pods["graft-desk"], pods["tfserving"]
    ports = open_ports(templates(items)["tfserving"])
    for name in ("gateway-http", "gateway-grpc"):
        assert reaches(items, desk, server, ports[name])
        assert reaches(items, DEPLOY_STEP, server, ports[name])
        assert not reaches(items, STEP, server, ports[name])
    for name in ("http", "grpc", "metrics"):
        for source in (*pods.values(), *FOREIGN_PODS):
            assert not reaches(items, source, server, ports[name])
    for step in (STEP, DEPLOY_STEP):
        assert reaches(items, step, SERVICES, 8080)
        assert not reaches(items, SERVICES, step, 8080)
        assert not reaches(items, step, desk, 8080)
    assert reaches(items, SERVICES, SERVICES, 3306)
    for target in (SERVICES, STEP, DEPLOY_STEP, desk):
        assert not reaches(items, server, target, 8080)
    assert not reaches(items, desk, SERVICES, 8888)


@pytest.mark.parametrize("pipeline", ["training", "tuning", "monitoring"])
def test_of_a_run_only_deploy_may_ask_the_server_and_asks_it_there(
    pipeline: PipelineName, tmp_path: Path
) -> None:
    settings = resolve(read_preset(str(DEPLOY / "solar.yaml")))
    compile_to(tmp_path / "p.yaml", settings=settings, pipeline=pipeline)
    spec, platform = yaml.safe_load_all((tmp_path / "p.yaml").read_text())
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    labels = {name: pod.get("podMetadata", {}).get("labels", {}) for name, pod in executors.items()}
    asking = {name for name, own in labels.items() if (STEP | own).items() >= DEPLOY_STEP.items()}
    assert asking == {"exec-deploy"}
    address = spec["root"]["inputDefinitions"]["parameters"]["deploy"]["defaultValue"]["server"]
    name, port = address.removeprefix("http://").split(":")
    ports = one(rendered("kind"), "Service", name)["spec"]["ports"]
    assert {p["port"]: p["targetPort"] for p in ports}[int(port)] == "gateway-http"


def test_the_schedules_pod_deploys_too(tmp_path: Path) -> None:
    items = with_schedule("kind", tmp_path)
    pods = {name: t["metadata"]["labels"] for name, t in templates(items).items()}
    ports = open_ports(templates(items)["tfserving"])
    own = pods["graft-monitoring-solar"]
    for name, port in ports.items():
        assert reaches(items, own, pods["tfserving"], port) == name.startswith("gateway-")
    assert one(items, "CronJob", "graft-monitoring-solar")["spec"]["jobTemplate"]["spec"][
        "activeDeadlineSeconds"
    ]


def test_a_pod_that_no_policy_knows_reaches_nothing(items: Items) -> None:
    stranger = {"app": "stranger"}
    for labels in (
        *FOREIGN_PODS[1:],
        *(t["metadata"]["labels"] for t in templates(items).values()),
    ):
        assert not reaches(items, stranger, labels, 8511)


@every_overlay
def test_the_image_is_named_once(overlay: str) -> None:
    text = (REPOSITORY / "deploy" / "overlays" / overlay / "kustomization.yaml").read_text()
    assert text.count("graft-python-cpu\n") == (2 if overlay == "managed" else 1)
    images = {c["image"] for t in templates(rendered(overlay)).values() for c in containers(t)}
    (own,) = [image for image in images if not image.startswith("tensorflow/serving:")]
    assert own.rsplit("/", 1)[1] == f"graft-python-cpu:{IMAGE_TAG}"
    assert len(images) == 2


def claims(overlay: str) -> list[dict[str, Any]]:
    return [item["spec"] for item in of_kind(rendered(overlay), "PersistentVolumeClaim")]


def test_storage() -> None:
    """One node mounts local storage once; several servers need a volume that many can mount."""
    for overlay in ("kind", "k3s"):
        assert all(claim["accessModes"] == ["ReadWriteOnce"] for claim in claims(overlay))
        assert one(rendered(overlay), "Deployment", "tfserving")["spec"]["replicas"] == 1
        assert not of_kind(rendered(overlay), "HorizontalPodAutoscaler")
    assert all(claim["accessModes"] == ["ReadWriteMany"] for claim in claims("managed"))
    assert {claim["storageClassName"] for claim in claims("k3s")} == {"local-path"}
    assert all(claim["storageClassName"] for claim in claims("managed"))


@pytest.mark.parametrize(
    ("overlay", "ingress_class", "namespace"),
    [("k3s", "traefik", "kube-system"), ("managed", "nginx", "ingress-nginx")],
)
def test_from_outside_only_through_the_controller_and_with_a_key(
    overlay: str, ingress_class: str, namespace: str
) -> None:
    items = rendered(overlay)
    assert one(items, "Ingress", "tfserving")["spec"]["ingressClassName"] == ingress_class
    (rule,) = one(items, "NetworkPolicy", "ingress")["spec"]["ingress"]
    assert rule["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    ]
    (gateway,) = [c for c in containers(templates(items)["tfserving"]) if c["name"] == "gateway"]
    (variable,) = [entry for entry in gateway["env"] if entry["name"] == "GRAFT_API_KEY_FILE"]
    folder, _, key = variable["value"].rpartition("/")
    (mount,) = [mount for mount in gateway["volumeMounts"] if mount["mountPath"] == folder]
    volumes = templates(items)["tfserving"]["spec"]["volumes"]
    (volume,) = [volume for volume in volumes if volume["name"] == mount["name"]]
    assert volume["secret"] == {"secretName": "graft-gateway", "optional": False}
    assert key == "api-key"
