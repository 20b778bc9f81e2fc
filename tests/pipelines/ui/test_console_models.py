"""The page Models."""

import json
import re
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from console_client import ConsoleClient, open_console
from console_models import write_models
from local_servers import Quiet, answering

from components.common.artifacts.model_folder import passport_path
from components.deploy.commands import rollback
from pipelines.ui.settings import UiSettings


def plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_without_a_model_it_says_what_to_do(console: ConsoleClient) -> None:
    text = console.get("/models").text
    assert "no model here yet" in text
    assert 'href="/new"' in text


def test_what_serves_since_when_and_what_was_said(stocked: ConsoleClient) -> None:
    text = plain(stocked.get("/models").text)
    assert "Version 3 serves, since 2025-10-12" in text
    assert "accuracy 0.880 (0.881 to 0.940 with 95 %)" in text
    assert "hold" in text
    assert "changed: label some pictures" in text
    assert re.search(r"Next check \d{4}-\d\d-\d\d 05:00 UTC", text)
    assert "lids Version 1 serves" in text


def test_after_a_rollback_it_serves_since_then(stocked: ConsoleClient, home: Path) -> None:
    rollback(home / "serving" / "models", "parts")
    text = plain(stocked.get("/models").text)
    assert "Version 2 serves" in text
    assert "since 2025-10-11" not in text


def test_traffic_of_the_last_day(stocked: ConsoleClient) -> None:
    text = plain(stocked.get("/models/of/parts/health").text)
    assert "40 answers; 0.0 % “ask”, 0.0 % errors" in text
    assert "unknown: no server answers" in text
    assert "nothing logged" in stocked.get("/models/of/lids/health").text


def test_a_damaged_passport_is_said(stocked: ConsoleClient, home: Path) -> None:
    passport_path(home / "serving" / "models" / "parts", 3).write_text("{")
    text = stocked.get("/models").text
    assert "passport of this version is damaged" in text
    assert "Version 3 serves" in text


@pytest.mark.parametrize(
    "name", ["..", "%2e%2e", "..%2f..%2fetc", "nothing", "parts%2f3", "%00", "a%20b%3Cscript%3E"]
)
def test_no_name_is_taken_for_a_path(stocked: ConsoleClient, name: str) -> None:
    answer = stocked.get(f"/models/of/{name}/health")
    assert answer.status in {400, 404}
    assert "<script>" not in answer.text


def test_a_model_with_an_odd_name_is_shown(stocked: ConsoleClient, home: Path) -> None:
    models = home / "serving" / "models"
    (models / "lids").rename(models / "lids & <b>caps<b> 100%?")
    text = stocked.get("/models").text
    assert "<b>caps" not in text
    place = re.search(r'hx-get="(/models/of/lids[^"]+)"', text)
    assert place is not None
    assert stocked.get(place[1]).status == 200


def test_nobody_answers(console: ConsoleClient) -> None:
    text = plain(console.get("/models/servers").text)
    assert "model server does not answer" in text
    assert "no gateway at http://127.0.0.1:" in text
    assert "graft up" in text


class Gateway(Quiet, BaseHTTPRequestHandler):
    """Answers as the gateway before a server with version 3 of `parts` does."""

    def do_GET(self) -> None:
        plain: object = {"status": "ok", "upstream": "reachable"}
        if self.path.startswith("/v1/models/"):
            states = [("3", "AVAILABLE"), ("2", "END")]
            status = {"error_code": "OK", "error_message": ""}
            plain = {
                "model_version_status": [
                    {"version": version, "state": state, "status": status}
                    for version, state in states
                ]
            }
        body = json.dumps(plain).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_a_gateway_and_a_server_that_answer(home: Path) -> None:
    write_models(home)
    with answering(Gateway) as address, open_console(UiSettings(gateway=address)) as console:
        assert "gateway answers" in console.get("/models/servers").text
        text = plain(console.get("/models/of/parts/health").text)
        assert "version 3" in text
        assert "newest version" not in text
        # This server has other versions than the folder.
        assert "The newest version is 1" in plain(console.get("/models/of/lids/health").text)
