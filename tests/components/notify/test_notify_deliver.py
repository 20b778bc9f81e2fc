import dataclasses
import json
import logging
from email import message_from_string, policy
from pathlib import Path

import pytest
from camera_look import camera_look
from message_receivers import mailbox, webhook

from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.monitoring.claims import Claim
from components.common.artifacts.monitoring.drift_report import (
    DriftReport,
    Word,
)
from components.common.artifacts.records import read_record, write_record
from components.common.artifacts.run_summary import RunSummary, read_summary
from components.common.run_context import RunContext
from components.common.step import Nothing
from components.common.step_record import StepRecord
from components.notify import retry
from components.notify.config import NotifyConfig
from components.notify.message import Message, MessageLink, compose, is_due
from components.notify.step import NotifyInputs, deliver, run

HELLO = Message(
    "Graft: hello",
    ("a < b & c", "- so"),
    (MessageLink(name="report", target="https://runs.example/run-1/report.html"),),
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRAFT_WEBHOOK_URL", "GRAFT_SMTP_USER", "GRAFT_SMTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(retry, "_FIRST_PAUSE_S", 0.01)


def by_mail(port: int, **changes: object) -> NotifyConfig:
    settings = NotifyConfig(
        email_to=("line@example.org", "lab@example.org"),
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_security="none",
        timeout_s=2.0,
    )
    return dataclasses.replace(settings, **changes)  # type: ignore[arg-type]


def looked(word: Word, *, repeated: bool = False) -> RunSummary:
    drift = camera_look(word, repeated=repeated)
    return RunSummary(
        run_id="run-1", state="done", drift=drift, drift_report="/srv/runs/run-1/a/report.html"
    )


def tell(state: str, error: str, where: RunContext, settings: NotifyConfig) -> None:
    run(settings, NotifyInputs(state=state, error=error), Nothing(), where)


def test_a_webhook_gets_what_slack_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as hook:
        monkeypatch.setenv("GRAFT_WEBHOOK_URL", hook.url)
        deliver(HELLO, NotifyConfig())
    (body,) = hook.bodies
    assert json.loads(body) == {
        "text": "*Graft: hello*\na &lt; b &amp; c\n- so\n"
        "<https://runs.example/run-1/report.html|report>"
    }


@pytest.mark.parametrize(
    ("statuses", "sent", "words"),
    [
        ((503, 429), 3, "sent by webhook"),
        ((500, 500, 500), 3, "not sent by webhook: the webhook answered 500"),
        ((404,), 1, "its answer 404; renew GRAFT_WEBHOOK_URL"),
    ],
)
def test_a_webhook_that_stumbles_is_tried_again_and_one_that_refuses_is_not(
    statuses: tuple[int, ...],
    sent: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with webhook(*statuses) as hook, caplog.at_level(logging.INFO):
        monkeypatch.setenv("GRAFT_WEBHOOK_URL", hook.url)
        deliver(HELLO, NotifyConfig())
    assert len(hook.bodies) == sent
    assert words in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/secret", "file:///secret", "secret", "http://[secret"]
)
def test_nobody_behind_the_address_is_a_warning_without_the_address(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GRAFT_WEBHOOK_URL", url)
    deliver(HELLO, NotifyConfig(timeout_s=1.0))
    assert "not sent by webhook" in caplog.text
    assert "secret" not in caplog.text


def test_a_letter_arrives_whole() -> None:
    with mailbox() as box:
        deliver(HELLO, by_mail(box.port))
    (text,) = box.letters
    letter = message_from_string(text, policy=policy.default)
    assert letter["Subject"] == "Graft: hello"
    assert letter["To"] == "line@example.org, lab@example.org"
    assert "a < b & c" in letter.get_content()
    assert "report: https://runs.example/run-1/report.html" in letter.get_content()


def test_the_mail_server_gets_the_password_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRAFT_SMTP_USER", "graft")
    monkeypatch.setenv("GRAFT_SMTP_PASSWORD", "hush")
    with mailbox(password_asked=True) as box:
        deliver(HELLO, by_mail(box.port))
    assert len(box.letters) == len(box.logins) == 1


@pytest.mark.parametrize(
    ("codes", "letters", "words"),
    [
        ((451,), 1, "sent by e-mail"),
        ((451, 451, 451), 0, "the mail server answered 451"),
        ((554,), 0, "received 554"),
    ],
)
def test_a_busy_mail_server_is_tried_again(
    codes: tuple[int, ...], letters: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with mailbox(*codes) as box, caplog.at_level(logging.INFO):
        deliver(HELLO, by_mail(box.port))
    assert len(box.letters) == letters
    assert words in caplog.text


def test_no_password_goes_over_the_network_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GRAFT_SMTP_USER", "graft")
    monkeypatch.setenv("GRAFT_SMTP_PASSWORD", "hush")
    deliver(HELLO, by_mail(25, smtp_host="mail.example.org"))
    assert "starttls or tls" in caplog.text
    assert "hush" not in caplog.text


def test_a_mail_server_without_encryption_is_not_trusted(caplog: pytest.LogCaptureFixture) -> None:
    with mailbox() as box:
        deliver(HELLO, by_mail(box.port, smtp_security="starttls", attempts=1))
    assert box.letters == []
    assert "not sent by e-mail" in caplog.text


@pytest.mark.parametrize(
    ("summary", "due"),
    [
        (looked("keep"), {"always"}),
        (looked("fix_camera"), {"always", "important"}),
        (looked("ask"), {"always", "important"}),
        (looked("ask", repeated=True), {"always"}),
        (looked("retrain"), {"always", "important"}),
        (RunSummary(run_id="r", state="failed"), {"always", "important", "failures"}),
        (RunSummary(run_id="r", state="interrupted"), {"always", "important", "failures"}),
        (RunSummary(run_id="r", state="unclear"), {"always", "important"}),
        (
            RunSummary(
                run_id="r",
                state="done",
                verdict=VerdictInfo(word="hold", candidate_sha256="", reasons=()),
            ),
            {"always", "important"},
        ),
    ],
)
def test_who_gets_which_message(summary: RunSummary, due: set[str]) -> None:
    for when in ("important", "always", "failures", "never"):
        settings = NotifyConfig(when=when)  # type: ignore[arg-type]
        assert is_due(summary, settings) == (when in due), when


def test_a_message_says_word_reasons_and_where_the_report_is() -> None:
    settings = NotifyConfig(report_url="https://runs.example/")
    message = compose(looked("fix_camera"), "", settings, run_dir="/srv/runs/run-1")
    assert message.subject == "Graft: solar: fix_camera (run-1)"
    assert "- The lens is out of focus." in message.lines
    assert "- 2 predictions are left out." in message.lines
    assert [link.target for link in message.links] == ["https://runs.example/run-1/a/report.html"]
    plain = compose(looked("ask"), "", NotifyConfig(), run_dir="/srv/runs/run-1")
    assert [link.target for link in plain.links] == ["/srv/runs/run-1/a/report.html"]


def test_a_failure_is_reported_with_the_steps_words() -> None:
    failed = RunSummary(run_id="r", state="failed", failed_step="train", error="expected weights")
    message = compose(failed, "Task failed.", NotifyConfig(), run_dir="/srv/runs/r")
    assert message.subject == "Graft: run failed at train (r)"
    assert message.lines == ("expected weights",)
    assert compose(RunSummary(run_id="r", state="failed"), "Task failed.", NotifyConfig(),
                   run_dir="").lines == ("Task failed.",)  # fmt: skip


def test_the_exit_step_tells_and_a_dead_webhook_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here = RunContext(run_id="run-1", run_dir=str(tmp_path))
    with webhook() as hook:
        monkeypatch.setenv("GRAFT_WEBHOOK_URL", hook.url)
        tell("FAILED", "Task failed.", here, NotifyConfig())
        # Kubeflow gives no error, and another word for success than kfp.local.
        tell("FAILED", "", RunContext(run_id="far"), NotifyConfig())
        tell("COMPLETE", "", RunContext(run_id="far"), NotifyConfig())
    assert [json.loads(body)["text"].splitlines()[:2] for body in hook.bodies] == [
        ["*Graft: run failed (run-1)*", "Task failed."],
        ["*Graft: run failed (far)*", "No reason was given."],
    ]
    with caplog.at_level(logging.WARNING):
        tell("FAILED", "", here, NotifyConfig(timeout_s=1.0))
    assert "by webhook" in caplog.text
    assert read_summary(tmp_path).state == "failed"


@pytest.mark.parametrize(
    ("word", "ended", "reached", "state"),
    [
        ("blind", "SUCCEEDED", True, "done"),
        ("ask", "SUCCEEDED", False, "leased"),
        ("retrain", "SUCCEEDED", False, "done"),
        ("retrain", "FAILED", True, "failed"),
    ],
)
def test_a_claim_is_settled_by_what_followed_and_left_open_where_nothing_did(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    word: Word,
    ended: str,
    reached: bool,
    state: str,
) -> None:
    run_dir = tmp_path / "runs" / "run-1"
    path = tmp_path / "model" / "decisions" / "asked" / "key.json"
    path.parent.mkdir(parents=True)
    write_record(path, Claim(key="key", run_id="run-1", time_unix_s=1.0))
    drift = looked(word).drift
    assert drift is not None
    DriftReport(run_dir / "drift", dataclasses.replace(drift, claim=str(path))).write()
    record = StepRecord(
        step="monitor",
        state="done",
        started_unix_s=1.0,
        outputs={"drift": str(run_dir / "drift")},
    )
    (run_dir / "steps").mkdir()
    write_record(run_dir / "steps" / "monitor.json", record)
    context = RunContext(run_id="run-1", run_dir=str(run_dir))
    with webhook() as hook:
        monkeypatch.setenv("GRAFT_WEBHOOK_URL", hook.url if reached else "http://127.0.0.1:1/")
        run(NotifyConfig(attempts=1, timeout_s=1.0), NotifyInputs(state=ended), Nothing(), context)
    assert read_record(path, Claim).state == state
