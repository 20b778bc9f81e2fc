"""Where the marks of the timeline's charts stand; the template draws them as SVG.

Every chart is 100 wide and 100 high, from the left and from the top, and is stretched to its
place: it holds bars, lines and dots, and no letters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.common.statistics.operating_point import ASK
from components.common.times import utc_minute
from pipelines.ui.watch.timeline import LookAtModel, Timeline

COLOURS = 8
_LAPS = 4
_GAP = 0.15  # of a day's width


@dataclass(frozen=True, kw_only=True)
class ShareBar:
    """One answer on one day; `colour` as `colour_of` returns it."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    title: str


@dataclass(frozen=True, kw_only=True)
class ChartDot:
    """One value of a look."""

    x: float
    y: float
    alarm: bool
    title: str


@dataclass(frozen=True, kw_only=True)
class ChartMark:
    """A moment: kind is "version", "retraining" or "alarm"."""

    x: float
    kind: str
    title: str


@dataclass(frozen=True, kw_only=True)
class ValueChart:
    """Values of looks; `top` and `bottom` are at its edges, `level` is where its line lies."""

    dots: tuple[ChartDot, ...]
    top: float
    bottom: float
    level: float

    @property
    def path(self) -> str:
        """The dots joined, as the points of a polyline."""
        return " ".join(f"{one.x:.2f},{one.y:.2f}" for one in self.dots)


@dataclass(frozen=True, kw_only=True)
class TimelineCharts:
    """All marks; `drift` and `loss` are None where no look measured it."""

    bars: tuple[ShareBar, ...]
    marks: tuple[ChartMark, ...]
    drift: ValueChart | None
    loss: ValueChart | None


def colour_of(answer: str, answers: Sequence[str]) -> str:
    """Return the style classes of an answer: from the ninth class on paler, from the 33rd again.

    >>> colour_of("i", ("ask", *"abcdefghij"))
    'c0 pale1'
    """
    if answer == ASK:
        return "c-1"
    lap, colour = divmod([one for one in answers if one != ASK].index(answer), COLOURS)
    return f"c{colour} pale{lap % _LAPS}"


def draw(timeline: Timeline) -> TimelineCharts:
    """Return the marks of a timeline."""
    reported = [(one, one.nearest_to_alarm) for one in timeline.looks]
    losses = [(one, one.entry.loss_points) for one in timeline.looks]
    return TimelineCharts(
        bars=_bars(timeline),
        marks=_marks(timeline),
        drift=_chart(
            timeline,
            [(look, near[1], f"{near[0]} {near[1]:.2f}") for look, near in reported if near],
            line=1.0,
        ),
        loss=_chart(
            timeline,
            [(look, loss, f"{loss:+.1f}") for look, loss in losses if loss is not None],
            line=0.0,
        ),
    )


def _bars(timeline: Timeline) -> tuple[ShareBar, ...]:
    width = 100.0 / len(timeline.days)
    found = []
    for place, day in enumerate(timeline.days):
        below = 100.0
        for answer, count in day.answers:
            height = 100.0 * count / day.total
            below -= height
            found.append(
                ShareBar(
                    x=(place + _GAP / 2) * width,
                    y=below,
                    width=(1 - _GAP) * width,
                    height=height,
                    colour=colour_of(answer, timeline.answers),
                    title=f"{day.day}: {answer} {height:.0f} % ({count} / {day.total})",
                )
            )
    return tuple(found)


def _marks(timeline: Timeline) -> tuple[ChartMark, ...]:
    place = _placing(timeline)
    found = [
        ChartMark(x=place(one.time_unix_s), kind="version", title=f"{one.number}")
        for one in timeline.versions
    ]
    found += [
        ChartMark(x=place(one.time_unix_s), kind="retraining", title=one.run_id)
        for one in timeline.retrainings
    ]
    found += [
        ChartMark(x=place(one.entry.time_unix_s), kind="alarm", title=one.entry.word)
        for one in timeline.looks
        if one.alarm
    ]
    return tuple(found)


def _chart(
    timeline: Timeline, values: Sequence[tuple[LookAtModel, float, str]], *, line: float
) -> ValueChart | None:
    """Return the chart of finite values with room above and below; `line` is always inside."""
    if not values:
        return None
    place = _placing(timeline)
    heights = [line, *(value for _, value, _ in values)]
    room = 0.08 * (max(heights) - min(heights)) or 1.0
    top, bottom = max(heights) + room, min(heights) - room

    def down(value: float) -> float:
        return 100.0 * (top - value) / (top - bottom)

    dots = tuple(
        ChartDot(
            x=place(look.entry.time_unix_s),
            y=down(value),
            alarm=look.alarm,
            title=f"{utc_minute(look.entry.time_unix_s)}: {words}",
        )
        for look, value, words in values
    )
    return ValueChart(dots=dots, top=top, bottom=bottom, level=down(line))


def _placing(timeline: Timeline) -> Callable[[float], float]:
    span = timeline.until_unix_s - timeline.since_unix_s
    return lambda time_unix_s: 100.0 * (time_unix_s - timeline.since_unix_s) / span
