"""A child process that ends by itself."""

from pathlib import Path

import pytest
from local_servers import free_port

from components.common.errors import ServerError
from pipelines.up.processes import ServiceProcess, running
from pipelines.up.services import Service


def _service(tmp_path: Path, *words: str) -> Service:
    url = f"http://127.0.0.1:{free_port()}"
    return Service(name="gateway", words=words, url=url, health="/", log_path=tmp_path / "log")


def test_one_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with (
        running([_service(tmp_path, "no_such_module")]) as (process,),
        pytest.raises(ServerError, match="its end with code 1") as caught,
    ):
        process.wait_healthy(timeout_s=30)
    assert "No module named no_such_module" in str(caught.value)
    assert str(tmp_path / "log") in str(caught.value)


def test_one_that_ends_again_and_again_is_given_up(tmp_path: Path) -> None:
    process = ServiceProcess(_service(tmp_path, "this"))
    for _ in range(3):
        process.process.wait()
        assert "ended with code 0 and is started again" in process.revive()
    process.process.wait()
    with pytest.raises(ServerError, match="3 restarts within 10 minutes; read "):
        process.revive()
    process.stop()


def test_one_that_answers_is_well_and_is_stopped(tmp_path: Path) -> None:
    port = free_port()
    service = Service(
        name="console", words=("http.server", "--bind", "127.0.0.1", str(port)),
        url=f"http://127.0.0.1:{port}", health="/", log_path=tmp_path / "log",
    )  # fmt: skip
    with running([service]) as (process,):
        process.wait_healthy(timeout_s=30)
        assert process.revive() == ""
    assert process.process.returncode == -15
    assert not process.healthy()
