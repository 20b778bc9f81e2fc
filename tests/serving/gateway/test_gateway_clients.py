"""What clients tell a gateway: the API key, and where pictures come from."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bright_model import MODEL, png
from gateway_harness import Gateway, running, wait_until
from typer.testing import CliRunner

from components.common.errors import GraftError
from pipelines.cli import app
from serving.client import connect
from serving.client.examples import examples
from serving.protocol.headers import LOG_HEADER, LOG_OFF, request_headers
from serving.server.launch import RunningServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def locked(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that wants a key."""
    with running(
        tmp_path_factory.mktemp("locked"),
        upstream=server.rest_url,
        upstream_grpc=server.grpc_address,
        environment={"GRAFT_API_KEY": "s3cret"},
    ) as gateway:
        yield gateway


def rows_of(gateway: Gateway) -> list[dict[str, Any]]:
    return list(gateway.table(MODEL).to_pylist())


def predict(*words: str, key: str = "") -> tuple[int, str]:
    """Run `graft predict` in this process; return the exit code and what it says."""
    result = CliRunner().invoke(
        app,
        ["predict", "--model-name", MODEL, *words],
        env={"GRAFT_API_KEY": key, "COLUMNS": "300"},
    )
    if isinstance(result.exception, GraftError):
        # As the command's `main` does it.
        return result.exception.exit_code, str(result.exception)
    return result.exit_code, result.output


@pytest.mark.parametrize("kind", ["rest", "grpc"])
def test_predict_sends_the_key_and_says_where_pictures_are_from(
    kind: str, locked: Gateway, tmp_path: Path
) -> None:
    address = locked.rest if kind == "rest" else locked.grpc
    wanted = {}
    for number, level in enumerate((20, 40, 60, 80)):
        # Another size for each protocol: they share the log.
        picture = png(level, size=(9, 5 if kind == "rest" else 6))
        lot = f"lot-{number % 2}"
        (tmp_path / lot).mkdir(exist_ok=True)
        (tmp_path / lot / f"{level}.png").write_bytes(picture)
        wanted[hashlib.sha256(picture).hexdigest()] = (lot, "4", "left")

    words = [str(tmp_path), "--server", address, "--line", "4", "--camera", "left"]
    code, output = predict(*words, "--group-by-folder", key="s3cret")
    assert code == 0, output

    def found() -> dict[str, tuple[str, str, str]]:
        return {
            row["picture_sha256"]: (row["group"], row["line"], row["camera"])
            for row in rows_of(locked)
            if row["picture_sha256"] in wanted
        }

    wait_until(lambda: len(found()) == len(wanted), locked.text)
    assert found() == wanted

    key_file = tmp_path / "key"
    key_file.write_text("s3cret\n")
    code, output = predict(
        *words, "--group", f"Prüfung {kind}", "--api-key-file", str(key_file), key="another"
    )
    assert code == 0, output
    wait_until(
        lambda: sum(row["group"] == f"Prüfung {kind}" for row in rows_of(locked)) == 4, locked.text
    )


@pytest.mark.parametrize("kind", ["rest", "grpc"])
def test_predict_without_the_right_key_says_what_to_set(
    kind: str, locked: Gateway, tmp_path: Path
) -> None:
    address = locked.rest if kind == "rest" else locked.grpc
    (tmp_path / "a.png").write_bytes(png(1))
    for key, received in (("", "none"), ("s3cre", "a wrong one")):
        code, output = predict(str(tmp_path), "--server", address, key=key)
        assert code == 2
        assert f"expected the gateway's API key at {address}, received {received}" in output
        assert "set GRAFT_API_KEY or --api-key-file" in output
    with connect(address, model=MODEL, headers=request_headers(api_key="s3cret")) as client:
        assert client.wait_until_available(timeout_s=5) == 3


def test_predict_takes_one_kind_of_group(tmp_path: Path) -> None:
    code, output = predict(str(tmp_path), "--group", "a", "--group-by-folder")
    assert code == 2
    assert "expected --group or --group-by-folder, received both" in output


def test_the_examples_send_the_key(locked: Gateway, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(png(255))
    shown = examples(MODEL, locked.rest, picture=str(picture), api_key=True)
    environment = {**os.environ, "no_proxy": "*", "NO_PROXY": "*", "GRAFT_API_KEY": "s3cret"}
    for argv in (["sh", "-c", shown.curl], [sys.executable, "-c", shown.python]):
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
        assert "bright" in done.stdout


@pytest.mark.parametrize("kind", ["rest", "grpc"])
def test_what_somebody_only_tries_is_answered_and_not_logged(kind: str, locked: Gateway) -> None:
    address = locked.rest if kind == "rest" else locked.grpc
    tried, meant = (png(level, size=(11, 5 if kind == "rest" else 6)) for level in (90, 91))
    with connect(address, model=MODEL, headers=request_headers(api_key="s3cret")) as client:
        assert len(client.predict_pictures([tried], headers={LOG_HEADER: LOG_OFF}).decisions) == 1
        client.predict_pictures([meant])

    def logged(picture: bytes) -> int:
        sha256 = hashlib.sha256(picture).hexdigest()
        return sum(row["picture_sha256"] == sha256 for row in rows_of(locked))

    wait_until(lambda: logged(meant) == 1, locked.text)
    assert logged(tried) == 0
