"""The client of Kubeflow Pipelines against a server that works, refuses, fails and sleeps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_kfp import QUICK, FakeKfp, Fault, serving, to

from components.common.errors import RequestError, ServerError, UnreachableError
from pipelines.cluster.call_policy import CallPolicy
from pipelines.cluster.connect import Connection, connect
from pipelines.cluster.errors import ClusterRefusedError
from pipelines.cluster.schedules import apply, list_schedules, remove
from pipelines.cluster.uploads import Uploaded, find_pipeline, upload

NAME = "graft-monitoring-solar"


@pytest.fixture
def kfp() -> Iterator[FakeKfp]:
    with serving() as server:
        yield server


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "monitoring.yaml"
    path.write_text("pipelineInfo: {name: graft-monitoring}\n")
    return path


def schedule(connection: Connection, package: Path, cron: str = "0 6 * * *") -> Uploaded:
    uploaded = upload(connection, package, name=NAME)
    apply(connection, name=NAME, cron=cron, uploaded=uploaded)
    return uploaded


def test_a_schedule_runs_the_newest_version_alone_and_without_catching_up(
    kfp: FakeKfp, package: Path
) -> None:
    connection = to(kfp)
    uploaded = upload(connection, package, name=NAME)
    change = apply(connection, name=NAME, cron="0 6 * * 1", uploaded=uploaded)
    assert change == "created"
    (made,) = kfp.recurring_runs.values()
    assert made.trigger.cron_schedule.cron == "0 0 6 * * 1"
    assert (made.mode, made.no_catchup, made.max_concurrency) == ("ENABLE", True, "1")
    assert made.pipeline_version_reference.pipeline_id == uploaded.pipeline_id
    assert made.pipeline_version_reference.pipeline_version_id is None
    assert [one.name for one in list_schedules(connection)] == [NAME]


def test_applying_twice_changes_nothing(kfp: FakeKfp, package: Path) -> None:
    schedule(to(kfp), package)
    before = kfp.changes()
    uploaded = upload(to(kfp), package, name=NAME)
    assert not uploaded.fresh
    change = apply(to(kfp), name=NAME, cron="0 6 * * *", uploaded=uploaded)
    assert change == "unchanged"
    assert kfp.changes() == before


def test_another_pipeline_is_a_new_version_that_the_schedule_follows(
    kfp: FakeKfp, package: Path
) -> None:
    first = schedule(to(kfp), package)
    package.write_text("pipelineInfo: {name: graft-monitoring}\nchanged: true\n")
    second = upload(to(kfp), package, name=NAME)
    assert (second.fresh, second.pipeline_id) == (True, first.pipeline_id)
    assert apply(to(kfp), name=NAME, cron="0 6 * * *", uploaded=second) == "unchanged"


def test_going_back_to_an_old_pipeline_makes_it_the_newest_again(
    kfp: FakeKfp, package: Path
) -> None:
    old = package.read_text()
    schedule(to(kfp), package)
    package.write_text("changed: true\n")
    upload(to(kfp), package, name=NAME)
    package.write_text(old)
    again = upload(to(kfp), package, name=NAME)
    assert again.fresh and again.version_name.endswith("-3")
    assert len(kfp.versions) == 3


def test_another_cron_replaces_and_leaves_one(kfp: FakeKfp, package: Path) -> None:
    uploaded = schedule(to(kfp), package)
    change = apply(to(kfp), name=NAME, cron="30 5 * * *", uploaded=uploaded)
    assert change == "replaced"
    assert [one.cron for one in list_schedules(to(kfp))] == ["0 30 5 * * *"]


def test_what_was_switched_off_or_doubled_by_hand_is_repaired(kfp: FakeKfp, package: Path) -> None:
    uploaded = schedule(to(kfp), package)
    (first,) = kfp.recurring_runs.values()
    first.mode = "DISABLE"
    assert apply(to(kfp), name=NAME, cron="0 6 * * *", uploaded=uploaded) == "replaced"
    (second,) = kfp.recurring_runs.values()
    kfp.recurring_runs["copy"] = type(second)(
        **{**second.to_dict(), "recurring_run_id": "copy", "trigger": second.trigger,
           "pipeline_version_reference": second.pipeline_version_reference}
    )  # fmt: skip
    assert apply(to(kfp), name=NAME, cron="0 6 * * *", uploaded=uploaded) == "unchanged"
    assert len(kfp.recurring_runs) == 1


def test_foreign_recurring_runs_are_neither_shown_nor_touched(kfp: FakeKfp, package: Path) -> None:
    uploaded = schedule(to(kfp), package)
    (own,) = kfp.recurring_runs.values()
    own.display_name = "somebody-elses"
    assert list_schedules(to(kfp)) == []
    apply(to(kfp), name=NAME, cron="0 6 * * *", uploaded=uploaded)
    assert remove(to(kfp), NAME) == 1
    assert remove(to(kfp), NAME) == 0
    assert [one.display_name for one in kfp.recurring_runs.values()] == ["somebody-elses"]


def test_all_pages_are_read(kfp: FakeKfp, package: Path) -> None:
    kfp.page_limit = 1
    uploaded = schedule(to(kfp), package)
    for cron in ("1 6 * * *", "2 6 * * *"):
        apply(to(kfp), name=f"{NAME}-{cron[0]}", cron=cron, uploaded=uploaded)
    assert len(list_schedules(to(kfp))) == 3


def test_an_older_server_gets_the_version_pinned(package: Path) -> None:
    with serving(minor=4) as kfp:
        first = schedule(to(kfp), package)
        (made,) = kfp.recurring_runs.values()
        assert made.pipeline_version_reference.pipeline_version_id == first.version_id
        assert apply(to(kfp), name=NAME, cron="0 6 * * *", uploaded=first) == "unchanged"
        package.write_text("changed: true\n")
        second = upload(to(kfp), package, name=NAME)
        assert apply(to(kfp), name=NAME, cron="0 6 * * *", uploaded=second) == "replaced"
        (made,) = kfp.recurring_runs.values()
        assert made.pipeline_version_reference.pipeline_version_id == second.version_id


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 0])
def test_reading_is_asked_again_when_the_server_stumbles(kfp: FakeKfp, status: int) -> None:
    kfp.faults.append(Fault(status, where="GET /pipelines", times=2))
    assert find_pipeline(to(kfp), NAME) is None
    assert kfp.requests.count("GET /pipelines") == 3


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (429, ClusterRefusedError, "run again a little later"),
        (503, ServerError, "503: asked to fail; look at the ml-pipeline pod"),
        (0, UnreachableError, "no answer"),
    ],
)
def test_patience_ends(kfp: FakeKfp, status: int, kind: type[Exception], words: str) -> None:
    kfp.faults.append(Fault(status, where="GET /pipelines", times=99))
    with pytest.raises(kind, match=words):
        find_pipeline(to(kfp), NAME)
    assert kfp.requests.count("GET /pipelines") == QUICK.attempts


def test_a_server_that_sleeps_is_given_up(kfp: FakeKfp) -> None:
    kfp.faults.append(Fault(200, where="GET /pipelines", times=99, wait_s=3.0))
    connection = connect(host=kfp.host, policy=CallPolicy(timeout_s=1, attempts=1))
    with pytest.raises(UnreachableError, match="list pipelines"):
        find_pipeline(connection, NAME)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "GRAFT_KFP_TOKEN"),
        (403, "GRAFT_KFP_TOKEN"),
        (404, "correct the name"),
        (409, "choose another name"),
        (400, "correct what the answer names"),
    ],
)
def test_what_is_refused_is_said_once_and_in_words(kfp: FakeKfp, status: int, words: str) -> None:
    kfp.faults.append(Fault(status, where="GET /pipelines", times=99))
    with pytest.raises(RequestError, match=words) as caught:
        find_pipeline(to(kfp), NAME)
    assert isinstance(caught.value, ClusterRefusedError) and caught.value.status == status
    assert "asked to fail" in str(caught.value)
    assert kfp.requests.count("GET /pipelines") == 1


def test_a_login_page_is_not_taken_for_an_answer(kfp: FakeKfp) -> None:
    kfp.faults.append(Fault(200, where="GET /pipelines", times=99, body="<html>Log in</html>"))
    with pytest.raises(ServerError, match=r"expected JSON|no answer"):
        find_pipeline(to(kfp), NAME)


def test_a_created_thing_whose_answer_was_lost_is_not_made_twice(
    kfp: FakeKfp, package: Path
) -> None:
    uploaded = upload(to(kfp), package, name=NAME)
    kfp.faults.append(Fault(503, where="POST /recurringruns", times=1, after=True))
    with pytest.raises(ServerError, match="run again: nothing is done twice"):
        apply(to(kfp), name=NAME, cron="0 6 * * *", uploaded=uploaded)
    assert kfp.requests.count("POST /recurringruns") == 1
    assert apply(to(kfp), name=NAME, cron="0 6 * * *", uploaded=uploaded) == "unchanged"
    assert len(kfp.recurring_runs) == 1


def test_a_busy_server_did_nothing_so_creating_is_asked_again(kfp: FakeKfp, package: Path) -> None:
    kfp.faults.append(Fault(429, where="POST", times=2))
    schedule(to(kfp), package)
    assert (len(kfp.pipelines), len(kfp.versions), len(kfp.recurring_runs)) == (1, 1, 1)


def test_a_failure_between_new_and_old_leaves_a_schedule_and_is_repaired(
    kfp: FakeKfp, package: Path
) -> None:
    uploaded = schedule(to(kfp), package)
    kfp.faults.append(Fault(403, where="DELETE"))
    with pytest.raises(ClusterRefusedError):
        apply(to(kfp), name=NAME, cron="1 1 * * *", uploaded=uploaded)
    assert len(kfp.recurring_runs) == 2
    apply(to(kfp), name=NAME, cron="1 1 * * *", uploaded=uploaded)
    assert [one.cron for one in list_schedules(to(kfp))] == ["0 1 1 * * *"]


def test_tokens_and_cookies_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, package: Path
) -> None:
    with serving(token="secret") as kfp:
        monkeypatch.setenv("GRAFT_KFP_TOKEN", "wrong")
        with pytest.raises(ClusterRefusedError, match="401") as caught:
            find_pipeline(to(kfp), NAME)
        assert "wrong" not in str(caught.value)
        monkeypatch.setenv("GRAFT_KFP_TOKEN", "secret")
        schedule(to(kfp), package)
    monkeypatch.delenv("GRAFT_KFP_TOKEN")
    with serving(cookie="authservice_session=abc") as kfp:
        monkeypatch.setenv("GRAFT_KFP_COOKIES", "authservice_session=abc")
        schedule(to(kfp), package)


def test_nobody_there() -> None:
    with pytest.raises(UnreachableError, match=r"kubectl port-forward") as caught:
        find_pipeline(connect(host="http://127.0.0.1:9", policy=QUICK), NAME)
    assert caught.value.exit_code == 4
