"""`graft watch` and what it can print, without looking at anything."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from components.common.errors import ConfigError, DataError, GraftError
from pipelines.cli import app
from pipelines.config import resolve
from pipelines.schedule.config import ScheduleConfig
from pipelines.schedule.cronjob import manifest
from pipelines.schedule.systemd import on_calendar, units
from pipelines.schedule.watch import alone, keep_looking


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = datetime(2026, 1, 5, 4, 59, tzinfo=UTC).timestamp()

    def now(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def text(self) -> str:
        return f"{datetime.fromtimestamp(self.now_s, UTC):%d %H:%M}"


def watch(look: object, clock: Clock, cron: str, looks: int) -> str:
    console = Console(record=True, width=200)
    keep_looking(
        ScheduleConfig(cron=cron), look, console=console,  # type: ignore[arg-type]
        now=clock.now, sleep=clock.sleep, looks=looks,
    )  # fmt: skip
    return console.export_text()


def test_looks_come_on_time_and_those_missed_meanwhile_do_not_come() -> None:
    clock, seen = Clock(), []

    def look() -> None:
        seen.append(clock.text())
        clock.sleep(90 * 60)

    watch(look, clock, "0 * * * *", looks=3)
    assert seen == ["05 05:00", "05 07:00", "05 09:00"]


@pytest.mark.parametrize("error", [DataError("expected pictures"), OSError("disk full")])
def test_a_look_that_fails_does_not_end_the_watch(error: Exception) -> None:
    clock, seen = Clock(), []

    def look() -> None:
        seen.append(clock.text())
        raise error

    text = watch(look, clock, "0 5 * * *", looks=2)
    assert seen == ["05 05:00", "06 05:00"]
    assert f"the look failed: {error}" in text


def test_the_users_stop_ends_it() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch(stop, Clock(), "0 5 * * *", looks=2)


def test_a_time_that_never_comes_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"schedule.cron: expected a cron expression whose time"):
        resolve({"schedule": {"cron": "0 0 30 2 *"}})


def test_one_watch_a_model(tmp_path: Path) -> None:
    with (
        alone(tmp_path, "solar"),
        alone(tmp_path, "other"),
        pytest.raises(GraftError, match=r"watch-solar to be free .* another watch"),
        alone(tmp_path, "solar"),
    ):
        pass
    with alone(tmp_path, "solar"):
        pass


@pytest.mark.parametrize(
    ("cron", "calendars"),
    [
        ("0 5 * * *", ("*-*-* 05:00:00 UTC",)),
        ("*/30 6-7 * * mon-fri", ("Mon,Tue,Wed,Thu,Fri *-*-* 06,07:00,30:00 UTC",)),
        ("0 5 1 1,7 *", ("*-01,07-01 05:00:00 UTC",)),
        ("0 5 13 * 5", ("*-*-13 05:00:00 UTC", "Fri *-*-* 05:00:00 UTC")),
        ("* * * * *", ("*-*-* *:*:00 UTC",)),
    ],
)
def test_systemd_gets_the_same_times(cron: str, calendars: tuple[str, ...]) -> None:
    assert on_calendar(ScheduleConfig(cron=cron)) == calendars


def test_units_name_what_runs(tmp_path: Path) -> None:
    text = units(
        ScheduleConfig(),
        name="graft-watch-solar",
        words=["watch", "--set", "a=5 %"],
        folder=tmp_path,
    )
    assert "-m pipelines.cli watch --set 'a=5 %%'" in text
    assert "OnCalendar=*-*-* 05:00:00 UTC" in text
    assert "Persistent=false" in text


def test_units_run_with_the_options_of_the_watch(tmp_path: Path) -> None:
    options = ["--preset", "solar", "--data", str(tmp_path), "--log", "a log"]
    options += ["--model-base-path", "models", "--runs-dir", "my runs", "--cache-dir", "/cache"]
    options += ["--set", "seed=7", "--set", "train.precision=float32"]
    when = ["--cron", "0 5 * * *", "--time-zone", "Europe/Berlin"]
    done = CliRunner().invoke(app, ["watch", "--print-systemd", *options, *when])
    assert done.exit_code == 0, done.output
    (command,) = re.findall(r"^ExecStart=(.*)$", done.output, re.M)
    assert shlex.split(command)[4:] == ["watch", "--once", *options]
    assert "OnCalendar=*-*-* 05:00:00 Europe/Berlin" in done.output


@pytest.mark.parametrize("pipeline", ["monitoring", "training"])
def test_the_cronjob_is_valid_and_carries_the_settings(pipeline: str) -> None:
    import kubernetes_validate

    schedule = ScheduleConfig(cron="0 5 * * 1", time_zone="Europe/Berlin", pipeline=pipeline)  # type: ignore[arg-type]
    config_map, job = yaml.safe_load_all(manifest(schedule, {"seed": 7}, name="graft-solar"))
    for item in (config_map, job):
        kubernetes_validate.validate(item, "1.34", strict=True)
    assert yaml.safe_load(config_map["data"]["settings.yaml"]) == {"seed": 7}
    spec = job["spec"]
    assert (spec["schedule"], spec["timeZone"]) == ("0 5 * * 1", "Europe/Berlin")
    # One at a time, and what was missed by more than ten minutes is not caught up on.
    assert (spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == ("Forbid", 600)
    # One that hangs is stopped, or it would be the last.
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == schedule.deadline_s == 43200
    command = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"]
    assert command[:2] == ["graft", "monitor" if pipeline == "monitoring" else "run"]


def test_the_manifest_of_the_command_is_the_preset_in_a_pod() -> None:
    words = [
        "schedule",
        "manifest",
        "--preset",
        "solar",
        "--cron",
        "15 4 * * *",
        "--set",
        "monitor.log=/log",
    ]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    config_map, job = yaml.safe_load_all(done.output)
    assert job["metadata"]["name"] == config_map["metadata"]["name"] == "graft-monitoring-solar"
    assert job["spec"]["schedule"] == "15 4 * * *"
    settings = resolve(yaml.safe_load(config_map["data"]["settings.yaml"]))
    assert (settings.model_name, settings.model_base_path) == ("solar", "/models")
    assert settings.monitor.log == "/log"
