"""Pictures of 16 bits: which of their grey levels become 0 to 255, and what cannot be kept."""

import logging
from collections.abc import Sequence

from components.common.errors import DataError
from components.common.pictures.grey_range import FULL, GreyRange, fitting
from components.ingest.config import IngestConfig

LOG = logging.getLogger(__name__)

# 16-bit colours keep their high byte: so few levels would be left of 12 bits.
_SHALLOW_LEVELS = 16


def chosen_range(settings: IngestConfig, brightest: Sequence[int]) -> GreyRange:
    """Return the 16-bit grey levels that become 0 to 255: those declared, else those that fit.

    Args:
        settings: may declare them.
        brightest: the brightest level of each 16-bit grey picture.
    """
    if settings.grey_range != "auto":
        low, high = settings.grey_range
        over = sum(level > high for level in brightest)
        if over:
            LOG.warning("%d pictures have levels above %d, which become white", over, high)
        return low, high
    if not brightest:
        return FULL
    found = fitting(max(brightest))
    LOG.info(
        "grey levels %d to %d of %d 16-bit pictures become 0 to 255, as their brightest level is "
        "%d; pin it with ingest.grey_range=[%d, %d]",
        *found, len(brightest), max(brightest), *found,
    )  # fmt: skip
    return found


def check_colours(levels: Sequence[int]) -> None:
    """Refuse 16-bit colours that leave the upper bits empty: next to nothing would remain.

    Args:
        levels: of each picture with 16-bit colours, how many the high byte tells apart, else 0.

    Raises:
        DataError: they do.
    """
    most = max(levels, default=0)
    if 0 < most <= _SHALLOW_LEVELS:
        raise DataError(
            "16-bit colours that use the upper of their bits",
            received=f"{sum(map(bool, levels))} pictures that would keep {most} levels a channel",
            do="save 8 bits a channel in the camera's software; grey pictures are scaled by "
            "ingest.grey_range",
        )
