"""The page Label, as browsers without JavaScript and scripts see it."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_client import Answer, ConsoleClient, open_console
from watched_model import MODEL, write_data, write_log, write_model

from components.ingest.additions import read_additions
from components.ingest.config import IngestConfig
from components.ingest.corrections import read_corrections
from components.ingest.step import read_source
from components.label.commands import Desk
from pipelines.ui.settings import UiSettings

LOGGED = 6


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model, its data set of eight pictures, and a log of six new ones."""
    monkeypatch.chdir(tmp_path)
    write_model(Path("serving/models"), data=write_data(tmp_path / "parts"))
    write_log(Path(".graft/predictions") / MODEL, days=1, each=LOGGED, now_unix_s=time.time())
    return tmp_path


@pytest.fixture
def console(home: Path) -> Iterator[ConsoleClient]:
    with open_console(UiSettings()) as client:
        yield client


def begin(console: ConsoleClient, who: str = "Ada") -> None:
    console.get("/label")
    console.post("/label/who", {"model": MODEL, "who": who})


def finished(console: ConsoleClient) -> str:
    """Wait for the work in the background and return what is said of it."""
    until = time.monotonic() + 60
    while "every 1s" in (said := console.get(f"/label/job?model={MODEL}").text):
        assert time.monotonic() < until, said
        time.sleep(0.05)
    return said


def fill(console: ConsoleClient, count: int = LOGGED) -> str:
    console.post("/label/fill", {"model": MODEL, "count": str(count)})
    return finished(console)


def shown(answer: Answer) -> str:
    """Return the SHA-256 of the picture that is to be answered."""
    return re.findall(r'name="sha256" value="(\w+)"', answer.text)[0]


def send(console: ConsoleClient, sha256: str, label: str) -> Answer:
    form = {"model": MODEL, "sha256": sha256, "label": label}
    return console.post("/label/answer", form)


def test_from_the_log_to_the_data_set_with_the_name_of_who_said_so(
    console: ConsoleClient, home: Path
) -> None:
    begin(console)
    assert f"{LOGGED} pictures are in the queue" in fill(console)
    page = console.get("/label")
    first = shown(page)
    assert "The model says" in page.text or "does not decide" in page.text
    sent = console.get(f"/label/picture?model={MODEL}&sha256={first}")
    assert sent.headers["Content-Type"] == "image/png"
    assert sent.headers["Cache-Control"] == "private, max-age=3600"
    # The next one is on the page already, so that it need not be waited for.
    following = re.findall(rf"sha256=(?!{first})(\w+)", page.text)[0]
    page = send(console, first, "good")
    assert shown(page) == following
    page = send(console, following, "")
    assert "1 to hand in" in page.text and "1 not sure" in page.text
    console.post("/label/hand-in", {"model": MODEL})
    assert "1 added to the data set, 0 were in it before" in finished(console)
    (added,) = read_additions(home / "parts")
    assert (added.sha256, added.label, added.by, added.origin) == (first, "good", "Ada", "console")
    assert (added.group, added.domain) == ("lot-0", "north")
    assert "1 handed in" in console.get("/label").text
    # What is in the data set is not asked about again, nor what is in the queue.
    assert "Nothing new" in fill(console)


def test_the_data_set_that_graft_yaml_names_grows_and_the_page_says_where_it_is_another(
    console: ConsoleClient, home: Path
) -> None:
    begin(console)
    assert "graft.yaml" not in console.get("/label").text
    write_data(home / "newer")
    text = "model_name: {name}\ningest: {{source: folder, path: {path}}}\n"
    preset = home / "graft.yaml"
    # Another model's says nothing about this one; the same folder is no other, and none names none.
    for said in (
        text.format(name="other", path="newer"),
        text.format(name=MODEL, path="parts"),
        f"model_name: {MODEL}\n",
    ):
        preset.write_text(said)
        assert "graft.yaml" not in console.get("/label").text
    preset.write_text(text.format(name=MODEL, path="newer"))
    page = console.get("/label").text
    assert "Labels go into newer" in page and f"{home / 'parts'}." in page
    fill(console)
    send(console, shown(console.get("/label")), "good")
    console.post("/label/hand-in", {"model": MODEL})
    assert "1 added to the data set" in finished(console)
    assert len(read_additions(home / "newer")) == 1
    assert not read_additions(home / "parts")


def test_nobody_labels_without_a_name(console: ConsoleClient) -> None:
    assert 'name="who"' in console.get("/label").text
    answer = send(console, "0" * 64, "good")
    assert answer.status == 400 and "name of who labels" in answer.text
    for name in ("", "   ", "x" * 61, "a\x00b"):
        assert console.post("/label/who", {"model": MODEL, "who": name}).status == 400
    begin(console, "Łukasz <b>王</b>")
    assert "Łukasz &lt;b&gt;王&lt;/b&gt; labels" in console.get("/label").text


