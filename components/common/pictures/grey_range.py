"""From 16-bit grey levels to 8 bits, the same in ingest, on small devices and in the served graph.

Cameras of 10 and 12 bits save files of 16 whose upper bits are empty. Their high byte would leave
4 or 16 grey levels, so a data set has a range, which becomes 0 to 255.
"""

from components.common.errors import ConfigError

# The lowest and the highest of the 16-bit levels that are distinguished.
GreyRange = tuple[int, int]
FULL: GreyRange = (0, 65535)


def fitting(brightest: int) -> GreyRange:
    """Return the range of the camera with the fewest bits, 8 at least, that gives such a level."""
    return 0, (1 << max(8, brightest.bit_length())) - 1


def check(grey_range: GreyRange) -> None:
    """Refuse a range that holds fewer levels than 8 bits, or more than 16.

    Raises:
        ConfigError: it is one.
    """
    low, high = grey_range
    if not 0 <= low <= high - 255 or high > FULL[1]:
        raise ConfigError(
            "ingest.grey_range to be [LOW, HIGH] with 0 <= LOW, LOW + 255 <= HIGH <= 65535",
            received=list(grey_range),
            do="name the darkest and the brightest level of the camera ([0, 4095] for 12 bits)",
        )
