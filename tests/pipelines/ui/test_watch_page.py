"""The page Watch."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import watched_model
from console_client import ConsoleClient, open_console
from watched_model import ALARM_RUN, MODEL, write_log, write_looks, write_model

from components.common.artifacts.monitoring.reference import ReferenceInfo
from components.common.artifacts.records import write_record
from pipelines.ui.settings import UiSettings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(watched_model, "NOW_UNIX_S", time.time())
    model_dir = write_model(Path("serving/models"))
    log = Path(".graft/predictions") / MODEL
    pictures = write_log(log, now_unix_s=time.time())
    write_looks(model_dir, Path("runs"), pictures)
    watched_model.write_reference_picture(model_dir, "b" * 64)
    info = ReferenceInfo(
        model_name=MODEL,
        model_sha256="",
        data_sha256="",
        classes=("bad", "good"),
        positive="bad",
        pictures=1,
        groups=1,
        accuracy=1.0,
        seed=0,
    )
    write_record(model_dir / "references" / "2" / "reference.json", info)
    return tmp_path


@pytest.fixture
def console(home: Path) -> Iterator[ConsoleClient]:
    with open_console(UiSettings()) as client:
        yield client


def test_the_timeline_shows_answers_drift_loss_and_what_happened(console: ConsoleClient) -> None:
    page = console.get("/watch").text
    assert f'hx-get="/watch/timeline?model={MODEL}&amp;days=30"' in page
    timeline = f"/watch/timeline?model={MODEL}"
    text = console.get(timeline).text
    assert text.count("<rect class=") >= 7 * 3
    assert text.count('class="dot alarm"') == 2 * 2  # two alarms, in both charts
    assert "Version 2 was published" in text and "Version 1 was published" not in text
    assert "Version 1 published" in console.get(f"{timeline}&days=90").text
    assert "shifted_statistics 1.60" in text
    assert "moved by 1.6 &lt;thresholds&gt;" in text
    assert "Retraining 20261126-110000-monitor: under way" in text
    assert console.get(f"{timeline}&days=week").status == 200


def test_an_alarm_opens_its_pictures_beside_their_nearest(console: ConsoleClient) -> None:
    page = console.get(f"/watch/look?model={MODEL}&run={ALARM_RUN}")
    assert "a person should look" in page.text and "Label some of these pictures." in page.text
    assert "Not enough evidence" in page.text
    assert page.text.count("no longer kept") == 2  # both of the second pair
    came = page.text.split("/watch/came?")[1].split('"')[0].replace("&amp;", "&")
    assert console.get(f"/watch/came?{came}").headers["Content-Type"] == "image/jpeg"
    known = f"/watch/known?model={MODEL}&version=2&sha256="
    assert console.get(known + "b" * 64).headers["Content-Type"] == "image/png"
    assert console.get(known + "d" * 64).status == 404  # no longer kept


def test_a_look_whose_run_is_gone_says_so(console: ConsoleClient, home: Path) -> None:
    (home / "runs" / ALARM_RUN).rename(home / "elsewhere")
    page = console.get(f"/watch/look?model={MODEL}&run={ALARM_RUN}")
    assert page.status == 200 and f"the folder of the run {ALARM_RUN} is not there" in page.text


def test_without_a_log_and_looks_it_says_what_to_do(console: ConsoleClient, home: Path) -> None:
    (home / ".graft").rename(home / "elsewhere")
    (home / "serving" / "models" / MODEL / "decisions").rename(home / "decisions")
    text = console.get(f"/watch/timeline?model={MODEL}").text
    assert "graft up" in text
    assert f"graft watch --preset serving/models/{MODEL}/passports/2.yaml" in text
    assert "<rect" not in text


@pytest.mark.parametrize("odd", ["../2", "..%2f..%2fetc", "", "x" * 64])
def test_odd_names_open_no_file(console: ConsoleClient, odd: str) -> None:
    assert console.get(f"/watch?model=../{odd}").status == 400
    assert console.get(f"/watch/timeline?model=../{odd}").status == 400
    assert console.get(f"/watch/look?model={MODEL}&run={odd}").status == 400
    assert console.get(f"/watch/came?model={MODEL}&sha256={odd}").status == 404
    assert console.get(f"/watch/known?model={MODEL}&version=2&sha256={odd}").status == 404
    assert console.get(f"/watch/known?model={MODEL}&version={odd}&sha256={'b' * 64}").status == 404