def test_a_form_sent_twice_counts_once_and_undo_shows_the_picture_again(
    console: ConsoleClient,
) -> None:
    begin(console)
    fill(console)
    first = shown(console.get("/label"))
    send(console, first, "good")
    assert "that answer stands" in send(console, first, "bad").text
    assert "1 to hand in" in console.get("/label").text
    back = console.post("/label/undo", {"model": MODEL})
    assert "Taken back" in back.text and shown(back) == first
    assert "to hand in" not in back.text
    send(console, first, "bad")
    console.post("/label/hand-in", {"model": MODEL})
    finished(console)
    assert "nothing to take back" in console.post("/label/undo", {"model": MODEL}).text
    assert "in the data set by now" in send(console, first, "good").text


def test_two_people_get_different_pictures_and_a_conflict_is_for_a_person(
    console: ConsoleClient, home: Path
) -> None:
    begin(console)
    fill(console)
    first = shown(console.get("/label"))
    with open_console(UiSettings()) as other:
        begin(other, "Bob")
        assert shown(other.get("/label")) != first
        send(other, first, "bad")  # as if Ada's time were over
    said = send(console, first, "good")
    assert "Bob had answered “bad” before you" in said.text
    assert "1 answered differently" in said.text and "to hand in" not in said.text
    assert "Bob: bad" in said.text and "Ada: good" in said.text
    console.post("/label/decide", {"model": MODEL, "sha256": first, "label": "good"})
    console.post("/label/hand-in", {"model": MODEL})
    finished(console)
    assert [(one.label, one.by) for one in read_additions(home / "parts")] == [("good", "Ada")]


def test_an_old_label_is_found_and_corrected(console: ConsoleClient, home: Path) -> None:
    known = f"/label/known?model={MODEL}"
    assert "Say on the page Label who you are" in console.get(known).text
    begin(console)
    page = console.get(f"{known}&label=bad&text=2.png")
    assert "1 pictures of the data set" in page.text and "bad/2.png" in page.text
    sent = console.get(f"/label/known/picture?model={MODEL}&name=bad/2.png")
    assert sent.headers["Content-Type"] == "image/jpeg"
    form = {"model": MODEL, "name": "bad/2.png", "label": "bad", "corrected": "good"}
    done = console.post("/label/known", form)
    assert "bad/2.png: bad → good" in done.text
    (one,) = read_corrections(home / "parts")
    assert (one.path, one.corrected, one.by) == ("bad/2.png", "good", "Ada")
    source = read_source(IngestConfig(source="folder", path=str(home / "parts")))
    assert {x.name: x.label for x in source.pictures}["bad/2.png"] == "good"
    # Sent twice: the label is another one by now.
    assert console.post("/label/known", form).status == 400
    assert len(read_corrections(home / "parts")) == 1


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "bad/../../secret.png"])
def test_no_file_outside_the_data_set(console: ConsoleClient, home: Path, name: str) -> None:
    (home / "secret.png").write_bytes(b"secret")
    begin(console)
    assert console.get(f"/label/known/picture?model={MODEL}&name={name}").status == 404
    assert console.get(f"/label/picture?model={MODEL}&sha256={name}").status == 404
    assert console.get(f"/label?model={name}").status == 400


def test_what_cannot_be_taken_is_said(console: ConsoleClient, home: Path) -> None:
    begin(console)
    fill(console)
    first = shown(console.get("/label"))
    assert send(console, first, "ugly").status == 400
    assert "in no queue" in send(console, "0" * 64, "good").text
    for count in ("0", "-1", "many", "20001"):
        form = {"model": MODEL, "count": count}
        assert console.post("/label/fill", form).status == 400
    # Meanwhile somebody has put it into the data set, under another name.
    desk = Desk(Path(".graft/predictions") / MODEL)
    one = desk.picture(first)
    assert one is not None
    (home / "parts" / "bad" / "new.png").write_bytes(one.file.read_bytes())
    send(console, first, "good")
    console.post("/label/hand-in", {"model": MODEL})
    said = finished(console)
    assert "1 refused" in said and "the data set holds as &#39;bad&#39;" in said
    assert "1 to hand in" in console.get("/label").text  # nothing is lost


def test_no_log_and_no_data_set_are_said(console: ConsoleClient, home: Path) -> None:
    begin(console)
    (home / ".graft" / "predictions" / MODEL).rename(home / "elsewhere")
    assert "send predictions through" in fill(console)
    (home / "serving" / "models" / MODEL / "passports" / "2.json").write_text("{")
    answer = console.get("/label")
    assert answer.status == 400 and "publish one: graft run" in answer.text


def test_the_end_of_the_work_loads_the_page_for_those_who_wait_only(console: ConsoleClient) -> None:
    begin(console)
    fill(console)
    headers = {"HX-Request": "true"}
    ended = console.get(f"/label/job?model={MODEL}", headers=headers)
    assert "HX-Refresh" not in ended.headers and "pictures are in the queue" in ended.text
    waiting = console.get(f"/label/job?model={MODEL}&idle=1", headers=headers)
    assert waiting.headers["HX-Refresh"] == "true"


def test_htmx_gets_the_desk_alone(console: ConsoleClient) -> None:
    begin(console)
    fill(console)
    first = shown(console.get("/label"))
    form = {"model": MODEL, "sha256": first, "label": "good"}
    headers = {"HX-Request": "true", "X-CSRF": console.csrf}
    answer = console.post("/label/answer", form, headers=headers)
    assert answer.text.strip().startswith('<div id="desk"') and "<html" not in answer.text
