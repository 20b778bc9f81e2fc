"""A run on Kubeflow has one id: the monitor's claim and the version's passport name the same."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from blank_passport import blank_passport

from components.common import config
from components.common.artifacts.model_folder import PASSPORTS, passport_page_path
from components.common.artifacts.monitoring.claims import Claim
from components.common.artifacts.passport import write_passport
from components.common.run_context import ANY_RUN, RUN_ID_VARIABLE, RunContext
from components.common.step import Step, run_step
from components.monitor import step as monitor
from components.monitor.decide.history import DecisionHistory

NOW, LEASE_S = 1_800_000_000.0, 86_400.0


@pytest.fixture(autouse=True)
def on_a_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUN_ID_VARIABLE, "6f1c")


def test_one_retraining_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history, context = DecisionHistory(tmp_path), RunContext(run_id=ANY_RUN)

    def look(settings: Any, *, out: Path, run_id: str) -> Any:
        del settings
        out.mkdir(parents=True)
        claim = Claim(key="v1-loss", run_id=run_id, time_unix_s=NOW)
        history.claim("runs", claim, run_lease_s=LEASE_S)
        return SimpleNamespace(info=SimpleNamespace(decision=SimpleNamespace(word="retrain")))

    monkeypatch.setattr(monitor, "look", look)
    drift = SimpleNamespace(path=str(tmp_path / "drift"), metadata={})
    run_step(Step("monitor", monitor.run), {}, config.to_plain(context), {}, {"drift": drift})

    deploys = context.of_this_process()
    passport = blank_passport(version=2, run_id=deploys.run_id, created_unix_s=NOW + 3600)
    write_passport(made(tmp_path), passport)
    assert history.runs_unix_s(now_unix_s=NOW + 3600, lease_s=LEASE_S) == (NOW,)


def made(model_dir: Path) -> Path:
    (model_dir / PASSPORTS).mkdir(exist_ok=True)
    return model_dir


def test_a_passport_leads_to_its_run(tmp_path: Path) -> None:
    context = RunContext(run_id=ANY_RUN, ui="https://kubeflow.example.com/pipeline")
    address = "https://kubeflow.example.com/pipeline/#/runs/details/6f1c"
    assert context.of_this_process().page == address
    write_passport(made(tmp_path), blank_passport(version=1, run_id="6f1c", run_page=address))
    assert f'<a href="{address}">' in passport_page_path(tmp_path, 1).read_text()


def test_a_run_of_this_machine_keeps_its_name() -> None:
    context = RunContext(run_id="20260101-solar", run_dir="/runs/20260101-solar")
    assert context.of_this_process() == context
    assert context.page == ""
