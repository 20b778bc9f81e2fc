"""The advice in plain words."""

from collections.abc import Sequence

from components.common.artifacts.judging.figures import Forecast
from components.common.errors import some

_NAMED = 5
# A gain that is surely smaller than this is called none.
_NEGLIGIBLE = 0.02


def sentences(forecasts: Sequence[Forecast]) -> tuple[str, ...]:
    """Say which classes gain most from more pictures, which do not, and of which nobody knows.

    Args:
        forecasts: of each class and, last, of all (`name` "").
    """
    *classes, whole = forecasts
    gaining = [one for one in classes if not one.saturated and one.gain_low > 0.0]
    saturated = [one for one in classes if one.saturated and one.gain_high < _NEGLIGIBLE]
    unclear = [one for one in classes if one not in gaining and one not in saturated]
    best = sorted(gaining, key=lambda one: -one.gain)[:_NAMED]
    said = [_gain(one) for one in best]
    if saturated:
        said.append(_named(saturated, "saturated: more pictures of this kind change little"))
    if unclear:
        said.append(_named(unclear, "unclear: so few pictures do not tell what more would bring"))
    return (*said, _whole(whole))


def _gain(one: Forecast) -> str:
    now = 100 * (one.value - one.gain)
    return (
        f"{one.added} more pictures of “{one.name}” should bring about {_points(one.gain)} "
        f"(80 % interval: {100 * one.gain_low:.1f} to {100 * one.gain_high:.1f}): "
        f"{now:.0f} of 100 are found now."
    )


def _named(several: Sequence[Forecast], what: str) -> str:
    names = some(f"“{one.name}”" for one in several)
    return f"{names} {'is' if len(several) == 1 else 'are'} {what}."


def _whole(one: Forecast) -> str:
    return (
        f"{one.added} more pictures of all classes together should bring {_points(one.gain)} on "
        "average over the classes. All this is for pictures from the groups that are there, with "
        "the network as it is."
    )


def _points(gain: float) -> str:
    rounded = round(100 * gain)
    return f"{rounded} point{'' if rounded == 1 else 's'}" if rounded else "less than a point"
