"""The page Versions."""

import re
import time
from pathlib import Path

import pytest
from console_client import ConsoleClient
from console_models import write_held_run
from test_console_models import plain

from components.common.artifacts.deployment import read_switches
from components.common.artifacts.model_folder import passport_path, versions
from components.common.artifacts.passport import read_passport

WORDS = {"by": "Ada", "reason": "the lamps were changed"}


def numbers(home: Path) -> list[int]:
    return [one.number for one in versions(home / "serving" / "models" / "parts")]


def test_without_versions(console: ConsoleClient) -> None:
    assert "no version here yet" in console.get("/versions").text


def test_the_serving_version_stands_beside_the_one_before(stocked: ConsoleClient) -> None:
    text = stocked.get("/versions?model=parts").text
    assert "Version 2 beside version 3" in text
    assert re.search(r'<tr class="good">\s*<td><strong>3</strong>', text)
    # Differences are marked, what is alike is not.
    row = r'<tr{}><td class="muted">{}</td><td>{}</td><td>{}</td></tr>'
    figures = (re.escape("0.870 (0.881 to 0.940)"), re.escape("0.880 (0.881 to 0.940)"))
    assert re.search(row.format(' class="differs"', "accuracy", *figures), text)
    assert re.search(row.format("", "network", "mobilenet_v2", "mobilenet_v2"), text)
    assert re.search(row.format(' class="differs"', "pictures, train", "22", "23"), text)


def test_the_comparison_is_in_the_readers_language(stocked: ConsoleClient) -> None:
    text = stocked.get("/versions?model=parts&lang=zh-TW").text
    rows = re.findall(r'<td class="muted">(.+?)</td><td>(.*?)</td><td>(.*?)</td></tr>', text)
    named = {name: values for name, *values in rows}
    assert named["「bad」的召回率"] == ["0.800（0.550 到 0.930）"] * 2
    assert named["判定"] == ["上線", "上線"]
    # What is left is a class.
    assert [name for name in named if re.search("[a-z]{4}", re.sub("「.+」", "", name))] == []


def test_two_versions_that_are_asked_for(stocked: ConsoleClient) -> None:
    text = stocked.get("/versions?model=parts&first=3&second=1").text
    assert "Version 3 beside version 1" in text
    # What is no version with a passport counts for nothing.
    assert stocked.get("/versions?model=parts&first=..&second=%00").status == 200


def test_a_damaged_passport_is_said(stocked: ConsoleClient, home: Path) -> None:
    passport_path(home / "serving" / "models" / "parts", 2).write_text("{")
    text = plain(stocked.get("/versions?model=parts").text)
    assert "its passport is damaged" in text
    assert "Version 1 beside version 3" in text


def test_back_with_a_reason_and_forth_again(stocked: ConsoleClient, home: Path) -> None:
    question = plain(stocked.get("/versions/switch?model=parts&version=1").text)
    assert "Let version 1 of parts serve?" in question
    assert "taken back for it: 2, 3" in question

    form = {"model": "parts", "version": "1", **WORDS}
    answer = stocked.post("/versions/switch", form)
    assert answer.path == "/versions?model=parts"
    assert numbers(home) == [1]
    assert "version 1 serves since then; Ada: the lamps were changed" in answer.text
    # Sent twice it is done once.
    stocked.post("/versions/switch", form)
    assert len(read_switches(home / "serving" / "models" / "parts")) == 1

    assert (
        "becomes the newest one again" in stocked.get("/versions/switch?model=parts&version=3").text
    )
    stocked.post("/versions/switch", {**form, "version": "3"})
    assert numbers(home) == [1, 3]
    passport = read_passport(home / "serving" / "models" / "parts", 3)
    assert passport is not None
    assert passport.state == "confirmed"


@pytest.mark.parametrize("missing", ["by", "reason"])
def test_nothing_is_switched_without_name_and_reason(
    stocked: ConsoleClient, home: Path, missing: str
) -> None:
    stocked.get("/versions")
    answer = stocked.post(
        "/versions/switch", {"model": "parts", "version": "1", **WORDS, missing: " "}
    )
    assert answer.status == 400
    assert "a name and a reason" in answer.text
    assert numbers(home) == [1, 2, 3]


