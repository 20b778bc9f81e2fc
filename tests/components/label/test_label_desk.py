import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from label_log import MONDAY_UNIX_S, Log
from noise_png import noise_png

from components.common.artifacts.monitoring.claims import Claim
from components.common.artifacts.records import write_record
from components.label import desk as desk_module
from components.label.commands import Desk, make_queue
from components.label.config import QueueConfig

PICTURES = 6


@pytest.fixture
def desk(log: Log) -> Desk:
    """A desk with a queue of six pictures."""
    rng = np.random.default_rng(0)
    for seed in range(PICTURES):
        log.add(noise_png(seed), embedding=rng.normal(0, 1, 8).tolist(), group=f"lot-{seed}")
    root = log.write()
    settings = QueueConfig(
        log=str(root.parent), model_name="solar", format="csv", until_unix_s=MONDAY_UNIX_S + 9e5
    )
    out = Desk(root).new_queue()
    make_queue(settings, out=out, classes=("good", "bad"), known=(), now_unix_s=1.0)
    return Desk(root)


def test_two_people_get_different_pictures_each_with_the_next_one(desk: Desk) -> None:
    mine, yours = desk.take("ada"), desk.take("bob")
    assert len({one.sha256 for one in (*mine, *yours)}) == 4
    assert all(one.file.is_file() and one.group.startswith("lot-") for one in mine)
    assert desk.take("ada") == mine  # a page that is loaded again
    desk.answer(mine[0].sha256, by="ada", label="good")
    assert desk.take("ada")[0] == mine[1]
    assert desk.counts("ada").waiting == PICTURES - 1


def test_a_lease_that_ran_out_goes_to_somebody_else_and_the_first_answer_counts(
    desk: Desk, log: Log
) -> None:
    (one,) = desk.take("ada", count=1)
    lease = log.root / "labelling" / "leases" / f"{one.sha256}.json"
    old = time.time() - desk_module.LEASE_S - 1
    write_record(lease, Claim(key=one.sha256, run_id="ada", time_unix_s=old))
    assert desk.take("bob", count=1) == (one,)
    assert desk.answer(one.sha256, by="bob", label="good").outcome == "counted"
    late = desk.answer(one.sha256, by="ada", label="bad")
    assert late.outcome == "conflict"
    assert late.first is not None and (late.first.by, late.first.label) == ("bob", "good")
    assert desk.to_hand_in() == ()  # nobody is overruled
    (conflict,) = desk.conflicts()
    assert [(x.by, x.label) for x in conflict.answers] == [("bob", "good"), ("ada", "bad")]
    desk.decide(one.sha256, by="eve", label="bad")
    assert [(x.label, x.by) for x in desk.to_hand_in()] == [("bad", "eve")]
    assert desk.conflicts() == ()


def test_a_lease_that_a_crash_has_damaged_is_given_again(desk: Desk, log: Log) -> None:
    (one,) = desk.take("ada", count=1)
    (log.root / "labelling" / "leases" / f"{one.sha256}.json").write_text("{")
    assert desk.take("bob", count=1) == (one,)


def test_an_answer_sent_twice_counts_once_and_another_one_does_not_replace_it(desk: Desk) -> None:
    (one,) = desk.take("ada", count=1)
    assert desk.answer(one.sha256, by="ada", label="good").outcome == "counted"
    assert desk.answer(one.sha256, by="ada", label="good").outcome == "again"
    assert desk.answer(one.sha256, by="ada", label="bad").outcome == "again"
    assert [x.label for x in desk.to_hand_in()] == ["good"]
    assert desk.answer(one.sha256, by="bob", label="good").outcome == "agrees"
    assert desk.answer("0" * 64, by="bob", label="good").outcome == "unknown"


def test_undo_goes_back_answer_by_answer_to_what_is_not_handed_in(desk: Desk) -> None:
    first, second = desk.take("ada")
    for one, label in ((first, "good"), (second, "")):
        desk.answer(one.sha256, by="ada", label=label)
    assert desk.counts("ada").unsure == 1
    assert desk.undo("ada") == second.sha256
    assert desk.take("ada", first=second.sha256)[0] == second
    assert desk.undo("ada") == first.sha256
    assert desk.undo("ada") == ""
    assert desk.counts("ada").labelled == 0
    desk.answer(first.sha256, by="ada", label="bad")
    desk.handed_in([first.sha256], by="ada")
    assert desk.undo("ada") == ""
    assert desk.answer(first.sha256, by="bob", label="good").outcome == "handed"
    assert desk.counts("ada").handed == 1


def test_what_was_handed_in_leaves_no_copy_and_nothing_else_goes(desk: Desk, log: Log) -> None:
    handed, labelled, *_ = pictures = desk.take("ada", count=PICTURES)
    for one in (handed, labelled):
        desk.answer(one.sha256, by="ada", label="good")
    desk.handed_in([handed.sha256], by="ada")
    assert [one for one in pictures if not one.file.exists()] == [handed]
    # Another process goes on from there.
    again = Desk(log.root)
    assert [one.file for one in again.to_hand_in()] == [labelled.file]
    assert again.counts("ada").waiting == PICTURES - 2


def test_who_is_not_sure_leaves_the_picture_to_others(desk: Desk) -> None:
    (one,) = desk.take("ada", count=1)
    desk.answer(one.sha256, by="ada")
    assert one.sha256 not in {x.sha256 for x in desk.take("ada", count=PICTURES)}
    assert desk.take("bob", first=one.sha256, count=1) == (one,)
    assert desk.to_hand_in() == ()


def test_another_process_sees_what_was_answered_and_a_line_cut_off_costs_only_itself(
    desk: Desk, log: Log
) -> None:
    first, second = desk.take("ada")
    desk.answer(first.sha256, by="ada", label="good")
    with (log.root / "labelling" / "answers.jsonl").open("a") as book:
        book.write('{"sha256":"half')
    desk.answer(second.sha256, by="ada", label="bad")
    other = Desk(log.root)
    assert {x.label for x in other.to_hand_in()} == {"good", "bad"}
    other.answer(other.take("bob")[0].sha256, by="bob", label="good")
    assert len(desk.to_hand_in()) == 3


_WORK = """
import sys
from pathlib import Path
from components.label.commands import Desk
desk = Desk(Path(sys.argv[1]))
for one in desk.take("ada", count=5):
    desk.answer(one.sha256, by="ada", label="good")
    print(one.sha256, flush=True)
sys.stdin.read()
"""


def test_what_was_answered_survives_a_kill(desk: Desk, log: Log) -> None:
    command = [sys.executable, "-c", _WORK, str(log.root)]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        said = [worker.stdout.readline().strip() for _ in range(3)]
        worker.send_signal(signal.SIGKILL)
    assert set(said) <= {one.file.stem for one in desk.to_hand_in()}


def test_many_at_once_never_look_at_the_same_picture(desk: Desk, log: Log) -> None:
    def work(name: str) -> list[str]:
        own, seen = Desk(log.root), []
        while found := own.take(name, count=1):
            seen.append(found[0].sha256)
            own.answer(found[0].sha256, by=name, label="good")
        return seen

    with ThreadPoolExecutor(4) as pool:
        seen = [one for part in pool.map(work, ("ada", "bob", "eve", "dan")) for one in part]
    assert len(seen) == len(set(seen)) == PICTURES
