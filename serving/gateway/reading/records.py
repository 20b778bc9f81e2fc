"""From an exchange to the rows of the log."""

import re
import time
from collections import Counter
from dataclasses import dataclass

from components.common.artifacts.exported import SIGNATURE_FEATURES
from components.common.pictures.grey_range import FULL, GreyRange
from serving.gateway.exchange import GRPC, ExchangeHead, ServedExchange
from serving.gateway.reading import grpc_bodies as read_grpc
from serving.gateway.reading import rest_bodies as read_rest
from serving.gateway.reading.picture_facts import MeasuredPicture, measure_picture
from serving.gateway.reading.predictions import (
    MOST_PICTURES,
    Answered,
    Question,
    SentPicture,
    UnreadableError,
)
from serving.gateway.reading.rows import Row
from serving.gateway.reading.statistics_budget import StatisticsBudget

# A name that can be a folder; others come from strangers.
_USABLE_MODEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_LONGEST_TEXT = 200


@dataclass(frozen=True)
class Record:
    """A row and the picture it is about.

    suffix: "" when that is no picture file.
    row: its version is 0 where neither request nor answer names one.
    """

    row: Row
    picture: bytes
    suffix: str


class Recorder:
    """Turns exchanges into rows.

    Args:
        budget: of time for picture statistics.
        counts: what is left out or cannot be read is counted there.
        grey_range: see `LogSettings`.
    """

    def __init__(
        self, *, budget: StatisticsBudget, counts: Counter[str], grey_range: GreyRange = FULL
    ) -> None:
        self._budget = budget
        self._grey_range = grey_range
        self._counts = counts

    def records(self, exchange: ServedExchange) -> list[Record]:
        """Return one record a picture, or one for a request whose pictures cannot be read."""
        head = exchange.head
        question = self._question(exchange)
        if question is None or question.signature == SIGNATURE_FEATURES:
            return []
        if not _USABLE_MODEL.fullmatch(question.model):
            self._counts["unusable_model_name"] += 1
            return []
        answered = self._answer(exchange) if head.answered else Answered()
        version = answered.version or question.version
        pictures = question.pictures[:MOST_PICTURES] or (SentPicture(),)
        ended_unix_s = head.time_unix_s + head.latency_ms / 1000
        records = []
        for number, asked in enumerate(pictures):
            behind_s = time.time() - ended_unix_s
            measured = measure_picture(
                asked,
                budget=self._budget,
                behind_s=behind_s,
                counts=self._counts,
                grey_range=self._grey_range,
            )
            row = _row(head, question.model, version, number, answered, measured)
            records.append(Record(row, asked.encoded, measured.suffix))
        return records

    def _question(self, exchange: ServedExchange) -> Question | None:
        head, body = exchange.head, exchange.request
        try:
            if head.interface == GRPC:
                return read_grpc.read_question(head, body)
            return read_rest.read_question(head, body)
        except UnreadableError:
            self._counts["unreadable_requests"] += 1
        return _question_of_the_path(head)

    def _answer(self, exchange: ServedExchange) -> Answered:
        try:
            if exchange.head.interface == GRPC:
                return read_grpc.read_answer(exchange.head, exchange.answer)
            return read_rest.read_answer(exchange.answer)
        except UnreadableError:
            self._counts["unreadable_answers"] += 1
            return Answered()


def bare_records(head: ExchangeHead) -> list[Record]:
    """Return what is known of an exchange without its bodies; over gRPC not even the model."""
    question = _question_of_the_path(head)
    if question is None or not _USABLE_MODEL.fullmatch(question.model):
        return []
    row = _row(head, question.model, question.version, 0, Answered(), MeasuredPicture())
    return [Record(row, b"", "")]


def _question_of_the_path(head: ExchangeHead) -> Question | None:
    if head.interface == GRPC:
        return None
    try:
        target = read_rest.read_target(head.path)
    except UnreadableError:
        return None
    return Question(target.model, target.version or 0, "", ())


def _row(
    head: ExchangeHead,
    model: str,
    version: int,
    number: int,
    answered: Answered,
    measured: MeasuredPicture,
) -> Row:
    scores, decisions = answered.scores, answered.decisions
    return Row(
        time_unix_s=head.time_unix_s,
        request_id=_text(head.request_id),
        row=number,
        model=model,
        version=version,
        interface=head.interface,
        status=head.status,
        latency_ms=head.latency_ms,
        scores=scores[number] if scores is not None and number < len(scores) else None,
        decision=decisions[number] if number < len(decisions) else "",
        embedding=None,
        picture_sha256=measured.sha256,
        picture_bytes=measured.size_bytes,
        height_px=measured.height_px,
        width_px=measured.width_px,
        group=_text(head.group),
        line=_text(head.line),
        camera=_text(head.camera),
        statistics=measured.statistics,
    )


def _text(value: str) -> str:
    """Return text that Arrow takes: headers may hold bytes that are no UTF-8."""
    return value[:_LONGEST_TEXT].encode("utf-8", "replace").decode()
