"""What happens at the plant in the year that is simulated. Pure.

Four things that go wrong, or only look like it:

- the lens slowly goes out of focus, until somebody refocuses it;
- a new supplier's cells arrive and become the most of the production;
- a bad lot: for some weeks far more cells are defective, which is no fault of the model;
- a night shift whose lamp is too weak, until somebody replaces it.
"""

from dataclasses import dataclass

WEEKS = 52


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """When things begin, in weeks from 1, and how strong they get.

    defocus_every_weeks: the lens loses one step of focus (of five) in so many weeks.
    newcomers: the new supplier's share of the production in its first weeks; the last one stays.
    bad_share: share of defective cells while the lots are bad.
    dim_severity: of the night's exposure, 1 to 5; half of the pictures are taken at night.
    """

    defocus_from: int = 6
    defocus_every_weeks: int = 2
    newcomers_from: int = 18
    newcomers: tuple[float, ...] = (0.25, 0.5, 0.75)
    bad_from: int = 36
    bad_until: int = 39
    bad_share: float = 0.6
    dim_from: int = 44
    dim_severity: int = 3


@dataclass(frozen=True)
class Repairs:
    """What people have repaired: the week in which they did, 0 while they have not."""

    lens: int = 0
    lamp: int = 0


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What a week's pictures are like.

    defocus: 0 (sharp) to 5.
    newcomers: share of the new supplier's cells.
    bad_share: share of defective cells; 0 as they come.
    dim: severity of the night's exposure; 0 as it should be.
    """

    week: int
    defocus: int
    newcomers: float
    bad_share: float
    dim: int

    @property
    def unusual(self) -> dict[str, str]:
        """Return what is not as it should be, and how much, for people."""
        found = {
            "lens out of focus": f"{self.defocus} of 5" if self.defocus else "",
            "new supplier": f"{self.newcomers:.0%}" if self.newcomers else "",
            "bad lot": f"{self.bad_share:.0%} defective" if self.bad_share else "",
            "weak lamp at night": f"{self.dim} of 5" if self.dim else "",
        }
        return {name: strength for name, strength in found.items() if strength}


def conditions(week: int, scenario: Scenario, repairs: Repairs) -> Conditions:
    """Return what the plant is like in a week, from 1."""
    steps = (week - scenario.defocus_from) // scenario.defocus_every_weeks + 1
    arrived = week - scenario.newcomers_from
    share = scenario.newcomers[min(arrived, len(scenario.newcomers) - 1)] if arrived >= 0 else 0.0
    bad = scenario.bad_from <= week <= scenario.bad_until
    return Conditions(
        week=week,
        defocus=0 if repairs.lens else min(max(steps, 0), 5),
        newcomers=share,
        bad_share=scenario.bad_share if bad else 0.0,
        dim=scenario.dim_severity if week >= scenario.dim_from and not repairs.lamp else 0,
    )
