"""The console's frame: who may come in, what every page has, what it is made of."""

import hashlib
import io
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import FormData
from console_client import ConsoleClient, open_console

from components.common import plugins
from components.common.errors import ConfigError, ServerError
from components.common.report.texts import LANGUAGES, load_texts
from pipelines.ui.app import PAGES, create_app
from pipelines.ui.run import run
from pipelines.ui.settings import UiSettings

UI = Path(__file__).parents[3] / "pipelines" / "ui"
KEYS = plugins.names(PAGES)


def test_health(console: ConsoleClient) -> None:
    answer = console.get("/healthz", headers={"Host": "10.1.2.3"})
    assert (answer.status, answer.text) == (200, "ok")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_answers_where_there_is_nothing_yet(
    console: ConsoleClient, key: str, language: str
) -> None:
    answer = console.get(f"/{key}?lang={language}")
    assert answer.status == 200, answer.text
    assert f'<html lang="{language}">' in answer.text
    assert answer.text.count("<a href=") > len(KEYS)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    # The choice of a language stays.
    assert f'<html lang="{language}">' in console.get(f"/{key}").text


def test_another_language_shows_the_same_page(stocked: ConsoleClient) -> None:
    text = stocked.get("/versions?model=parts&first=1").text
    assert 'href="/versions?model=parts&amp;first=1&amp;lang=zh-TW"' in text


def test_home_is_the_first_page(console: ConsoleClient) -> None:
    assert console.get("/").path == "/models"


def test_a_wrong_address_is_said_on_the_page(console: ConsoleClient) -> None:
    answer = console.get("/nothing-here")
    assert answer.status == 404
    assert "Not Found" in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"]
)
def test_no_file_outside_static(console: ConsoleClient, path: str) -> None:
    answer = console.get(path)
    assert answer.status in {403, 404}
    assert "create_app" not in answer.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8520", "127.0.0.1.evil.example"])
def test_another_host_name_is_refused(console: ConsoleClient, host: str) -> None:
    assert console.get("/models", headers={"Host": host}).status == 403


def test_a_form_needs_the_token_of_its_page(console: ConsoleClient) -> None:
    console.get("/models")
    assert console.post("/models", csrf=False).status == 403
    assert console.post("/models", {"csrf": "guessed"}, csrf=False).status == 403
    # With it the form comes through to the page, which takes none.
    assert console.post("/models", {"csrf": console.csrf}, csrf=False).status == 405
    assert console.post("/models").status == 405


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_a_form_from_elsewhere_is_refused(console: ConsoleClient, headers: dict[str, str]) -> None:
    console.get("/models")
    sent = {"X-CSRF": console.csrf, **headers}
    assert console.post("/models", headers=sent).status == 403


def test_a_large_form_is_refused(console: ConsoleClient) -> None:
    console.get("/models")
    body = io.BytesIO(b"x" * (2 << 20))
    assert console.post("/models", body).status == 413
    # Nor one that does not say how large it is.
    parts = FormData({"csrf": console.csrf}, default_to_multipart=True)
    parts.add_field("file", io.BytesIO(b"x" * (2 << 20)), filename="x.png")
    assert console.post("/models", parts, csrf=False, chunked=True).status == 413


def test_other_machines_need_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="expected a token"):
        create_app(UiSettings(host="0.0.0.0"))
    with open_console(UiSettings(host="0.0.0.0", token="a-token")) as client:
        assert client.get("/healthz").status == 200
        assert client.get("/models").status == 403
        assert client.get("/static/console.css").status == 403
        assert client.get("/models?token=wrong").status == 403
        answer = client.get("/models?token=a-token")
        assert (answer.status, answer.path) == (200, "/models")
        assert client.get("/static/console.css").status == 200


def test_a_port_that_is_taken_is_said(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"expected port {port} of 127.0.0.1 to be free"):
            run(UiSettings(port=port), ready=lambda: pytest.fail("it cannot be ready"))


def test_the_address_to_open() -> None:
    assert UiSettings().url == "http://127.0.0.1:8520/"
    assert UiSettings(host="::1", port=1).url == "http://[::1]:1/"
    assert UiSettings(host="0.0.0.0", token="x").url == "http://0.0.0.0:8520/?token=x"


def test_nothing_comes_from_elsewhere() -> None:
    for path in (*UI.glob("templates/*"), *UI.glob("static/*")):
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(https?:)?//[\w.-]+\.\w", re.sub(r"<a [^>]*>", "", text)), path


def test_htmx_is_what_its_note_says() -> None:
    digest = hashlib.sha256((UI / "static" / "htmx.min.js").read_bytes()).hexdigest()
    assert digest in (UI / "static" / "htmx.md").read_text()


@pytest.mark.parametrize("package", sorted(path.name for path in UI.glob("languages/[a-z]*")))
def test_every_language_says_the_same(package: str) -> None:
    tables = [load_texts(f"pipelines.ui.languages.{package}", one).table for one in LANGUAGES]
    for table in tables[1:]:
        assert table.keys() == tables[0].keys()
        for key, text in table.items():
            assert text
            braces = [sorted(re.findall(r"\{(\w+)", one[key])) for one in tables]
            assert braces[0] == braces[1], key


def test_templates_say_what_the_tables_have() -> None:
    frame = load_texts("pipelines.ui.languages.frame", "en").table
    for path in UI.glob("templates/*.html"):
        key = path.stem.partition("-")[0]
        table = {**frame, **load_texts(f"pipelines.ui.languages.{key}", "en").table}
        said = re.findall(r'say\("([^"]+)"[,)]', path.read_text())
        assert not [one for one in said if one not in table], path


def test_no_tensorflow_in_its_process() -> None:
    script = (
        "import sys; from pipelines.ui.app import create_app;"
        "from pipelines.ui.settings import UiSettings; create_app(UiSettings());"
        "print([name for name in ('tensorflow', 'keras', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