def test_a_form_from_elsewhere_switches_nothing(stocked: ConsoleClient, home: Path) -> None:
    form = {"model": "parts", "version": "1", **WORDS}
    assert stocked.post("/versions/switch", form, csrf=False).status == 403
    assert numbers(home) == [1, 2, 3]


@pytest.mark.parametrize("version", ["", "0", "9", "..", "3", "9" * 30, "../../etc/passwd", "²"])
def test_no_such_version(stocked: ConsoleClient, version: str) -> None:
    stocked.get("/versions")
    for path in ("/versions/switch", "/versions/passport"):
        answer = stocked.get(path, params={"model": "parts", "version": version})
        assert answer.status == 400 or (version, path) == ("3", "/versions/passport")
    answer = stocked.post("/versions/switch", {"model": "..", "version": version, **WORDS})
    assert answer.status == 400


@pytest.mark.parametrize("name", ["..", "../..", "/etc", "parts/..", "\0", "nothing"])
def test_no_model_name_is_taken_for_a_path(stocked: ConsoleClient, name: str) -> None:
    stocked.get("/versions")
    for path in ("/versions", "/versions/switch", "/versions/passport"):
        asked = {"model": name, "version": "1"}
        assert stocked.get(path, params=asked).status == 400
    assert stocked.post("/versions/switch", {"model": name, "version": "1", **WORDS}).status == 400


def test_the_passport_is_shown_without_scripts(stocked: ConsoleClient) -> None:
    answer = stocked.get("/versions/passport?model=parts&version=3")
    assert "Passport · parts, version 3" in answer.text
    assert "sandbox" in answer.headers["Content-Security-Policy"]


OVERRIDE = {"model": "parts", "run": "20260101-000000-parts", "once": "a-form-of-mine", **WORDS}


def test_candidates_that_were_held_back(stocked: ConsoleClient, home: Path) -> None:
    write_held_run(home, "20260101-000000-parts", incumbent=3)
    # Compared with a version that serves no longer, and deployed by its gate.
    write_held_run(home, "20260102-000000-parts", incumbent=2)
    write_held_run(home, "20260103-000000-parts", incumbent=3, word="deploy")
    text = plain(stocked.get("/versions?model=parts").text)
    assert "Held back: the candidate of run 20260101-000000-parts" in text
    assert "Worse by 3 points." in text
    assert "20260102" not in text
    assert "20260103" not in text
    assert "Held back" not in stocked.get("/versions?model=lids").text


def test_reasons_are_in_the_readers_language(stocked: ConsoleClient, home: Path) -> None:
    reason = "No version serves yet; only the minimums count."
    write_held_run(home, "20260101-000000-parts", incumbent=3, reasons=(reason,))
    assert reason in stocked.get("/versions?model=parts").text
    text = stocked.get("/versions?model=parts&lang=zh-TW").text
    assert "目前沒有上線的版本，只看最低要求。" in text
    assert reason not in text


@pytest.mark.parametrize(
    "form",
    [
        {"run": "20260102-000000-parts"},
        {"run": "../../etc"},
        {"run": "--help"},
        {"once": "../x"},
        {"reason": ""},
        {"model": "lids"},
    ],
)
def test_only_what_was_held_back_is_deployed(
    stocked: ConsoleClient, home: Path, form: dict[str, str]
) -> None:
    write_held_run(home, "20260101-000000-parts", incumbent=3)
    stocked.get("/versions")
    assert stocked.post("/versions/override", OVERRIDE | form).status == 400
    assert not (home / ".graft" / "console").exists()


@pytest.mark.slow
def test_deploying_against_the_gate_is_a_job(stocked: ConsoleClient, home: Path) -> None:
    write_held_run(home, "20260101-000000-parts", incumbent=3)
    stocked.get("/versions")
    answer = stocked.post("/versions/override", OVERRIDE)
    assert answer.path == "/new/run/a-form-of-mine"
    until = time.monotonic() + 60.0
    while (text := stocked.get("/new/run/a-form-of-mine").text).count('data-state="running"'):
        assert time.monotonic() < until
        time.sleep(0.2)
    # Its artifacts were never there.
    assert "expected the exported of the run" in text
