"""The page New, but for whole runs: choosing, sending, looking, and what is refused."""

import io
import re
import zipfile
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from aiohttp import FormData
from console_client import Answer, ConsoleClient
from PIL import Image
from test_console_models import plain

from components.common.labels.source_facts import ClassCount, DomainCount, SourceFacts
from pipelines.ui.frame import words
from pipelines.ui.new.runs import ways

ONCE = "0123456789abcdef"


def png(seed: int, side_px: int = 40) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (side_px, side_px, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture
def pictures(home: Path) -> Path:
    """Two classes, 12 and 4 pictures."""
    for label, count in (("cat", 12), ("dog", 4)):
        (home / "animals" / label).mkdir(parents=True)
        for number in range(count):
            path = home / "animals" / label / f"{number}.png"
            path.write_bytes(png(number + 100 * (label == "dog")))
    return home / "animals"


def look(console: ConsoleClient, folder: Path | str) -> str:
    answer = console.get("/new/look", params={"folder": str(folder)})
    assert answer.status == 200, answer.text
    return answer.text


def test_a_folder_is_chosen_by_looking(console: ConsoleClient, pictures: Path) -> None:
    text = console.get("/new").text
    assert "<strong>animals</strong>" in text
    assert "folders: 2, pictures: 16" in text
    place = re.search(r'src="(/new/picture[^"]+)"', text)
    assert place is not None
    picture = console.get(place[1])
    assert (picture.status, picture.body[:3]) == (200, b"\xff\xd8\xff")
    inside = console.get(f"/new?in={quote(str(pictures))}").text
    assert "<strong>cat</strong>" in inside
    assert "one up" in inside


def test_what_a_folder_offers(console: ConsoleClient, pictures: Path) -> None:
    text = plain(look(console, pictures))
    assert "16 labelled pictures of 2 classes" in text
    assert "Class dog has only 4 pictures" in text
    assert "Shorter sides: 40 to 40 pixels" in text
    assert "linear_probe" in text


def test_why_a_way_fits_is_in_the_readers_language() -> None:
    say = words("new", "zh-TW")
    labelled = (ClassCount(name="cat", pictures=3),)
    bare = (
        DomainCount(name="old", labelled=3, unlabelled=0),
        DomainCount(name="new", labelled=0, unlabelled=2),
    )
    for facts in (
        SourceFacts(labelled=labelled, unlabelled=2, tasks=("colour",)),
        SourceFacts(labelled=labelled, unlabelled=2, domains=bare),
        SourceFacts(labelled=labelled),
    ):
        said = [say.sentence(one.reason) for one in ways(facts)]
        assert said
        assert [one for one in said if re.search("[a-z]+ [a-z]+", one)] == []


def test_what_to_look_at_before_a_run(console: ConsoleClient, pictures: Path) -> None:
    (pictures / "cat" / "copy.png").write_bytes((pictures / "cat" / "0.png").read_bytes())
    (pictures / "dog" / "torn.png").write_bytes((pictures / "cat" / "1.png").read_bytes())
    (pictures / "dog" / "text.png").write_text("no picture")
    (pictures / "dog" / "tiny.png").write_bytes(png(9, side_px=8))
    text = plain(look(console, pictures))
    assert "2 pictures are copies of others" in text
    assert "1 pictures stand in two classes" in text
    assert "1 files cannot be read" in text
    assert "1 pictures are smaller" in text


def test_a_folder_that_ingest_refuses_is_said(console: ConsoleClient, home: Path) -> None:
    (home / "empty").mkdir()
    answer = console.get("/new/look", params={"folder": str(home / "empty")})
    assert answer.status == 400
    assert "one sub-folder of pictures a class" in answer.text


@pytest.mark.parametrize(
    "place",
    ["/etc", "/", "..", "../..", "~root", "animals/../..", "\0", ".graft", "~/.ssh", "link"],
)
def test_no_place_elsewhere(console: ConsoleClient, home: Path, pictures: Path, place: str) -> None:
    (home / ".graft").mkdir()
    (home / ".ssh").mkdir()
    (home / "link").symlink_to("/etc")
    for path, name in (("/new", "in"), ("/new/facts", "folder"), ("/new/look", "folder")):
        answer = console.get(path, params={name: place})
        assert (answer.status, "a place below" in answer.text) == (400, True), answer.text
    console.get("/new")
    form = {"folder": place, "way": "linear_probe", "model_name": "x", "once": ONCE}
    assert console.post("/new/start", form).status == 400


@pytest.mark.parametrize(
    "place", ["/etc/passwd", "animals/../../etc/passwd", "secret.txt", "nothing.png", ".hid/a.png"]
)
def test_only_pictures_are_shown(console: ConsoleClient, home: Path, place: str) -> None:
    (home / "secret.txt").write_text("secret")
    (home / ".hid").mkdir()
    (home / ".hid" / "a.png").write_bytes(png(1))
    answer = console.get("/new/picture", params={"path": place})
    assert answer.status == 400
    assert "secret" not in plain(answer.text).replace("secret.txt", "")


def test_a_picture_that_cannot_be_read(console: ConsoleClient, home: Path) -> None:
    (home / "bad.png").write_text("no picture")
    answer = console.get("/new/picture", params={"path": str(home / "bad.png")})
    assert answer.status == 400


def test_a_picture_of_200_megapixels(console: ConsoleClient, home: Path) -> None:
    # Its header says so; there is nothing behind it.
    large = bytearray(png(1))
    large[16:24] = (20_000).to_bytes(4) + (10_000).to_bytes(4)
    (home / "large.png").write_bytes(large)
    answer = console.get("/new/picture", params={"path": str(home / "large.png")})
    assert answer.status == 400
    assert "megapixels" in answer.text


def packed(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def send(
    console: ConsoleClient, *files: tuple[str, bytes], name: str = "sent", once: str = ONCE
) -> Answer:
    console.get("/new")
    form = FormData(quote_fields=False, default_to_multipart=True)
    for field, value in (("csrf", console.csrf), ("name", name), ("once", once)):
        form.add_field(field, value)
    for file_name, content in files:
        form.add_field("files", io.BytesIO(content), filename=file_name)
    return console.post("/new/upload", form, csrf=False)


def test_a_zip_becomes_a_folder(console: ConsoleClient, home: Path) -> None:
    entries = [(f"animals/{label}/{n}.png", png(n)) for label in ("cat", "dog") for n in range(2)]
    other = [("__MACOSX/animals/._1.png", b"x"), ("animals/readme.txt", b"x")]
    answer = send(console, ("a.zip", packed(*entries, *other)))
    assert answer.path == f"/new/facts?folder={quote(str(home / 'sent'))}"
    # What an archiver put around is gone.
    found = sorted(str(path.relative_to(home / "sent")) for path in (home / "sent").rglob("*.*"))
    assert found == ["cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"]


def test_a_folder_is_sent_by_class_and_once(console: ConsoleClient, home: Path) -> None:
    files = [(f"animals/{label}/{n}.png", png(n)) for label in ("cat", "dog") for n in range(2)]
    assert send(console, *files).status == 200
    assert (home / "sent" / "dog" / "1.png").read_bytes() == png(1)
    assert send(console, *files).status == 200
    answer = send(console, *files, once="another-form-of-the-page")
    assert answer.status == 400
    assert "a name that is free" in answer.text


@pytest.mark.parametrize(
    "name",
    ["../out/a.png", "/tmp/out/a.png", "a/../../out.png", "C:\\out\\a.png", "cat/a\\..\\b.png"],
)
def test_no_zip_writes_elsewhere(console: ConsoleClient, home: Path, name: str) -> None:
    before = sorted(home.rglob("*"))
    answer = send(console, ("a.zip", packed((name, png(1)), ("cat/1.png", png(1)))))
    assert answer.status == 400
    assert "names of files below the folder" in answer.text
    assert [path for path in sorted(home.rglob("*")) if path not in before] == []


def test_no_link_in_a_zip(console: ConsoleClient, home: Path) -> None:
    entry = zipfile.ZipInfo("cat/1.png")
    entry.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert send(console, ("a.zip", buffer.getvalue())).status == 400
    assert not (home / "sent").exists()


def test_a_zip_that_grows_beyond_measure(
    console: ConsoleClient, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = packed(*((f"cat/{n}.png", bytes(1 << 20)) for n in range(8)))
    assert len(bomb) < 20_000
    monkeypatch.setattr("pipelines.ui.new.uploads.MOST_BYTES", 4 << 20)
    answer = send(console, ("a.zip", bomb))
    assert answer.status == 400
    assert "a zip file of more than" in answer.text
    assert not (home / "sent").exists()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (("a.zip", b"no zip"), "a zip file that can be unpacked"),
        (("a.zip", packed(("notes.txt", b"x"))), "none of them a picture"),
        (("notes.txt", b"x"), "none of them a picture"),
    ],
)
def test_what_is_no_picture(
    console: ConsoleClient, home: Path, file: tuple[str, bytes], said: str
) -> None:
    answer = send(console, file)
    assert answer.status == 400
    assert said in answer.text
    assert not (home / "sent").exists()


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "/tmp/x", "a\nb"])
def test_odd_names_of_the_new_folder(console: ConsoleClient, home: Path, name: str) -> None:
    answer = send(console, ("cat/1.png", png(1)), name=name)
    assert answer.status == 400
    assert sorted(path.name for path in home.iterdir()) == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"model_name": "../x"}, "model_name"),
        ({"model_name": "a b"}, "model_name"),
        ({"way": "multitask"}, "choose a way"),
        ({"way": "../../x"}, "choose a way"),
        ({"once": "../../../tmp/x"}, "the number of a job"),
        ({"once": ""}, "the number of a job"),
    ],
)
def test_a_run_that_cannot_start_is_said(
    console: ConsoleClient, home: Path, pictures: Path, form: dict[str, str], said: str
) -> None:
    console.get("/new")
    whole = {"folder": str(pictures), "way": "linear_probe", "model_name": "x", "once": ONCE}
    answer = console.post("/new/start", whole | form)
    assert answer.status == 400
    assert said in answer.text
    assert not (home / ".graft").exists()


@pytest.mark.parametrize("job", ["nothing-here", "..%2f..%2fetc", "%00", "a"])
def test_no_such_job(console: ConsoleClient, job: str) -> None:
    console.get("/new")
    for path in ("", "/steps", "/report"):
        assert console.get(f"/new/run/{job}{path}").status == 400
    assert console.post(f"/new/run/{job}/stop").status == 400
