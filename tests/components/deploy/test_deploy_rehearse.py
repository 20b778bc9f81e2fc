"""Comparing a server's answers, with clients that answer what the test wants."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from deploy_candidates import PICTURES, MakeCandidate

from components.common.errors import PublishError
from components.deploy.judged import Judged
from components.deploy.rehearse import Questions, ask, interface, questions
from serving.client import Predictions


@dataclass
class Scripted:
    """A client that knows its answers by picture."""

    answers: dict[bytes, list[float]]
    versions: list[int] = field(default_factory=lambda: [3])
    address: str = "127.0.0.1:8500"

    def predict_pictures(self, pictures: Sequence[bytes]) -> Predictions:
        version = self.versions.pop(0) if len(self.versions) > 1 else self.versions[0]
        rows = np.asarray([self.answers[picture] for picture in pictures], dtype=np.float32)
        names = ("good",) * len(rows)
        return Predictions(rows, names, names, version, "solar")


ASKED = Questions(
    pictures=(b"a", b"b"),
    paths=("a.png", "b.png"),
    answers=np.asarray([[0.25, 0.75], [1.0, 0.0]]),
    max_difference=1e-3,
)
TRUE = {b"a": [0.25, 0.75], b"b": [1.0, 0.0]}


def asked(client: Any) -> Any:
    return ask(client, version=3, asked=ASKED, activity="asking")


def test_agreement_is_measured_and_timed() -> None:
    heard = asked(Scripted({b"a": [0.2505, 0.7495], b"b": [1.0, 0.0]}))
    found = heard.agreement
    assert found.max_difference == pytest.approx(0.0005, abs=1e-6)
    assert (found.interface, found.pictures, found.latency.requests) == ("gRPC", 2, 2)
    assert 0 <= found.latency.median_ms <= found.latency.p95_ms
    assert [(one.path, one.interface, one.decision) for one in heard.answers] == [
        ("a.png", "gRPC", "good"),
        ("b.png", "gRPC", "good"),
    ]
    assert heard.answers[0].probability == pytest.approx(0.7495)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([0.252, 0.748], "a difference of 0.002"),
        ([float("nan"), 0.75], "a difference of 1"),
        ([0.25, 0.75, 0.0], "shape"),
    ],
)
def test_other_answers_are_refused(answer: list[float], said: str) -> None:
    with pytest.raises(PublishError, match=said):
        asked(Scripted({b"a": answer, b"b": (answer if len(answer) == 3 else TRUE[b"b"])}))


def test_answers_of_another_version_are_refused() -> None:
    with pytest.raises(PublishError, match=r"answers from version 3 .* version \[2, 3\]"):
        asked(Scripted(TRUE, versions=[3, 2, 3]))


def test_questions_spread_over_the_test_split(make_candidate: MakeCandidate) -> None:
    answers = np.linspace([0.0, 1.0], [1.0, 0.0], PICTURES)
    judged = Judged.read(make_candidate(answers=answers))

    asked_of = (judged.evaluation, judged.candidate, judged.dataset)
    some = questions(*asked_of, count=4, max_difference=1e-3)
    everything = questions(*asked_of, count=99, max_difference=1e-3)

    assert some.paths == tuple(f"pictures/{index}.png" for index in (0, 4, 7, 11))
    assert some.answers[1] == pytest.approx(answers[4])
    assert some.pictures[1] == judged.dataset.picture("pictures/4.png")
    assert len(everything.paths) == PICTURES


@pytest.mark.parametrize(
    ("address", "name"),
    [("http://h:1", "REST"), ("https://h", "REST"), ("h:1", "gRPC"), ("grpc://h:1", "gRPC")],
)
def test_the_address_tells_the_interface(address: str, name: str) -> None:
    assert interface(address) == name
