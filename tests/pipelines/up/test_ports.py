"""A port that is in use is named at once, with who has it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from local_servers import free_port

from components.common.errors import ConfigError
from pipelines.up.ports import HOST, Ports, check_free, taken


def test_the_process_that_has_the_port_is_named() -> None:
    with socket.create_server((HOST, 0)) as first, socket.create_server((HOST, 0)) as second:
        numbers = [first.getsockname()[1], second.getsockname()[1]]
        with pytest.raises(ConfigError) as caught:
            check_free([*numbers, free_port()], do="choose others")
    # One process, named once, for both.
    assert f"received {numbers[0]}, {numbers[1]} in use by process {os.getpid()} (" in str(
        caught.value
    )
    assert str(caught.value).endswith("; choose others")
    assert caught.value.exit_code == 2


def test_free_ports_pass_also_when_a_connection_has_just_ended() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((HOST, port)), server.accept()[0]:
            pass  # the server's end closes first and leaves the port waiting
    assert taken([port]) == ""


def test_all_ports_move_together() -> None:
    assert Ports().all() == (8500, 8501, 8510, 8511, 8512, 8520)
    assert Ports(100).all() == tuple(port + 100 for port in Ports().all())


@pytest.mark.parametrize("word", ["--port", "--rest-api-port"])
def test_serve_says_so_before_anything_else(word: str, tmp_path: Path) -> None:
    (tmp_path / "solar" / "1").mkdir(parents=True)
    with socket.create_server((HOST, 0)) as server:
        line = ["serve", "--model-base-path", str(tmp_path), word, str(server.getsockname()[1])]
        ended = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *line],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("error: expected the ports ")
    assert ended.stderr.count("\n") == 1
