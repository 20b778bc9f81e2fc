"""Jobs: commands in processes that outlive the console."""

import dataclasses
import time
from pathlib import Path

import pytest

from components.common.artifacts.records import write_record
from components.common.errors import InputError
from pipelines.ui.jobs.look import JobView, jobs, look, process_of
from pipelines.ui.jobs.records import JOB, OUTPUT, PROCESS, ConsoleJob, JobProcess, job_folder
from pipelines.ui.jobs.start import start, stop

PATIENCE_S = 60.0


def a_job(*words: str, job_id: str = "a-job-of-mine", started_unix_s: float = 0.0) -> ConsoleJob:
    return ConsoleJob(
        id=job_id,
        kind="run",
        words=words,
        model_name="parts",
        about="photos",
        started_unix_s=started_unix_s or time.time(),
    )


def over(state: Path, job_id: str = "a-job-of-mine") -> JobView:
    until = time.monotonic() + PATIENCE_S
    while (view := look(state, job_id, runs_dir=state)).state == "running":
        assert time.monotonic() < until
        time.sleep(0.1)
    return view


@pytest.mark.slow
def test_a_command_that_works_and_one_that_fails(tmp_path: Path) -> None:
    assert start(tmp_path, a_job("doctor", "--help"))
    view = over(tmp_path)
    assert (view.state, view.error) == ("done", "")
    failing = ("passport", "show", "3", "--model-base-path", str(tmp_path), "--model-name", "x")
    start(tmp_path, a_job(*failing, job_id="one-that-fails"))
    view = over(tmp_path, "one-that-fails")
    assert view.state == "failed"
    assert view.error.startswith("expected a version with a passport")
    assert "Traceback" not in view.error


@pytest.mark.slow
def test_one_that_is_stopped(tmp_path: Path) -> None:
    # It waits for ever for the next look.
    start(tmp_path, a_job("watch", "--preset", "solar", "--runs-dir", str(tmp_path)))
    until = time.monotonic() + PATIENCE_S
    while "next look" not in (job_folder(tmp_path, "a-job-of-mine") / OUTPUT).read_text():
        assert time.monotonic() < until
        time.sleep(0.1)
    stop(tmp_path, "a-job-of-mine")
    assert over(tmp_path).state == "stopped"
    stop(tmp_path, "a-job-of-mine")


@pytest.mark.slow
def test_one_that_is_stopped_before_it_has_begun(tmp_path: Path) -> None:
    start(tmp_path, a_job("watch", "--preset", "solar", "--runs-dir", str(tmp_path)))
    stop(tmp_path, "a-job-of-mine")
    assert over(tmp_path).state == "stopped"


@pytest.mark.slow
def test_a_form_sent_twice_is_one_job(tmp_path: Path) -> None:
    assert start(tmp_path, a_job("doctor", "--help"), {"settings.yaml": "seed: 0\n"})
    assert not start(tmp_path, a_job("doctor", "--help"))
    assert (job_folder(tmp_path, "a-job-of-mine") / "settings.yaml").read_text() == "seed: 0\n"
    over(tmp_path)


def test_a_process_that_was_killed_has_failed(tmp_path: Path) -> None:
    folder = job_folder(tmp_path, "a-job-of-mine")
    folder.mkdir(parents=True)
    write_record(folder / JOB, a_job("run"))
    # Its number belongs to another process by now: ours.
    write_record(folder / PROCESS, JobProcess(pid=1, born_unix_s=0.0))
    assert process_of(folder) is None
    view = look(tmp_path, "a-job-of-mine", runs_dir=tmp_path)
    assert (view.state, view.error) == ("failed", "the process has ended without a word")
    stop(tmp_path, "a-job-of-mine")


def test_the_newest_come_first_and_damage_is_left_out(tmp_path: Path) -> None:
    for number in range(4):
        folder = job_folder(tmp_path, f"job-number-{number}")
        folder.mkdir(parents=True)
        job = dataclasses.replace(a_job("run"), id=folder.name, started_unix_s=1.0 + number)
        write_record(folder / JOB, job)
    (job_folder(tmp_path, "job-number-3") / JOB).write_text("{")
    found = [view.job.id for view in jobs(tmp_path, runs_dir=tmp_path, most=2)]
    assert found == ["job-number-2", "job-number-1"]


@pytest.mark.parametrize(
    "job_id", ["", "short", "../../../../etc", "a" * 65, "a b c d e f", "\0" * 9]
)
def test_an_id_is_never_a_path(tmp_path: Path, job_id: str) -> None:
    with pytest.raises(InputError, match="the number of a job"):
        start(tmp_path, a_job("doctor", job_id=job_id))
