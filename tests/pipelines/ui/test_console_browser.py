"""The console in a real browser: from a folder to a model, and back to the version before."""

import shutil
import time
from pathlib import Path

import psutil
import pytest
import yaml
from chromium import CHROMIUM
from console_browser import RunningConsole, browser_page, running_console
from console_models import write_models, write_version
from local_servers import free_port
from playwright.sync_api import expect, sync_playwright

from components.common.artifacts.model_folder import versions
from components.common.artifacts.records import write_record
from pipelines.ui.jobs.records import END, JOB, ConsoleJob, JobEnd, job_folder
from pipelines.ui.settings import UiSettings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt install chromium)"),
]

TINY = {
    "model_name": "parts",
    "train": {"method": "linear_probe", "weights": "none"},
    "augment": {"image_size_px": 32, "views": 1},
    "validate": {"min_size_px": 16},
    "gate": {"thresholds": [], "min_test_pictures": 8, "min_per_class": 2, "min_groups": 2},
}
# A run's patience: the machine may be busy.
RUN_MS = 240_000.0


@pytest.fixture
def stocked_home(home: Path) -> Path:
    write_models(home)
    return home


def test_models_and_versions(stocked_home: Path) -> None:
    with running_console(stocked_home) as console, browser_page() as page:
        page.goto(f"{console.url}/")
        # The parts that come later have come.
        expect(page.get_by_text("40 answers")).to_be_visible()
        expect(page.get_by_text("model server does not answer")).to_be_visible()
        page.get_by_role("link", name="繁體中文").click()
        expect(page.get_by_text("服務中：版本 3")).to_be_visible()
        page.get_by_role("link", name="English").click()
        page.get_by_role("link", name="Versions").last.click()
        page.get_by_role("row", name="2 at hand").get_by_role("link").click()
        page.get_by_label("Your name").fill("Ada")
        page.get_by_label("Why").fill("the lens was dirty")
        page.get_by_role("button", name="Let version 2 serve").click()
        expect(page.get_by_text("Ada: the lens was dirty")).to_be_visible()
        numbers = [one.number for one in versions(stocked_home / "serving" / "models" / "parts")]
        assert numbers == [1, 2]
        memory = psutil.Process(console.process.pid).memory_info().rss
        assert memory < 300 << 20


@pytest.mark.parametrize(
    "path", ["/models", "/versions?model=parts", "/new", "/label", "/watch", "/try_out"]
)
def test_nothing_is_wider_than_a_telephone(stocked_home: Path, path: str) -> None:
    write_version(stocked_home / "serving" / "models", "a_long_name_of_a_model_of_a_customer-7", 1)
    with running_console(stocked_home) as console, browser_page(width_px=390, dark=True) as page:
        page.goto(console.url + path)
        expect(page.get_by_role("link", name="繁體中文")).to_be_in_viewport(ratio=1)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(17, 20, 26)"
        for button in page.get_by_role("link", name="Go back to it").all():
            expect(button).to_be_in_viewport(ratio=1)


def test_from_a_folder_to_a_model(home: Path, tiny_pictures: Path) -> None:
    shutil.copytree(tiny_pictures, home / "parts")
    (home / "graft.yaml").write_text(yaml.safe_dump(TINY))
    with running_console(home) as console, browser_page() as page:
        page.goto(f"{console.url}/new")
        page.get_by_role("link", name="Look at it").first.click()
        expect(page.get_by_text("128 labelled pictures of 2 classes")).to_be_visible()
        # Twice at once: one run.
        page.locator("form[action='/new/start']").evaluate(
            "form => { const sent = new URLSearchParams(new FormData(form)); "
            "return fetch(form.action, {method: 'POST', body: sent}); }"
        )
        page.get_by_role("button", name="Start the run").click()
        expect(page.get_by_text("read pictures")).to_be_visible(timeout=RUN_MS)
        address = page.url.removeprefix(console.url)
    assert len(list((home / "runs").glob("[0-9]*"))) == 1
    # It goes on without the console; another one finds it.
    with running_console(home) as console, browser_page() as page:
        page.goto(console.url + address)
        expect(page.get_by_text("Deploy: it serves from now on")).to_be_visible(timeout=RUN_MS)
        page.get_by_role("link", name="Read the report").click()
        expect(page.locator("#figures, .lead").first).to_be_visible()
        page.goto(f"{console.url}/models")
        expect(page.get_by_text("Version 1 serves")).to_be_visible()
    assert len(list((home / "runs").glob("[0-9]*"))) == 1


def test_a_run_that_fails_and_one_that_is_stopped(home: Path, tiny_pictures: Path) -> None:
    shutil.copytree(tiny_pictures, home / "parts")
    for path in (home / "parts" / "good").iterdir():
        path.write_text("no picture")
    (home / "graft.yaml").write_text(yaml.safe_dump(TINY))
    with running_console(home) as console, browser_page() as page:
        page.goto(f"{console.url}/new/facts?folder=parts")
        page.get_by_role("button", name="Start the run").click()
        alert = page.get_by_role("alert")
        expect(alert).to_be_visible(timeout=RUN_MS)
        text = alert.inner_text()
        assert "expected" in text
        assert "received" in text
        assert "Traceback" not in text
        page.goto(f"{console.url}/new/facts?folder=parts")
        page.get_by_role("button", name="Start the run").click()
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("stopped", exact=True)).to_be_visible(timeout=RUN_MS)


def test_a_page_says_that_its_console_is_gone_and_goes_on_when_it_is_back(home: Path) -> None:
    # A run that is about to begin: its page asks every second.
    soon = ConsoleJob(
        id="a-job-of-mine",
        kind="run",
        words=(),
        model_name="parts",
        about="photos",
        started_unix_s=time.time() + 3600.0,
    )
    state = home / UiSettings().state
    job_folder(state, soon.id).mkdir(parents=True)
    write_record(job_folder(state, soon.id) / JOB, soon)
    port = free_port()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        gone = page.get_by_text("The console does not answer")
        with running_console(home, port=port) as console:
            page.goto(f"{console.url}/new/run/{soon.id}")
            expect(page.get_by_text("running")).to_be_visible()
            expect(gone).to_be_hidden()
            console.process.terminate()
            expect(gone).to_be_visible(timeout=30_000)
            expect(page.get_by_text("running")).to_be_visible()
        with running_console(home, port=port):
            expect(gone).to_be_hidden(timeout=30_000)
            write_record(job_folder(state, soon.id) / END, JobEnd(exit_code=0, at_unix_s=0.0))
            expect(page.get_by_text("over", exact=True)).to_be_visible(timeout=30_000)
            browser.close()


def test_the_console_ends_politely(home: Path) -> None:
    with running_console(home) as console:
        assert isinstance(console, RunningConsole)
        console.process.terminate()
        assert console.process.wait(20) in {0, 130}
