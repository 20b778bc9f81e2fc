"""What happens when, and that people can repair it."""

import pytest

from pipelines.simulate.scenario import Repairs, Scenario, conditions

SCENARIO = Scenario()


@pytest.mark.parametrize(
    ("week", "defocus", "newcomers", "bad_share", "dim"),
    [
        (1, 0, 0.0, 0.0, 0),
        (6, 1, 0.0, 0.0, 0),
        (10, 3, 0.0, 0.0, 0),
        (17, 5, 0.0, 0.0, 0),
        (18, 5, 0.25, 0.0, 0),
        (20, 5, 0.75, 0.0, 0),
        (36, 5, 0.75, 0.6, 0),
        (40, 5, 0.75, 0.0, 0),
        (52, 5, 0.75, 0.0, 3),
    ],
)
def test_left_alone_everything_gets_worse_in_its_time(
    week: int, defocus: int, newcomers: float, bad_share: float, dim: int
) -> None:
    now = conditions(week, SCENARIO, Repairs())
    assert (now.defocus, now.newcomers, now.bad_share, now.dim) == (
        defocus,
        newcomers,
        bad_share,
        dim,
    )


def test_a_repaired_camera_stays_repaired() -> None:
    now = conditions(52, SCENARIO, Repairs(lens=7, lamp=45))
    assert (now.defocus, now.dim) == (0, 0)
    assert now.unusual == {"new supplier": "75%"}
