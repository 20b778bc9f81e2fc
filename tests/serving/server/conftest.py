"""Models built once a session, and one shared server per kind."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here starts TensorFlow."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and "unit" not in item.path.parts:
            item.add_marker(pytest.mark.slow)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these files unread where no slow test is wanted."""
    needs_tensorflow = collection_path.name in {"conformance", "local"}
    return True if needs_tensorflow and config.option.markexpr == "not slow" else None


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the models that tests publish.

    `kitchen`, of which `pantry` is a part that loads quickly, `tf1`, `affine1` (offset 1),
    `affine2` and `affine3`.
    """
    import server_models

    root = tmp_path_factory.mktemp("saved_models")
    server_models.write_kitchen(root / "kitchen")
    few = ("serving_default", "two", "echo_float", "refuse", "spin")
    server_models.write_kitchen(root / "pantry", only=few)
    server_models.write_tf1(root / "tf1")
    for offset in (1, 2, 3):
        server_models.write_affine(root / f"affine{offset}", offset=float(offset))
    return root


@pytest.fixture
def publish(built: Path) -> Callable[..., Path]:
    """Return a function that puts a built model in place as a version, by rename."""

    def put(name: str, base: Path, version: int | str) -> Path:
        base.mkdir(parents=True, exist_ok=True)
        staged = base / f".staged-{version}"
        shutil.copytree(built / name, staged)
        return staged.rename(base / str(version))

    return put


@pytest.fixture(scope="session")
def started(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Start the servers that tests share, all at once: what waits for one waits for the others."""
    from server_harness import ServerProcess

    servers: dict[str, Any] = {}
    for name, arguments in (("kitchen", _kitchen), ("library", _library), ("batching", _batching)):
        base = tmp_path_factory.mktemp(name)
        servers[name] = ServerProcess(arguments(built, base), log=base / "log")
    yield servers
    for server in servers.values():
        server.stop()


@pytest.fixture(scope="session")
def kitchen(started: dict[str, Any]) -> Any:
    """Return a server with the model `kitchen`, version 1, shared by all tests that only ask."""
    return started["kitchen"].wait_ready()


@pytest.fixture(scope="session")
def library(started: dict[str, Any]) -> Any:
    """Return a server for tests that change the configuration; each uses its own model names."""
    return started["library"].wait_ready()


@pytest.fixture(scope="session")
def batching(started: dict[str, Any]) -> Any:
    """Return a server that gathers requests: four rows at most, up to 50 ms."""
    return started["batching"].wait_ready()


def _kitchen(built: Path, base: Path) -> list[str]:
    shutil.copytree(built / "kitchen", base / "models" / "1")
    monitoring = base / "monitoring.config"
    monitoring.write_text(
        'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }'
    )
    return [
        "--model_name=kitchen",
        f"--model_base_path={base / 'models'}",
        f"--monitoring_config_file={monitoring}",
        "--enable_grpc_healthcheck_service=true",
    ]


def _library(built: Path, base: Path) -> list[str]:
    shutil.copytree(built / "affine1", base / "models" / "1")
    return [
        "--model_name=first",
        f"--model_base_path={base / 'models'}",
        "--file_system_poll_wait_seconds=0.1",
        "--max_num_load_retries=0",
    ]


def _batching(built: Path, base: Path) -> list[str]:
    for name, model in (("kitchen", "pantry"), ("tf1", "tf1")):
        shutil.copytree(built / model, base / name / "1")
    (base / "batching").write_text(
        "max_batch_size { value: 4 }\nbatch_timeout_micros { value: 50000 }\n"
        "max_enqueued_batches { value: 100 }\nnum_batch_threads { value: 2 }\n"
        "allowed_batch_sizes: 2\nallowed_batch_sizes: 4\n"
    )
    models = [
        f'config {{ name: "{name}" base_path: "{base / name}" model_platform: "tensorflow" }}'
        for name in ("kitchen", "tf1")
    ]
    (base / "models").write_text(f"# two models\nmodel_config_list {{ {' '.join(models)} }}")
    return [
        f"--model_config_file={base / 'models'}",
        "--enable_batching=true",
        f"--batching_parameters_file={base / 'batching'}",
    ]
